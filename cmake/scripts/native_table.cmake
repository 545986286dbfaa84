# SPDX-License-Identifier: MIT
# Run by the build: writes OUTPUT, the table of the kernels in TEXT for cpu_prebuilt.h: name,
# digest of the files DIALECT and of TEXT, and a function for each of LEVELS, NULL for one that is not in
# BUILT_LEVELS.
cmake_minimum_required(VERSION 3.25)

file(READ "${TEXT}" text)
set(dialect "")
foreach(file IN LISTS DIALECT)
    file(READ "${file}" part)
    string(APPEND dialect "${part}")
endforeach()
string(SHA256 digest "${dialect}${text}")
string(REGEX MATCHALL "\nREIN_KERNEL\\([A-Za-z_][A-Za-z0-9_]*" kernels "\n${text}")
list(TRANSFORM kernels REPLACE "\nREIN_KERNEL\\(" "")
if(NOT kernels)
    message(FATAL_ERROR "${TEXT}: no line begins with REIN_KERNEL(name")
endif()

set(declarations "")
set(rows "")
foreach(kernel IN LISTS kernels)
    set(entries "")
    foreach(level IN LISTS LEVELS)
        if(level IN_LIST BUILT_LEVELS)
            set(entry "${kernel}_${PROGRAM}_${level}")
            string(APPEND declarations "void ${entry}(void *const *buffers, uint32_t first, "
                   "uint32_t end, uint32_t round, uint32_t progress);\n")
        else()
            set(entry NULL)
        endif()
        string(APPEND entries " ${entry},")
    endforeach()
    string(APPEND rows "    { .name = \"${kernel}\", .entry = {${entries} } },\n")
endforeach()

file(WRITE "${OUTPUT}" "/* Generated from the program ${PROGRAM}. */
#include \"cpu_prebuilt.h\"

extern const CpuPrebuiltProgram cpu_program_${PROGRAM};

${declarations}
static const CpuPrebuiltKernel kernels[] = {
${rows}};

const CpuPrebuiltProgram cpu_program_${PROGRAM} = {
    .name = \"${PROGRAM}\",
    .digest = \"${digest}\",
    .kernels = kernels,
    .n_kernels = sizeof kernels / sizeof kernels[0],
};
")
