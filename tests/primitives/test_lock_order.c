/* SPDX-License-Identifier: MIT */
/* Lock orders: inversions are told once for each pair of classes, before anything hangs. */
#include "watch_help.h"

/* ---- what is told -------------------------------------------------------------------------- */

TEST(an_inversion_is_told_before_anything_hangs)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    named(&a, "a");
    named(&b, "b");
    watch();
    both(&a, &b);
    assert_no_reports();
    both(&b, &a);
    assert_int_equal(orders(), 1);
    assert_int_equal(all_reports(), 1);
}

TEST(a_report_has_both_orders_their_places_and_threads)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    named(&a, "account");
    named(&b, "journal");
    watch();
    struct actor writer;
    actor_enters(&writer, "writer");
    does(&writer, acquire, &a);
    does(&writer, acquire, &b);
    does(&writer, release, &b);
    does(&writer, release, &a);
    both(&b, &a);
    assert_reported("weft: lock order: account after journal, and before it elsewhere\n");
    assert_reported("    now     journal taken at test_lock_order+0x");
    assert_reported("then account at test_lock_order+0x");
    assert_reported(" by thread 1 MainThread\n");
    assert_reported("    before  account taken at test_lock_order+0x");
    assert_reported("then journal at test_lock_order+0x");
    assert_reported(" writer\n");
    actor_leaves(&writer);
}

TEST(a_pair_of_classes_is_told_once)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    named(&a, "a");
    named(&b, "b");
    watch();
    for (int i = 0; i < 3; i++) {
        both(&a, &b);
        both(&b, &a);
    }
    assert_int_equal(orders(), 1);
}

TEST(another_pair_is_told_for_itself)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    weft_lock c = WEFT_LOCK_INIT;
    named(&a, "a");
    named(&b, "b");
    named(&c, "c");
    watch();
    both(&a, &b);
    both(&b, &a);
    both(&a, &c);
    both(&c, &a);
    assert_int_equal(orders(), 2);
}

TEST(one_acquire_can_invert_several_orders)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    weft_lock c = WEFT_LOCK_INIT;
    named(&a, "a");
    named(&b, "b");
    named(&c, "c");
    watch();
    both(&c, &a);
    both(&c, &b);
    assert_int_equal(weft_lock_acquire(&a), WEFT_OK);
    both(&b, &c);
    assert_int_equal(orders(), 2);
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
}

TEST(an_inversion_in_several_steps_is_told_with_all_of_them)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    weft_lock c = WEFT_LOCK_INIT;
    named(&a, "a");
    named(&b, "b");
    named(&c, "c");
    watch();
    both(&a, &b);
    both(&b, &c);
    assert_no_reports();
    both(&c, &a);
    assert_int_equal(orders(), 1);
    assert_reported("weft: lock order: a after c, and before it elsewhere\n");
    assert_reported("    now     c taken at ");
    assert_reported("    before  a taken at ");
    assert_reported("    before  b taken at ");
}

TEST(a_long_way_is_cut)
{
    enum { LONG = 12 };
    weft_lock locks[LONG];
    memset(locks, 0, sizeof locks);
    watch();
    for (int i = 0; i < LONG; i++) {
        char name[32];
        snprintf(name, sizeof name, "lock-%d", i);
        named(&locks[i], name);
    }
    for (int i = 0; i + 1 < LONG; i++)
        both(&locks[i], &locks[i + 1]);
    both(&locks[LONG - 1], &locks[0]);
    assert_int_equal(orders(), 1);
    assert_reported("    before  lock-0 taken at ");
    assert_reported("    and so on\n");
}

TEST(orders_of_different_threads_meet)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    named(&a, "a");
    named(&b, "b");
    watch();
    enter_two();
    does(&left, acquire, &a);
    does(&left, acquire, &b);
    does(&left, release, &a);
    does(&left, release, &b);
    does(&right, acquire, &b);
    does(&right, acquire, &a);
    assert_int_equal(orders(), 1);
    does(&right, release, &b);
    does(&right, release, &a);
    leave_two();
}

/* ---- tries and timeouts -------------------------------------------------------------------- */

TEST(a_try_makes_no_order)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    named(&a, "a");
    named(&b, "b");
    watch();
    both(&a, &b);
    assert_int_equal(weft_lock_acquire(&b), WEFT_OK);
    assert_int_equal(weft_lock_try_acquire(&a), WEFT_OK);
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
    assert_int_equal(weft_lock_acquire_for(&a, 1), WEFT_OK);
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
    assert_int_equal(weft_lock_acquire_until(&a, weft_now() + 1), WEFT_OK);
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
    assert_int_equal(weft_lock_release(&b), WEFT_OK);
    assert_no_reports();
    both(&b, &a); /* what the tries did was not learnt as an order, so this is news */
    assert_int_equal(orders(), 1);
}

TEST(a_timeout_that_never_ends_is_none)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    named(&a, "a");
    named(&b, "b");
    watch();
    both(&a, &b);
    assert_int_equal(weft_lock_acquire(&b), WEFT_OK);
    assert_int_equal(weft_lock_acquire_for(&a, WEFT_FOREVER), WEFT_OK);
    assert_int_equal(orders(), 1);
}

TEST(what_a_try_took_counts_as_held)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    named(&a, "a");
    named(&b, "b");
    watch();
    assert_int_equal(weft_lock_try_acquire(&a), WEFT_OK);
    assert_int_equal(weft_lock_acquire(&b), WEFT_OK);
    assert_int_equal(weft_lock_release(&b), WEFT_OK);
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
    assert_int_equal(weft_lock_acquire(&b), WEFT_OK);
    assert_int_equal(weft_lock_acquire(&a), WEFT_OK);
    assert_int_equal(orders(), 1);
}

TEST(a_try_that_failed_holds_nothing)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    named(&a, "a");
    named(&b, "b");
    watch();
    actor_enters(&left, "left");
    does(&left, acquire, &a);
    assert_int_equal(weft_lock_try_acquire(&a), WEFT_TIMEOUT);
    assert_int_equal(weft_lock_acquire_for(&a, 0.001), WEFT_TIMEOUT);
    assert_int_equal(weft_lock_acquire(&b), WEFT_OK); /* not while it holds a */
    assert_int_equal(weft_lock_release(&b), WEFT_OK);
    does(&left, release, &a);
    both(&b, &a);
    actor_leaves(&left);
    assert_no_reports();
}

/* ---- what is forgotten --------------------------------------------------------------------- */

TEST(a_lock_that_is_done_takes_its_orders_along)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    named(&a, "a");
    named(&b, "b");
    watch();
    both(&a, &b);
    assert_int_equal(weft_lock_done(&a), WEFT_OK);
    named(&a, "a");
    both(&b, &a);
    assert_no_reports();
    both(&a, &b);
    assert_int_equal(orders(), 1);
}

TEST(a_lock_on_the_heap_is_forgotten_when_it_is_freed)
{
    weft_lock b = WEFT_LOCK_INIT;
    weft_lock *a = weft_lock_new();
    assert_non_null(a);
    named(a, "a");
    named(&b, "b");
    watch();
    both(a, &b);
    weft_lock_free(a);
    a = weft_lock_new();
    assert_non_null(a);
    named(a, "a");
    both(&b, a);
    weft_lock_free(a);
    assert_no_reports();
}

TEST(orders_of_a_class_live_as_long_as_one_of_it)
{
    weft_lock a[2];
    weft_lock b = WEFT_LOCK_INIT;
    memset(a, 0, sizeof a);
    named(&a[0], "a");
    named(&a[1], "a");
    named(&b, "b");
    watch();
    both(&a[0], &b);
    assert_int_equal(weft_lock_done(&a[0]), WEFT_OK);
    both(&b, &a[1]);
    assert_int_equal(orders(), 1);
}

TEST(a_lock_that_is_busy_is_not_forgotten)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    named(&a, "a");
    named(&b, "b");
    watch();
    both(&a, &b);
    assert_int_equal(weft_lock_acquire(&a), WEFT_OK);
    assert_int_equal(weft_lock_done(&a), WEFT_BUSY);
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
    both(&b, &a);
    assert_int_equal(orders(), 1);
}

TEST(a_lock_once_released_by_another_leaves_the_orders)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    named(&a, "a");
    named(&b, "b");
    watch();
    both(&a, &b);
    actor_enters(&left, "left");
    does(&left, acquire, &a);
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
    both(&b, &a);
    both(&a, &b);
    assert_no_reports();
    actor_leaves(&left);
}

TEST(what_was_learnt_survives_the_switch)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    named(&a, "a");
    named(&b, "b");
    watch();
    both(&a, &b);
    assert_int_equal(weft_watch_deadlocks(WEFT_WATCH_OFF), WEFT_OK);
    both(&b, &a);
    assert_no_reports();
    assert_int_equal(weft_watch_deadlocks(WEFT_WATCH_REPORT), WEFT_OK);
    both(&b, &a);
    assert_int_equal(orders(), 1);
}

/* A report function that inverts an order itself. */
static void invert(const weft_report *report, void *arg)
{
    weft_lock *locks = arg;
    note_report(report, NULL);
    both(&locks[1], &locks[0]);
}

TEST(a_report_function_makes_no_orders)
{
    weft_lock a[2];
    weft_lock b[2];
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    named(&a[0], "a0");
    named(&a[1], "a1");
    named(&b[0], "b0");
    named(&b[1], "b1");
    watch();
    weft_set_report(invert, b);
    both(&b[0], &b[1]);
    both(&a[0], &a[1]);
    both(&a[1], &a[0]);
    assert_int_equal(orders(), 1);
}
