/* SPDX-License-Identifier: MIT */
/*
 * Parker and mutex on Linux's futex.
 *
 * Parker state:
 *   IDLE      the owner does not park, or has been unparked
 *   PREPARED  the owner is about to park: an unpark is a store, no system call
 *   ASLEEP    the owner sleeps in the kernel, or is about to: an unpark wakes it
 *
 *   from       to         by       in
 *   IDLE       PREPARED   owner    prepare
 *   PREPARED   ASLEEP     owner    park
 *   ASLEEP     PREPARED   owner    park, at its deadline
 *   PREPARED   IDLE       other    unpark
 *   ASLEEP     IDLE       other    unpark
 *
 * Mutex state (U. Drepper, "Futexes Are Tricky"): FREE, HELD, or CONTENDED: held, and somebody may
 * sleep.
 */
#include "platform/parker.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "platform/atomic.h"
#include "platform/clock.h"
#include "platform/panic.h"
#include "platform/processor.h"

enum { IDLE, PREPARED, ASLEEP };
enum { FREE, HELD, CONTENDED };
enum { MUTEX_SPINS = 64 };

/* Sleeps while *word is value, until the deadline. True if the deadline ended it. */
static bool futex_wait(uint32_t *word, uint32_t value, int64_t deadline)
{
    struct timespec until = {.tv_sec = (time_t)(deadline / WEFTI_SECOND),
                             .tv_nsec = (long)(deadline % WEFTI_SECOND)};
    long result = syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, value,
                          deadline == WEFTI_NEVER ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY);
    if (result == 0)
        return false;
    WEFTI_MUST(errno == EAGAIN || errno == EINTR || errno == ETIMEDOUT);
    return errno == ETIMEDOUT;
}

/* Wakes one sleeper. The memory may be gone or hold something else: waits expect idle wake-ups. */
static void futex_wake(uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}

void wefti_parker_init(struct wefti_parker *parker)
{
    wefti_store(&parker->state, IDLE, RELAXED);
}

void wefti_parker_prepare(struct wefti_parker *parker)
{
    /* Relaxed: published by the bucket's lock, under which the waiter enters its queue. */
    wefti_store(&parker->state, PREPARED, RELAXED);
}

bool wefti_parker_park(struct wefti_parker *parker, int64_t deadline, struct wefti_spinner *spinner)
{
    uint32_t state = PREPARED;
    if (deadline < 0)
        deadline = 0;
    if (spinner == NULL || !wefti_spin_while(spinner, &parker->state, PREPARED, deadline))
        wefti_cas(&parker->state, &state, ASLEEP, RELAXED);
    /* Acquire: pairs with the release in wefti_parker_unpark. */
    while (wefti_load(&parker->state, ACQUIRE) == ASLEEP) {
        if (!futex_wait(&parker->state, ASLEEP, deadline) || wefti_clock() < deadline)
            continue;
        state = ASLEEP;
        if (wefti_cas(&parker->state, &state, PREPARED, RELAXED))
            return false;
    }
    return true;
}

void wefti_parker_unpark(struct wefti_parker *parker)
{
    /* Release: pairs with the acquire in wefti_parker_park. */
    if (wefti_exchange(&parker->state, IDLE, RELEASE) == ASLEEP)
        futex_wake(&parker->state);
}

void wefti_mutex_init(struct wefti_mutex *mutex)
{
    wefti_store(&mutex->state, FREE, RELAXED);
}

void wefti_mutex_lock(struct wefti_mutex *mutex)
{
    /* Acquire, here and below: pairs with the release in wefti_mutex_unlock. */
    uint32_t state = FREE;
    if (wefti_cas(&mutex->state, &state, HELD, ACQUIRE))
        return;
    for (int spins = wefti_processors() > 1 ? MUTEX_SPINS : 0; spins > 0; spins--) {
        wefti_pause();
        state = FREE;
        if (wefti_load(&mutex->state, RELAXED) == FREE &&
            wefti_cas(&mutex->state, &state, HELD, ACQUIRE))
            return;
    }
    while (wefti_exchange(&mutex->state, CONTENDED, ACQUIRE) != FREE)
        futex_wait(&mutex->state, CONTENDED, WEFTI_NEVER);
}

void wefti_mutex_unlock(struct wefti_mutex *mutex)
{
    if (wefti_exchange(&mutex->state, FREE, RELEASE) == CONTENDED)
        futex_wake(&mutex->state);
}
