/* SPDX-License-Identifier: MIT */
/* The parker: a thread's own bed. Exactly the unpark or the deadline ends a park. */
#include "test.h"

#include <pthread.h>

#include "asleep.h"
#include "cancel.h"
#include "platform/atomic.h"
#include "platform/clock.h"
#include "platform/parker.h"
#include "storm.h"

static _Thread_local struct wefti_spinner spinner;

static void prepare(struct wefti_parker *parker)
{
    wefti_parker_init(parker);
    wefti_parker_prepare(parker);
}

/* Long, but not for ever: a lost unpark fails, and does not hang. */
static int64_t patience(void)
{
    return wefti_clock() + 20 * WEFTI_SECOND;
}

TEST(an_unpark_before_the_park_is_kept)
{
    struct wefti_parker parker;
    wefti_parker_init(&parker);
    for (int round = 0; round < 100; round++) {
        wefti_parker_prepare(&parker);
        wefti_parker_unpark(&parker);
        assert_true(wefti_parker_park(&parker, round % 2 ? patience() : WEFTI_NEVER, &spinner));
    }
}

TEST(an_unpark_before_the_park_beats_a_deadline_in_the_past)
{
    struct wefti_parker parker;
    prepare(&parker);
    wefti_parker_unpark(&parker);
    assert_true(wefti_parker_park(&parker, 1, &spinner));
}

TEST(a_park_is_never_short)
{
    struct wefti_parker parker;
    prepare(&parker);
    for (int64_t length = 1000; length < 30 * WEFTI_MILLISECOND; length *= 3) {
        int64_t start = test_clock();
        assert_false(wefti_parker_park(&parker, wefti_clock() + length, &spinner));
        assert_true(test_clock() - start >= length);
    }
}

TEST(a_deadline_in_the_past_has_come)
{
    const int64_t past[] = {INT64_MIN, -WEFTI_SECOND, -1, 0, 1, wefti_clock()};
    struct wefti_parker parker;
    prepare(&parker);
    for (size_t i = 0; i < sizeof past / sizeof past[0]; i++)
        assert_false(wefti_parker_park(&parker, past[i], &spinner));
}

TEST(after_a_deadline_it_is_still_prepared)
{
    struct wefti_parker parker;
    prepare(&parker);
    assert_false(wefti_parker_park(&parker, wefti_clock() + WEFTI_MILLISECOND, &spinner));
    assert_false(wefti_parker_park(&parker, wefti_clock() + WEFTI_MILLISECOND, &spinner));
    wefti_parker_unpark(&parker);
    assert_true(wefti_parker_park(&parker, patience(), &spinner));
}

/* ---- another thread ------------------------------------------------------------------------- */

/* A thread that parks once. */
struct bed {
    struct wefti_parker parker;
    int64_t deadline;
    uint32_t id; /* set when it is about to park: it sleeps nowhere else then */
    uint32_t up;
    bool unparked;
    bool beyond; /* it has passed a cancellation point after it */
    uint64_t message;
    uint64_t read;
};

static void *lie_down(void *arg)
{
    struct bed *bed = arg;
    wefti_store(&bed->id, thread_id(), RELEASE);
    bed->unparked = wefti_parker_park(&bed->parker, bed->deadline, &spinner);
    bed->read = bed->message;
    wefti_store(&bed->up, 1, RELEASE);
    test_cancel_here();
    bed->beyond = true;
    return NULL;
}

static pthread_t start(struct bed *bed)
{
    pthread_t thread;
    prepare(&bed->parker);
    assert_int_equal(pthread_create(&thread, NULL, lie_down, bed), 0);
    return thread;
}

static void wait_until_asleep(struct bed *bed)
{
    EVENTUALLY(wefti_load(&bed->id, ACQUIRE) != 0);
    EVENTUALLY(asleep(bed->id));
}

TEST(an_unpark_ends_a_park)
{
    for (int round = 0; round < 200; round++) {
        struct bed bed = {.deadline = round % 2 ? patience() : WEFTI_NEVER};
        pthread_t thread = start(&bed);
        if (round % 4 < 2)
            wait_until_asleep(&bed);
        bed.message = 4711; /* what was written before is seen by the woken */
        wefti_parker_unpark(&bed.parker);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_true(bed.unparked);
        assert_true(bed.read == 4711);
    }
}

TEST(signals_do_not_end_a_park)
{
    struct bed bed = {.deadline = WEFTI_NEVER};
    storm_begin();
    pthread_t thread = start(&bed);
    wait_until_asleep(&bed);
    storm_lasts(2000);
    assert_int_equal(wefti_load(&bed.up, ACQUIRE), 0);
    wefti_parker_unpark(&bed.parker);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(bed.unparked);
    storm_end();
}

TEST(signals_do_not_shorten_a_park)
{
    struct wefti_parker parker;
    storm_begin();
    prepare(&parker);
    for (int round = 0; round < 20; round++) {
        int64_t deadline = wefti_clock() + 5 * WEFTI_MILLISECOND;
        assert_false(wefti_parker_park(&parker, deadline, &spinner));
        assert_true(wefti_clock() >= deadline);
    }
    storm_end();
}

TEST(a_cancelled_thread_parks_on_until_unparked)
{
    void *value;
    struct bed bed = {.deadline = WEFTI_NEVER};
    pthread_t thread = start(&bed);
    wait_until_asleep(&bed);
    assert_int_equal(pthread_cancel(thread), 0);
    wefti_parker_unpark(&bed.parker);
    assert_int_equal(pthread_join(thread, &value), 0);
    assert_int_equal(bed.up, 1);
    assert_true(bed.unparked);
    assert_ptr_equal(value, PTHREAD_CANCELED);
    assert_false(bed.beyond);
}

static void *lie_down_cancelled(void *arg)
{
    pthread_cancel(pthread_self());
    return lie_down(arg);
}

TEST(a_park_is_no_cancellation_point)
{
    void *value;
    pthread_t thread;
    struct bed bed = {.deadline = wefti_clock() + WEFTI_MILLISECOND};
    prepare(&bed.parker);
    assert_int_equal(pthread_create(&thread, NULL, lie_down_cancelled, &bed), 0);
    assert_int_equal(pthread_join(thread, &value), 0);
    assert_int_equal(bed.up, 1);
    assert_false(bed.unparked);
    assert_ptr_equal(value, PTHREAD_CANCELED);
    assert_false(bed.beyond);
}

/* ---- a ball between two threads ------------------------------------------------------------- */

enum { PASSES = 20000 };

struct game {
    struct wefti_parker parkers[2];
    uint32_t players;
    int64_t patience; /* of each park, after which it parks again; 0: for ever */
};

static void *play(void *arg)
{
    struct game *game = arg;
    uint32_t me = wefti_fetch_add(&game->players, 1, RELAXED);
    struct wefti_parker *mine = &game->parkers[me];
    EVENTUALLY(wefti_load(&game->players, ACQUIRE) == 2);
    for (int pass = 0; pass < PASSES; pass++) {
        /* The first begins with the ball; each prepares before it passes the ball on. */
        if (me == 1 || pass > 0)
            while (!wefti_parker_park(
                mine, game->patience != 0 ? wefti_clock() + game->patience : WEFTI_NEVER,
                &spinner)) {
                /* late, and still prepared */
            }
        wefti_parker_prepare(mine);
        wefti_parker_unpark(&game->parkers[1 - me]);
    }
    return NULL;
}

static void play_a_game(int64_t patience)
{
    struct game game = {.patience = patience};
    prepare(&game.parkers[0]);
    prepare(&game.parkers[1]);
    struct crew crew = crew_start(2, play, &game);
    crew_join(&crew);
}

TEST(no_unpark_is_lost)
{
    play_a_game(0);
}

TEST(no_unpark_is_lost_at_a_deadline)
{
    play_a_game(10000);
}

TEST(no_unpark_is_lost_in_a_storm)
{
    storm_begin();
    play_a_game(0);
    storm_end();
}
