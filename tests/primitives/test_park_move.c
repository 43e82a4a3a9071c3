/* SPDX-License-Identifier: MIT */
/* Waiters that are moved to another key: who, in which order, and what may still end their wait. */
#include "park_help.h"

static char places[2];
static const struct wefti_key from = {&places[0], WEFTI_LOCK};
static const struct wefti_key to = {&places[1], WEFTI_LOCK};

struct finished {
    int calls;
    size_t moved;
    bool more;
};

static void note_finish(size_t moved, bool more, void *arg)
{
    struct finished *finished = arg;
    finished->calls++;
    finished->moved = moved;
    finished->more = more;
}

/* Moves, and asserts what finish heard. */
static void move(size_t limit, uintptr_t request, size_t moved, bool more)
{
    struct finished finished = {.calls = 0};
    assert_int_equal(wefti_move(from, to, limit, request, note_finish, &finished), moved);
    assert_int_equal(finished.calls, 1);
    assert_int_equal(finished.moved, moved);
    assert_int_equal(finished.more, more);
}

TEST(a_move_of_nobody_is_finished_too)
{
    move(0, 0, 0, false);
    move(1, 0, 0, false);
    assert_int_equal(wefti_move(from, to, 0, 0, NULL, NULL), 0);
}

TEST(the_moved_go_behind_those_who_wait_there_and_keep_their_order)
{
    struct sleeper there[2];
    struct sleeper moved[4];
    struct sleeper late;
    sleepers_enter(there, 2, to);
    sleepers_enter(moved, 4, from);
    move(0, 0, 4, false);
    sleepers_enter(&late, 1, to);
    assert_int_equal(wefti_waiters(from), 0);
    assert_int_equal(wefti_waiters(to), 7);
    assert_int_equal(unpark(from, 0, 99), 0);
    for (uintptr_t token = 0; token < 7; token++)
        assert_int_equal(unpark(to, 1, token), 1);
    for (size_t i = 0; i < 2; i++)
        assert_home(&there[i], WEFTI_UNPARKED, i);
    for (size_t i = 0; i < 4; i++)
        assert_home(&moved[i], WEFTI_UNPARKED, 2 + i);
    assert_home(&late, WEFTI_UNPARKED, 6);
}

TEST(a_move_takes_as_many_as_it_may)
{
    struct sleeper sleepers[5];
    sleepers_enter(sleepers, 5, from);
    move(2, 0, 2, true);
    assert_int_equal(wefti_waiters(from), 3);
    assert_int_equal(wefti_waiters(to), 2);
    move(3, 0, 3, false);
    assert_int_equal(wefti_waiters(from), 0);
    for (uintptr_t token = 0; token < 5; token++)
        assert_int_equal(unpark(to, 1, token), 1);
    for (size_t i = 0; i < 5; i++)
        assert_home(&sleepers[i], WEFTI_UNPARKED, i);
}

static uintptr_t echo(uintptr_t request, int64_t since, void *arg)
{
    (void)since;
    (void)arg;
    return request;
}

TEST(the_mover_replaces_the_request)
{
    struct sleeper sleepers[3];
    sleepers_enter(sleepers, 3, from);
    move(1, 4711, 1, true);
    move(0, 4712, 2, false);
    assert_int_equal(wefti_unpark(to, &(struct wefti_unparking){.take = echo}), 3);
    assert_home(&sleepers[0], WEFTI_UNPARKED, 4711);
    assert_home(&sleepers[1], WEFTI_UNPARKED, 4712);
    assert_home(&sleepers[2], WEFTI_UNPARKED, 4712);
}

TEST(a_moved_waiter_can_be_seen_where_it_is)
{
    struct sleeper sleeper;
    struct wefti_key seen;
    int64_t since;
    sleepers_enter(&sleeper, 1, from);
    move(0, 0, 1, false);
    assert_true(wefti_waits(sleeper.self, &seen, &since));
    assert_ptr_equal(seen.address, to.address);
    assert_int_equal(seen.kind, to.kind);
    assert_int_equal(unpark(to, 1, 1), 1);
    assert_home(&sleeper, WEFTI_UNPARKED, 1);
}

static uintptr_t note_since(uintptr_t request, int64_t since, void *arg)
{
    (void)request;
    *(int64_t *)arg = since;
    return 1;
}

TEST(a_moved_waiter_waits_since_the_move)
{
    struct sleeper sleeper;
    struct wefti_key seen;
    int64_t before;
    int64_t shown;
    int64_t told = 0;
    sleepers_enter(&sleeper, 1, from);
    assert_true(wefti_waits(sleeper.self, &seen, &before));
    EVENTUALLY(wefti_clock() > before);
    int64_t now = wefti_clock();
    move(0, 0, 1, false);
    assert_true(wefti_waits(sleeper.self, &seen, &shown));
    assert_true(shown >= now && shown <= wefti_clock());
    const struct wefti_unparking how = {.take = note_since, .arg = &told};
    assert_int_equal(wefti_unpark(to, &how), 1);
    assert_true(told == shown);
    assert_home(&sleeper, WEFTI_UNPARKED, 1);
}

TEST(a_moved_waiter_has_no_deadline)
{
    int64_t deadline = wefti_clock() + 50 * WEFTI_MILLISECOND;
    struct sleeper hasty = {.key = from, .patience.deadline = deadline};
    sleeper_enters(&hasty);
    if (wefti_move(from, to, 0, 0, NULL, NULL) == 0) {
        /* So slow a machine that the deadline has come: the race of the next case. */
        assert_home(&hasty, WEFTI_TIMED_OUT, 0);
        return;
    }
    /* It outlives a wait that began later and has a later deadline. */
    const struct wefti_patience longer = {.deadline = deadline + 5 * WEFTI_MILLISECOND};
    assert_int_equal(wefti_park(from, &longer).outcome, WEFTI_TIMED_OUT);
    assert_int_equal(wefti_waiters(to), 1);
    assert_int_equal(unpark(to, 1, 2), 1);
    assert_home(&hasty, WEFTI_UNPARKED, 2);
}

TEST(an_interruption_does_not_end_a_moved_wait)
{
    struct sleeper sleeper;
    sleepers_enter(&sleeper, 1, from);
    move(0, 0, 1, false);
    interrupt(sleeper.self);
    assert_int_equal(wefti_waiters(to), 1);
    assert_int_equal(unpark(to, 1, 3), 1);
    assert_home(&sleeper, WEFTI_UNPARKED, 3);
}

TEST(a_firm_waiter_is_moved_like_any_other)
{
    struct sleeper sleeper = {.key = from, .patience.firm = true};
    sleeper_enters(&sleeper);
    move(0, 0, 1, false);
    assert_int_equal(unpark(to, 1, 4), 1);
    assert_home(&sleeper, WEFTI_UNPARKED, 4);
}

TEST(who_waits_elsewhere_too_is_not_moved)
{
    const struct wefti_key both[] = {from, {&places, WEFTI_SLEEP}};
    struct sleeper alone[2];
    struct sleeper several = {.keys = both, .count = 2};
    sleepers_enter(&alone[0], 1, from);
    sleeper_enters(&several);
    sleepers_enter(&alone[1], 1, from);
    move(0, 0, 2, true);
    assert_int_equal(wefti_waiters(from), 1);
    assert_int_equal(wefti_waiters(to), 2);
    assert_int_equal(unpark(from, 0, 1), 1);
    assert_home(&several, WEFTI_UNPARKED, 1);
    assert_int_equal(unpark(to, 0, 2), 2);
    assert_home(&alone[0], WEFTI_UNPARKED, 2);
    assert_home(&alone[1], WEFTI_UNPARKED, 2);
}

TEST(waiters_are_moved_within_a_bucket_and_between_any_two)
{
    /* Of so many steps through 256 buckets, some end in the bucket where they began. */
    enum { STEPS = 4000, PLACES = 1 << 16, SLEEPERS = 3 };
    static char many[PLACES];
    uint64_t random = 88172645463325252U;
    struct sleeper sleepers[SLEEPERS];
    struct wefti_key here = {&many[0], WEFTI_LOCK};
    sleepers_enter(sleepers, SLEEPERS, here);
    for (size_t i = 1; i <= STEPS; i++) {
        const struct wefti_key next = {&many[test_random(&random) % PLACES],
                                       i % 2 ? WEFTI_SLEEP : WEFTI_LOCK};
        assert_int_equal(wefti_move(here, next, 0, i, NULL, NULL), SLEEPERS);
        assert_int_equal(wefti_waiters(here), 0);
        assert_int_equal(wefti_waiters(next), SLEEPERS);
        here = next;
    }
    for (uintptr_t token = 0; token < SLEEPERS; token++)
        assert_int_equal(unpark(here, 1, token), 1);
    for (size_t i = 0; i < SLEEPERS; i++)
        assert_home(&sleepers[i], WEFTI_UNPARKED, i);
}

/* ---- at the same time as something else ----------------------------------------------------- */

enum { ROUNDS = 2000 };

static uint32_t rounds_begun; /* by main */
static uint32_t rounds_ended; /* by the waiter */

static void *wait_hastily(void *arg)
{
    uint64_t random = 88172645463325252U;
    size_t unparked = 0;
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        EVENTUALLY(wefti_load(&rounds_begun, ACQUIRE) == round);
        const struct wefti_patience patience = {
            .deadline = wefti_clock() + (int64_t)(test_random(&random) % 30000)};
        struct wefti_parked parked = wefti_park(from, &patience);
        WITNESS(parked.outcome == WEFTI_UNPARKED || parked.outcome == WEFTI_TIMED_OUT);
        unparked += parked.outcome == WEFTI_UNPARKED;
        wefti_store(&rounds_ended, round, RELEASE);
    }
    *(size_t *)arg = unparked;
    return NULL;
}

TEST(a_waiter_is_moved_or_its_deadline_comes)
{
    size_t moved = 0;
    size_t unparked = 0;
    struct crew crew = crew_start(1, wait_hastily, &unparked);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        wefti_store(&rounds_begun, round, RELEASE);
        size_t now = 0;
        do
            now = wefti_move(from, to, 0, 0, NULL, NULL);
        while (now == 0 && wefti_load(&rounds_ended, ACQUIRE) != round && test_yield());
        moved += now;
        assert_int_equal(unpark(to, 0, 0), now);
        EVENTUALLY(wefti_load(&rounds_ended, ACQUIRE) == round);
    }
    crew_join(&crew);
    assert_int_equal(moved, unparked);
    assert_int_equal(wefti_waiters(from) + wefti_waiters(to), 0);
    print_message("%zu of %d waiters were moved\n", moved, ROUNDS);
}
