/* SPDX-License-Identifier: MIT */
/* Watching without memory: the program goes on, and reports say that something was left out. */
// LINK: -Wl,--wrap=wefti_pages
#include "watch_help.h"

void *__real_wefti_pages(size_t size); /* NOLINT: the linker's names */
void *__wrap_wefti_pages(size_t size); /* NOLINT */

static int allowed; /* how many more there are */

void *__wrap_wefti_pages(size_t size)
{
    return allowed-- > 0 ? __real_wefti_pages(size) : NULL;
}

static void use_in_both_orders(weft_lock *a, weft_lock *b)
{
    both(a, b);
    both(b, a);
    assert_int_equal(weft_lock_try_acquire(a), WEFT_OK);
    assert_int_equal(weft_lock_release(a), WEFT_OK);
    assert_int_equal(weft_lock_done(a), WEFT_OK);
    assert_int_equal(weft_lock_done(b), WEFT_OK);
}

TEST(locks_work_wherever_memory_ends)
{
    /* Objects, classes, holds and orders each want their first pages. */
    for (int i = 0; i < 4; i++) {
        weft_lock a = WEFT_LOCK_INIT;
        weft_lock b = WEFT_LOCK_INIT;
        watch();
        allowed = i == 0 ? 0 : 1; /* pages are kept: one more each time */
        use_in_both_orders(&a, &b);
        assert_no_reports();
    }
}

TEST(a_name_without_memory_is_a_status)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_name(&lock, "lock"), WEFT_NO_MEMORY);
    allowed = 1; /* for the object, not for the class */
    assert_int_equal(weft_name(&lock, "lock"), WEFT_NO_MEMORY);
    allowed = 1;
    assert_int_equal(weft_name(&lock, "lock"), WEFT_OK);
}

TEST(a_report_says_that_something_was_left_out)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    watch();
    both(&a, &b);
    allowed = 100;
    named(&a, "a");
    named(&b, "b");
    both(&a, &b);
    both(&b, &a);
    assert_int_equal(orders(), 1);
    assert_reported("there may be more: memory was short, and ");
}
