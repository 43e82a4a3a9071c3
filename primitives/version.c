/* SPDX-License-Identifier: MIT */
#include <weft/version.h>

#include <weft/barrier.h>
#include <weft/condition.h>
#include <weft/event.h>
#include <weft/latch.h>
#include <weft/local.h>
#include <weft/lock.h>
#include <weft/namespace.h>
#include <weft/queue.h>
#include <weft/rlock.h>
#include <weft/rwlock.h>
#include <weft/semaphore.h>

int weft_version(void)
{
    return WEFT_VERSION;
}

size_t weft_sizeof(weft_kind kind)
{
    switch (kind) {
    case WEFT_KIND_LOCK:
        return sizeof(weft_lock);
    case WEFT_KIND_SEMAPHORE:
        return sizeof(weft_semaphore);
    case WEFT_KIND_BOUNDED_SEMAPHORE:
        return sizeof(weft_bounded_semaphore);
    case WEFT_KIND_EVENT:
        return sizeof(weft_event);
    case WEFT_KIND_BARRIER:
        return sizeof(weft_barrier);
    case WEFT_KIND_LATCH:
        return sizeof(weft_latch);
    case WEFT_KIND_RLOCK:
        return sizeof(weft_rlock);
    case WEFT_KIND_CONDITION:
        return sizeof(weft_condition);
    case WEFT_KIND_RWLOCK:
        return sizeof(weft_rwlock);
    case WEFT_KIND_QUEUE:
        return sizeof(weft_queue);
    case WEFT_KIND_LOCAL:
        return sizeof(weft_local);
    case WEFT_KIND_NAMESPACE:
        return sizeof(weft_namespace);
    }
    return 0;
}
