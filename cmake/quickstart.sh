#!/bin/sh
# SPDX-License-Identifier: MIT
# From a fresh Debian 12 to a solved timetable: installs the packages that are missing, builds rein
# in build/release, and evolves a real ITC-2007 timetable for 20 s. Can be run again at any time.
#     sh cmake/quickstart.sh
set -eu
cd "$(dirname "$0")/.."
. cmake/setup.sh

program=build/release/bin/rein
instance=tests/data/itc2007/comp01.ctt

need_packages $build_packages
step 'Configure build/release' cmake --preset release -DREIN_BUILD_TESTS=OFF
step "Build with $jobs jobs" cmake --build --preset release --parallel "$jobs"
step "Evolve $instance for 20 s: $program run $instance --time 20s" \
    "$program" run "$instance" --time 20s
printf '\nNext: %s run YOUR.ctt --time 5m --output YOUR.sol, then %s verify YOUR.ctt YOUR.sol\n' \
    "$program" "$program"
