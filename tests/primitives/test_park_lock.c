/* SPDX-License-Identifier: MIT */
/*
 * The callbacks run under the bucket's lock: while one of them runs, a second thread that uses the
 * same key comes to a halt. The callback lets it come, sees it asleep (or, if nothing holds it, done)
 * and only then does its own work.
 */
#include "park_help.h"

#include "asleep.h"

static char places[2];
static const struct wefti_key key = {&places[0], WEFTI_LOCK};
static const struct wefti_key other = {&places[1], WEFTI_LOCK};

/* The second thread. */
struct intruder {
    struct wefti_key key;
    struct wefti_key to; /* where it moves waiters */
    uint32_t here;       /* it has begun */
    uint32_t let_in;     /* it may go */
    uint32_t id;         /* it has gone, and sleeps nowhere but in the room */
    uint32_t done;       /* it was not held */
    size_t unparked;
    uint32_t state; /* what the callback works on */
    uint32_t seen;  /* 1 + that, as the intruder found it */
    struct wefti_parked parked;
};

static void let_in(struct intruder *intruder)
{
    wefti_store(&intruder->let_in, 1, RELEASE);
    EVENTUALLY(wefti_load(&intruder->id, ACQUIRE) != 0);
    EVENTUALLY(wefti_load(&intruder->done, ACQUIRE) || asleep(intruder->id));
}

static void wait_to_be_let_in(struct intruder *intruder)
{
    wefti_store(&intruder->here, 1, RELEASE);
    EVENTUALLY(wefti_load(&intruder->let_in, ACQUIRE));
    wefti_store(&intruder->id, thread_id(), RELEASE);
}

/* A thread that begins uses the room: it has to before a bucket is held, which may be its own. */
static struct crew intruder_enters(void *(*intrude)(void *), struct intruder *intruder)
{
    struct crew crew = crew_start(1, intrude, intruder);
    EVENTUALLY(wefti_load(&intruder->here, ACQUIRE));
    return crew;
}

static void *intrude_unparking(void *arg)
{
    struct intruder *intruder = arg;
    wait_to_be_let_in(intruder);
    intruder->unparked = unpark(intruder->key, 1, 5);
    wefti_store(&intruder->done, 1, RELEASE);
    return NULL;
}

static bool let_in_and_say_yes(void *arg)
{
    let_in(arg);
    return true;
}

TEST(an_unpark_during_validate_finds_the_waiter)
{
    struct intruder intruder = {.key = key};
    const struct wefti_patience patience = {.deadline = wefti_clock() + 20 * WEFTI_SECOND,
                                            .validate = let_in_and_say_yes,
                                            .arg = &intruder};
    struct crew crew = intruder_enters(intrude_unparking, &intruder);
    struct wefti_parked parked = wefti_park(key, &patience);
    crew_join(&crew);
    assert_int_equal(intruder.unparked, 1);
    assert_int_equal(parked.outcome, WEFTI_UNPARKED);
    assert_int_equal(parked.token, 5);
}

static bool look_and_say_no(void *arg)
{
    struct intruder *intruder = arg;
    intruder->seen = 1 + wefti_load(&intruder->state, RELAXED);
    wefti_store(&intruder->done, 1, RELEASE);
    return false;
}

static void *intrude_parking(void *arg)
{
    struct intruder *intruder = arg;
    wait_to_be_let_in(intruder);
    const struct wefti_patience patience = {.validate = look_and_say_no, .arg = intruder};
    intruder->parked = wefti_park(intruder->key, &patience);
    return NULL;
}

static void let_in_and_work(size_t count, bool more, void *arg)
{
    struct intruder *intruder = arg;
    (void)count;
    (void)more;
    let_in(intruder);
    wefti_store(&intruder->state, 1, RELAXED);
}

static uintptr_t let_in_and_give(uintptr_t request, int64_t since, void *arg)
{
    (void)request;
    (void)since;
    let_in_and_work(0, false, arg);
    return 6;
}

static enum wefti_verdict let_in_and_skip(uintptr_t request, void *arg)
{
    (void)request;
    let_in_and_work(0, false, arg);
    return WEFTI_SKIP;
}

/* The intruder parks during a callback of this unpark (of a move if NULL), and sees its work done. */
static void assert_held_by(struct wefti_unparking *how, struct wefti_key intruded)
{
    struct sleeper sleeper;
    struct intruder intruder = {.key = intruded};
    sleepers_enter(&sleeper, 1, key);
    struct crew crew = intruder_enters(intrude_parking, &intruder);
    if (how != NULL) {
        how->arg = &intruder;
        wefti_unpark(key, how);
    } else {
        wefti_move(key, other, 0, 0, let_in_and_work, &intruder);
    }
    crew_join(&crew);
    assert_int_equal(intruder.seen, 1 + 1);
    assert_int_equal(intruder.parked.outcome, WEFTI_INVALID);
    unpark(key, 0, 0);
    unpark(other, 0, 0);
    assert_int_equal(sleeper_home(&sleeper).outcome, WEFTI_UNPARKED);
}

TEST(a_validate_waits_for_choose)
{
    assert_held_by(&(struct wefti_unparking){.choose = let_in_and_skip}, key);
}

TEST(a_validate_waits_for_take)
{
    assert_held_by(&(struct wefti_unparking){.take = let_in_and_give}, key);
}

TEST(a_validate_waits_for_finish)
{
    assert_held_by(&(struct wefti_unparking){.finish = let_in_and_work}, key);
}

TEST(a_validate_waits_for_the_finish_of_a_move_on_either_side)
{
    assert_held_by(NULL, key);
    assert_held_by(NULL, other);
}

static void *intrude_moving(void *arg)
{
    struct intruder *intruder = arg;
    wait_to_be_let_in(intruder);
    wefti_move(intruder->key, intruder->to, 0, 0, NULL, NULL);
    wefti_store(&intruder->done, 1, RELEASE);
    return NULL;
}

static bool let_both_in_and_say_no(void *arg)
{
    struct intruder *intruders = arg;
    let_in(&intruders[0]);
    let_in(&intruders[1]);
    return false;
}

TEST(movers_in_opposite_directions_do_not_block_each_other)
{
    /* Both come while the first bucket is held, and go on when it comes free. */
    enum { ROUNDS = 100 };
    static char many[2 * ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        const struct wefti_key a = {&many[i], WEFTI_LOCK};
        const struct wefti_key b = {&many[2 * ROUNDS - 1 - i], WEFTI_LOCK};
        struct intruder intruders[2] = {{.key = a, .to = b}, {.key = b, .to = a}};
        const struct wefti_patience patience = {.validate = let_both_in_and_say_no,
                                                .arg = intruders};
        struct crew there = intruder_enters(intrude_moving, &intruders[0]);
        struct crew back = intruder_enters(intrude_moving, &intruders[1]);
        assert_int_equal(wefti_park(a, &patience).outcome, WEFTI_INVALID);
        crew_join(&there);
        crew_join(&back);
    }
}
