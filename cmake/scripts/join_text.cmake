# SPDX-License-Identifier: MIT
# Run by the build: joins FILES to OUTPUT, each after a line `#line 1 "name"` unless RAW is on. A
# file that does not end its last line gets its newline, so that the next `#line` starts one.
cmake_minimum_required(VERSION 3.25)

set(text "")
foreach(file IN LISTS FILES)
    file(READ "${file}" part)
    if(NOT RAW)
        get_filename_component(name "${file}" NAME)
        if(NOT part MATCHES "\n$")
            string(APPEND part "\n")
        endif()
        string(APPEND text "#line 1 \"${name}\"\n")
    endif()
    string(APPEND text "${part}")
endforeach()
file(WRITE "${OUTPUT}" "${text}")
