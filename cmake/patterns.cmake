# SPDX-License-Identifier: MIT
# weft::patterns is libweft-patterns.so, weft::patterns_static is libweft-patterns.a: ideas in use, on
# top of libweft's public functions. uthash is headers only: who links the libraries does not need it.
if(WEFT_PATTERNS)
  include(CheckIncludeFile) # also where it is compiled for another machine
  check_include_file(utlist.h WEFT_UTHASH)
  if(NOT WEFT_UTHASH)
    message(NOTICE "weft::patterns is left out: it needs the header utlist.h of uthash")
    set(WEFT_PATTERNS OFF)
  endif()
endif()
if(NOT WEFT_PATTERNS)
  return()
endif()

file(GLOB sources CONFIGURE_DEPENDS patterns/*.c)
add_library(weft_patterns_objects OBJECT ${sources})
target_include_directories(weft_patterns_objects PRIVATE include)
target_link_libraries(weft_patterns_objects PRIVATE weft_own_code)
target_compile_options(weft_patterns_objects PRIVATE -fno-semantic-interposition)
set_target_properties(weft_patterns_objects PROPERTIES C_VISIBILITY_PRESET hidden
                                                       POSITION_INDEPENDENT_CODE ON)

add_library(weft_patterns SHARED $<TARGET_OBJECTS:weft_patterns_objects>)
add_library(weft_patterns_static STATIC $<TARGET_OBJECTS:weft_patterns_objects>)
add_library(weft::patterns ALIAS weft_patterns)
add_library(weft::patterns_static ALIAS weft_patterns_static)
target_link_libraries(weft_patterns PUBLIC weft PRIVATE weft_own_code)
target_link_libraries(weft_patterns_static PUBLIC weft_static)
set_target_properties(
  weft_patterns weft_patterns_static PROPERTIES LINKER_LANGUAGE C OUTPUT_NAME weft-patterns)
set_target_properties(weft_patterns_static PROPERTIES EXPORT_NAME patterns_static)
# Installed side by side with libweft.so, it finds that wherever the two are.
set_target_properties(
  weft_patterns PROPERTIES EXPORT_NAME patterns INSTALL_RPATH "$ORIGIN" VERSION ${PROJECT_VERSION}
                           SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

if(NOT APPLE)
  if(NOT WEFT_SANITIZE) # a sanitizer's functions are the program's, not the library's
    target_link_options(weft_patterns PRIVATE LINKER:-z,defs)
  endif()
  set(map ${PROJECT_SOURCE_DIR}/cmake/patterns.map)
  target_link_options(weft_patterns PRIVATE LINKER:-Bsymbolic-functions
                      "LINKER:--version-script=${map}")
  set_target_properties(weft_patterns PROPERTIES LINK_DEPENDS ${map})
endif()
