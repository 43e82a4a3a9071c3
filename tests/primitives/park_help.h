/* SPDX-License-Identifier: MIT */
/*
 * Sleepers for the tests of the waiting room: a sleeper is a thread that waits once, and tells what
 * came of it. They are daemons, so that a case that fails does not wait for those it left behind.
 */
#ifndef TESTS_PRIMITIVES_PARK_HELP_H
#define TESTS_PRIMITIVES_PARK_HELP_H

#include "test.h"

#include "platform/atomic.h"
#include "primitives/park.h"
#include "primitives/self.h"

enum { KEYS_MOST = 256 };

struct sleeper {
    /* How it waits; with `keys` for any of `count` of them, else for `key`. */
    struct wefti_key key;
    const struct wefti_key *keys;
    size_t count;
    struct wefti_patience patience;
    size_t refuse; /* the index of the key whose validate says no; 0: none */

    struct wefti_self *self;
    uint32_t entered; /* set under the bucket's lock: it is in its (last) queue after that */
    struct wefti_parked parked;
    weft_thread *thread;
};

static inline bool say_no(void *arg)
{
    (void)arg;
    return false;
}

static inline bool say_yes_and_note(void *entered)
{
    wefti_store((uint32_t *)entered, 1, RELEASE);
    return true;
}

/* Its request at each of several keys is the key's index + 1. */
static inline struct wefti_parked sleeper_parks_any(struct sleeper *sleeper)
{
    struct wefti_waiter waiters[KEYS_MOST];
    for (size_t i = 0; i < sleeper->count; i++)
        waiters[i] = (struct wefti_waiter){.key = sleeper->keys[i], .request = i + 1};
    waiters[sleeper->count - 1].validate = say_yes_and_note;
    waiters[sleeper->count - 1].arg = &sleeper->entered;
    if (sleeper->refuse != 0)
        waiters[sleeper->refuse].validate = say_no;
    return wefti_park_any(waiters, sleeper->count, &sleeper->patience);
}

/* Not inlined: a thread that is cancelled does not clean up its frame for AddressSanitizer. */
__attribute__((unused, noinline)) static void *sleeper_sleeps(void *arg)
{
    struct sleeper *sleeper = arg;
    wefti_store(&sleeper->self, wefti_self(), RELEASE);
    if (sleeper->keys != NULL) {
        sleeper->parked = sleeper_parks_any(sleeper);
        return NULL;
    }
    struct wefti_patience patience = sleeper->patience;
    patience.validate = say_yes_and_note;
    patience.arg = &sleeper->entered;
    sleeper->parked = wefti_park(sleeper->key, &patience);
    return NULL;
}

static inline void sleeper_starts(struct sleeper *sleeper)
{
    sleeper->thread = weft_thread_spawn(sleeper_sleeps, sleeper, .daemon = true);
    assert_non_null(sleeper->thread);
}

/* Waits until it is in its queue, or has been there. */
static inline void sleeper_has_entered(struct sleeper *sleeper)
{
    EVENTUALLY(wefti_load(&sleeper->entered, ACQUIRE));
    /* The bucket's lock comes free when it is in the queue. */
    wefti_waiters(sleeper->keys != NULL ? sleeper->keys[sleeper->count - 1] : sleeper->key);
}

static inline void sleeper_enters(struct sleeper *sleeper)
{
    sleeper_starts(sleeper);
    sleeper_has_entered(sleeper);
}

/* Some sleepers for one key, in the order of the array; their requests are 1, 2, 3 ... */
static inline void sleepers_enter(struct sleeper *sleepers, size_t count, struct wefti_key key)
{
    for (size_t i = 0; i < count; i++) {
        sleepers[i] = (struct sleeper){.key = key, .patience.request = i + 1};
        sleeper_enters(&sleepers[i]);
    }
}

static inline struct wefti_parked sleeper_home(struct sleeper *sleeper)
{
    assert_int_equal(weft_thread_join(sleeper->thread), WEFT_OK);
    weft_thread_free(sleeper->thread);
    return sleeper->parked;
}

static inline void assert_home(struct sleeper *sleeper, enum wefti_outcome outcome, uintptr_t token)
{
    struct wefti_parked parked = sleeper_home(sleeper);
    assert_int_equal(parked.outcome, outcome);
    assert_true(parked.token == token);
}

static inline uintptr_t give(uintptr_t request, int64_t since, void *arg)
{
    (void)request;
    (void)since;
    return *(uintptr_t *)arg;
}

/* Unparks at most `limit` (0: all) waiters with a token. */
static inline size_t unpark(struct wefti_key key, size_t limit, uintptr_t token)
{
    return wefti_unpark(key,
                        &(struct wefti_unparking){.limit = limit, .take = give, .arg = &token});
}

static inline void interrupt(struct wefti_self *self)
{
    wefti_registry_lock();
    wefti_interrupt(self);
    wefti_registry_unlock();
}

/* A wait that ends at once, unless an interruption is pending. */
static inline enum wefti_outcome look_in(struct wefti_key key)
{
    return wefti_park(key, &(struct wefti_patience){.deadline = INT64_MIN}).outcome;
}

#endif
