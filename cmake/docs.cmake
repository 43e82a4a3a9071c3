# SPDX-License-Identifier: MIT
# The target docs: one HTML site of the headers, docs/, the README and the demos.
find_package(Doxygen QUIET)
if(DOXYGEN_FOUND)
  configure_file(docs/Doxyfile.in docs/Doxyfile @ONLY)
  add_custom_target(
    docs
    COMMAND ${PROJECT_SOURCE_DIR}/cmake/doxygen ${DOXYGEN_EXECUTABLE} docs/Doxyfile ${PROJECT_SOURCE_DIR}
    WORKING_DIRECTORY ${PROJECT_BINARY_DIR}
    VERBATIM)
endif()
