/* SPDX-License-Identifier: MIT */
/*
 * A bounded buffer of one lock and two conditions, whose users wait with and without time limits
 * while others interrupt them: no item is lost or seen twice, and nobody hangs. A lost notification
 * is a hang: the watchdog finds it.
 */
#include "test.h"

#include <stdatomic.h>

#include "interrupt.h"

enum { PAIRS = 3, PLACES = 2 };

static weft_lock lock = WEFT_LOCK_INIT;
static weft_condition filled = WEFT_CONDITION_INIT_ON(&lock);
static weft_condition emptied = WEFT_CONDITION_INIT_ON(&lock);
static uint64_t buffer[PLACES]; /* guarded by the lock, as the rest */
static size_t count;
static uint64_t put_sum, got_sum, put_count, got_count;
static bool closed;
static int64_t end;

static bool has_place(void *arg)
{
    (void)arg;
    return count < PLACES;
}

static bool has_item(void *arg)
{
    (void)arg;
    return count > 0 || closed;
}

/* Waits in one of the ways there are until it is true. */
static void await(weft_condition *condition, weft_predicate *predicate, uint64_t *random)
{
    while (!predicate(NULL)) {
        weft_status status;
        uint64_t way = test_random(random) % 4;
        if (way == 0)
            status = weft_condition_wait(condition);
        else if (way == 1)
            status = weft_condition_wait_for(condition, (double)(*random % 200) * 1e-6);
        else if (way == 2)
            status = weft_condition_wait_pred(condition, predicate, NULL);
        else
            status = weft_condition_wait_pred_for(condition, predicate, NULL,
                                                  (double)(*random % 200) * 1e-6);
        WITNESS(status == WEFT_OK || status == WEFT_TIMEOUT || status == WEFT_INTERRUPTED);
        WITNESS(weft_lock_locked(&lock));
        WITNESS(way < 2 || status != WEFT_OK || predicate(NULL));
        /* Who gives up passes on what it may have been told: others wait for the same. */
        if (status != WEFT_OK)
            WITNESS(weft_condition_notify(condition, 1) == WEFT_OK);
    }
}

/* Interruptions are for waits on conditions; the lock itself is taken whatever comes. */
static void enter(void)
{
    while (weft_lock_acquire(&lock) != WEFT_OK)
        continue;
}

static void *put_all(void *arg)
{
    uint64_t random = (uintptr_t)weft_thread_ident(weft_thread_current());
    while (test_clock() < end) {
        enter();
        await(&emptied, has_place, &random);
        uint64_t item = test_random(&random) % 1000;
        buffer[count++] = item;
        put_sum += item;
        put_count++;
        WITNESS(weft_condition_notify(&filled, 1) == WEFT_OK);
        WITNESS(weft_lock_release(&lock) == WEFT_OK);
    }
    return arg;
}

static void *get_all(void *arg)
{
    uint64_t random = (uintptr_t)weft_thread_ident(weft_thread_current());
    for (bool over = false; !over;) {
        enter();
        await(&filled, has_item, &random);
        over = count == 0;
        if (!over) {
            got_sum += buffer[--count];
            got_count++;
            WITNESS(weft_condition_notify(&emptied, 1) == WEFT_OK);
        }
        WITNESS(weft_lock_release(&lock) == WEFT_OK);
    }
    return arg;
}

TEST(a_bounded_buffer_of_conditions_under_stress)
{
    end = test_clock() + test_stress_time();
    struct crew getters = crew_start(PAIRS, get_all, NULL);
    struct crew putters = crew_start(PAIRS, put_all, NULL);
    uint64_t random = 1;
    while (test_clock() < end) {
        struct crew *crew = test_random(&random) % 2 == 0 ? &getters : &putters;
        (void)test_interrupt(crew->threads[random % PAIRS]);
        (void)weft_sleep(2e-4);
    }
    crew_join(&putters);
    enter();
    closed = true;
    assert_int_equal(weft_condition_notify_all(&filled), WEFT_OK);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    crew_join(&getters);
    assert_true(put_count == got_count && put_sum == got_sum);
    assert_true(got_count > 0);
    assert_int_equal(weft_condition_done(&filled), WEFT_OK);
    assert_int_equal(weft_condition_done(&emptied), WEFT_OK);
    print_message("%llu items\n", (unsigned long long)got_count);
}
