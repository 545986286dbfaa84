# SPDX-License-Identifier: MIT
# Kernel texts in C: as constants (rein_embed) and as native code (rein_kernels_native). A program
# is an ordered list of files joined to one text; a `#line` before each lets a compiler name the
# file.

set(REIN_SCRIPTS_DIR "${PROJECT_SOURCE_DIR}/cmake/scripts")
# The dialect, joined in this order without anything between.
set(REIN_DIALECT "${REIN_KERNELS_DIR}/rein_kernel.h" "${REIN_KERNELS_DIR}/rein_math.h")

# Instruction levels of native kernels, least first, as in plugins/cpu/cpu_prebuilt.h.
set(REIN_KERNEL_LEVELS baseline avx2 avx512)
# Contraction is off so that every backend rounds alike; a kernel need not use all it is given.
set(REIN_KERNEL_FLAGS -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math
                      -Wno-unused-parameter)
set(REIN_KERNEL_FLAGS_baseline "")
set(REIN_KERNEL_FLAGS_avx2 -mavx2 -mbmi2 -mfma)
set(REIN_KERNEL_FLAGS_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mbmi2 -mfma)
set(REIN_BUILT_LEVELS baseline)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    set(REIN_BUILT_LEVELS ${REIN_KERNEL_LEVELS})
endif()

# rein_program(<name> FILES <file>...): names a program once, in kernels/CMakeLists.txt, for the two
# functions below.
function(rein_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "FILES")
    list(TRANSFORM arg_FILES PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/" REGEX "^[^/]")
    set_property(GLOBAL PROPERTY REIN_PROGRAM_${name} "${arg_FILES}")
endfunction()

# The files of FILES, or else of the program PROGRAM, as absolute paths in <out>.
function(_rein_program_files out program files)
    list(TRANSFORM files PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/" REGEX "^[^/]")
    if(NOT files)
        get_property(files GLOBAL PROPERTY REIN_PROGRAM_${program})
    endif()
    if(NOT files)
        message(FATAL_ERROR "program '${program}' has no files: see kernels/CMakeLists.txt")
    endif()
    set(${out} "${files}" PARENT_SCOPE)
endfunction()

# Joins <files> to the text <output> when the build runs; <raw> leaves out the `#line` lines.
function(_rein_join_text output raw files)
    add_custom_command(
        OUTPUT "${output}"
        COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" "-DRAW=${raw}" "-DFILES=${files}"
                -P "${REIN_SCRIPTS_DIR}/join_text.cmake"
        DEPENDS ${files} "${REIN_SCRIPTS_DIR}/join_text.cmake"
        VERBATIM)
endfunction()

# rein_embed(TARGET <target> SYMBOL <name> [RAW] FILES <file>... | PROGRAM <program>): adds to the
# target the constants
#     const char <name>[];          the joined text, NUL-terminated
#     const size_t <name>_size;     its bytes, without the NUL
# and the header <name>.h that declares them, found by #include "<name>.h" in the target and in what
# links it. RAW: the files as they are, without the `#line` lines. Rebuilt when a file changes.
function(rein_embed)
    cmake_parse_arguments(PARSE_ARGV 0 arg "RAW" "TARGET;SYMBOL;PROGRAM" "FILES")
    _rein_program_files(files "${arg_PROGRAM}" "${arg_FILES}")
    set(folder "${CMAKE_CURRENT_BINARY_DIR}/embedded")
    set(text "${folder}/${arg_SYMBOL}.txt")
    set(outputs "${folder}/${arg_SYMBOL}.c" "${folder}/${arg_SYMBOL}.h")

    _rein_join_text("${text}" "${arg_RAW}" "${files}")
    add_custom_command(
        OUTPUT ${outputs}
        COMMAND "${CMAKE_COMMAND}" "-DTEXT=${text}" "-DSYMBOL=${arg_SYMBOL}" "-DFOLDER=${folder}"
                -P "${REIN_SCRIPTS_DIR}/embed_text.cmake"
        DEPENDS "${text}" "${REIN_SCRIPTS_DIR}/embed_text.cmake"
        VERBATIM)
    target_sources(${arg_TARGET} PRIVATE ${outputs})
    target_include_directories(${arg_TARGET} PUBLIC "$<BUILD_INTERFACE:${folder}>")
endfunction()

# rein_kernels_native(TARGET <target> PROGRAM <name> [FILES <file>...]): compiles the program into
# the target once for each instruction level, and lists its kernels, with the digest of dialect and
# text, in the tables that plugins/cpu/cpu_prebuilt.h declares. The text is byte for byte what
# rein_embed() makes of the same files. FILES are those of rein_program(<name>) unless given.
function(rein_kernels_native)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "TARGET;PROGRAM" "FILES")
    _rein_program_files(files "${arg_PROGRAM}" "${arg_FILES}")
    set(folder "${CMAKE_CURRENT_BINARY_DIR}/native")
    set(text "${folder}/${arg_PROGRAM}.txt")
    set(table "${folder}/${arg_PROGRAM}_table.c")

    _rein_join_text("${text}" OFF "${files}")
    add_custom_command(
        OUTPUT "${table}"
        COMMAND "${CMAKE_COMMAND}" "-DPROGRAM=${arg_PROGRAM}" "-DTEXT=${text}"
                "-DDIALECT=${REIN_DIALECT}" "-DLEVELS=${REIN_KERNEL_LEVELS}"
                "-DBUILT_LEVELS=${REIN_BUILT_LEVELS}" "-DOUTPUT=${table}"
                -P "${REIN_SCRIPTS_DIR}/native_table.cmake"
        DEPENDS "${text}" ${REIN_DIALECT} "${REIN_SCRIPTS_DIR}/native_table.cmake"
        VERBATIM)
    set_source_files_properties("${text}" PROPERTIES HEADER_FILE_ONLY ON)
    target_sources(${arg_TARGET} PRIVATE "${text}" "${table}")

    foreach(level IN LISTS REIN_BUILT_LEVELS)
        set(source "${folder}/${arg_PROGRAM}_${level}.c")
        file(CONFIGURE OUTPUT "${source}" CONTENT [[
#define REIN_KERNEL_SUFFIX _@arg_PROGRAM@_@level@
#include "rein_kernel.h"
#include "rein_math.h"
#include "@text@"
]] @ONLY)
        set(flags ${REIN_KERNEL_FLAGS} ${REIN_KERNEL_FLAGS_${level}})
        set_source_files_properties("${source}" PROPERTIES COMPILE_OPTIONS "${flags}"
                                    OBJECT_DEPENDS "${text}")
        target_sources(${arg_TARGET} PRIVATE "${source}")
    endforeach()

    _rein_list_program(${arg_TARGET} ${arg_PROGRAM} "${folder}/programs.c")
endfunction()

# Adds a program to the target's list of programs, which is written once all are known.
function(_rein_list_program target program source)
    get_target_property(known ${target} REIN_PROGRAMS)
    set_property(TARGET ${target} APPEND PROPERTY REIN_PROGRAMS ${program})
    if(known)
        return()
    endif()
    list(JOIN REIN_BUILT_LEVELS ", " levels)
    rein_note(built "kernels in ${target}: ${levels}")
    set(programs "$<TARGET_PROPERTY:${target},REIN_PROGRAMS>")
    file(GENERATE OUTPUT "${source}" CONTENT
         "#include \"cpu_prebuilt.h\"

extern const CpuPrebuiltProgram cpu_program_$<JOIN:${programs},$<SEMICOLON>
extern const CpuPrebuiltProgram cpu_program_>;

const CpuPrebuiltProgram *const cpu_prebuilt_programs[] = {
    &cpu_program_$<JOIN:${programs},$<COMMA>
    &cpu_program_>,
};
const size_t cpu_n_prebuilt_programs =
    sizeof cpu_prebuilt_programs / sizeof cpu_prebuilt_programs[0];
" TARGET ${target})
    target_sources(${target} PRIVATE "${source}")
    target_include_directories(${target} PRIVATE "${REIN_KERNELS_DIR}"
                               "${PROJECT_SOURCE_DIR}/plugins/cpu")
endfunction()
