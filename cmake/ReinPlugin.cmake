# SPDX-License-Identifier: MIT

# rein_plugin(<name> [FAKE] SOURCES <file>... [LIBS <library>...]): the target rein_plugin_<name>, a
# module rein_plugin_<name>.so that exports the symbol `rein_plugin` and nothing else, sees
# core/abi and plugins/common and no other part of rein, and is installed to <libdir>/rein/plugins.
# FAKE is for plugins that misbehave on purpose: never installed, in a folder of their own, which
# tests know as REIN_FAKE_PLUGIN_DIR.
function(rein_plugin name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "FAKE" "" "SOURCES;LIBS")
    set(target rein_plugin_${name})
    set(map "${PROJECT_SOURCE_DIR}/cmake/rein_plugin.map")

    add_library(${target} MODULE ${arg_SOURCES})
    target_link_libraries(${target} PRIVATE rein::abi rein_plugin_common ${arg_LIBS})
    target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
    target_link_options(${target} PRIVATE "LINKER:--version-script=${map}")
    set_target_properties(${target} PROPERTIES PREFIX "" LINK_DEPENDS "${map}"
                          LIBRARY_OUTPUT_DIRECTORY "${REIN_PLUGIN_OUTPUT_DIR}")
    rein_target(${target})
    rein_forbid_undefined(${target})
    if(arg_FAKE)
        set_target_properties(${target} PROPERTIES
                              LIBRARY_OUTPUT_DIRECTORY "${REIN_FAKE_PLUGIN_OUTPUT_DIR}")
        return()
    endif()
    install(TARGETS ${target} LIBRARY DESTINATION "${REIN_PLUGIN_INSTALL_DIR}")
    set_property(GLOBAL APPEND PROPERTY REIN_PLUGIN_TARGETS ${target})
    rein_note(built "plugin ${name}")
endfunction()
