# SPDX-License-Identifier: MIT
# weft_own_code: how everything in this tree is compiled. Programs that use weft inherit none of it.
add_library(weft_own_code INTERFACE)
target_include_directories(weft_own_code INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(weft_own_code INTERFACE _GNU_SOURCE)
target_compile_options(
  weft_own_code
  INTERFACE -fexceptions # a scope's cleanup runs when pthread_exit() unwinds
            -Wall
            -Wextra
            -Wpedantic
            -Wconversion
            -Wshadow
            -Wstrict-prototypes
            -Wmissing-prototypes
            -Wvla
            -Wundef
            -Wwrite-strings
            -Wpointer-arith
            -Wcast-align
            # a test says what must not be reached as !"a sentence"
            $<$<C_COMPILER_ID:Clang>:-Wno-string-conversion>
            $<$<BOOL:${WEFT_WERROR}>:-Werror>)
target_link_libraries(weft_own_code INTERFACE Threads::Threads ${CMAKE_DL_LIBS})
