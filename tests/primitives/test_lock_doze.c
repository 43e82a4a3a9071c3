/* SPDX-License-Identifier: MIT */
/*
 * A lock that is let go and taken again and again is left to who has it: a waiter that was woken soon
 * and came too late dozes, nobody else is woken meanwhile, and nobody waits for more than its
 * millisecond. What time it is for the library is decided here, and every park and wake is seen.
 */
// LINK: -Wl,--wrap=wefti_clock -Wl,--wrap=wefti_park -Wl,--wrap=wefti_parker_unpark
// LINK: -Wl,--wrap=wefti_mutex_lock
#include "test.h"

#include <stdatomic.h>

#include "in_child.h"
#include "interrupt.h"
#include "platform/clock.h"
#include "platform/parker.h"
#include "primitives/park.h"
#include "under_tsan.h"

enum { VISITS = 128 }; /* in which a release looks at who waits */

int64_t __real_wefti_clock(void);
int64_t __wrap_wefti_clock(void);
struct wefti_parked __real_wefti_park(struct wefti_key key, const struct wefti_patience *patience);
struct wefti_parked __wrap_wefti_park(struct wefti_key key, const struct wefti_patience *patience);
void __real_wefti_parker_unpark(struct wefti_parker *parker);
void __wrap_wefti_parker_unpark(struct wefti_parker *parker);

static weft_lock lock = WEFT_LOCK_INIT;
static _Atomic int64_t frozen;   /* 0: time goes on */
static _Atomic int64_t rises;    /* when the last that has waited for the lock does */
static atomic_bool nobody_rises; /* unless it is woken */

int64_t __wrap_wefti_clock(void)
{
    int64_t now = atomic_load(&frozen);
    return now != 0 ? now : __real_wefti_clock();
}

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

struct wefti_parked __wrap_wefti_park(struct wefti_key key, const struct wefti_patience *patience)
{
    struct wefti_patience mine = *patience;
    if (key.address != &lock)
        return __real_wefti_park(key, patience);
    if (atomic_load(&nobody_rises))
        mine.rises = 0;
    atomic_store(&rises, patience->rises);
    return __real_wefti_park(key, &mine);
}

static void *wait_and_pass(void *arg)
{
    weft_status status = weft_lock_acquire(&lock);
    WITNESS(status == WEFT_OK || status == WEFT_INTERRUPTED);
    if (status == WEFT_OK)
        WITNESS(weft_lock_release(&lock) == WEFT_OK);
    return arg;
}

static void wait_for_waiters(size_t count)
{
    EVENTUALLY(weft_lock_waiters(&lock) == count);
}

/* Lets the lock go and takes it again; true: a waiter was woken, which has come too late. */
static bool visit(void)
{
    keeps_asleep = true;
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_int_equal(weft_lock_try_acquire(&lock), WEFT_OK);
    keeps_asleep = false;
    if (asleep == NULL)
        return false;
    __real_wefti_parker_unpark(asleep);
    asleep = NULL;
    return true;
}

/*
 * The caller has the lock, and one thread has come for it at `start`, was woken by a release after so
 * many microseconds, came too late after a hundred, and waits again.
 */
static struct crew begin(int64_t start, int64_t woken)
{
    test_unwatched();
    atomic_store(&frozen, start);
    assert_int_equal(weft_lock_try_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(1, wait_and_pass, NULL);
    wait_for_waiters(1);
    atomic_store(&frozen, start + woken * WEFTI_MICROSECOND);
    keeps_asleep = true;
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_int_equal(weft_lock_try_acquire(&lock), WEFT_OK);
    keeps_asleep = false;
    assert_non_null(asleep);
    atomic_store(&frozen, start + 100 * WEFTI_MICROSECOND);
    __real_wefti_parker_unpark(asleep);
    asleep = NULL;
    wait_for_waiters(1);
    return crew;
}

static void end(struct crew *crew)
{
    crew_join(crew);
    assert_int_equal(weft_lock_waiters(&lock), 0);
    assert_int_equal(lock.state, 0);
}

TEST(who_was_woken_soon_and_came_too_late_comes_again_by_itself)
{
    int64_t start = test_clock();
    struct crew crew = begin(start, 1);
    assert_true(atomic_load(&rises) == start + 200 * WEFTI_MICROSECOND);
    for (int i = 0; i < 3 * VISITS; i++)
        assert_false(visit());
    wait_for_waiters(1);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK); /* beside a free lock, too */
    assert_int_equal(weft_lock_waiters(&lock), 1);
    atomic_store(&frozen, start + 200 * WEFTI_MICROSECOND);
    end(&crew);
}

TEST(who_was_woken_late_is_woken_again)
{
    int64_t start = test_clock();
    struct crew crew = begin(start, 20);
    atomic_store(&frozen, start + 120 * WEFTI_MICROSECOND);
    assert_true(visit());
    wait_for_waiters(1);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    end(&crew);
}

TEST(a_waiter_insists_before_its_millisecond_is_over)
{
    int64_t start = test_clock();
    struct crew crew = begin(start, 1);
    atomic_store(&frozen, start + 850 * WEFTI_MICROSECOND);
    EVENTUALLY(atomic_load(&rises) == 0);
    wait_for_waiters(1);
    keeps_asleep = true;
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    keeps_asleep = false;
    assert_non_null(asleep);
    assert_int_equal(weft_lock_try_acquire(&lock), WEFT_TIMEOUT); /* it is handed over */
    __real_wefti_parker_unpark(asleep);
    end(&crew);
}

/* As one that has no processor. */
TEST(who_cannot_insist_is_handed_the_lock_before_its_millisecond_is_over)
{
    atomic_store(&nobody_rises, true);
    int64_t start = test_clock();
    struct crew crew = begin(start, 1);
    assert_false(visit());
    atomic_store(&frozen, start + 950 * WEFTI_MICROSECOND);
    int visits = 0;
    keeps_asleep = true;
    do {
        assert_int_equal(weft_lock_release(&lock), WEFT_OK);
        assert_true(++visits <= VISITS + 1);
    } while (weft_lock_try_acquire(&lock) == WEFT_OK);
    keeps_asleep = false;
    __real_wefti_parker_unpark(asleep);
    end(&crew);
}

/*
 * The first one has found that the lock is busy, and is handed it; the second has waited for longer
 * than it is still going to sleep.
 */
TEST(who_rises_soon_is_not_woken_for_a_busy_lock)
{
    int64_t start = test_clock();
    struct crew first = begin(start, 1);
    atomic_store(&frozen, start + 200 * WEFTI_MICROSECOND);
    struct crew second = crew_start(1, wait_and_pass, NULL);
    wait_for_waiters(2);
    atomic_store(&frozen, start + 850 * WEFTI_MICROSECOND);
    EVENTUALLY(atomic_load(&rises) == 0);
    wait_for_waiters(2);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK); /* to the first, which releases it */
    crew_join(&first);
    wait_for_waiters(1);
    assert_false(weft_lock_locked(&lock));
    atomic_store(&frozen, start + 1050 * WEFTI_MICROSECOND);
    end(&second);
}

TEST(who_gives_up_dozing_leaves_nobody_behind_asleep)
{
    int64_t start = test_clock();
    struct crew first = begin(start, 1);
    struct crew second = crew_start(1, wait_and_pass, NULL);
    wait_for_waiters(2);
    assert_false(visit()); /* the first one sees to the second */
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_int_equal(weft_lock_waiters(&lock), 2);
    assert_true(test_interrupt(first.threads[0]));
    crew_join(&first);
    end(&second);
}

static _Thread_local int locks_to_come; /* until the thread stops before it takes a bucket's */
static atomic_bool stopped;
static atomic_bool may_go_on;

void __real_wefti_mutex_lock(struct wefti_mutex *mutex);
void __wrap_wefti_mutex_lock(struct wefti_mutex *mutex);

void __wrap_wefti_mutex_lock(struct wefti_mutex *mutex)
{
    if (locks_to_come > 0 && --locks_to_come == 0) {
        atomic_store(&stopped, true);
        EVENTUALLY(atomic_load(&may_go_on));
    }
    __real_wefti_mutex_lock(mutex);
}

/* Stops when it is about to enter the queue again. */
static void *wait_and_stop(void *arg)
{
    locks_to_come = 2;
    return wait_and_pass(arg);
}

TEST(who_is_interrupted_on_its_way_back_leaves_nobody_behind_asleep)
{
    test_unwatched();
    atomic_store(&nobody_rises, true);
    int64_t start = test_clock();
    atomic_store(&frozen, start);
    assert_int_equal(weft_lock_try_acquire(&lock), WEFT_OK);
    struct crew first = crew_start(1, wait_and_stop, NULL);
    wait_for_waiters(1);
    struct crew second = crew_start(1, wait_and_pass, NULL);
    wait_for_waiters(2);
    atomic_store(&frozen, start + 20 * WEFTI_MICROSECOND); /* too late to doze */
    assert_true(visit());
    EVENTUALLY(atomic_load(&stopped));
    assert_int_equal(weft_lock_release(&lock), WEFT_OK); /* the first is to see to the second */
    assert_int_equal(weft_lock_waiters(&lock), 1);
    assert_true(test_interrupt(first.threads[0]));
    atomic_store(&may_go_on, true);
    crew_join(&first);
    end(&second);
}

static weft_condition condition = WEFT_CONDITION_INIT_ON(&lock);

static void *wait_for_notice(void *arg)
{
    WITNESS(weft_lock_acquire(&lock) == WEFT_OK);
    WITNESS(weft_condition_wait(&condition) == WEFT_OK);
    WITNESS(weft_lock_release(&lock) == WEFT_OK);
    return arg;
}

static void be_told(struct crew *crew)
{
    EVENTUALLY(weft_condition_waiters(&condition) == 2);
    WITNESS(weft_lock_acquire(&lock) == WEFT_OK);
    WITNESS(weft_condition_notify_all(&condition) == WEFT_OK);
    WITNESS(weft_lock_release(&lock) == WEFT_OK);
    crew_join(crew);
    WITNESS(lock.state == 0);
}

static void come_and_be_told(void *arg)
{
    (void)arg;
    atomic_store(&frozen, 0);
    WITNESS(weft_lock_release(&lock) == WEFT_OK);
    struct crew crew = crew_start(2, wait_for_notice, NULL);
    be_told(&crew);
}

static void wait_and_be_told(void *arg)
{
    (void)arg;
    atomic_store(&frozen, 0);
    struct crew crew = crew_start(2, wait_for_notice, NULL);
    EVENTUALLY(weft_lock_waiters(&lock) > 0);
    WITNESS(weft_lock_release(&lock) == WEFT_OK);
    be_told(&crew);
}

/* Who dozes in the parent does not exist in the child, and sees to nobody there. */
TEST(in_the_child_of_a_fork_nobody_dozes)
{
    if (UNDER_TSAN) /* which starts no threads after such a fork */
        skip();
    struct crew crew = begin(test_clock(), 1);
    assert_true(holds_in_child(come_and_be_told, NULL));
    assert_true(holds_in_child(wait_and_be_told, NULL));
    atomic_store(&frozen, 0);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    end(&crew);
}

enum { WOKEN_AND_VISITS = 4 + 5 * 16 }; /* in the state: somebody seems to be on its way */

/* As after a fork; it has to come so far that it insists, and to sleep before the lock is let go. */
TEST(who_has_insisted_comes_again_if_another_seems_to_be_on_its_way)
{
    test_unwatched();
    int64_t start = test_clock();
    atomic_store(&frozen, start);
    assert_int_equal(weft_lock_try_acquire(&lock), WEFT_OK);
    lock.state |= WOKEN_AND_VISITS;
    struct crew crew = crew_start(1, wait_and_pass, NULL);
    wait_for_waiters(1);
    atomic_store(&frozen, start + 850 * WEFTI_MICROSECOND);
    EVENTUALLY(atomic_load(&rises) == start + 1850 * WEFTI_MICROSECOND);
    wait_for_waiters(1);
    atomic_store(&frozen, start + 900 * WEFTI_MICROSECOND);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK); /* without a look at it, maybe */
    atomic_store(&frozen, start + 1850 * WEFTI_MICROSECOND);
    crew_join(&crew);
    for (int i = 0; i <= VISITS; i++) { /* after so many a release finds nobody */
        assert_int_equal(weft_lock_try_acquire(&lock), WEFT_OK);
        assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    }
    assert_int_equal(lock.state, 0);
}
