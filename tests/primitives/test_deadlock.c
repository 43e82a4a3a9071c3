/* SPDX-License-Identifier: MIT */
/* Deadlocks: cycles of owners and waiters, found when they close. Lock orders are another file. */
#include "watch_help.h"

static struct actor third;

/* ---- what is a deadlock -------------------------------------------------------------------- */

TEST(a_cycle_of_owned_locks_is_a_deadlock)
{
    struct owned a = {0};
    struct owned b = {0};
    watch();
    enter_two();
    close_owned_cycle(&a, &b);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 1);
    assert_int_equal(count(WEFT_REPORT_POSSIBLE_DEADLOCK), 0);
    give_up_owned(&a, &b);
    leave_two();
}

TEST(a_report_names_threads_locks_times_and_places)
{
    struct owned a = {0};
    struct owned b = {0};
    char ident[32];
    watch();
    weft_name(&a, "account");
    weft_name(&b, "journal");
    enter_two();
    close_owned_cycle(&a, &b);
    assert_reported("weft: deadlock: 2 threads wait for each other\n");
    snprintf(ident, sizeof ident, "thread %u left\n", (unsigned)weft_thread_ident(left.thread));
    assert_reported(ident);
    snprintf(ident, sizeof ident, "thread %u right\n", (unsigned)weft_thread_ident(right.thread));
    assert_reported(ident);
    assert_reported("right\n        holds a lock journal at 0x");
    assert_reported("left\n        holds a lock account at 0x");
    assert_reported(", taken ");
    assert_reported(" s ago at test_deadlock+0x");
    assert_reported("wants a lock account at 0x");
    assert_reported("wants a lock journal at 0x");
    assert_reported(" s, at test_deadlock+0x");
    give_up_owned(&a, &b);
    leave_two();
}

TEST(a_cycle_is_told_once_by_the_thread_that_closes_it)
{
    struct owned a = {0};
    struct owned b = {0};
    watch();
    enter_two();
    actor_enters(&third, "third");
    close_owned_cycle(&a, &b);
    waits_for_owned(&third, owned_acquire, &a); /* it waits for the cycle, but is not in it */
    assert_int_equal(all_reports() - count(WEFT_REPORT_LOCK_ORDER), 1);
    give_up_owned(&a, &b);
    (void)ends(&third);
    actor_leaves(&third);
    leave_two();
}

TEST(three_threads_in_a_ring_are_a_deadlock)
{
    struct owned a = {0};
    struct owned b = {0};
    struct owned c = {0};
    watch();
    enter_two();
    actor_enters(&third, "third");
    does(&left, owned_acquire, &a);
    does(&right, owned_acquire, &b);
    does(&third, owned_acquire, &c);
    waits_for_owned(&left, owned_acquire, &b);
    waits_for_owned(&right, owned_acquire, &c);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 0);
    waits_for_owned(&third, owned_acquire, &a);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 1);
    assert_reported("3 threads wait for each other");
    abandon();
    (void)ends(&left);
    (void)ends(&right);
    (void)ends(&third);
    actor_leaves(&third);
    leave_two();
}

TEST(a_ring_of_many_is_told_and_cut)
{
    enum { RING = 12 };
    static struct owned locks[RING];
    static struct actor ring[RING];
    watch();
    for (size_t i = 0; i < RING; i++) {
        actor_enters(&ring[i], "one-of-many");
        does(&ring[i], owned_acquire, &locks[i]);
    }
    for (size_t i = 0; i < RING; i++)
        waits_for_owned(&ring[i], owned_acquire, &locks[(i + 1) % RING]);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 1);
    assert_reported("12 threads wait for each other");
    assert_reported("and so on\n");
    abandon();
    for (size_t i = 0; i < RING; i++) {
        (void)ends(&ring[i]);
        actor_leaves(&ring[i]);
    }
}

TEST(two_threads_that_join_each_other_are_a_deadlock)
{
    watch();
    enter_two();
    waits(&left, join, right.thread);
    begins(&right, join, left.thread);
    EVENTUALLY(count(WEFT_REPORT_DEADLOCK) == 1);
    assert_reported("left\n        wants the end of thread ");
    assert_reported("right, since ");
}

TEST(a_join_and_an_owned_lock_are_a_deadlock)
{
    struct owned a = {0};
    watch();
    enter_two();
    does(&left, owned_acquire, &a);
    waits_for_owned(&right, owned_acquire, &a);
    begins(&left, join, right.thread);
    EVENTUALLY(count(WEFT_REPORT_DEADLOCK) == 1);
    assert_reported("wants the end of thread ");
    abandon();
    (void)ends(&right);
    actor_ends(&right);
    assert_int_equal(ends(&left), WEFT_OK);
    weft_thread_free(right.thread);
    actor_leaves(&left);
}

TEST(a_join_of_itself_is_a_status)
{
    watch();
    actor_enters(&left, "left");
    begins(&left, join, left.thread);
    assert_int_equal(ends(&left), WEFT_RUNTIME);
    actor_leaves(&left);
    assert_no_reports();
}

TEST(a_thread_that_waits_for_its_own_owned_lock_is_a_deadlock)
{
    struct owned a = {0};
    watch();
    actor_enters(&left, "left");
    does(&left, owned_acquire, &a);
    waits_for_owned(&left, owned_acquire, &a);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 1);
    assert_reported("a thread waits for itself");
    abandon();
    (void)ends(&left);
    actor_leaves(&left);
}

/* ---- readers and writers ------------------------------------------------------------------- */

TEST(a_writer_waits_for_every_reader)
{
    struct owned shared = {.shared = true};
    struct owned other = {0};
    watch();
    enter_two();
    actor_enters(&third, "third");
    does(&left, owned_acquire, &shared);
    does(&third, owned_acquire, &shared);
    shared.shared = false;
    does(&right, owned_acquire, &other);
    waits_for_owned(&right, owned_acquire, &shared);
    waits_for_owned(&left, owned_acquire, &other);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 1);
    abandon();
    (void)ends(&left);
    (void)ends(&right);
    actor_leaves(&third);
    leave_two();
}

TEST(readers_do_not_wait_for_readers)
{
    struct owned shared = {.shared = true};
    struct owned other = {0};
    watch();
    enter_two();
    does(&left, owned_acquire, &shared);
    does(&right, owned_acquire, &other);
    does(&right, owned_acquire, &shared);
    waits_for_owned(&left, owned_acquire, &other);
    assert_int_equal(all_reports(), 0);
    does(&right, owned_release, &other);
    assert_int_equal(ends(&left), WEFT_OK);
    leave_two();
}

TEST(a_second_read_behind_a_writer_is_a_deadlock)
{
    struct owned shared = {.shared = true};
    watch();
    enter_two();
    does(&left, owned_acquire, &shared);
    shared.shared = false;
    waits_for_owned(&right, owned_acquire, &shared);
    assert_no_reports();
    waits_for_owned(&left, owned_read_behind, &shared);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 1);
    assert_reported(" as a reader");
    abandon();
    (void)ends(&left);
    (void)ends(&right);
    leave_two();
}

TEST(a_reader_that_came_twice_holds_until_its_second_release)
{
    struct owned shared = {.shared = true};
    struct owned other = {0};
    watch();
    enter_two();
    does(&left, owned_acquire, &shared);
    does(&left, owned_acquire, &shared);
    does(&left, owned_release, &shared);
    does(&right, owned_acquire, &other);
    waits_for_owned(&left, owned_acquire, &other);
    shared.shared = false;
    waits_for_owned(&right, owned_acquire, &shared);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 1);
    abandon();
    (void)ends(&left);
    (void)ends(&right);
    leave_two();
}

TEST(a_writer_that_becomes_a_reader_holds_back_no_readers)
{
    struct owned shared = {0};
    struct owned other = {0};
    watch();
    enter_two();
    does(&left, owned_acquire, &shared);
    does(&left, owned_release, &shared);
    shared.shared = true;
    does(&left, owned_acquire, &shared);
    does(&right, owned_acquire, &other);
    waits_for_owned(&left, owned_acquire, &other);
    waits_for_owned(&right, owned_read_behind, &shared);
    assert_no_reports();
    abandon();
    (void)ends(&left);
    (void)ends(&right);
    leave_two();
}

/* ---- what is only possible ----------------------------------------------------------------- */

TEST(a_cycle_of_locks_is_possible)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    watch();
    enter_two();
    half_cycle(&a, &b);
    assert_no_reports();
    begins(&right, acquire, &a);
    EVENTUALLY(count(WEFT_REPORT_POSSIBLE_DEADLOCK) == 1);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 0);
    assert_reported("weft: possible deadlock: 2 threads wait for each other, unless ");
    /* Any thread may release a Lock: main ends it. */
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
    assert_int_equal(ends(&right), WEFT_OK);
    does(&right, release, &b);
    assert_int_equal(ends(&left), WEFT_OK);
    leave_two();
}

TEST(one_lock_in_a_cycle_makes_it_possible)
{
    weft_lock a = WEFT_LOCK_INIT;
    struct owned b = {0};
    watch();
    enter_two();
    does(&left, acquire, &a);
    does(&right, owned_acquire, &b);
    waits_for_owned(&left, owned_acquire, &b);
    begins(&right, acquire, &a);
    EVENTUALLY(count(WEFT_REPORT_POSSIBLE_DEADLOCK) == 1);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 0);
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
    assert_int_equal(ends(&right), WEFT_OK);
    does(&right, owned_release, &b);
    assert_int_equal(ends(&left), WEFT_OK);
    leave_two();
}

TEST(a_lock_acquired_twice_is_possible)
{
    weft_lock a = WEFT_LOCK_INIT;
    watch();
    actor_enters(&left, "left");
    does(&left, acquire, &a);
    begins(&left, acquire, &a);
    EVENTUALLY(count(WEFT_REPORT_POSSIBLE_DEADLOCK) == 1);
    assert_reported("a thread waits for itself, unless another thread releases a Lock");
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
    assert_int_equal(ends(&left), WEFT_OK);
    actor_leaves(&left);
}

TEST(a_certain_cycle_is_told_before_a_possible_one)
{
    struct owned shared = {.shared = true};
    struct owned mine = {0};
    weft_lock lock = WEFT_LOCK_INIT;
    watch();
    enter_two();
    actor_enters(&third, "third");
    does(&left, owned_acquire, &shared);
    does(&right, owned_acquire, &shared); /* the latest, so the search meets it first */
    shared.shared = false;
    does(&third, acquire, &lock);
    does(&third, owned_acquire, &mine);
    waits(&right, acquire, &lock);
    waits_for_owned(&left, owned_acquire, &mine);
    waits_for_owned(&third, owned_acquire, &shared); /* closes both */
    assert_int_equal(count(WEFT_REPORT_POSSIBLE_DEADLOCK), 0);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 1);
    abandon();
    (void)ends(&third);
    (void)ends(&left);
    does(&third, release, &lock);
    assert_int_equal(ends(&right), WEFT_OK);
    actor_leaves(&third);
    leave_two();
}
