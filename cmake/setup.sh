# SPDX-License-Identifier: MIT
# What quickstart.sh and test.sh share; sourced by them, from the root of the sources. Every step
# is a session of its own, so that an interrupt finds and ends all that the step started, in
# whatever process group it lives.

build_packages='build-essential cmake ninja-build pkg-config libglib2.0-dev libjson-glib-dev
                opencl-c-headers'
jobs=$(nproc)
step_pid=

say() {
    printf '\n== %s\n' "$*"
}

fail() {
    printf '\n%s: %s\n' "$0" "$*" >&2
    exit 1
}

# step WHAT COMMAND...: says what, runs the command and ends the script if it fails.
step() {
    what=$1
    shift
    say "$what"
    run_session "$@" || fail "stopped: failed with status $?: $what"
}

# Runs a command as the leader of a new session and waits for it. A shell starts its background
# commands with SIGINT ignored; what we run shall see the usual one.
run_session() {
    setsid env --default-signal=INT,QUIT "$@" &
    step_pid=$!
    step_status=0
    wait "$step_pid" || step_status=$?
    step_pid=
    return "$step_status"
}

# Prints the live processes of the session that step_pid leads.
step_processes() {
    for stat in /proc/[0-9]*/stat; do
        line=
        { read -r line <"$stat"; } 2>/dev/null || continue
        pid=${line%% *}
        # after the name in parentheses: state, parent, process group, session
        set -- ${line##*) }
        if [ "$1" != Z ] && { [ "${4-}" = "$step_pid" ] || [ "$pid" = "$step_pid" ]; }; then
            printf '%s\n' "$pid"
        fi
    done
}

# Asks everything the running step started to end, insists after 10 s, and returns when it is gone.
end_step() {
    signal=TERM
    n_waits=0
    processes=$(step_processes)
    while [ -n "$processes" ]; do
        if [ "$n_waits" -eq 0 ] || [ "$n_waits" -ge 100 ]; then
            kill -s "$signal" $processes 2>/dev/null || true
        fi
        n_waits=$((n_waits + 1))
        [ "$n_waits" -lt 100 ] || signal=KILL
        sleep 0.1
        processes=$(step_processes)
    done
    wait "$step_pid" 2>/dev/null || true
}

on_signal() {
    trap '' INT TERM HUP
    if [ -n "$step_pid" ]; then
        end_step
    fi
    printf '\n%s: interrupted, nothing of it is left running\n' "$0" >&2
    exit "$1"
}

trap 'on_signal 129' HUP
trap 'on_signal 130' INT
trap 'on_signal 143' TERM

# need_packages PACKAGE...: installs those that are missing, and only those.
need_packages() {
    say "Debian packages: $*"
    if ! command -v dpkg-query >/dev/null; then
        echo "This is not a Debian system, so nothing is installed; the above must be there."
        return
    fi

    missing=
    for package in "$@"; do
        case $(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null) in
        ii*) ;;
        *) missing="$missing $package" ;;
        esac
    done
    if [ -z "$missing" ]; then
        echo "all there"
        return
    fi

    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif command -v sudo >/dev/null; then
        as_root=sudo
    else
        fail "missing packages:$missing. There is no root and no sudo here; have them installed by:
    apt-get update && apt-get install -y$missing
and run this again"
    fi

    # In the foreground: sudo may ask for a password, and a package half unpacked helps nobody, so
    # an interrupt takes effect when the tool has ended.
    echo "installing:$missing"
    $as_root apt-get update || fail "apt-get update failed; missing packages:$missing"
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends $missing ||
        fail "apt-get could not install:$missing"
}
