# SPDX-License-Identifier: MIT
# WEFT_SANITIZE: a sanitizer for all own code. address brings LeakSanitizer along.
set(WEFT_SANITIZE "" CACHE STRING "address, undefined, thread, or nothing")
set_property(CACHE WEFT_SANITIZE PROPERTY STRINGS "" address undefined thread)

if(WEFT_SANITIZE)
  target_compile_options(
    weft_own_code INTERFACE -fsanitize=${WEFT_SANITIZE} -fno-sanitize-recover=all
                            -fno-omit-frame-pointer -g -O1)
  target_link_options(weft_own_code INTERFACE -fsanitize=${WEFT_SANITIZE})
endif()
