/* SPDX-License-Identifier: MIT */
#include "primitives/park_room.h"

size_t wefti_waiters(struct wefti_key key)
{
    size_t count = 0;
    struct wefti_bucket *bucket = wefti_bucket_lock(key);
    for (const struct wefti_waiter *waiter = bucket->first; waiter != NULL; waiter = waiter->next)
        count += wefti_matches(waiter->key, key) && wefti_unclaimed(waiter->self);
    wefti_mutex_unlock(&bucket->mutex);
    return count;
}

bool wefti_stands_behind(struct wefti_key key, const struct wefti_self *self,
                         const struct wefti_self *other, bool comes)
{
    bool met = false, behind = false;
    struct wefti_bucket *bucket = wefti_bucket_lock(key);
    for (const struct wefti_waiter *waiter = bucket->first; waiter != NULL && !behind;
         waiter = waiter->next) {
        if (!wefti_matches(waiter->key, key) || !wefti_unclaimed(waiter->self))
            continue;
        met = met || waiter->self == other;
        behind = met && waiter->self == self;
    }
    wefti_mutex_unlock(&bucket->mutex);
    return behind || (met && comes);
}

bool wefti_waits(const struct wefti_self *self, struct wefti_key *key, int64_t *since)
{
    key->address = wefti_load(&self->address, RELAXED);
    key->kind = (enum wefti_kind)wefti_load(&self->kind, RELAXED);
    *since = wefti_load(&self->since, RELAXED);
    return wefti_unclaimed(self);
}

bool wefti_if_waited(struct wefti_key key, void (*look)(void *arg), void *arg)
{
    struct wefti_bucket *bucket = wefti_bucket_lock(key);
    const struct wefti_waiter *waiter = bucket->first;
    while (waiter != NULL && !wefti_matches(waiter->key, key))
        waiter = waiter->next;
    if (waiter != NULL)
        look(arg);
    wefti_mutex_unlock(&bucket->mutex);
    return waiter != NULL;
}
