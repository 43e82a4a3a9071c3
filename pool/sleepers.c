/* SPDX-License-Identifier: MIT */
#include "pool/sleepers.h"

#include "platform/atomic.h"

static struct wefti_key key_of(const struct wefti_sleepers *sleepers)
{
    return (struct wefti_key){sleepers, sleepers->kind};
}

static void set_called(struct wefti_sleepers *sleepers, uint32_t called)
{
    /* Relaxed: the bucket's lock orders it, see nobody_called. */
    wefti_store(&sleepers->called, called, RELAXED);
}

bool wefti_sleepers_call(struct wefti_sleepers *sleepers)
{
    bool asleep = sleepers->asleep > sleepers->called;
    if (asleep)
        set_called(sleepers, sleepers->called + 1);
    return asleep;
}

/*
 * Under the bucket's lock. Relaxed: the caller sees its own call; who is not seen to come is one that
 * is woken too many.
 */
static enum wefti_verdict unless_others_come(uintptr_t request, void *arg)
{
    const struct wefti_sleepers *sleepers = arg;
    (void)request;
    return wefti_load(&sleepers->coming, RELAXED) < wefti_load(&sleepers->called, RELAXED)
               ? WEFTI_TAKE
               : WEFTI_STOP;
}

void wefti_sleepers_wake(struct wefti_sleepers *sleepers)
{
    wefti_unpark(key_of(sleepers), &(struct wefti_unparking){
                                       .limit = 1, .choose = unless_others_come, .arg = sleepers});
}

void wefti_sleepers_call_all(struct wefti_sleepers *sleepers)
{
    set_called(sleepers, sleepers->asleep);
}

void wefti_sleepers_wake_all(const struct wefti_sleepers *sleepers)
{
    wefti_unpark(key_of(sleepers), &(struct wefti_unparking){0});
}

/*
 * Under the bucket's lock. A wake passes through the bucket after its call: either it finds this
 * thread in the queue, or this thread sees the call.
 */
static bool nobody_called(void *arg)
{
    struct wefti_sleepers *sleepers = arg;
    wefti_fetch_sub(&sleepers->coming, 1, RELAXED);
    return wefti_load(&sleepers->called, RELAXED) == 0;
}

enum wefti_outcome wefti_sleepers_sleep(struct wefti_sleepers *sleepers, struct wefti_mutex *mutex,
                                        struct wefti_patience patience)
{
    sleepers->asleep++;
    wefti_fetch_add(&sleepers->coming, 1, RELAXED); /* others take theirs back without the mutex */
    wefti_mutex_unlock(mutex);
    patience.validate = nobody_called;
    patience.arg = sleepers;
    struct wefti_parked parked = wefti_park(key_of(sleepers), &patience);
    wefti_mutex_lock(mutex);
    sleepers->asleep--;
    if (sleepers->called > 0)
        set_called(sleepers, sleepers->called - 1);
    return parked.outcome;
}
