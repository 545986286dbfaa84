# SPDX-License-Identifier: MIT
# Run by the build: writes the C texts of the section "Examples" of README, one behind the other, to
# OUTPUT.
cmake_minimum_required(VERSION 3.25)

file(READ "${README}" readme)
string(FIND "${readme}" "\n## Examples\n" start)
string(SUBSTRING "${readme}" ${start} -1 rest)
set(text "")
string(FIND "${rest}" "\n```c\n" begin)
while(NOT begin EQUAL -1)
    math(EXPR begin "${begin} + 6")
    string(SUBSTRING "${rest}" ${begin} -1 rest)
    string(FIND "${rest}" "\n```\n" end)
    string(SUBSTRING "${rest}" 0 ${end} example)
    string(APPEND text "${example}\n\n")
    string(SUBSTRING "${rest}" ${end} -1 rest)
    string(FIND "${rest}" "\n```c\n" begin)
endwhile()
file(WRITE "${OUTPUT}" "${text}")
