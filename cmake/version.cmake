# SPDX-License-Identifier: MIT
# WEFT_VERSION, read from the header that is the number's only home.
set(header ${CMAKE_CURRENT_LIST_DIR}/../include/weft/version.h)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
set(numbers "")
foreach(part MAJOR MINOR PATCH)
  file(STRINGS ${header} line REGEX "^#define WEFT_VERSION_${part} [0-9]+$")
  string(REGEX MATCH "[0-9]+$" number "${line}")
  list(APPEND numbers ${number})
endforeach()
list(JOIN numbers . WEFT_VERSION)
