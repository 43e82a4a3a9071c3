/* SPDX-License-Identifier: MIT */
/* Statuses: each has a name, a sentence and Python's exception, and a number of its own. */
#include "test.h"

#include <limits.h>
#include <string.h>

static const struct {
    weft_status status;
    int number;
    const char *name;
    const char *exception;
    const char *sentence;
} failures[] = {
#define FAILURE(name, number, exception, sentence) {name, number, #name, exception, sentence},
    WEFT_STATUS_MAP(FAILURE)
#undef FAILURE
};

enum { FAILURES = sizeof failures / sizeof failures[0] };

TEST(each_failure_has_a_name_a_sentence_and_an_exception)
{
    for (size_t i = 0; i < FAILURES; i++) {
        assert_int_equal(failures[i].status, failures[i].number);
        assert_string_equal(weft_status_name(failures[i].status), failures[i].name);
        assert_string_equal(weft_strerror(failures[i].status), failures[i].sentence);
        assert_string_equal(weft_status_exception(failures[i].status), failures[i].exception);
        assert_true(strlen(failures[i].sentence) > 0);
        assert_true(strlen(failures[i].exception) > 0);
    }
}

TEST(the_numbers_are_unique_and_between_success_and_the_programs_own)
{
    for (size_t i = 0; i < FAILURES; i++) {
        assert_in_range(failures[i].status, WEFT_OK + 1, WEFT_USER - 1);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(failures[i].status, failures[j].status);
    }
}

/* The numbers are part of the ABI: a program compiled against an older header knows these. */
TEST(the_numbers_do_not_change)
{
    const weft_status in_order[] = {
        WEFT_OK,         WEFT_TIMEOUT,     WEFT_INTERRUPTED, WEFT_NOT_LOCKED,
        WEFT_NOT_OWNER,  WEFT_VALUE_ERROR, WEFT_TYPE_ERROR,  WEFT_RUNTIME,
        WEFT_DEADLOCK,   WEFT_BUSY,        WEFT_OVERFLOW,    WEFT_NO_MEMORY,
        WEFT_NO_THREAD,  WEFT_FAILED,      WEFT_CANCELLED,   WEFT_INVALID_STATE,
        WEFT_EMPTY,      WEFT_FULL,        WEFT_SHUTDOWN,    WEFT_BROKEN_BARRIER,
        WEFT_BROKEN_POOL};
    for (int i = 0; i < (int)(sizeof in_order / sizeof in_order[0]); i++)
        assert_int_equal(in_order[i], i);
    assert_int_equal(WEFT_USER, 1000);
}

TEST(success_is_no_exception)
{
    assert_int_equal(WEFT_OK, 0);
    assert_string_equal(weft_status_name(WEFT_OK), "WEFT_OK");
    assert_string_equal(weft_strerror(WEFT_OK), "success");
    assert_string_equal(weft_status_exception(WEFT_OK), "");
}

TEST(the_sentences_that_pythons_users_know_are_pythons)
{
    assert_string_equal(weft_strerror(WEFT_NOT_LOCKED), "release unlocked lock");
    assert_string_equal(weft_strerror(WEFT_NOT_OWNER), "cannot release un-acquired lock");
    assert_string_equal(weft_strerror(WEFT_NO_THREAD), "can't start new thread");
}

TEST(codes_from_user_up_are_the_programs_own)
{
    const weft_status codes[] = {WEFT_USER, WEFT_USER + 1, INT_MAX};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_string_equal(weft_status_name(codes[i]), "WEFT_USER");
        assert_string_equal(weft_status_exception(codes[i]), "Exception");
        assert_true(strlen(weft_strerror(codes[i])) > 0);
    }
}

TEST(other_numbers_are_unknown)
{
    const weft_status codes[] = {-1, INT_MIN, FAILURES + 1, WEFT_USER - 1};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_string_equal(weft_status_name(codes[i]), "unknown");
        assert_true(strlen(weft_strerror(codes[i])) > 0);
        assert_true(strlen(weft_status_exception(codes[i])) > 0);
    }
}

static void *fail_in_a_thread(void *arg)
{
    WITNESS(weft_last_status() == WEFT_OK);
    WITNESS(weft_thread_spawn_with(NULL) == NULL);
    WITNESS(weft_last_status() == WEFT_VALUE_ERROR);
    return arg;
}

TEST(the_last_status_is_each_threads_own)
{
    assert_int_equal(weft_last_status(), WEFT_OK);
    struct crew crew = crew_start(1, fail_in_a_thread, NULL);
    crew_join(&crew);
    assert_int_equal(weft_last_status(), WEFT_OK);
}

TEST(calls_that_return_a_status_leave_the_last_one_alone)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_null(weft_thread_spawn_with(NULL));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lock_release(&lock), WEFT_NOT_LOCKED);
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_lock_try_acquire(&lock), WEFT_TIMEOUT);
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
}

TEST(libraries_on_top_say_why_in_the_same_way)
{
    weft_set_last_status(WEFT_BUSY);
    assert_int_equal(weft_last_status(), WEFT_BUSY);
    weft_set_last_status(WEFT_OK);
    assert_int_equal(weft_last_status(), WEFT_OK);
}
