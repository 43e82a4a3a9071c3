/* SPDX-License-Identifier: MIT */
/* Names of objects, and what the dump says of them and of who holds them. */
#include "watch_help.h"

#include <unistd.h>

#include "primitives/names.h"

static char dumped[REPORT_ROOM];

/* What weft_dump says now. */
static const char *dump(void)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(weft_dump(pipes[1]), WEFT_OK);
    close(pipes[1]);
    ssize_t length = read(pipes[0], dumped, sizeof dumped - 1);
    assert_true(length > 0);
    dumped[length] = '\0';
    close(pipes[0]);
    return dumped;
}

#define assert_dumped(part)                                                                        \
    do {                                                                                           \
        if (strstr(dump(), (part)) == NULL)                                                        \
            fail_msg("\"%s\" is not in the dump:\n%s", (part), dumped);                            \
    } while (0)

static bool is_named(const void *object, const char *expected)
{
    char name[WEFTI_NAME_BYTES];
    return wefti_name_of(object, name) && strcmp(name, expected) == 0;
}

static bool has_name(const void *object)
{
    char name[WEFTI_NAME_BYTES];
    return wefti_name_of(object, name);
}

/* left holds the lock, right waits for it. */
static void wait_for(weft_lock *lock)
{
    enter_two();
    does(&left, acquire, lock);
    waits(&right, acquire, lock);
}

static void let_go(weft_lock *lock)
{
    does(&left, release, lock);
    assert_int_equal(ends(&right), WEFT_OK);
    does(&right, release, lock);
    leave_two();
}

/* ---- names --------------------------------------------------------------------------------- */

TEST(a_name_is_copied)
{
    weft_lock lock = WEFT_LOCK_INIT;
    char name[] = "account";
    assert_int_equal(weft_name(&lock, name), WEFT_OK);
    name[0] = 'X';
    assert_true(is_named(&lock, "account"));
}

TEST(a_second_name_replaces_the_first)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_name(&lock, "one"), WEFT_OK);
    assert_int_equal(weft_name(&lock, "two"), WEFT_OK);
    assert_true(is_named(&lock, "two"));
    assert_int_equal(weft_name(&lock, "two"), WEFT_OK);
    assert_true(is_named(&lock, "two"));
}

TEST(no_name_takes_the_name_away)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_name(&lock, NULL), WEFT_OK);
    assert_int_equal(weft_name(&lock, "one"), WEFT_OK);
    assert_int_equal(weft_name(&lock, NULL), WEFT_OK);
    assert_false(has_name(&lock));
}

TEST(the_end_of_an_object_takes_its_name_away)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_name(&lock, "one"), WEFT_OK);
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_lock_done(&lock), WEFT_BUSY);
    assert_true(is_named(&lock, "one"));
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_int_equal(weft_lock_done(&lock), WEFT_OK);
    assert_false(has_name(&lock));
    weft_lock *heap = weft_lock_new();
    assert_int_equal(weft_name(heap, "two"), WEFT_OK);
    weft_lock_free(heap);
    assert_false(has_name(heap));
}

TEST(names_have_a_length)
{
    weft_lock lock = WEFT_LOCK_INIT;
    char name[WEFT_NAME_MOST + 2];
    memset(name, 'n', sizeof name);
    name[WEFT_NAME_MOST + 1] = '\0';
    assert_int_equal(weft_name(&lock, name), WEFT_VALUE_ERROR);
    assert_false(has_name(&lock));
    name[WEFT_NAME_MOST] = '\0';
    assert_int_equal(weft_name(&lock, name), WEFT_OK);
    assert_true(is_named(&lock, name));
    assert_int_equal(weft_name(&lock, ""), WEFT_VALUE_ERROR);
    assert_true(is_named(&lock, name));
    assert_int_equal(weft_name(NULL, "name"), WEFT_VALUE_ERROR);
}

TEST(many_objects_have_names)
{
    enum { MANY = 5000 };
    static weft_lock locks[MANY];
    char name[32];
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "lock-%d", i);
        assert_int_equal(weft_name(&locks[i], name), WEFT_OK);
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "lock-%d", i);
        assert_true(is_named(&locks[i], name));
    }
    for (int i = 0; i < MANY; i += 2)
        assert_int_equal(weft_lock_done(&locks[i]), WEFT_OK);
    for (int i = 0; i < MANY; i++)
        assert_true(has_name(&locks[i]) == (i % 2 != 0));
}

TEST(a_name_given_while_it_is_held_counts_at_once)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    watch();
    assert_int_equal(weft_lock_acquire(&a), WEFT_OK);
    assert_int_equal(weft_name(&a, "a"), WEFT_OK);
    assert_int_equal(weft_name(&b, "b"), WEFT_OK);
    assert_int_equal(weft_lock_acquire(&b), WEFT_OK);
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
    assert_int_equal(weft_lock_acquire(&a), WEFT_OK);
    assert_int_equal(count(WEFT_REPORT_LOCK_ORDER), 1);
    assert_reported("a after b");
}

/* ---- the dump ------------------------------------------------------------------------------ */

TEST(the_dump_has_the_name_of_what_is_waited_for)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_name(&lock, "account"), WEFT_OK);
    wait_for(&lock);
    assert_dumped(" s for a lock account at 0x");
    let_go(&lock);
}

TEST(the_dump_says_nothing_of_holders_that_nobody_watches)
{
    weft_lock lock = WEFT_LOCK_INIT;
    test_unwatched();
    wait_for(&lock);
    assert_dumped(" s for a lock at 0x");
    assert_null(strstr(dump(), "held by"));
    let_go(&lock);
}

TEST(the_dump_has_the_probable_holder_of_a_lock)
{
    weft_lock lock = WEFT_LOCK_INIT;
    watch();
    wait_for(&lock);
    assert_dumped(", held by left, probably\n");
    let_go(&lock);
    assert_null(strstr(dump(), "held by"));
}

static weft_status wait_for_handle(void *lock)
{
    static const struct wefti_patience patience = {.deadline = 0};
    return wefti_park((struct wefti_key){lock, WEFTI_LOCK}, &patience).outcome == WEFTI_UNPARKED
               ? WEFT_OK
               : WEFT_INTERRUPTED;
}

TEST(the_dump_is_sure_of_an_owner)
{
    struct owned lock = {0};
    watch();
    enter_two();
    does(&left, owned_acquire, &lock);
    waits(&right, wait_for_handle, &lock);
    assert_dumped(", held by left\n");
    wefti_unpark((struct wefti_key){&lock, WEFTI_LOCK}, &(struct wefti_unparking){0});
    assert_int_equal(ends(&right), WEFT_OK);
    does(&left, owned_release, &lock);
    leave_two();
}

/* ---- what needs no watching ---------------------------------------------------------------- */

TEST(the_dump_knows_who_holds_an_rlock)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    assert_int_equal(weft_name(&lock, "account"), WEFT_OK);
    enter_two();
    does(&left, acquire_rlock, &lock);
    begins(&right, acquire_rlock, &lock);
    EVENTUALLY(weft_rlock_waiters(&lock) == 1);
    assert_dumped(" s for an rlock account at 0x");
    assert_dumped(", held by left\n");
    does(&left, release_rlock, &lock);
    assert_int_equal(ends(&right), WEFT_OK);
    does(&right, release_rlock, &lock);
    leave_two();
}

TEST(the_dump_knows_who_writes)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    assert_int_equal(weft_name(&lock, "journal"), WEFT_OK);
    enter_two();
    does(&left, acquire_write, &lock);
    begins(&right, acquire_read, &lock);
    EVENTUALLY(weft_rwlock_waiters(&lock) == 1);
    assert_dumped(" s for an rwlock journal at 0x");
    assert_dumped(", held by left\n");
    does(&left, release_write, &lock);
    assert_int_equal(ends(&right), WEFT_OK);
    does(&right, release_read, &lock);
    leave_two();
}
