/* SPDX-License-Identifier: MIT */
/* Interruptions: each ends one wait, the present one or the next. */
#include "park_help.h"

static char place;
static const struct wefti_key key = {&place, WEFTI_LOCK};

TEST(an_interruption_ends_a_wait)
{
    struct sleeper sleepers[3];
    sleepers_enter(sleepers, 3, key);
    interrupt(sleepers[1].self);
    assert_home(&sleepers[1], WEFTI_INTERRUPTED, 0);
    assert_int_equal(wefti_waiters(key), 2);
    assert_int_equal(unpark(key, 0, 1), 2);
    assert_home(&sleepers[0], WEFTI_UNPARKED, 1);
    assert_home(&sleepers[2], WEFTI_UNPARKED, 1);
}

TEST(an_interruption_waits_for_the_next_wait)
{
    interrupt(wefti_self());
    const struct wefti_patience for_ever = {.deadline = 0};
    assert_int_equal(wefti_park(key, &for_ever).outcome, WEFTI_INTERRUPTED);
    assert_int_equal(wefti_waiters(key), 0);
    assert_int_equal(unpark(key, 0, 1), 0);
}

TEST(an_interruption_ends_one_wait_only)
{
    interrupt(wefti_self());
    assert_int_equal(look_in(key), WEFTI_INTERRUPTED);
    assert_int_equal(look_in(key), WEFTI_TIMED_OUT);
}

TEST(a_wait_that_does_not_begin_leaves_the_interruption)
{
    interrupt(wefti_self());
    const struct wefti_patience refused = {.validate = say_no};
    assert_int_equal(wefti_park(key, &refused).outcome, WEFTI_INVALID);
    assert_int_equal(look_in(key), WEFTI_INTERRUPTED);
    assert_int_equal(look_in(key), WEFTI_TIMED_OUT);
}

static void unpark_oneself(void *token)
{
    WITNESS(unpark(key, 1, *(uintptr_t *)token) == 1);
}

TEST(an_interruption_that_finds_the_wait_over_is_for_the_next)
{
    uintptr_t token = 5;
    const struct wefti_patience patience = {.queued = unpark_oneself, .arg = &token};
    interrupt(wefti_self()); /* pending; it would be heard after the queue has been entered */
    struct wefti_parked parked = wefti_park(key, &patience);
    assert_int_equal(parked.outcome, WEFTI_UNPARKED);
    assert_int_equal(parked.token, token);
    assert_int_equal(look_in(key), WEFTI_INTERRUPTED);
    assert_int_equal(look_in(key), WEFTI_TIMED_OUT);
}

/* A firm wait, then a look whether an interruption is pending, then another. */
struct firm {
    struct sleeper sleeper;
    enum wefti_outcome next;
    enum wefti_outcome next_but_one;
};

static void *wait_firmly(void *arg)
{
    struct firm *firm = arg;
    sleeper_sleeps(&firm->sleeper);
    firm->next = look_in(key);
    firm->next_but_one = look_in(key);
    return NULL;
}

static void start_firm(struct firm *firm, weft_target *target)
{
    *firm = (struct firm){.sleeper = {.key = key, .patience.firm = true}};
    firm->sleeper.thread = weft_thread_spawn(target, firm, .daemon = true);
    assert_non_null(firm->sleeper.thread);
    sleeper_has_entered(&firm->sleeper);
}

TEST(a_firm_wait_leaves_the_interruption_to_the_next)
{
    struct firm firm;
    start_firm(&firm, wait_firmly);
    interrupt(firm.sleeper.self);
    assert_int_equal(wefti_waiters(key), 1);
    assert_int_equal(unpark(key, 1, 6), 1);
    assert_home(&firm.sleeper, WEFTI_UNPARKED, 6);
    assert_int_equal(firm.next, WEFTI_INTERRUPTED);
    assert_int_equal(firm.next_but_one, WEFTI_TIMED_OUT);
}

static void *interrupted_and_firm(void *arg)
{
    interrupt(wefti_self());
    return wait_firmly(arg);
}

TEST(a_firm_wait_begins_in_spite_of_an_interruption)
{
    struct firm firm;
    start_firm(&firm, interrupted_and_firm);
    assert_int_equal(unpark(key, 1, 7), 1);
    assert_home(&firm.sleeper, WEFTI_UNPARKED, 7);
    assert_int_equal(firm.next, WEFTI_INTERRUPTED);
    assert_int_equal(firm.next_but_one, WEFTI_TIMED_OUT);
}

/* ---- at the same time as something else ----------------------------------------------------- */

enum { ROUNDS = 3000 };

/* One round a number: the waiter waits, another thread interrupts it once, and may unpark it too. */
struct race {
    struct wefti_self *waiter;
    uint32_t begun;
    uint32_t ended;
    size_t unparked;
    bool timed; /* its waits have a short deadline */
};

/*
 * Whatever else ends a wait: of each round's interruption the thread hears exactly once. The
 * interrupter may be slow, so that some waits go by before it comes.
 */
static void *hear_once_a_round(void *arg)
{
    struct race *race = arg;
    uint64_t random = 88172645463325252U;
    wefti_store(&race->waiter, wefti_self(), RELEASE);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        enum wefti_outcome outcome;
        wefti_store(&race->begun, round, RELEASE);
        do {
            int64_t length = (int64_t)(test_random(&random) % 20000);
            const struct wefti_patience patience = {.deadline =
                                                        race->timed ? wefti_clock() + length : 0};
            outcome = wefti_park(key, &patience).outcome;
            race->unparked += outcome == WEFTI_UNPARKED;
        } while (outcome != WEFTI_INTERRUPTED);
        /* Not a second time, not even by an interrupter that is still about its business. */
        for (int i = 0; i < 5; i++) {
            outcome = look_in(key);
            race->unparked += outcome == WEFTI_UNPARKED;
            WITNESS(outcome != WEFTI_INTERRUPTED);
        }
        wefti_store(&race->ended, round, RELEASE);
    }
    return NULL;
}

static void race_interruptions(struct race *race, bool unparks)
{
    size_t claimed = 0;
    struct crew crew = crew_start(1, hear_once_a_round, race);
    EVENTUALLY(wefti_load(&race->waiter, ACQUIRE) != NULL);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        EVENTUALLY(wefti_load(&race->begun, ACQUIRE) == round);
        if (unparks && round % 2 == 0)
            claimed += unpark(key, 1, 0);
        interrupt(race->waiter);
        if (unparks && round % 2 == 1)
            claimed += unpark(key, 1, 0);
        EVENTUALLY(wefti_load(&race->ended, ACQUIRE) == round);
    }
    crew_join(&crew);
    assert_int_equal(claimed, race->unparked);
    assert_int_equal(wefti_waiters(key), 0);
}

TEST(an_interruption_that_races_an_unpark_is_heard_once)
{
    struct race race = {.timed = false};
    race_interruptions(&race, true);
}

TEST(an_interruption_that_races_deadlines_is_heard_once)
{
    struct race race = {.timed = true};
    race_interruptions(&race, false);
}
