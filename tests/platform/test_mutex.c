/* SPDX-License-Identifier: MIT */
/* The library's own mutex: one at a time, and nobody is forgotten. */
#include "test.h"

#include "asleep.h"
#include "platform/atomic.h"
#include "platform/parker.h"
#include "storm.h"

enum { THREADS = 8, TURNS = 5000 };

struct room {
    struct wefti_mutex mutex;
    uint32_t inside;
    uint64_t counter; /* guarded by mutex, and not atomic */
};

static void *take_turns(void *arg)
{
    struct room *room = arg;
    for (int turn = 0; turn < TURNS; turn++) {
        wefti_mutex_lock(&room->mutex);
        WITNESS(wefti_fetch_add(&room->inside, 1, RELAXED) == 0);
        room->counter++;
        if (turn % 64 == 0)
            test_yield(); /* so that the others have to sleep */
        WITNESS(wefti_fetch_sub(&room->inside, 1, RELAXED) == 1);
        wefti_mutex_unlock(&room->mutex);
    }
    return NULL;
}

static void crowd(struct room *room)
{
    struct crew crew = crew_start(THREADS, take_turns, room);
    crew_join(&crew);
    assert_true(room->counter == (uint64_t)THREADS * TURNS);
}

TEST(one_is_inside_at_a_time)
{
    struct room room = {.counter = 0};
    wefti_mutex_init(&room.mutex);
    crowd(&room);
}

TEST(zeroed_memory_is_a_free_mutex)
{
    static struct room room;
    crowd(&room);
}

TEST(a_mutex_can_be_made_anew)
{
    struct room room = {.counter = 0};
    wefti_mutex_init(&room.mutex);
    wefti_mutex_lock(&room.mutex); /* as by a thread that a fork has left behind */
    wefti_mutex_init(&room.mutex);
    crowd(&room);
}

TEST(signals_let_nobody_in)
{
    struct room room = {.counter = 0};
    wefti_mutex_init(&room.mutex);
    storm_begin();
    crowd(&room);
    storm_end();
}

/* ---- sleepers ------------------------------------------------------------------------------- */

static uint32_t ids[THREADS];
static uint32_t arrived;

static void *pass_through(void *arg)
{
    wefti_store(&ids[wefti_fetch_add(&arrived, 1, RELAXED)], thread_id(), RELEASE);
    wefti_mutex_lock(arg);
    wefti_mutex_unlock(arg);
    return NULL;
}

TEST(all_who_sleep_are_woken)
{
    struct wefti_mutex mutex;
    wefti_mutex_init(&mutex);
    wefti_mutex_lock(&mutex);
    struct crew crew = crew_start(THREADS, pass_through, &mutex);
    for (size_t i = 0; i < THREADS; i++) {
        EVENTUALLY(wefti_load(&ids[i], ACQUIRE) != 0);
        EVENTUALLY(asleep(ids[i]));
    }
    wefti_mutex_unlock(&mutex);
    crew_join(&crew);
}
