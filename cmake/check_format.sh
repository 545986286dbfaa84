#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks the form of every C, C++ and kernel source against .clang-format, or with --fix sets it.
# Ends with 77, "skipped", where clang-format 14 or git is missing: other versions decide
# differently.
set -eu
cd "$(dirname "$0")/.."

skip() {
    printf 'format: skipped: %s\n' "$*"
    exit 77
}

formatter=
for candidate in clang-format-14 clang-format; do
    if [ -z "$formatter" ] && "$candidate" --version 2>/dev/null | grep -q 'version 14\.'; then
        formatter=$candidate
    fi
done
[ -n "$formatter" ] || skip 'clang-format 14 is not installed'
git -c safe.directory='*' rev-parse --is-inside-work-tree >/dev/null 2>&1 ||
    skip 'not a git checkout'

# What git tracks, and what it would.
files=$(git -c safe.directory='*' ls-files --cached --others --exclude-standard -- \
    '*.c' '*.h' '*.cc' '*.cl' '*.inc' | while read -r file; do
    [ ! -f "$file" ] || printf '%s\n' "$file"
done)
[ -n "$files" ] || skip 'no sources'

if [ "${1-}" = --fix ]; then
    printf '%s\n' "$files" | xargs "$formatter" -i
    exit 0
fi
if ! printf '%s\n' "$files" | xargs "$formatter" --dry-run -Werror; then
    echo 'format: run `sh cmake/check_format.sh --fix`' >&2
    exit 1
fi
