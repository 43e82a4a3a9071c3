/* SPDX-License-Identifier: MIT */
/*
 * Every call of the primitives that wants memory, pages or help of the system, with each of these
 * refused in turn; and that those which wait want nothing.
 */
// LINK: -Wl,--wrap=malloc,--wrap=free,--wrap=mmap,--wrap=pthread_create,--wrap=pthread_attr_init
// LINK: -Wl,--wrap=pthread_attr_setstacksize,--wrap=sem_init
#include "shortage_help.h"

#include <signal.h>

enum { MANY = WEFT_WAIT_ANY_INLINE + 1 };

static weft_lock lock;
static weft_rlock rlock;

/* ---- objects on the heap ------------------------------------------------------------------- */

NEW(new_lock, weft_lock, weft_lock_new())
NEW(new_rlock, weft_rlock, weft_rlock_new())
NEW(new_rwlock, weft_rwlock, weft_rwlock_new())
NEW(new_condition, weft_condition, weft_condition_new())
NEW(new_condition_on_lock, weft_condition, weft_condition_new_on_lock(&lock))
NEW(new_condition_on_rlock, weft_condition, weft_condition_new_on_rlock(&rlock))
NEW(new_semaphore, weft_semaphore, weft_semaphore_new(1))
NEW(new_bounded_semaphore, weft_bounded_semaphore, weft_bounded_semaphore_new(1))
NEW(new_event, weft_event, weft_event_new())
NEW(new_latch, weft_latch, weft_latch_new(1))
NEW(new_barrier, weft_barrier, weft_barrier_new(2))

static weft_status allocate(void)
{
    void *memory = weft_allocate(100);
    weft_free(memory);
    return memory != NULL ? WEFT_OK : WEFT_NO_MEMORY;
}

#define HEAP(site)                                                                                 \
    {                                                                                              \
        {                                                                                          \
            MEMORY, WEFT_NO_MEMORY, site " self.c:wefti_self_allocate memory.c:malloc_allocate"    \
        }                                                                                          \
    }

static const struct row objects[] = {
    {"a lock", new_lock, HEAP("lock.c:weft_lock_new")},
    {"an rlock", new_rlock, HEAP("rlock.c:weft_rlock_new")},
    {"an rwlock", new_rwlock, HEAP("rwlock.c:weft_rwlock_new")},
    {"a condition", new_condition, HEAP("condition.c:make")},
    {"a condition on a lock", new_condition_on_lock, HEAP("condition.c:make")},
    {"a condition on an rlock", new_condition_on_rlock, HEAP("condition.c:make")},
    {"a semaphore", new_semaphore, HEAP("semaphore.c:weft_semaphore_new")},
    {"a bounded semaphore", new_bounded_semaphore,
     HEAP("bounded_semaphore.c:weft_bounded_semaphore_new")},
    {"an event", new_event, HEAP("event.c:weft_event_new")},
    {"a latch", new_latch, HEAP("latch.c:weft_latch_new")},
    {"a barrier", new_barrier, HEAP("barrier.c:weft_barrier_new_with")},
    {"memory for a library on top",
     allocate,
     {{MEMORY, WEFT_NO_MEMORY, "memory.c:weft_allocate memory.c:malloc_allocate"}}},
};

/* ---- help for signal handlers -------------------------------------------------------------- */

static weft_status dump_on_a_signal(void)
{
    struct sigaction action;
    weft_status status = weft_dump_on_signal(SIGUSR1);
    WITNESS(sigaction(SIGUSR1, NULL, &action) == 0);
    WITNESS((action.sa_handler == SIG_DFL) == (status != WEFT_OK));
    return status;
}

static weft_status allow_signals(void)
{
    weft_event event = WEFT_EVENT_INIT;
    weft_status status = weft_event_allow_signals();
    WITNESS(weft_event_set_from_signal(&event) == (status == WEFT_OK ? WEFT_OK : WEFT_RUNTIME));
    WITNESS(weft_event_is_set(&event) == (status == WEFT_OK));
    return status;
}

#define HELP                                                                                       \
    {                                                                                              \
        {SEMAPHORE, WEFT_NO_MEMORY, "signal.c:start_helper"},                                      \
            {ATTRIBUTES, WEFT_NO_MEMORY, HELPER "signal.c:start_helper"},                          \
        {                                                                                          \
            THREAD, WEFT_NO_THREAD, "thread_pthread.c:create signal.c:start_helper"                \
        }                                                                                          \
    }

static const struct row helpers[] = {
    {"a dump on a signal", dump_on_a_signal, HELP},
    {"events set by signals", allow_signals, HELP},
};

/* ---- waits --------------------------------------------------------------------------------- */

static weft_status wait_for_any(size_t count)
{
    weft_semaphore semaphores[MANY];
    weft_waitable waitables[MANY];
    size_t index = MANY;
    for (size_t i = 0; i < count; i++) {
        WITNESS(weft_semaphore_init(&semaphores[i], i + 1 == count) == WEFT_OK);
        waitables[i] = weft_semaphore_waitable(&semaphores[i]);
    }
    weft_status status = weft_wait_any(count, waitables, &index, WEFT_FOREVER);
    WITNESS(index == (status == WEFT_OK ? count - 1 : MANY));
    WITNESS(weft_semaphore_value(&semaphores[count - 1]) == (status == WEFT_OK ? 0 : 1));
    return status;
}

static weft_status wait_for_many(void)
{
    return wait_for_any(MANY);
}

/* Whatever waits, and whatever holds, wants nothing. */
static weft_status wait_for_nothing(void)
{
    const double seconds = 1e-6;
    weft_lock held = WEFT_LOCK_INIT;
    weft_rlock own = WEFT_RLOCK_INIT;
    weft_rwlock read = WEFT_RWLOCK_INIT;
    weft_condition condition = WEFT_CONDITION_INIT;
    weft_semaphore semaphore = WEFT_SEMAPHORE_INIT(0);
    weft_bounded_semaphore bounded = WEFT_BOUNDED_SEMAPHORE_INIT(1);
    weft_event event = WEFT_EVENT_INIT;
    weft_latch latch = WEFT_LATCH_INIT(1);
    weft_barrier barrier = WEFT_BARRIER_INIT(2);
    const weft_waitable both[] = {weft_event_waitable(&event), weft_latch_waitable(&latch)};
    WEFT_WITH_ALL(&held, &own, &condition, weft_reading(&read), &lock, &rlock) {
        WITNESS(weft_lock_acquire_for(&held, seconds) == WEFT_TIMEOUT);
    }
    WEFT_WITH(&condition) {
        WITNESS(weft_condition_wait_for(&condition, seconds) == WEFT_TIMEOUT);
        WITNESS(weft_condition_notify_all(&condition) == WEFT_OK);
    }
    WITNESS(weft_rwlock_acquire_read(&read) == WEFT_OK);
    WITNESS(weft_rwlock_upgrade_for(&read, seconds) == WEFT_OK);
    WITNESS(weft_rwlock_release_write(&read) == WEFT_OK);
    WITNESS(weft_semaphore_acquire_for(&semaphore, seconds) == WEFT_TIMEOUT);
    WEFT_WITH(&bounded) {
        WITNESS(weft_bounded_semaphore_acquire_for(&bounded, seconds) == WEFT_TIMEOUT);
    }
    WITNESS(weft_event_wait_for(&event, seconds) == WEFT_TIMEOUT);
    WITNESS(weft_latch_wait_for(&latch, seconds) == WEFT_TIMEOUT);
    WITNESS(weft_barrier_wait_for(&barrier, NULL, seconds) == WEFT_BROKEN_BARRIER);
    WITNESS(weft_wait_any(2, both, NULL, seconds) == WEFT_TIMEOUT);
    WITNESS(weft_sleep(seconds) == WEFT_OK);
    WITNESS(weft_thread_interrupt(weft_thread_current()) == WEFT_OK);
    WITNESS(weft_sleep(WEFT_FOREVER) == WEFT_INTERRUPTED);
    WITNESS(weft_dump(STDERR_FILENO) == WEFT_OK);
    return wait_for_any(WEFT_WAIT_ANY_INLINE);
}

static const struct row waits[] = {
    {"a wait for any of many",
     wait_for_many,
     {{MEMORY, WEFT_NO_MEMORY, "wait_any.c:weft_wait_any"}}},
    {"waits, scopes and a dump", wait_for_nothing, {{0}}},
};

/* ---- watching ------------------------------------------------------------------------------ */

static weft_status name_a_lock(void)
{
    weft_status status = weft_name(&lock, "lock");
    WITNESS(weft_lock_acquire(&lock) == WEFT_OK);
    WITNESS(weft_lock_release(&lock) == WEFT_OK);
    if (status == WEFT_OK)
        WITNESS(weft_lock_done(&lock) == WEFT_OK);
    return status;
}

/* It goes on without what it cannot remember. */
static weft_status watch_two_locks(void)
{
    WITNESS(weft_watch_deadlocks(WEFT_WATCH_REPORT) == WEFT_OK);
    WITNESS(weft_lock_acquire(&lock) == WEFT_OK);
    WITNESS(weft_rlock_acquire(&rlock) == WEFT_OK);
    WITNESS(weft_rlock_release(&rlock) == WEFT_OK);
    WITNESS(weft_lock_release(&lock) == WEFT_OK);
    WITNESS(weft_watch_deadlocks(WEFT_WATCH_OFF) == WEFT_OK);
    WITNESS(weft_lock_done(&lock) == WEFT_OK);
    return weft_rlock_done(&rlock);
}

#define RECORD(status, site)                                                                       \
    {                                                                                              \
        PAGES, status, site " pool.c:wefti_pool_take memory.c:wefti_pages"                         \
    }

static const struct row watching[] = {
    {"a lock's name",
     name_a_lock,
     {RECORD(WEFT_NO_MEMORY, "objects.c:wefti_object_add"),
      RECORD(WEFT_NO_MEMORY, "objects.c:class_with")}},
    {"two locks that are watched",
     watch_two_locks,
     {RECORD(WEFT_OK, "objects.c:wefti_object_add"), RECORD(WEFT_OK, "objects.c:class_with"),
      RECORD(WEFT_OK, "held.c:wefti_hold_add"), RECORD(WEFT_OK, "lock_order.c:wefti_order_learn")}},
};

/* ---- the table ----------------------------------------------------------------------------- */

static const struct part parts[] = {PART(objects), PART(helpers), PART(waits), PART(watching)};

PROGRAM(sweeps)
{
    return sweep_named(parts, sizeof parts / sizeof parts[0]);
}

TEST(objects_on_the_heap_survive_every_shortage)
{
    sweep_part(&parts[0]);
}

TEST(signal_helpers_survive_every_shortage)
{
    sweep_part(&parts[1]);
}

TEST(waits_survive_every_shortage)
{
    sweep_part(&parts[2]);
}

TEST(watching_survives_every_shortage)
{
    sweep_part(&parts[3]);
}
