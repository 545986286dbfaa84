# SPDX-License-Identifier: MIT
# Functions for tests. Labels: unit, core, abi, conformance, gpu, host, chaos, kernels, fuzz, install,
# format, opencl; and slow, beside one of them, for what the thread sanitizer need not run.

include(GoogleTest)

set(REIN_TEST_OUTPUT_DIR "${PROJECT_BINARY_DIR}/tests/bin")
set(REIN_RIVAL_DIR "${PROJECT_BINARY_DIR}/tests/rivals")
set(REIN_TEST_HOME "${PROJECT_BINARY_DIR}/tests/home")
set(REIN_FAKE_LIBRARY_OUTPUT_DIR "${PROJECT_BINARY_DIR}/tests/libraries")

# What every test sees: this build's plugins and worker, no files of the user's, no OpenCL driver but
# those it asks for, sanitizers that report and stop. GLib's own allocator hands memory from thread
# to thread unseen by them. The leak check of gcc 12 takes a block of thread-local storage that begins
# 16 bytes into a page for one of glibc 2.19's and dies reading where it is not; what holds such
# blocks leads it to them without interception, too.
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/tests/no-drivers")
set(REIN_TEST_ENVIRONMENT
    "OCL_ICD_VENDORS=${PROJECT_BINARY_DIR}/tests/no-drivers"
    "REIN_PLUGIN_PATH=${REIN_PLUGIN_OUTPUT_DIR}"
    "REIN_WORKER=${REIN_WORKER_OUTPUT_DIR}/rein-worker"
    "REIN_WORKER_ENVIRONMENT=FAKE_*,FAULTY_*"
    "XDG_CONFIG_HOME=${REIN_TEST_HOME}/config"
    "XDG_STATE_HOME=${REIN_TEST_HOME}/state"
    "XDG_CACHE_HOME=${REIN_TEST_HOME}/cache"
    "XDG_DATA_HOME=${REIN_TEST_HOME}/data"
    "XDG_RUNTIME_DIR=${REIN_TEST_HOME}/run"
    "G_SLICE=always-malloc"
    "ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:use_sigaltstack=0:intercept_tls_get_addr=0"
    "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
    "LSAN_OPTIONS=suppressions='${PROJECT_SOURCE_DIR}/cmake/lsan.supp':print_suppressions=0"
    "TSAN_OPTIONS=halt_on_error=1:atexit_sleep_ms=0:suppressions='${PROJECT_SOURCE_DIR}/cmake/tsan.supp'")

# A test program with what all of them are given; it is built after the targets that follow `libs`.
function(_rein_test_program target sources libs)
    add_executable(${target} ${sources})
    target_link_libraries(${target} PRIVATE ${libs})
    target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}"
                               "${PROJECT_SOURCE_DIR}/tests")
    target_compile_definitions(${target} PRIVATE
                               REIN_TEST_DATA_DIR="${PROJECT_SOURCE_DIR}/tests/data"
                               REIN_PLUGIN_DIR="${REIN_PLUGIN_OUTPUT_DIR}"
                               REIN_FAKE_PLUGIN_DIR="${REIN_FAKE_PLUGIN_OUTPUT_DIR}"
                               REIN_FAKE_LIBRARY_DIR="${REIN_FAKE_LIBRARY_OUTPUT_DIR}"
                               REIN_PROGRAM_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${REIN_TEST_OUTPUT_DIR}")
    rein_target(${target})
    if(ARGN)
        add_dependencies(${target} ${ARGN})
    endif()
endfunction()

# Makes each case of the program a test named <prefix>.<case>.
function(_rein_test_cases target prefix labels timeout serial environment)
    gtest_discover_tests(${target} TEST_PREFIX "${prefix}." TEST_LIST discovered_tests
                         NO_PRETTY_VALUES DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60)

    # Lists do not survive gtest_discover_tests(PROPERTIES), so a script sets them after it.
    set(script "${CMAKE_CURRENT_BINARY_DIR}/${prefix}_properties.cmake")
    file(CONFIGURE OUTPUT "${script}" CONTENT [[
if(discovered_tests)
    set_tests_properties(${discovered_tests} PROPERTIES TIMEOUT @timeout@
                         RUN_SERIAL @serial@ LABELS "@labels@"
                         ENVIRONMENT "@environment@")
    set(discovered_tests "")
endif()
]] @ONLY)
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${script}")
endfunction()

# rein_test(NAME <name> SOURCES <file>... [LIBS <library>...] [LABELS <label>...]
#           [NEEDS <target>...] [TIMEOUT <seconds>] [SERIAL])
# A GoogleTest program; each of its cases is a test of its own, <name>.<case>, and GTEST_SKIP()
# shows as skipped. It is given GoogleMock with main(), tests/ as an include folder, and as macros
# the folders REIN_TEST_DATA_DIR, REIN_PLUGIN_DIR, REIN_FAKE_PLUGIN_DIR, REIN_FAKE_LIBRARY_DIR and
# REIN_PROGRAM_DIR. NEEDS names targets that it loads or starts when it runs. SERIAL: no other test
# beside it. 120 s a case unless told.
function(rein_test)
    cmake_parse_arguments(PARSE_ARGV 0 arg "SERIAL" "NAME;TIMEOUT" "SOURCES;LIBS;LABELS;NEEDS")
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    _rein_test_program(${arg_NAME} "${arg_SOURCES}" "${arg_LIBS};GTest::gmock_main" ${arg_NEEDS})
    _rein_test_cases(${arg_NAME} "${arg_NAME}" "${arg_LABELS}" "${arg_TIMEOUT}" "${arg_SERIAL}"
                     "${REIN_TEST_ENVIRONMENT}")
endfunction()

# rein_backend(<name> PLUGIN <plugin> DEVICE <id> [LABELS <label>...] [NEEDS <file>]
#              [SETTINGS <key>=<value>...] [ENVIRONMENT <NAME=VALUE>...])
# A backend that the tests of rein_backend_test() can run on: the device <id> of
# rein_plugin_<plugin>, opened with SETTINGS in a process with ENVIRONMENT. Where the file NEEDS is
# not there its driver is not installed, and every case is skipped by the backend's name.
function(rein_backend name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "PLUGIN;DEVICE;NEEDS" "LABELS;SETTINGS;ENVIRONMENT")
    list(JOIN arg_SETTINGS "," settings)
    set_property(GLOBAL PROPERTY REIN_BACKEND_${name}_LABELS "${arg_LABELS}")
    set_property(GLOBAL PROPERTY REIN_BACKEND_${name}_PLUGIN "rein_plugin_${arg_PLUGIN}")
    set_property(GLOBAL PROPERTY REIN_BACKEND_${name}_ENVIRONMENT
                 "REIN_TEST_BACKEND=${name}"
                 "REIN_TEST_PLUGIN=${REIN_PLUGIN_OUTPUT_DIR}/rein_plugin_${arg_PLUGIN}.so"
                 "REIN_TEST_DEVICE=${arg_DEVICE}" "REIN_TEST_NEEDS=${arg_NEEDS}"
                 "REIN_TEST_SETTINGS=${settings}" ${arg_ENVIRONMENT})
endfunction()

# rein_backend_test(NAME <name> SOURCES <file>... BACKENDS <backend>... [LIBS <library>...]
#                   [LABELS <label>...] [NEEDS <target>...] [TIMEOUT <seconds>])
# As rein_test(), but each case is a test for each of BACKENDS, <backend>.<name>.<case>, with the
# environment and the labels of the backend beside its own.
function(rein_backend_test)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;TIMEOUT" "SOURCES;BACKENDS;LIBS;LABELS;NEEDS")
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    _rein_test_program(${arg_NAME} "${arg_SOURCES}" "${arg_LIBS};GTest::gmock_main" ${arg_NEEDS})
    foreach(backend IN LISTS arg_BACKENDS)
        get_property(labels GLOBAL PROPERTY REIN_BACKEND_${backend}_LABELS)
        get_property(plugin GLOBAL PROPERTY REIN_BACKEND_${backend}_PLUGIN)
        get_property(environment GLOBAL PROPERTY REIN_BACKEND_${backend}_ENVIRONMENT)
        if(TARGET ${plugin})
            add_dependencies(${arg_NAME} ${plugin})
        endif()
        _rein_test_cases(${arg_NAME} "${backend}.${arg_NAME}" "${labels};${arg_LABELS}"
                         "${arg_TIMEOUT}" OFF "${REIN_TEST_ENVIRONMENT};${environment}")
    endforeach()
endfunction()

# rein_fake_library(<name> SOURCES <file>... [INCLUDES <folder>...] [LIBS <library>...]
#                   [DEFINITIONS <definition>...])
# <name>.so in REIN_FAKE_LIBRARY_DIR: stands for a vendor's library. Never installed.
function(rein_fake_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;INCLUDES;LIBS;DEFINITIONS")
    add_library(${name} MODULE ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE ${arg_LIBS})
    target_include_directories(${name} PRIVATE ${arg_INCLUDES})
    target_compile_definitions(${name} PRIVATE ${arg_DEFINITIONS})
    set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY
                          "${REIN_FAKE_LIBRARY_OUTPUT_DIR}")
    rein_target(${name})
endfunction()

# rein_fuzz(NAME <name> SOURCES <file>... [LIBS <library>...] CORPUS <folder> ITERATIONS <n>
#           [LABELS <label>...])
# A fuzz target, LLVMFuzzerTestOneInput() in SOURCES. As an ordinary test it runs the whole corpus
# and then n mutations of it, the same ones each time. With REIN_LIBFUZZER there is also the
# program <name>_libfuzzer, to be run by hand.
function(rein_fuzz)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;CORPUS;ITERATIONS" "SOURCES;LIBS;LABELS")
    get_filename_component(corpus "${arg_CORPUS}" ABSOLUTE)
    _rein_test_program(${arg_NAME}
                       "${arg_SOURCES};${PROJECT_SOURCE_DIR}/tests/fuzz/standalone_driver.c"
                       "${arg_LIBS}")
    add_test(NAME ${arg_NAME} COMMAND ${arg_NAME} --iterations ${arg_ITERATIONS} "${corpus}")
    set_tests_properties(${arg_NAME} PROPERTIES TIMEOUT 300 LABELS "fuzz;${arg_LABELS}"
                         ENVIRONMENT "${REIN_TEST_ENVIRONMENT}")
    if(REIN_LIBFUZZER)
        _rein_test_program(${arg_NAME}_libfuzzer "${arg_SOURCES}" "${arg_LIBS}")
        target_link_options(${arg_NAME}_libfuzzer PRIVATE -fsanitize=fuzzer)
    endif()
endfunction()

# rein_test_headers(TARGET <target> [FLAGS <flag>...]): one test for each public header of
# rein_core or rein_abi and each of C17 and C++17: a file that includes it, twice, and nothing else
# compiles without a warning, with no include folder but the target's own and GLib's.
function(rein_test_headers)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "TARGET" "FLAGS")
    get_target_property(headers ${arg_TARGET} REIN_HEADERS)
    get_target_property(folders ${arg_TARGET} REIN_HEADER_DIRS)
    list(TRANSFORM folders PREPEND -I)
    set(flags -fsyntax-only -Wall -Wextra -Wshadow -Wundef -Werror ${arg_FLAGS} ${folders})
    set(languages c c++)
    set(compilers "${CMAKE_C_COMPILER}" "${CMAKE_CXX_COMPILER}")
    foreach(header IN LISTS headers)
        foreach(language compiler IN ZIP_LISTS languages compilers)
            string(MAKE_C_IDENTIFIER "${header}" source)
            set(source "${CMAKE_CURRENT_BINARY_DIR}/${source}.${language}")
            set(name "header.${header}.${language}17")
            file(CONFIGURE OUTPUT "${source}" CONTENT "#include <@header@>\n#include <@header@>\n"
                 @ONLY)
            add_test(NAME ${name} COMMAND "${compiler}" -x ${language} -std=${language}17 ${flags}
                     ${REIN_GLIB_CFLAGS} "${source}")
            set_tests_properties(${name} PROPERTIES LABELS abi TIMEOUT 60)
        endforeach()
    endforeach()
endfunction()

# rein_script_test(<name> <script> [<argument>...]): a shell script as a test, labelled with what
# stands before the first dot of its name. The script ends with 77 to be counted as skipped.
function(rein_script_test name script)
    get_filename_component(script "${script}" ABSOLUTE)
    string(REGEX REPLACE "\\..*" "" label "${name}")
    add_test(NAME ${name} COMMAND sh "${script}" ${ARGN})
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 300 SKIP_RETURN_CODE 77
                         ENVIRONMENT "${REIN_TEST_ENVIRONMENT}")
endfunction()
