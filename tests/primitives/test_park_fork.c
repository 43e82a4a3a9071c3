/* SPDX-License-Identifier: MIT */
/* A fork while threads wait: the child's waiting room is empty and works, the parent's is untouched. */
#include "park_help.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "under_tsan.h"

enum { KEYS = 3, SLEEPERS = 6 };

static char places[KEYS];

static struct wefti_key key_number(size_t i)
{
    return (struct wefti_key){&places[i % KEYS], WEFTI_LOCK};
}

/* Runs `child` in a fork; true if it says so. A child that hangs is ended by an alarm. */
static bool in_child(bool (*child)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(10);
        _exit(child() ? 0 : 1);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static bool nobody_waits(void)
{
    for (size_t i = 0; i < KEYS; i++)
        if (wefti_waiters(key_number(i)) != 0 || unpark(key_number(i), 0, 1) != 0)
            return false;
    return true;
}

static bool waits_end_as_they_should(void)
{
    const struct wefti_patience refused = {.validate = say_no};
    const struct wefti_patience timed = {.deadline = wefti_clock() + WEFTI_MILLISECOND};
    for (size_t i = 0; i < KEYS; i++) {
        if (wefti_park(key_number(i), &timed).outcome != WEFTI_TIMED_OUT ||
            wefti_park(key_number(i), &refused).outcome != WEFTI_INVALID)
            return false;
        interrupt(wefti_self());
        if (look_in(key_number(i)) != WEFTI_INTERRUPTED)
            return false;
    }
    return wefti_clock() >= timed.deadline && nobody_waits();
}

static bool another_thread_can_be_unparked(void)
{
    struct sleeper sleeper = {.key = key_number(0)};
    if (UNDER_TSAN)
        return true;
    sleeper_enters(&sleeper);
    if (unpark(sleeper.key, 0, 17) != 1)
        return false;
    struct wefti_parked parked = sleeper_home(&sleeper);
    return parked.outcome == WEFTI_UNPARKED && parked.token == 17;
}

static bool child_of_sleepers(void)
{
    return nobody_waits() && waits_end_as_they_should() && another_thread_can_be_unparked();
}

TEST(a_fork_leaves_the_waiters_to_the_parent)
{
    struct sleeper sleepers[SLEEPERS];
    for (size_t i = 0; i < SLEEPERS; i++)
        sleepers_enter(&sleepers[i], 1, key_number(i));
    assert_true(in_child(child_of_sleepers));
    for (size_t i = 0; i < SLEEPERS; i++) {
        assert_int_equal(wefti_waiters(key_number(i)), (SLEEPERS - i + KEYS - 1) / KEYS);
        assert_int_equal(unpark(key_number(i), 1, i), 1);
    }
    for (size_t i = 0; i < SLEEPERS; i++)
        assert_home(&sleepers[i], WEFTI_UNPARKED, i);
}

static bool (*fork_in_thread)(void);

static void *fork_there(void *arg)
{
    *(bool *)arg = in_child(fork_in_thread);
    return NULL;
}

TEST(any_thread_can_fork)
{
    struct sleeper sleeper;
    bool well = false;
    sleepers_enter(&sleeper, 1, key_number(0));
    fork_in_thread = child_of_sleepers;
    struct crew crew = crew_start(1, fork_there, &well);
    crew_join(&crew);
    assert_true(well);
    assert_int_equal(unpark(key_number(0), 0, 1), 1);
    assert_home(&sleeper, WEFTI_UNPARKED, 1);
}

/* ---- while a bucket is locked --------------------------------------------------------------- */

static uint32_t locked;
static uint32_t forked;

static bool hold_the_bucket(void *arg)
{
    (void)arg;
    wefti_store(&locked, 1, RELEASE);
    EVENTUALLY(wefti_load(&forked, ACQUIRE));
    return false;
}

static void *park_in_a_held_bucket(void *arg)
{
    const struct wefti_patience patience = {.validate = hold_the_bucket};
    (void)arg;
    WITNESS(wefti_park(key_number(0), &patience).outcome == WEFTI_INVALID);
    return NULL;
}

TEST(a_fork_leaves_no_bucket_locked)
{
    struct crew crew = crew_start(1, park_in_a_held_bucket, NULL);
    EVENTUALLY(wefti_load(&locked, ACQUIRE));
    bool well = in_child(waits_end_as_they_should);
    wefti_store(&forked, 1, RELEASE);
    crew_join(&crew);
    assert_true(well);
}

static uint32_t stop;

static void *keep_the_buckets_busy(void *arg)
{
    (void)arg;
    for (size_t i = 0; !wefti_load(&stop, RELAXED); i++) {
        look_in(key_number(i));
        unpark(key_number(i + 1), 0, 0);
        wefti_move(key_number(i), key_number(i + 1), 0, 0, NULL, NULL);
        unpark(key_number(i + 1), 0, 0);
    }
    return NULL;
}

TEST(a_fork_may_come_at_any_time)
{
    struct crew crew = crew_start(3, keep_the_buckets_busy, NULL);
    for (int round = 0; round < 50; round++)
        assert_true(in_child(waits_end_as_they_should));
    wefti_store(&stop, 1, RELAXED);
    crew_join(&crew);
}
