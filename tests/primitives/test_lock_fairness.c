/* SPDX-License-Identifier: MIT */
/*
 * No waiter starves: one that has waited a millisecond is handed the lock by the next release. What
 * time it is for the library is decided here, and when a thread that has been woken goes on.
 */
// LINK: -Wl,--wrap=wefti_clock -Wl,--wrap=wefti_parker_unpark
#include "test.h"

#include <stdatomic.h>

#include "platform/parker.h"

enum { MICROSECOND = 1000 };

int64_t __real_wefti_clock(void);
int64_t __wrap_wefti_clock(void);

static _Atomic int64_t frozen; /* 0: time goes on */

int64_t __wrap_wefti_clock(void)
{
    int64_t now = atomic_load(&frozen);
    return now != 0 ? now : __real_wefti_clock();
}

void __real_wefti_parker_unpark(struct wefti_parker *parker);
void __wrap_wefti_parker_unpark(struct wefti_parker *parker);

static _Thread_local bool keeps_asleep;           /* whom this thread wakes */
static _Thread_local struct wefti_parker *asleep; /* the one that it has woken meanwhile */

void __wrap_wefti_parker_unpark(struct wefti_parker *parker)
{
    if (keeps_asleep) {
        WITNESS(asleep == NULL);
        asleep = parker;
    } else {
        __real_wefti_parker_unpark(parker);
    }
}

/* A release whose waiter does not go on before wake(). */
static void release_only(weft_lock *lock)
{
    keeps_asleep = true;
    assert_int_equal(weft_lock_release(lock), WEFT_OK);
    keeps_asleep = false;
    assert_non_null(asleep);
}

static void wake(void)
{
    __real_wefti_parker_unpark(asleep);
    asleep = NULL;
}

struct duel {
    weft_lock lock;
    atomic_uint taken;  /* by this waiter; 0: by none yet */
    atomic_bool let_go; /* it may release it */
};

static void *wait_and_keep(void *arg)
{
    struct duel *duel = arg;
    WITNESS(weft_lock_acquire(&duel->lock) == WEFT_OK);
    atomic_store(&duel->taken, weft_thread_ident(weft_thread_current()));
    EVENTUALLY(atomic_load(&duel->let_go));
    WITNESS(weft_lock_release(&duel->lock) == WEFT_OK);
    return NULL;
}

/* The lock held by the caller, and one thread that has come to wait for it at `arrival`. */
static struct crew begin(struct duel *duel, int64_t arrival)
{
    atomic_store(&frozen, arrival);
    assert_int_equal(weft_lock_try_acquire(&duel->lock), WEFT_OK);
    struct crew crew = crew_start(1, wait_and_keep, duel);
    EVENTUALLY(weft_lock_waiters(&duel->lock) == 1);
    return crew;
}

/* The release of the caller hands over: the lock is not free, although the waiter sleeps. */
static void assert_hands_over(struct duel *duel)
{
    release_only(&duel->lock);
    assert_true(weft_lock_locked(&duel->lock));
    assert_int_equal(weft_lock_try_acquire(&duel->lock), WEFT_TIMEOUT);
    wake();
}

static void end(struct duel *duel, struct crew *crew)
{
    atomic_store(&duel->let_go, true);
    crew_join(crew);
    assert_false(weft_lock_locked(&duel->lock));
    assert_int_equal(weft_lock_waiters(&duel->lock), 0);
}

TEST(a_waiter_of_a_millisecond_is_handed_the_lock)
{
    int64_t start = test_clock();
    struct duel duel = {.lock = WEFT_LOCK_INIT};
    struct crew crew = begin(&duel, start);
    atomic_store(&frozen, start + 1000 * MICROSECOND);
    assert_hands_over(&duel);
    end(&duel, &crew);
}

TEST(each_waiter_of_a_millisecond_is_handed_the_lock_in_turn)
{
    struct duel duel = {.lock = WEFT_LOCK_INIT};
    int64_t start = test_clock();
    struct crew first = begin(&duel, start);
    struct crew second = crew_start(1, wait_and_keep, &duel);
    EVENTUALLY(weft_lock_waiters(&duel.lock) == 2);
    atomic_store(&frozen, start + 2000 * MICROSECOND);
    assert_hands_over(&duel);
    assert_int_equal(weft_lock_waiters(&duel.lock), 1);
    atomic_store(&duel.let_go, true);
    crew_join(&first); /* the one that came first was first */
    end(&duel, &second);
}

/*
 * A younger waiter is only woken, and the caller, which runs already, may take the lock before it.
 * The waiter then waits on at the head of the queue, and its millisecond counts from when it first
 * came.
 */
TEST(a_waiter_that_was_overtaken_keeps_its_place_and_its_arrival_time)
{
    struct duel duel = {.lock = WEFT_LOCK_INIT};
    int64_t start = test_clock();
    struct crew first = begin(&duel, start);
    struct crew second = crew_start(1, wait_and_keep, &duel);
    EVENTUALLY(weft_lock_waiters(&duel.lock) == 2);
    atomic_store(&frozen, start + 600 * MICROSECOND);
    release_only(&duel.lock);
    assert_int_equal(weft_lock_try_acquire(&duel.lock), WEFT_OK);
    wake();
    EVENTUALLY(weft_lock_waiters(&duel.lock) == 2);
    assert_int_equal(atomic_load(&duel.taken), 0);
    atomic_store(&frozen, start + 1100 * MICROSECOND);
    assert_hands_over(&duel);
    EVENTUALLY(atomic_load(&duel.taken) != 0);
    assert_int_equal(atomic_load(&duel.taken), weft_thread_ident(first.threads[0]));
    atomic_store(&duel.let_go, true);
    crew_join(&first);
    end(&duel, &second);
}

static void *wait_and_pass(void *arg)
{
    struct duel *duel = arg;
    WITNESS(weft_lock_acquire(&duel->lock) == WEFT_OK);
    atomic_store(&duel->taken, weft_thread_ident(weft_thread_current()));
    WITNESS(weft_lock_release(&duel->lock) == WEFT_OK);
    return NULL;
}

TEST(a_thread_that_takes_the_lock_again_and_again_starves_nobody)
{
    struct duel duel = {.lock = WEFT_LOCK_INIT};
    assert_int_equal(weft_lock_acquire(&duel.lock), WEFT_OK);
    struct crew crew = crew_start(1, wait_and_pass, &duel);
    EVENTUALLY(weft_lock_waiters(&duel.lock) == 1);
    while (atomic_load(&duel.taken) == 0) {
        assert_int_equal(weft_lock_release(&duel.lock), WEFT_OK);
        assert_int_equal(weft_lock_acquire(&duel.lock), WEFT_OK);
    }
    assert_int_equal(weft_lock_release(&duel.lock), WEFT_OK);
    crew_join(&crew);
}
