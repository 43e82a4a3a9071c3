# SPDX-License-Identifier: MIT
# What every test of ctest gets: a time limit, its environment, a label.
set(WEFT_TEST_TIMEOUT 60 CACHE STRING "The time limit of a test, in seconds")
set(WEFT_TEST_TIMEOUT_FACTOR 1 CACHE STRING "Multiplies it, for slow builds")
set(WEFT_STRESS_SECONDS 1 CACHE STRING "How long each stress test runs")

# weft_add_test(name label executable [argument...]): the program's own watchdog (WEFT_TEST_TIMEOUT)
# ends it a little before ctest does, so that a test that hangs can still say where.
function(weft_add_test name label executable)
  add_test(NAME ${name} COMMAND ${executable} ${ARGN})
  math(EXPR limit "(${WEFT_TEST_TIMEOUT} + ${WEFT_STRESS_SECONDS}) * ${WEFT_TEST_TIMEOUT_FACTOR}")
  math(EXPR watchdog "${limit} * 9 / 10")
  set(environment WEFT_TEST_TIMEOUT=${watchdog} WEFT_STRESS_SECONDS=${WEFT_STRESS_SECONDS})
  if(CMAKE_CROSSCOMPILING_EMULATOR) # for programs that execute themselves
    list(APPEND environment WEFT_TEST_EMULATOR=${CMAKE_CROSSCOMPILING_EMULATOR})
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${limit} LABELS "${label}" SKIP_RETURN_CODE 77
                                          ENVIRONMENT "${environment}")
endfunction()

# weft_skip_test(name label reason): a test that cannot run here; ctest lists it as skipped.
function(weft_skip_test name label reason)
  add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E echo "skipped: ${reason}")
  set_tests_properties(${name} PROPERTIES LABELS "${label}" SKIP_REGULAR_EXPRESSION "^skipped")
endfunction()
