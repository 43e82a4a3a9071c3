# SPDX-License-Identifier: MIT
# The library: weft::weft is libweft.so, weft::static is libweft.a. One set of objects makes both.
if(CMAKE_SYSTEM_NAME STREQUAL Linux)
  set(parker futex)
else()
  set(parker pthread)
endif()
set(WEFT_PARKER ${parker} CACHE STRING "How a thread sleeps: futex or pthread")
set_property(CACHE WEFT_PARKER PROPERTY STRINGS futex pthread)
if(NOT WEFT_PARKER MATCHES "^(futex|pthread)$")
  message(FATAL_ERROR "WEFT_PARKER is futex or pthread, not ${WEFT_PARKER}")
endif()

if(WEFT_PARKER STREQUAL pthread) # the parker's size is in a header that tests of internals share
  target_compile_definitions(weft_own_code INTERFACE WEFTI_PARKER_PTHREAD)
endif()

file(GLOB sources CONFIGURE_DEPENDS platform/*.c primitives/*.c local/*.c queue/*.c pool/*.c)
list(FILTER sources EXCLUDE REGEX "/platform/parker_[a-z]+\\.c$")
list(APPEND sources platform/parker_${WEFT_PARKER}.c)

add_library(weft_objects OBJECT ${sources})
target_include_directories(weft_objects PRIVATE include)
target_link_libraries(weft_objects PRIVATE weft_own_code)
# Position independent, so that libweft.a fits into a shared object too. No public function is meant
# to be replaced by another of its name: calls among them need no detour.
target_compile_options(weft_objects PRIVATE -fno-semantic-interposition)
set_target_properties(weft_objects PROPERTIES C_VISIBILITY_PRESET hidden
                                              POSITION_INDEPENDENT_CODE ON)

add_library(weft SHARED $<TARGET_OBJECTS:weft_objects>)
add_library(weft_static STATIC $<TARGET_OBJECTS:weft_objects>)
add_library(weft::weft ALIAS weft)
add_library(weft::static ALIAS weft_static)
foreach(library weft weft_static)
  target_include_directories(${library} INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                                  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  set_target_properties(${library} PROPERTIES LINKER_LANGUAGE C OUTPUT_NAME weft)
endforeach()
target_link_libraries(weft PRIVATE weft_own_code)
target_link_libraries(weft_static PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
set_target_properties(weft_static PROPERTIES EXPORT_NAME static)
# Until 1.0 every minor version may change the ABI.
set_target_properties(weft PROPERTIES VERSION ${PROJECT_VERSION}
                                      SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

# Unloading would take the code away from under threads that are inside, hence nodelete.
if(NOT APPLE)
  if(NOT WEFT_SANITIZE) # a sanitizer's functions are the program's, not the library's
    target_link_options(weft PRIVATE LINKER:-z,defs)
  endif()
  set(map ${PROJECT_SOURCE_DIR}/cmake/weft.map)
  target_link_options(weft PRIVATE LINKER:-z,nodelete LINKER:-Bsymbolic-functions
                      "LINKER:--version-script=${map}")
  set_target_properties(weft PROPERTIES LINK_DEPENDS ${map})
endif()
