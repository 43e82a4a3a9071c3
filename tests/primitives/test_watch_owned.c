/* SPDX-License-Identifier: MIT */
/* Deadlocks through locks that have owners, and through those who wait for more than a lock. */
#include "watch_help.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "under_tsan.h"

static struct actor third;

static void waits_for(struct actor *actor, step *next, void *object, enum wefti_kind kind)
{
    size_t before = wefti_waiters((struct wefti_key){object, kind});
    begins(actor, next, object);
    EVENTUALLY(wefti_waiters((struct wefti_key){object, kind}) == before + 1);
}

/* ---- abort --------------------------------------------------------------------------------- */

/* How a child ends that does that, with no threads yet: as a shell says it. */
static int child_ends(void (*what)(void))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        (void)freopen("/dev/null", "w", stderr);
        what();
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void close_a_cycle_of_rlocks(void)
{
    static weft_rlock a = WEFT_RLOCK_INIT;
    static weft_rlock b = WEFT_RLOCK_INIT;
    assert_int_equal(weft_watch_deadlocks(WEFT_WATCH_ABORT), WEFT_OK);
    enter_two();
    does(&left, acquire_rlock, &a);
    does(&right, acquire_rlock, &b);
    waits_for(&left, acquire_rlock, &b, WEFTI_RLOCK);
    begins(&right, acquire_rlock, &a);
    for (;;)
        pause();
}

TEST(a_cycle_of_rlocks_aborts_the_program)
{
    if (UNDER_TSAN)
        skip();
    assert_int_equal(child_ends(close_a_cycle_of_rlocks), -SIGABRT);
}

static void read_and_want_to_write(void)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    assert_int_equal(weft_watch_deadlocks(WEFT_WATCH_ABORT), WEFT_OK);
    assert_int_equal(acquire_read(&lock), WEFT_OK);
    (void)acquire_write(&lock);
}

TEST(a_reader_that_wants_to_write_aborts_the_program)
{
    assert_int_equal(child_ends(read_and_want_to_write), -SIGABRT);
}

static void close_a_cycle_of_an_rlock_and_a_lock(void)
{
    static weft_rlock a = WEFT_RLOCK_INIT;
    static weft_lock b = WEFT_LOCK_INIT;
    watch();
    assert_int_equal(weft_watch_deadlocks(WEFT_WATCH_ABORT), WEFT_OK);
    enter_two();
    does(&left, acquire_rlock, &a);
    does(&right, acquire, &b);
    waits_for(&left, acquire, &b, WEFTI_LOCK);
    begins(&right, acquire_rlock, &a);
    EVENTUALLY(count(WEFT_REPORT_POSSIBLE_DEADLOCK) == 1);
}

TEST(a_cycle_through_a_lock_does_not)
{
    if (UNDER_TSAN)
        skip();
    assert_int_equal(child_ends(close_a_cycle_of_an_rlock_and_a_lock), 0);
}

/* ---- readers and writers ------------------------------------------------------------------- */

TEST(a_cycle_of_writers_is_a_deadlock)
{
    static weft_rwlock a = WEFT_RWLOCK_INIT;
    static weft_rwlock b = WEFT_RWLOCK_INIT;
    watch();
    assert_int_equal(weft_name(&b, "journal"), WEFT_OK);
    enter_two();
    does(&left, acquire_write, &a);
    does(&right, acquire_write, &b);
    waits_for(&left, acquire_read, &b, WEFTI_RWLOCK);
    assert_no_reports();
    begins(&right, acquire_write, &a);
    EVENTUALLY(count(WEFT_REPORT_DEADLOCK) == 1);
    assert_reported("holds an rwlock journal at 0x");
    assert_reported("wants an rwlock journal at 0x");
    assert_reported(" as a reader, since ");
}

TEST(a_reader_waits_behind_a_writer_that_waits)
{
    static weft_rwlock shared = WEFT_RWLOCK_INIT;
    static weft_rlock other = WEFT_RLOCK_INIT;
    watch();
    enter_two();
    actor_enters(&third, "third");
    does(&right, acquire_read, &shared);
    does(&left, acquire_rlock, &other);
    waits_for(&third, acquire_write, &shared, WEFTI_RWLOCK);
    waits_for(&left, acquire_read, &shared, WEFTI_RWLOCK);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 0);
    begins(&right, acquire_rlock, &other);
    EVENTUALLY(count(WEFT_REPORT_DEADLOCK) == 1);
    assert_reported("3 threads wait for each other");
}

static uint32_t in_the_door;

/* A reader that has been let in, and has not come so far as to say so. */
static weft_status linger_in_the_door(void *lock)
{
    const struct wefti_want want = {
        .object = lock, .kind = WEFTI_RWLOCK, .ownership = WEFTI_OWNER, .shared = true};
    wefti_watch_wants(&want);
    wefti_store(&in_the_door, 1, RELEASE);
    EVENTUALLY(wefti_load(&abandoned, ACQUIRE));
    wefti_watch_gave_up(&want);
    return WEFT_OK;
}

TEST(a_reader_that_has_been_let_in_waits_for_no_writer)
{
    static weft_rwlock shared = WEFT_RWLOCK_INIT;
    static weft_rlock other = WEFT_RLOCK_INIT;
    watch();
    enter_two();
    actor_enters(&third, "third");
    does(&right, acquire_read, &shared);
    does(&left, acquire_rlock, &other);
    begins(&left, linger_in_the_door, &shared);
    EVENTUALLY(wefti_load(&in_the_door, ACQUIRE));
    waits_for(&third, acquire_write, &shared, WEFTI_RWLOCK);
    waits_for(&right, acquire_rlock, &other, WEFTI_RLOCK);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 0);
    abandon();
    assert_int_equal(ends(&left), WEFT_OK);
}

/* ---- conditions ---------------------------------------------------------------------------- */

static weft_rlock outer = WEFT_RLOCK_INIT;
static weft_condition inner = WEFT_CONDITION_INIT;

/* With the outer lock held, which a wait does not release. */
static weft_status wait_inside(void *seconds)
{
    weft_status status = weft_rlock_acquire(&outer);
    if (status == WEFT_OK)
        status = weft_condition_acquire(&inner);
    return status == WEFT_OK ? weft_condition_wait_for(&inner, *(double *)seconds) : status;
}

static weft_status acquire_inner(void *unused)
{
    (void)unused;
    return weft_condition_acquire(&inner);
}

static weft_status notify_inner(void *unused)
{
    (void)unused;
    return weft_condition_notify(&inner, 1);
}

static void left_waits_inside(double *seconds)
{
    watch();
    assert_int_equal(weft_name(&outer, "outer"), WEFT_OK);
    assert_int_equal(weft_name(&inner, "inner"), WEFT_OK);
    enter_two();
    begins(&left, wait_inside, seconds);
    EVENTUALLY(weft_condition_waiters(&inner) == 1);
}

TEST(who_is_notified_wants_the_lock)
{
    static double seconds = 1e6;
    left_waits_inside(&seconds);
    does(&right, acquire_inner, NULL);
    does(&right, notify_inner, NULL);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 0);
    begins(&right, acquire_rlock, &outer);
    EVENTUALLY(count(WEFT_REPORT_DEADLOCK) == 1);
    assert_reported("left\n        holds an rlock outer at 0x");
    assert_reported("        wants an rlock inner at 0x");
}

TEST(who_waits_for_a_notification_wants_nothing_until_it_has_waited)
{
    static double seconds = 2;
    left_waits_inside(&seconds);
    does(&right, acquire_inner, NULL);
    begins(&right, acquire_rlock, &outer);
    EVENTUALLY(weft_rlock_waiters(&outer) == 1);
    uint32_t told = count(WEFT_REPORT_DEADLOCK);
    if (weft_condition_waiters(&inner) == 1) /* else this took longer than the wait */
        assert_int_equal(told, 0);
    EVENTUALLY(count(WEFT_REPORT_DEADLOCK) == 1);
}

/* ---- threads and timers -------------------------------------------------------------------- */

static weft_status join_timer(void *timer)
{
    return weft_timer_join(timer);
}

static void *take_and_return(void *lock)
{
    (void)weft_rlock_acquire(lock);
    return NULL;
}

TEST(who_joins_a_timer_that_is_not_due_waits_for_its_function)
{
    static weft_rlock lock = WEFT_RLOCK_INIT;
    watch();
    actor_enters(&left, "left");
    does(&left, acquire_rlock, &lock);
    weft_timer *timer = weft_timer_spawn(0.3, take_and_return, &lock, .daemon = true);
    assert_non_null(timer);
    waits_for(&left, join_timer, weft_timer_thread(timer), WEFTI_THREAD);
    EVENTUALLY(count(WEFT_REPORT_DEADLOCK) == 1);
    assert_reported("left\n        holds an rlock at 0x");
    assert_reported("        wants the end of thread ");
}

/* ---- several at once ----------------------------------------------------------------------- */

TEST(owned_locks_taken_at_once_make_no_report)
{
    static struct {
        weft_rlock first;
        weft_rwlock second;
        weft_condition third;
        weft_rlock fourth;
    } all;
    watch();
    assert_int_equal(weft_name(&all.first, "account"), WEFT_OK);
    assert_int_equal(weft_name(&all.second, "journal"), WEFT_OK);
    assert_int_equal(weft_name(&all.third, "queue"), WEFT_OK);
    assert_int_equal(weft_name(&all.fourth, "account"), WEFT_OK);
    for (int i = 0; i < 2; i++) {
        WEFT_WITH_ALL(&all.first, weft_writing(&all.second), &all.third) {
        }
        WEFT_WITH_ALL(&all.third, weft_reading(&all.second), &all.fourth) {
        }
    }
    assert_no_reports();
}
