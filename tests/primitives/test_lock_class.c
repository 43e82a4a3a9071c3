/* SPDX-License-Identifier: MIT */
/* The classes that lock orders are learnt by: names, symbols, places. */
// LINK: -rdynamic
#include "watch_help.h"

/* Exported, as the program is linked with -rdynamic. */
extern weft_lock exported_lock;
extern weft_lock exported_locks[2];
weft_lock exported_lock;
weft_lock exported_locks[2];

/* Each in a function of its own: the place is a class. */
__attribute__((noinline)) static void take_here(weft_lock *lock)
{
    assert_int_equal(weft_lock_acquire(lock), WEFT_OK);
}

__attribute__((noinline)) static void take_there(weft_lock *lock)
{
    assert_int_equal(weft_lock_acquire(lock), WEFT_OK);
}

/* ---- classes ------------------------------------------------------------------------------- */

TEST(locks_of_one_name_are_one_class)
{
    weft_lock accounts[2];
    weft_lock journals[2];
    memset(accounts, 0, sizeof accounts);
    memset(journals, 0, sizeof journals);
    for (int i = 0; i < 2; i++) {
        named(&accounts[i], "account");
        named(&journals[i], "journal");
    }
    watch();
    both(&accounts[0], &journals[0]);
    both(&journals[1], &accounts[1]); /* other objects, the same classes */
    assert_int_equal(orders(), 1);
}

TEST(locks_first_taken_at_one_place_are_one_class)
{
    weft_lock a[2];
    weft_lock b[2];
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    watch();
    for (int i = 0; i < 2; i++) {
        take_here(&a[i]);
        weft_lock_release(&a[i]);
        take_there(&b[i]);
        weft_lock_release(&b[i]);
    }
    both(&a[0], &b[0]);
    assert_no_reports();
    both(&b[1], &a[1]);
    assert_int_equal(orders(), 1);
    assert_reported("[first taken at test_lock_class+0x");
}

TEST(an_exported_lock_is_a_class_by_its_symbol)
{
    weft_lock other = WEFT_LOCK_INIT;
    named(&other, "other");
    watch();
    both(&exported_lock, &other);
    both(&other, &exported_lock);
    assert_int_equal(orders(), 1);
    assert_reported("exported_lock after other");
}

TEST(an_exported_array_is_one_class)
{
    weft_lock other = WEFT_LOCK_INIT;
    named(&other, "other");
    watch();
    both(&exported_locks[0], &other);
    both(&other, &exported_locks[1]);
    assert_int_equal(orders(), 1);
    assert_reported("exported_locks after other");
}

TEST(a_name_comes_before_the_symbol)
{
    weft_lock other = WEFT_LOCK_INIT;
    named(&other, "other");
    named(&exported_lock, "journal");
    watch();
    both(&exported_lock, &other);
    both(&other, &exported_lock);
    assert_reported("journal after other");
}

TEST(locks_of_one_class_have_no_order)
{
    weft_lock a[2];
    memset(a, 0, sizeof a);
    named(&a[0], "account");
    named(&a[1], "account");
    watch();
    both(&a[0], &a[1]);
    both(&a[1], &a[0]);
    assert_no_reports();
}

/* ---- scopes -------------------------------------------------------------------------------- */

TEST(a_scope_is_watched_where_the_program_opens_it)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    weft_status status;
    watch(); /* no names: the places make the classes, and must not be the library's */
    WEFT_WITH(&a) {
        WEFT_WITH(&b) {
        }
    }
    {
        WEFT_HOLD(&b);
        WEFT_WITH_FOR(&a, WEFT_FOREVER, status) {
        }
    }
    assert_int_equal(status, WEFT_OK);
    assert_int_equal(orders(), 1);
    assert_reported("[first taken at test_lock_class+0x");
}
