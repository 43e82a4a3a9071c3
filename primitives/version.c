/* SPDX-License-Identifier: MIT */
#include <weft/version.h>

#include <weft/condition.h>
#include <weft/lock.h>
#include <weft/rlock.h>
#include <weft/rwlock.h>

int weft_version(void)
{
    return WEFT_VERSION;
}

size_t weft_sizeof(weft_kind kind)
{
    switch (kind) {
    case WEFT_KIND_LOCK:
        return sizeof(weft_lock);
    case WEFT_KIND_RLOCK:
        return sizeof(weft_rlock);
    case WEFT_KIND_CONDITION:
        return sizeof(weft_condition);
    case WEFT_KIND_RWLOCK:
        return sizeof(weft_rwlock);
    }
    return 0;
}
