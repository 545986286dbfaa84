#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the packages that are missing, then builds rein and runs its tests, warnings being
# errors:
#     dev      gcc with address and undefined behaviour sanitizers, every test
#     tsan     gcc with the thread sanitizer, the tests of threads
#     clang    a clang build, the tests of units and headers
#     release  what users run, every test; last, so that its totals end the output
# All four unless some are named. Can be run again at any time.
#     sh cmake/test.sh [PRESET...]
set -eu
cd "$(dirname "$0")/.."
. cmake/setup.sh

all_presets='dev tsan clang release'
packages="$build_packages libgtest-dev libgmock-dev"
# Three implementations of OpenCL that need no card: PoCL, rusticl on llvmpipe, and Oclgrind.
opencl_packages="ocl-icd-opencl-dev pocl-opencl-icd mesa-opencl-icd oclgrind binutils clang"

# GCC 12's thread sanitizer does not start where the kernel spreads addresses wider than it knows.
without_random_addresses() {
    if setarch -R true 2>/dev/null; then
        echo setarch -R
    fi
}

run_preset() {
    launcher=
    if [ "$1" = tsan ]; then
        launcher=$(without_random_addresses)
    fi
    step "$1: configure build/$1" cmake --preset "$1" -DREIN_BUILD_TESTS=ON -DREIN_WERROR=ON
    step "$1: build with $jobs jobs" cmake --build --preset "$1" --parallel "$jobs"
    step "$1: test" $launcher ctest --preset "$1" --parallel "$jobs"
}

for preset in "$@"; do
    case " $all_presets " in
    *" $preset "*) ;;
    *) fail "no preset '$preset' (choose from: $all_presets)" ;;
    esac
done
[ $# -gt 0 ] || set -- $all_presets

for preset in "$@"; do
    case $preset in
    clang) packages="$packages clang" ;;
    dev) packages="$packages $opencl_packages" ;;
    release) packages="$packages $opencl_packages git clang-format" ;; # git for the test of the form
    esac
done
need_packages $packages
for preset in "$@"; do
    run_preset "$preset"
done
