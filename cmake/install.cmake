# SPDX-License-Identifier: MIT
# What is installed: the libraries, the headers, the files for find_package and pkg-config, and what
# helgrind need not say.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weft)
set(generated ${CMAKE_CURRENT_BINARY_DIR}/package)

set(libraries weft weft_static)
if(WEFT_PATTERNS)
  list(APPEND libraries weft_patterns weft_patterns_static)
else()
  set(without_patterns PATTERN patterns EXCLUDE)
endif()
install(TARGETS ${libraries} EXPORT weft-targets)
install(DIRECTORY include/weft DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h
        ${without_patterns})
install(FILES platform/valgrind.supp DESTINATION ${CMAKE_INSTALL_DATADIR}/weft)
install(EXPORT weft-targets NAMESPACE weft:: DESTINATION ${package_dir})

configure_package_config_file(cmake/weft-config.cmake.in ${generated}/weft-config.cmake
                              INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${generated}/weft-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${generated}/weft-config.cmake ${generated}/weft-config-version.cmake
        DESTINATION ${package_dir})

# The pkg-config file finds its prefix from where it lies, so that an installed tree may be moved.
cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_LIBDIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} OUTPUT_VARIABLE
           libdir)
file(RELATIVE_PATH prefix_from_pcfile ${libdir}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" prefix_from_pcfile ${prefix_from_pcfile})
list(TRANSFORM CMAKE_DL_LIBS PREPEND -l OUTPUT_VARIABLE dl_libs)
configure_file(cmake/weft.pc.in ${generated}/weft.pc @ONLY)
install(FILES ${generated}/weft.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(WEFT_PATTERNS)
  configure_file(cmake/weft-patterns.pc.in ${generated}/weft-patterns.pc @ONLY)
  install(FILES ${generated}/weft-patterns.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()
