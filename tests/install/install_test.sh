#!/bin/sh
# SPDX-License-Identifier: MIT
# Uses an installed rein as a stranger would: nothing of the source tree, no variable set.
#     install_test.sh prefix BUILD WORK CMAKE                installs BUILD to WORK/prefix
#     install_test.sh contents WORK                          names, SONAME, exported symbols, rpath
#     install_test.sh find_package WORK CMAKE EXAMPLES CC    builds and runs the examples by CMake
#     install_test.sh pkg_config WORK EXAMPLES CC NAME...    the same by pkg-config
#     install_test.sh program WORK                           the program finds librein, worker, plugins
#     install_test.sh clean WORK
set -eu
unset REIN_PLUGIN_PATH REIN_WORKER LD_LIBRARY_PATH CMAKE_PREFIX_PATH PKG_CONFIG_PATH

fail() {
    printf 'install_test: %s\n' "$*" >&2
    exit 1
}

# only_exports FILE PATTERN: every symbol that FILE exports matches the pattern, and there is one.
only_exports() {
    symbols=$(nm -D --defined-only "$1" | awk '{ print $3 }' | grep -v '^LIBREIN_') ||
        fail "$1 exports nothing"
    odd=$(printf '%s\n' "$symbols" | grep -Ev "$2") || odd=
    [ -z "$odd" ] || fail "$1 exports what is not ours to export:" $odd
}

# under WORK FILE: the one path that ends in FILE below the prefix.
under() {
    found=$(find "$1/prefix" -path "*/$2")
    [ -n "$found" ] || fail "$2 is not in the prefix"
    printf '%s\n' "$found"
}

install_prefix() {
    rm -rf "$2"
    mkdir -p "$2"
    "$3" --install "$1" --prefix "$2/prefix"
}

check_contents() {
    library=$(under "$1" librein.so)
    for file in rein/rein.h rein/version.h rein/plugin_abi.h rein/rein_kernel.h rein/rein_math.h \
        pkgconfig/rein.pc cmake/rein/rein-config.cmake bin/rein rein/rein-worker rein/worker.h \
        rein/plugins/rein_plugin_cpu.so; do
        under "$1" "$file" >/dev/null
    done
    readelf -d "$library" | grep -q 'SONAME.*\[librein\.so\.[0-9]*\]' ||
        fail "librein has no SONAME"
    only_exports "$library" '^rein_[a-z0-9_]+@@LIBREIN_[0-9]+$'
    for plugin in "$1"/prefix/lib*/rein/plugins/*.so "$1"/prefix/lib/*/rein/plugins/*.so; do
        [ ! -e "$plugin" ] || only_exports "$plugin" '^rein_plugin$'
    done
    for file in "$library" "$(under "$1" bin/rein)" "$(under "$1" rein/rein-worker)"; do
        readelf -d "$file" | grep -E 'R(UN)?PATH' | grep -qv '\[$ORIGIN[^:]*\]' &&
            fail "$file looks for libraries outside the prefix"
    done
    return 0
}

build_with_find_package() {
    rm -rf "$1/find_package"
    mkdir -p "$1/find_package"
    cp "$3"/* "$1/find_package/"
    "$2" -G Ninja -S "$1/find_package" -B "$1/find_package/build" -DCMAKE_C_COMPILER="$4" \
        -DCMAKE_PREFIX_PATH="$1/prefix"
    "$2" --build "$1/find_package/build"
    for source in "$3"/*.c; do
        "$1/find_package/build/$(basename "$source" .c)"
    done
}

build_with_pkg_config() {
    work=$1 examples=$2 compiler=$3
    shift 3
    PKG_CONFIG_PATH=$(dirname "$(under "$work" pkgconfig/rein.pc)")
    export PKG_CONFIG_PATH
    libraries=$(dirname "$(under "$work" librein.so)")
    mkdir -p "$work/pkg_config"
    names=$*
    eval "set -- $(pkg-config --cflags --libs rein)" # pkg-config quotes for a shell
    for name in $names; do
        "$compiler" -std=gnu17 -o "$work/pkg_config/$name" "$examples/$name.c" "$@" \
            "-Wl,-rpath,$libraries"
        "$work/pkg_config/$name"
    done
}

run_program() {
    program=$(under "$1" bin/rein)
    "$program" devices | grep cpu || fail "the installed program finds no CPU plugin"
    # the worker finds librein by its own place: it gets far enough to say what it is
    worker=$(under "$1" rein/rein-worker)
    "$worker" 2>&1 | grep -q 'is started by librein' || fail "the worker does not find librein"
    # and it is the one that is used: without it nothing is found, and the reason says why
    mv "$worker" "$worker.away"
    without=$("$program" devices --why || :)
    mv "$worker.away" "$worker"
    printf '%s\n' "$without" | grep -q "$worker cannot be started" ||
        fail "the installed program does not use the worker beside librein"
}

action=$1
shift
case $action in
prefix) install_prefix "$@" ;;
contents) check_contents "$@" ;;
find_package) build_with_find_package "$@" ;;
pkg_config) build_with_pkg_config "$@" ;;
program) run_program "$@" ;;
clean) rm -rf "$1" ;;
*) fail "unknown action '$action'" ;;
esac
