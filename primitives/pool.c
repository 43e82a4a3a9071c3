/* SPDX-License-Identifier: MIT */
#include "primitives/pool.h"

#include <string.h>

#include "platform/memory.h"

enum { CHUNK = 64 * 1024 };

void wefti_pool_give(struct wefti_pool *pool, void *record)
{
    memcpy(record, &pool->free, sizeof pool->free);
    pool->free = record;
}

void *wefti_pool_take(struct wefti_pool *pool)
{
    if (pool->free == NULL) {
        char *chunk = wefti_pages(CHUNK);
        for (size_t at = 0; chunk != NULL && at + pool->size <= CHUNK; at += pool->size)
            wefti_pool_give(pool, chunk + at);
    }
    void *record = pool->free;
    if (record == NULL)
        return NULL;
    memcpy(&pool->free, record, sizeof pool->free);
    return memset(record, 0, pool->size);
}
