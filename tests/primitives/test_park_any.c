/* SPDX-License-Identifier: MIT */
/* A thread that waits for several keys at once: the first unpark has it, the others never see it. */
#include "park_help.h"

enum { KEYS = 4 };

static char places[KEYS];
static const struct wefti_key keys[KEYS] = {{&places[0], WEFTI_LOCK},
                                            {&places[1], WEFTI_LOCK},
                                            {&places[2], WEFTI_LOCK},
                                            {&places[2], WEFTI_SLEEP}};

static void assert_nobody_waits(void)
{
    for (size_t i = 0; i < KEYS; i++) {
        assert_int_equal(wefti_waiters(keys[i]), 0);
        assert_int_equal(unpark(keys[i], 0, 99), 0);
    }
}

static uintptr_t square(uintptr_t request, int64_t since, void *arg)
{
    (void)since;
    (void)arg;
    return request * request;
}

TEST(one_of_several_keys_is_enough)
{
    for (size_t i = 0; i < KEYS; i++) {
        struct sleeper sleeper = {.keys = keys, .count = KEYS};
        sleeper_enters(&sleeper);
        for (size_t j = 0; j < KEYS; j++)
            assert_int_equal(wefti_waiters(keys[j]), 1);
        assert_int_equal(wefti_unpark(keys[i], &(struct wefti_unparking){.take = square}), 1);
        assert_nobody_waits(); /* neither before it runs nor after */
        assert_home(&sleeper, WEFTI_UNPARKED, (i + 1) * (i + 1));
        assert_int_equal(sleeper.parked.index, i);
        assert_nobody_waits();
    }
}

TEST(a_taken_waiter_does_not_hide_those_behind_it)
{
    struct sleeper first = {.keys = keys, .count = 2};
    struct sleeper second = {.key = keys[1]};
    sleeper_enters(&first);
    sleeper_enters(&second);
    assert_int_equal(unpark(keys[0], 1, 1), 1);
    assert_int_equal(unpark(keys[1], 1, 2), 1);
    assert_home(&first, WEFTI_UNPARKED, 1);
    assert_home(&second, WEFTI_UNPARKED, 2);
    assert_nobody_waits();
}

TEST(a_key_that_makes_no_sense_ends_the_wait_for_all)
{
    for (size_t i = 1; i < KEYS; i++) {
        struct sleeper sleeper = {.keys = keys, .count = KEYS, .refuse = i};
        uint64_t parks = weft_park_count();
        struct wefti_parked parked = sleeper_parks_any(&sleeper);
        assert_int_equal(parked.outcome, WEFTI_INVALID);
        assert_int_equal(parked.index, i);
        assert_int_equal(sleeper.entered, 0); /* those behind are not asked */
        assert_true(weft_park_count() == parks);
        assert_nobody_waits();
    }
}

TEST(a_deadline_ends_the_wait_for_all)
{
    int64_t deadline = wefti_clock() + WEFTI_MILLISECOND;
    struct sleeper sleeper = {.keys = keys, .count = KEYS, .patience.deadline = deadline};
    assert_int_equal(sleeper_parks_any(&sleeper).outcome, WEFTI_TIMED_OUT);
    assert_true(wefti_clock() >= deadline);
    assert_nobody_waits();
}

TEST(an_interruption_ends_the_wait_for_all)
{
    struct sleeper sleeper = {.keys = keys, .count = KEYS};
    sleeper_enters(&sleeper);
    interrupt(sleeper.self);
    assert_home(&sleeper, WEFTI_INTERRUPTED, 0);
    assert_nobody_waits();
    interrupt(wefti_self());
    assert_int_equal(sleeper_parks_any(&sleeper).outcome, WEFTI_INTERRUPTED);
    assert_nobody_waits();
}

TEST(several_keys_and_no_interruption)
{
    struct sleeper sleeper = {.keys = keys, .count = KEYS, .patience.firm = true};
    sleeper_enters(&sleeper);
    interrupt(sleeper.self);
    assert_int_equal(unpark(keys[2], 1, 3), 1);
    assert_home(&sleeper, WEFTI_UNPARKED, 3);
    assert_nobody_waits();
}

TEST(a_thread_may_wait_twice_for_one_key)
{
    const struct wefti_key twice[] = {keys[0], keys[0]};
    struct sleeper sleeper = {.keys = twice, .count = 2};
    sleeper_enters(&sleeper);
    assert_int_equal(unpark(keys[0], 0, 8), 1);
    assert_home(&sleeper, WEFTI_UNPARKED, 8);
    assert_int_equal(sleeper.parked.index, 0);
    assert_nobody_waits();
}

/* What a wait does when it stands in all its queues. */
struct last_thing {
    size_t waiters; /* it found, over all keys */
    int calls;
    bool unpark;
};

static void do_the_last_thing(void *arg)
{
    struct last_thing *last = arg;
    last->calls++;
    for (size_t i = 0; i < KEYS; i++)
        last->waiters += wefti_waiters(keys[i]);
    if (last->unpark)
        WITNESS(unpark(keys[1], 0, 12) == 1);
}

TEST(a_last_thing_is_done_in_all_queues_and_may_end_the_wait)
{
    struct last_thing last = {.unpark = true};
    struct sleeper sleeper = {.keys = keys, .count = KEYS};
    sleeper.patience = (struct wefti_patience){.queued = do_the_last_thing, .arg = &last};
    struct wefti_parked parked = sleeper_parks_any(&sleeper);
    assert_int_equal(parked.outcome, WEFTI_UNPARKED);
    assert_int_equal(parked.token, 12);
    assert_int_equal(parked.index, 1);
    assert_int_equal(last.calls, 1);
    assert_int_equal(last.waiters, KEYS);
    assert_nobody_waits();
}

TEST(a_last_thing_is_done_before_an_interruption_is_heard)
{
    struct last_thing last = {.unpark = false};
    struct sleeper sleeper = {.keys = keys, .count = KEYS};
    sleeper.patience = (struct wefti_patience){.queued = do_the_last_thing, .arg = &last};
    interrupt(wefti_self());
    assert_int_equal(sleeper_parks_any(&sleeper).outcome, WEFTI_INTERRUPTED);
    assert_int_equal(last.calls, 1);
}

TEST(there_is_no_last_thing_without_a_wait)
{
    struct last_thing last = {.unpark = false};
    struct sleeper sleeper = {.keys = keys, .count = KEYS, .refuse = KEYS - 1};
    sleeper.patience = (struct wefti_patience){.queued = do_the_last_thing, .arg = &last};
    assert_int_equal(sleeper_parks_any(&sleeper).outcome, WEFTI_INVALID);
    assert_int_equal(last.calls, 0);
    assert_nobody_waits();
}

/* ---- two unparkers, one waiter -------------------------------------------------------------- */

enum { ROUNDS = 1000 };

struct race {
    uint32_t asleep;  /* the round whose waiter may be taken */
    uint32_t done[2]; /* the last round of each unparker */
    size_t counts[2][ROUNDS];
    uint32_t next_unparker;
};

static bool announce(void *arg)
{
    wefti_fetch_add((uint32_t *)arg, 1, RELEASE);
    return true;
}

static void *unpark_each_round(void *arg)
{
    struct race *race = arg;
    uint32_t me = wefti_fetch_add(&race->next_unparker, 1, RELAXED);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        EVENTUALLY(wefti_load(&race->asleep, ACQUIRE) == round + 1);
        race->counts[me][round] = unpark(keys[me], 0, me * ROUNDS + round);
        wefti_store(&race->done[me], round + 1, RELEASE);
    }
    return NULL;
}

TEST(of_two_unparkers_one_has_the_waiter)
{
    static struct race race;
    size_t wins[2] = {0, 0};
    struct crew crew = crew_start(2, unpark_each_round, &race);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        /* Announced while the second bucket is locked: the first may be unparked already. */
        struct wefti_waiter waiters[2] = {
            {.key = keys[0]}, {.key = keys[1], .validate = announce, .arg = &race.asleep}};
        struct wefti_parked parked = wefti_park_any(waiters, 2, &(struct wefti_patience){0});
        assert_int_equal(parked.outcome, WEFTI_UNPARKED);
        assert_int_equal(parked.token, parked.index * ROUNDS + round);
        for (size_t i = 0; i < 2; i++)
            EVENTUALLY(wefti_load(&race.done[i], ACQUIRE) == round + 1);
        assert_int_equal(race.counts[0][round] + race.counts[1][round], 1);
        assert_int_equal(race.counts[parked.index][round], 1);
        wins[parked.index]++;
    }
    crew_join(&crew);
    print_message("the first unparker won %zu rounds, the second %zu\n", wins[0], wins[1]);
    assert_nobody_waits();
}
