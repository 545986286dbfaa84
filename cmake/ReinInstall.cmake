# SPDX-License-Identifier: MIT
# What `cmake --install` puts into a prefix, for hosts (rein::core), for authors of plugins
# (rein::abi) and for pkg-config. Programs and plugins install themselves where they are defined.

include(CMakePackageConfigHelpers)

# rein_header_paths(<out> <target>): the public headers of rein_core or rein_abi as absolute paths.
function(rein_header_paths out target)
    get_target_property(headers ${target} REIN_HEADERS)
    get_target_property(folders ${target} REIN_HEADER_DIRS)
    set(paths "")
    foreach(header IN LISTS headers)
        find_file(path "${header}" PATHS ${folders} NO_DEFAULT_PATH NO_CACHE REQUIRED)
        list(APPEND paths "${path}")
        unset(path)
    endforeach()
    set(${out} "${paths}" PARENT_SCOPE)
endfunction()

# rein_install_package(): call once, after all targets are defined.
function(rein_install_package)
    set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/rein")

    install(TARGETS rein_core rein_abi EXPORT rein
            LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    install(EXPORT rein NAMESPACE rein:: FILE rein-targets.cmake DESTINATION "${package_dir}")
    foreach(target IN ITEMS rein_core rein_abi)
        rein_header_paths(headers ${target})
        install(FILES ${headers} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/rein")
    endforeach()
    install(FILES ${REIN_DIALECT} DESTINATION "${CMAKE_INSTALL_DATADIR}/rein")
    install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

    configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/rein-config.cmake.in"
                                  "${PROJECT_BINARY_DIR}/rein-config.cmake"
                                  INSTALL_DESTINATION "${package_dir}")
    write_basic_package_version_file("${PROJECT_BINARY_DIR}/rein-config-version.cmake"
                                     COMPATIBILITY SameMinorVersion)
    install(FILES "${PROJECT_BINARY_DIR}/rein-config.cmake"
                  "${PROJECT_BINARY_DIR}/rein-config-version.cmake" DESTINATION "${package_dir}")

    # Relative to the file itself, so that a prefix can be moved.
    file(RELATIVE_PATH to_prefix "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
    string(REGEX REPLACE "/$" "" to_prefix "${to_prefix}")
    configure_file("${PROJECT_SOURCE_DIR}/cmake/rein.pc.in" "${PROJECT_BINARY_DIR}/rein.pc" @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/rein.pc"
            DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endfunction()
