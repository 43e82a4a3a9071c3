/* SPDX-License-Identifier: MIT */
/*
 * What the tests of Locals share: a log of what was made and destroyed, in order.
 */
#ifndef TESTS_LOCAL_LOCAL_HELP_H
#define TESTS_LOCAL_LOCAL_HELP_H

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "test.h"
#include "under_tsan.h"

/* To ThreadSanitizer a thread has ended in the system's last round. */
enum { LOGGED = 64, ROUNDS = PTHREAD_DESTRUCTOR_ITERATIONS - UNDER_TSAN };

/* One at a time writes; the others come after. */
struct record {
    atomic_size_t count;
    void *values[LOGGED];
};

static inline void note(struct record *record, void *value)
{
    size_t place = atomic_fetch_add(&record->count, 1);
    WITNESS(place < LOGGED);
    record->values[place] = value;
}

static struct record destroyed;

__attribute__((unused)) static void note_destroyed(void *value)
{
    note(&destroyed, value);
}

__attribute__((unused)) static size_t destroyed_count(void)
{
    return atomic_load(&destroyed.count);
}

/* Values whose address is all that counts. */
__attribute__((unused)) static char things[LOGGED];

/* A target that uses the Local. */
__attribute__((unused)) static void *use_local(void *local)
{
    (void)weft_local_get(local);
    return NULL;
}

__attribute__((unused)) static void *same(void *value)
{
    return value;
}

/* Runs it in a thread of its own, to its end. */
__attribute__((unused)) static void in_a_thread(weft_target *target, void *arg)
{
    struct crew crew = crew_start(1, target, arg);
    crew_join(&crew);
}

/* A thread that does its first half, waits until it is let go, and ends. */
struct guest {
    weft_target *target;
    void *arg;
    weft_event arrived;
    weft_event may_go;
    weft_thread *thread;
};

__attribute__((unused)) static void *stay(void *arg)
{
    struct guest *guest = arg;
    WITNESS(guest->target(guest->arg) == NULL);
    WITNESS(weft_event_set(&guest->arrived) == WEFT_OK);
    WITNESS(weft_event_wait(&guest->may_go) == WEFT_OK);
    return NULL;
}

__attribute__((unused)) static void guest_comes(struct guest *guest, weft_target *target, void *arg)
{
    *guest = (struct guest){.target = target, .arg = arg};
    guest->thread = weft_thread_spawn(stay, guest);
    assert_non_null(guest->thread);
    assert_int_equal(weft_event_wait(&guest->arrived), WEFT_OK);
}

__attribute__((unused)) static void guest_goes(struct guest *guest)
{
    assert_int_equal(weft_event_set(&guest->may_go), WEFT_OK);
    assert_int_equal(weft_thread_join(guest->thread), WEFT_OK);
    weft_thread_free(guest->thread);
}

#endif
