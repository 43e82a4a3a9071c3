# SPDX-License-Identifier: MIT
# The target docs: one HTML site of the headers, docs/, the README and the demos.
find_package(Doxygen QUIET)
if(DOXYGEN_FOUND AND EXISTS ${PROJECT_SOURCE_DIR}/docs/Doxyfile.in)
  configure_file(docs/Doxyfile.in docs/Doxyfile @ONLY)
  add_custom_target(
    docs
    COMMAND Doxygen::doxygen docs/Doxyfile
    COMMAND ${CMAKE_COMMAND} -E echo "${PROJECT_BINARY_DIR}/docs/html/index.html"
    WORKING_DIRECTORY ${PROJECT_BINARY_DIR}
    VERBATIM)
endif()
