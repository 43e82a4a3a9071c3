/* SPDX-License-Identifier: MIT */
/* Whom an unpark takes: the callbacks choose, take and finish. */
#include "park_help.h"

#include <string.h>

enum { SLEEPERS = 5 };

static char place;
static const struct wefti_key key = {&place, WEFTI_LOCK};

/* What the callbacks were told, in order, and what they answer. */
struct record {
    enum wefti_verdict verdicts[SLEEPERS + 1]; /* by request */
    uintptr_t asked[SLEEPERS];
    size_t questions;
    uintptr_t taken[SLEEPERS];
    int64_t since[SLEEPERS];
    size_t takes;
    size_t finishes;
    size_t finish_taken;
    bool finish_more;
};

static enum wefti_verdict choose(uintptr_t request, void *arg)
{
    struct record *record = arg;
    assert_true(record->questions < SLEEPERS);
    assert_int_equal(record->finishes, 0);
    record->asked[record->questions++] = request;
    return record->verdicts[request];
}

static uintptr_t take(uintptr_t request, int64_t since, void *arg)
{
    struct record *record = arg;
    assert_true(record->takes < SLEEPERS);
    assert_int_equal(record->finishes, 0);
    record->since[record->takes] = since;
    record->taken[record->takes++] = request;
    return 1000 + request;
}

static void finish(size_t taken, bool more, void *arg)
{
    struct record *record = arg;
    record->finishes++;
    record->finish_taken = taken;
    record->finish_more = more;
}

/* Unparks with all three callbacks, and asserts what finish heard. */
static void unpark_recorded(struct record *record, size_t limit, size_t taken, bool more)
{
    const struct wefti_unparking how = {
        .limit = limit, .choose = choose, .take = take, .finish = finish, .arg = record};
    assert_int_equal(wefti_unpark(key, &how), taken);
    assert_int_equal(record->finishes, 1);
    assert_int_equal(record->finish_taken, taken);
    assert_int_equal(record->finish_more, more);
    assert_int_equal(record->takes, taken);
}

static void assert_requests(const uintptr_t *actual, const char *expected)
{
    for (size_t i = 0; expected[i] != '\0'; i++)
        assert_int_equal(actual[i], expected[i] - '0');
}

/* Unparks what is left of the sleepers, and fetches them all; those of `taken` got take's token. */
static void all_home(struct sleeper *sleepers, const char *taken)
{
    unpark(key, 0, 0);
    for (size_t i = 0; i < SLEEPERS; i++)
        assert_home(&sleepers[i], WEFTI_UNPARKED,
                    strchr(taken, (int)('1' + i)) != NULL ? 1001 + i : 0);
    assert_int_equal(wefti_waiters(key), 0);
}

TEST(finish_is_called_also_if_nobody_waits)
{
    struct record record = {.questions = 0};
    unpark_recorded(&record, 0, 0, false);
    assert_int_equal(record.questions, 0);
}

TEST(the_chosen_are_taken_and_the_others_stay)
{
    struct sleeper sleepers[SLEEPERS];
    struct record record = {
        .verdicts = {[1] = WEFTI_SKIP, [2] = WEFTI_TAKE, [3] = WEFTI_SKIP, [4] = WEFTI_TAKE}};
    sleepers_enter(sleepers, SLEEPERS, key);
    record.verdicts[5] = WEFTI_SKIP;
    unpark_recorded(&record, 0, 2, true);
    assert_int_equal(record.questions, 5);
    assert_requests(record.asked, "12345");
    assert_requests(record.taken, "24");
    assert_int_equal(wefti_waiters(key), 3);
    all_home(sleepers, "24");
}

TEST(a_stop_leaves_all_that_are_behind)
{
    struct sleeper sleepers[SLEEPERS];
    struct record record = {.verdicts = {[1] = WEFTI_TAKE, [2] = WEFTI_SKIP, [3] = WEFTI_STOP}};
    sleepers_enter(sleepers, SLEEPERS, key);
    unpark_recorded(&record, 0, 1, true);
    assert_int_equal(record.questions, 3);
    assert_requests(record.asked, "123");
    assert_int_equal(wefti_waiters(key), 4);
    all_home(sleepers, "1");
}

TEST(a_limit_counts_only_the_taken)
{
    struct sleeper sleepers[SLEEPERS];
    struct record record = {.verdicts = {[1] = WEFTI_SKIP, [2] = WEFTI_SKIP}};
    sleepers_enter(sleepers, SLEEPERS, key);
    unpark_recorded(&record, 2, 2, true);
    assert_requests(record.taken, "34");
    assert_requests(record.asked, "1234");
    assert_int_equal(record.questions, 4);
    all_home(sleepers, "34");
}

TEST(more_says_whether_anybody_is_left)
{
    static const struct {
        size_t limit;
        size_t skipped; /* so many from the front */
        size_t taken;
        bool more;
    } cases[] = {{0, 0, 5, false}, {5, 0, 5, false}, {9, 0, 5, false}, {4, 0, 4, true},
                 {1, 0, 1, true},  {0, 5, 0, true},  {1, 4, 1, true},  {5, 1, 4, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sleeper sleepers[SLEEPERS];
        struct record record = {.questions = 0};
        sleepers_enter(sleepers, SLEEPERS, key);
        for (size_t request = 1; request <= cases[i].skipped; request++)
            record.verdicts[request] = WEFTI_SKIP;
        unpark_recorded(&record, cases[i].limit, cases[i].taken, cases[i].more);
        unpark(key, 0, 0);
        for (size_t j = 0; j < SLEEPERS; j++)
            assert_int_equal(sleeper_home(&sleepers[j]).outcome, WEFTI_UNPARKED);
    }
}

TEST(take_hears_the_request_and_since_when_it_waits)
{
    struct sleeper sleepers[SLEEPERS];
    int64_t entered[SLEEPERS + 1];
    struct record record = {.questions = 0};
    for (size_t i = 0; i < SLEEPERS; i++) {
        entered[i] = wefti_clock();
        sleepers[i] = (struct sleeper){.key = key, .patience.request = i + 1};
        sleeper_enters(&sleepers[i]);
    }
    entered[SLEEPERS] = wefti_clock();
    unpark_recorded(&record, 0, SLEEPERS, false);
    assert_requests(record.taken, "12345");
    for (size_t i = 0; i < SLEEPERS; i++)
        assert_true(record.since[i] >= entered[i] && record.since[i] <= entered[i + 1]);
    all_home(sleepers, "12345");
}

TEST(a_late_comer_at_the_front_is_taken_first)
{
    struct sleeper sleepers[SLEEPERS];
    struct record record = {.questions = 0};
    sleepers_enter(sleepers, SLEEPERS - 1, key);
    sleepers[4] = (struct sleeper){.key = key, .patience = {.request = SLEEPERS, .front = true}};
    sleeper_enters(&sleepers[4]);
    unpark_recorded(&record, 0, SLEEPERS, false);
    assert_requests(record.taken, "51234");
    all_home(sleepers, "12345");
}

TEST(a_late_comer_at_the_front_is_taken_first_and_keeps_its_time)
{
    struct sleeper sleepers[SLEEPERS];
    struct record record = {.questions = 0};
    sleepers_enter(sleepers, SLEEPERS - 1, key);
    sleepers[4] = (struct sleeper){.key = key,
                                   .patience = {.request = SLEEPERS, .front = true, .since = 4711}};
    sleeper_enters(&sleepers[4]);
    struct wefti_key seen;
    int64_t since;
    assert_true(wefti_waits(sleepers[4].self, &seen, &since));
    assert_true(since == 4711);
    unpark_recorded(&record, 0, SLEEPERS, false);
    assert_requests(record.taken, "51234");
    assert_true(record.since[0] == 4711);
    assert_true(record.since[1] > 4711);
    all_home(sleepers, "12345");
}

/* Enters those with the given times of arrival, in this order; a negative one comes back. */
static void assert_taken(const int64_t *since, size_t count, const char *order)
{
    struct sleeper sleepers[SLEEPERS];
    struct record record = {.questions = 0};
    for (size_t i = 0; i < count; i++) {
        sleepers[i] = (struct sleeper){.key = key,
                                       .patience = {.request = i + 1,
                                                    .front = since[i] < 0,
                                                    .since = since[i] < 0 ? -since[i] : since[i]}};
        sleeper_enters(&sleepers[i]);
    }
    unpark_recorded(&record, 0, count, false);
    assert_requests(record.taken, order);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(sleeper_home(&sleepers[i]).outcome, WEFTI_UNPARKED);
}

TEST(who_says_when_it_came_stands_behind_those_that_came_before_it)
{
    assert_taken((const int64_t[]){30, -10, 40, -20, 35}, 5, "24153");
}

TEST(of_two_of_one_age_the_one_that_comes_back_is_first)
{
    assert_taken((const int64_t[]){10, 10, -10, 20, -20}, 5, "31254");
}
