/* SPDX-License-Identifier: MIT */
#include "platform/symbol.h"

#include <dlfcn.h>
#include <string.h>

bool wefti_symbol_at(const void *address, struct wefti_symbol *symbol)
{
    Dl_info info;
    if (dladdr(address, &info) == 0 || info.dli_fname == NULL)
        return false;
    const char *slash = strrchr(info.dli_fname, '/');
    symbol->module = slash != NULL ? slash + 1 : info.dli_fname;
    symbol->module_offset = (uintptr_t)address - (uintptr_t)info.dli_fbase;
    symbol->name = info.dli_sname;
    symbol->start = info.dli_saddr;
    return true;
}
