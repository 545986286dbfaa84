# SPDX-License-Identifier: MIT
# What the whole build agrees on: language levels, where outputs go, the libraries we need, and the
# summary printed at the end. Flags are never set here: they belong to targets (ReinTargets.cmake).

include(GNUInstallDirs)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
endif()

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# The build tree has the shape of the installed one, so librein finds its plugins the same way.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib/static")
set(REIN_PLUGIN_OUTPUT_DIR "${PROJECT_BINARY_DIR}/lib/rein/plugins")
set(REIN_PLUGIN_INSTALL_DIR "${CMAKE_INSTALL_LIBDIR}/rein/plugins")
set(REIN_WORKER_OUTPUT_DIR "${PROJECT_BINARY_DIR}/lib/rein")
set(REIN_WORKER_INSTALL_DIR "${CMAKE_INSTALL_LIBDIR}/rein")
set(REIN_FAKE_PLUGIN_OUTPUT_DIR "${PROJECT_BINARY_DIR}/tests/plugins")
set(REIN_KERNELS_DIR "${PROJECT_SOURCE_DIR}/kernels")
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(REIN_GLIB REQUIRED IMPORTED_TARGET glib-2.0>=2.74 gio-2.0 gio-unix-2.0)
pkg_check_modules(REIN_JSON REQUIRED IMPORTED_TARGET json-glib-1.0)

if(REIN_BUILD_TESTS)
    enable_language(CXX)
    set(CMAKE_CXX_STANDARD 17)
    set(CMAKE_CXX_STANDARD_REQUIRED ON)
    set(CMAKE_CXX_EXTENSIONS OFF)
    find_package(GTest REQUIRED)
else()
    # The presets set it for the tests; read once, so that CMake does not warn that nobody does.
    set(rein_unused "${CMAKE_CXX_FLAGS_RELEASE}${CMAKE_CXX_FLAGS_DEBUG}${CMAKE_CXX_COMPILER}")
endif()

# rein_note(<built|skipped> <text>): one line of the summary.
function(rein_note kind text)
    set_property(GLOBAL APPEND PROPERTY REIN_NOTES_${kind} "${text}")
endfunction()

# rein_summary(): prints what this build tree will contain, and why something is left out.
function(rein_summary)
    message(STATUS "rein ${PROJECT_VERSION}: ${CMAKE_BUILD_TYPE}, ${CMAKE_C_COMPILER_ID} "
                   "${CMAKE_C_COMPILER_VERSION}")
    message(STATUS "  build folder: ${PROJECT_BINARY_DIR}")
    message(STATUS "  install to:   ${CMAKE_INSTALL_PREFIX}")
    foreach(option IN ITEMS REIN_BUILD_TESTS REIN_WERROR REIN_SANITIZE REIN_LIBFUZZER)
        message(STATUS "  ${option}: ${${option}}")
    endforeach()
    foreach(kind IN ITEMS built skipped)
        get_property(notes GLOBAL PROPERTY REIN_NOTES_${kind})
        foreach(note IN LISTS notes)
            message(STATUS "  ${kind}: ${note}")
        endforeach()
    endforeach()
endfunction()
