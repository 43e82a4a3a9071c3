/* SPDX-License-Identifier: MIT */
/*
 * What lies at an address, as far as the dynamic linker knows: it knows what modules export.
 */
#ifndef WEFTI_PLATFORM_SYMBOL_H
#define WEFTI_PLATFORM_SYMBOL_H

#include <stdbool.h>
#include <stdint.h>

/* The place in the program that called the present function. */
#define WEFTI_CALLER __builtin_extract_return_addr(__builtin_return_address(0))

struct wefti_symbol {
    const char *module;      /* the program's or library's file, without its folder */
    uintptr_t module_offset; /* the address within it, for addr2line */
    const char *name;        /* NULL: in no exported function or variable */
    const void *start;       /* with a name: where that begins */
};

/* False for an address in no module (heap, stack). Never under a lock: the linker has its own. */
bool wefti_symbol_at(const void *address, struct wefti_symbol *symbol);

#endif
