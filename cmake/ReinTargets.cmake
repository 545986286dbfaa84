# SPDX-License-Identifier: MIT
# Functions for libraries and programs. Every target of ours goes through rein_target().

# rein_target(<target>): warnings, sanitizers and hidden visibility, for one of our targets.
function(rein_target target)
    set_target_properties(${target} PROPERTIES C_VISIBILITY_PRESET hidden
                          CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
    rein_warnings(${target})
    rein_sanitize(${target})
endfunction()

# rein_abi_library(HEADERS <file>...): rein::abi, the contract with plugins; headers only. A header
# is named below core/abi/.
function(rein_abi_library)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "HEADERS")
    set(folder "${CMAKE_CURRENT_SOURCE_DIR}/abi")
    add_library(rein_abi INTERFACE)
    add_library(rein::abi ALIAS rein_abi)
    target_include_directories(rein_abi INTERFACE "$<BUILD_INTERFACE:${folder}>"
                               "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
    set_target_properties(rein_abi PROPERTIES EXPORT_NAME abi REIN_HEADERS "${arg_HEADERS}"
                          REIN_HEADER_DIRS "${folder}")
endfunction()

# rein_core_library(HEADERS <file>... SOURCES <file>... LIBS <library>...): compiles core once and
# makes of it
#   rein_core          librein.so, exports what carries REIN_API and nothing else (alias rein::core)
#   rein_core_testing  the same objects as a static library, insides included, for unit tests
#   rein_core_objects  the objects themselves: the target for rein_embed() in core
# HEADERS, named below core/include/, are what is installed; rein/version.h is made from its .in
# file. LIBS are public: a host that links rein::core gets them too.
function(rein_core_library)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "HEADERS;SOURCES;LIBS")
    set(public "${CMAKE_CURRENT_SOURCE_DIR}/include" "${CMAKE_CURRENT_BINARY_DIR}/include")
    set(map "${CMAKE_CURRENT_SOURCE_DIR}/librein.map")

    configure_file(include/rein/version.h.in include/rein/version.h @ONLY)

    add_library(rein_core_objects OBJECT ${arg_SOURCES})
    target_include_directories(rein_core_objects PUBLIC ${public} PRIVATE src "${REIN_KERNELS_DIR}")
    target_link_libraries(rein_core_objects PUBLIC ${arg_LIBS} PRIVATE rein::abi Threads::Threads)
    rein_target(rein_core_objects)

    add_library(rein_core SHARED $<TARGET_OBJECTS:rein_core_objects>)
    add_library(rein::core ALIAS rein_core)
    target_include_directories(rein_core INTERFACE "$<BUILD_INTERFACE:${public}>"
                               "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
    target_link_libraries(rein_core PUBLIC ${arg_LIBS}
                          PRIVATE Threads::Threads ${CMAKE_DL_LIBS} m)
    target_link_options(rein_core PRIVATE "LINKER:--version-script=${map}")
    set_target_properties(rein_core PROPERTIES OUTPUT_NAME rein EXPORT_NAME core LINKER_LANGUAGE C
                          VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
                          LINK_DEPENDS "${map}" REIN_HEADERS "${arg_HEADERS};rein/version.h"
                          REIN_HEADER_DIRS "${public}")
    rein_target(rein_core)
    rein_forbid_undefined(rein_core)

    add_library(rein_core_testing STATIC EXCLUDE_FROM_ALL $<TARGET_OBJECTS:rein_core_objects>)
    target_include_directories(
        rein_core_testing
        PUBLIC src "$<TARGET_PROPERTY:rein_core_objects,INTERFACE_INCLUDE_DIRECTORIES>")
    target_link_libraries(rein_core_testing PUBLIC ${arg_LIBS} rein::abi Threads::Threads
                          ${CMAKE_DL_LIBS} m)
    set_target_properties(rein_core_testing PROPERTIES LINKER_LANGUAGE C)
endfunction()

# rein_forbid_undefined(<target>): a library must name all it needs. Not with sanitizers, whose
# runtime is found in the program.
function(rein_forbid_undefined target)
    if(NOT REIN_SANITIZE)
        target_link_options(${target} PRIVATE "LINKER:-z,defs")
    endif()
endfunction()

# rein_host_library(<target> SOURCES <file>... [LIBS <library>...]): a static library of host/.
# Its headers are reached as "x.h" and, from the other folders of host/, as "folder/x.h".
function(rein_host_library target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
    add_library(${target} STATIC ${arg_SOURCES})
    target_include_directories(${target} PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}"
                               "${PROJECT_SOURCE_DIR}/host")
    target_link_libraries(${target} PUBLIC ${arg_LIBS} m)
    rein_target(${target})
endfunction()

# rein_executable(<target> [BESIDE_LIBREIN] SOURCES <file>... [LIBS <library>...]): a program in
# bin/, installed, which finds librein by its place in the build tree and in the prefix.
# BESIDE_LIBREIN is for programs that librein starts: they lie in <libdir>/rein, as plugins do.
function(rein_executable target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "BESIDE_LIBREIN" "" "SOURCES;LIBS")
    set(folder "${CMAKE_INSTALL_BINDIR}")
    set(full_folder "${CMAKE_INSTALL_FULL_BINDIR}")
    add_executable(${target} ${arg_SOURCES})
    if(arg_BESIDE_LIBREIN)
        set(folder "${REIN_WORKER_INSTALL_DIR}")
        set(full_folder "${CMAKE_INSTALL_FULL_LIBDIR}/rein")
        set_target_properties(${target} PROPERTIES
                              RUNTIME_OUTPUT_DIRECTORY "${REIN_WORKER_OUTPUT_DIR}")
    endif()
    file(RELATIVE_PATH to_lib "${full_folder}" "${CMAKE_INSTALL_FULL_LIBDIR}")
    string(REGEX REPLACE "/$" "" to_lib "${to_lib}")
    target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}"
                               "${PROJECT_SOURCE_DIR}/host")
    target_link_libraries(${target} PRIVATE ${arg_LIBS})
    set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN/${to_lib}")
    rein_target(${target})
    install(TARGETS ${target} RUNTIME DESTINATION "${folder}")
    rein_note(built "program ${target}")
endfunction()
