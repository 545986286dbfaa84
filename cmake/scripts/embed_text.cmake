# SPDX-License-Identifier: MIT
# Run by the build: writes FOLDER/SYMBOL.c and .h, which hold the bytes of TEXT. Bytes and not a
# string, because compilers need not take strings over 4095 bytes and some stop at 65535.
cmake_minimum_required(VERSION 3.25)

file(SIZE "${TEXT}" size)
file(READ "${TEXT}" bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n    " bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
get_filename_component(name "${TEXT}" NAME)

file(WRITE "${FOLDER}/${SYMBOL}.h" "/* Generated from the text ${name}. */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern \"C\" {
#endif

extern const char ${SYMBOL}[];      /* NUL-terminated */
extern const size_t ${SYMBOL}_size; /* bytes, without the NUL */

#ifdef __cplusplus
}
#endif
")
file(WRITE "${FOLDER}/${SYMBOL}.c" "/* Generated from the text ${name}. */
#include \"${SYMBOL}.h\"

const char ${SYMBOL}[] = {
    ${bytes}
    0x00,
};
const size_t ${SYMBOL}_size = ${size};
")
