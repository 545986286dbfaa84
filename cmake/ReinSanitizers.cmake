# SPDX-License-Identifier: MIT

if(NOT REIN_SANITIZE MATCHES "^(|address|undefined|thread|address,undefined|undefined,address)$")
    message(FATAL_ERROR "REIN_SANITIZE is '${REIN_SANITIZE}': use address,undefined or thread")
endif()

if(REIN_LIBFUZZER AND NOT (CMAKE_C_COMPILER_ID MATCHES "Clang" AND REIN_SANITIZE MATCHES "address"))
    message(FATAL_ERROR "REIN_LIBFUZZER needs clang and REIN_SANITIZE=address,undefined")
endif()

# rein_sanitize(<target>): compiles and links one of our targets with the sanitizers that
# REIN_SANITIZE names. A finding ends the program, so that no test can pass over it. C++ is tests
# only, and not looked through for undefined behaviour: that took most of a build's time.
function(rein_sanitize target)
    if(NOT REIN_SANITIZE)
        return()
    endif()
    target_compile_options(${target} PRIVATE -fsanitize=${REIN_SANITIZE} -fno-omit-frame-pointer
                           -fno-sanitize-recover=all
                           "$<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize=undefined>")
    if(REIN_LIBFUZZER)
        target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
    get_target_property(type ${target} TYPE)
    if(NOT type MATCHES "STATIC_LIBRARY|OBJECT_LIBRARY")
        target_link_options(${target} PRIVATE -fsanitize=${REIN_SANITIZE})
    endif()
endfunction()
