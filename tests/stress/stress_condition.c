/* SPDX-License-Identifier: MIT */
/*
 * A bounded buffer whose users wait in every way there is, with and without time limits, while
 * others interrupt them: no item is lost or seen twice, and nobody hangs. A lost notification is a
 * hang: the watchdog finds it. Two conditions over a Lock; two over an RLock at random depths; and
 * one with an RLock of its own.
 */
#include "test.h"

#include "interrupt.h"
#include "storm.h"

enum { PAIRS = 3, PLACES = 2, DEEPEST = 3 };

static weft_lock lock = WEFT_LOCK_INIT;
static weft_rlock rlock = WEFT_RLOCK_INIT;
static weft_condition *filled, *emptied; /* over the same lock; maybe the same */
static bool reentrant;
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

static double soon(uint64_t *random)
{
    return (double)(test_random(random) % 200) * 1e-6;
}

/* Tells one that waits for it; where others wait for something else there, all. */
static void tell(weft_condition *condition, uint64_t *random)
{
    bool all = filled == emptied || test_random(random) % 16 == 0;
    WITNESS((all ? weft_condition_notify_all(condition)
                 : weft_condition_notify(condition, 1 + test_random(random) % 2)) == WEFT_OK);
}

static weft_status wait_somehow(weft_condition *condition, weft_predicate *predicate,
                                uint64_t *random)
{
    weft_status status;
    switch (test_random(random) % 6) {
    case 0:
        return weft_condition_wait(condition);
    case 1:
        return weft_condition_wait_for(condition, soon(random));
    case 2:
        return weft_condition_wait_until(condition, weft_now() + soon(random));
    case 3:
        status = weft_condition_wait_pred(condition, predicate, NULL);
        break;
    case 4:
        status = weft_condition_wait_pred_for(condition, predicate, NULL, soon(random));
        break;
    default:
        status =
            weft_condition_wait_pred_until(condition, predicate, NULL, weft_now() + soon(random));
    }
    WITNESS(status != WEFT_OK || predicate(NULL));
    return status;
}

/* Waits in one of the ways there are until it is true. */
static void await(weft_condition *condition, weft_predicate *predicate, uint64_t *random)
{
    while (!predicate(NULL)) {
        weft_status status = wait_somehow(condition, predicate, random);
        WITNESS(status == WEFT_OK || status == WEFT_TIMEOUT || status == WEFT_INTERRUPTED);
        WITNESS(weft_condition_locked(condition));
        /* Who gives up passes on what it may have been told: others wait for the same. */
        if (status != WEFT_OK)
            tell(condition, random);
    }
}

/* Takes the lock in some way, whatever comes, an RLock several times; how often. */
static uint32_t enter(uint64_t *random)
{
    weft_status status = WEFT_TIMEOUT;
    while (status != WEFT_OK) {
        switch (test_random(random) % 4) {
        case 0:
            status = weft_condition_try_acquire(filled);
            break;
        case 1:
            status = weft_condition_acquire_for(filled, soon(random));
            break;
        case 2:
            status = weft_condition_acquire_until(filled, weft_now() + soon(random));
            break;
        default:
            status = weft_condition_acquire(filled);
        }
        WITNESS(status == WEFT_OK || status == WEFT_TIMEOUT || status == WEFT_INTERRUPTED);
    }
    uint32_t depth = 1;
    for (; reentrant && depth < DEEPEST && test_random(random) % 2 == 0; depth++)
        WITNESS(weft_condition_acquire(filled) == WEFT_OK);
    return depth;
}

/* A wait restores the depth: so many releases, and not one more. */
static void leave(uint32_t depth)
{
    for (; depth > 0; depth--)
        WITNESS(weft_condition_release(filled) == WEFT_OK);
    if (reentrant)
        WITNESS(weft_condition_release(filled) == WEFT_NOT_OWNER);
}

static void *put_all(void *arg)
{
    uint64_t random = test_stress_random();
    while (test_clock() < end) {
        uint32_t depth = enter(&random);
        await(emptied, has_place, &random);
        uint64_t item = test_random(&random) % 1000;
        buffer[count++] = item;
        put_sum += item;
        put_count++;
        tell(filled, &random);
        leave(depth);
    }
    return arg;
}

static void *get_all(void *arg)
{
    uint64_t random = test_stress_random();
    for (bool over = false; !over;) {
        uint32_t depth = enter(&random);
        await(filled, has_item, &random);
        over = count == 0;
        if (!over) {
            got_sum += buffer[--count];
            got_count++;
            tell(emptied, &random);
        }
        leave(depth);
    }
    return arg;
}

static void run(weft_condition *for_getters, weft_condition *for_putters, bool has_rlock)
{
    uint64_t random = test_stress_random();
    filled = for_getters;
    emptied = for_putters;
    reentrant = has_rlock;
    end = test_clock() + test_stress_time();
    struct crew getters = crew_start(PAIRS, get_all, NULL);
    struct crew putters = crew_start(PAIRS, put_all, NULL);
    while (test_clock() < end)
        (void)interrupt_at_random(test_random(&random) % 2 == 0 ? &getters : &putters,
                                  test_clock() + 1000000);
    crew_join(&putters);
    assert_int_equal(weft_condition_acquire(filled), WEFT_OK);
    closed = true;
    assert_int_equal(weft_condition_notify_all(filled), WEFT_OK);
    assert_int_equal(weft_condition_release(filled), WEFT_OK);
    crew_join(&getters);
    assert_true(put_count == got_count && put_sum == got_sum);
    assert_true(got_count > 0);
    assert_int_equal(weft_condition_done(filled), WEFT_OK);
    assert_int_equal(weft_condition_done(emptied), WEFT_OK);
    print_message("%llu items\n", (unsigned long long)got_count);
}

static void run_on_a_lock(void)
{
    static weft_condition first = WEFT_CONDITION_INIT_ON(&lock);
    static weft_condition second = WEFT_CONDITION_INIT_ON(&lock);
    run(&first, &second, false);
}

static void run_on_an_rlock(void)
{
    static weft_condition first = WEFT_CONDITION_INIT_ON(&rlock);
    static weft_condition second = WEFT_CONDITION_INIT_ON(&rlock);
    run(&first, &second, true);
}

static void run_on_its_own(void)
{
    static weft_condition both;
    run(&both, &both, true);
}

static void in_a_storm(void (*body)(void))
{
    storm_begin();
    body();
    storm_end();
}

TEST(a_bounded_buffer_over_a_lock)
{
    run_on_a_lock();
}

TEST(a_bounded_buffer_over_an_rlock)
{
    run_on_an_rlock();
}

TEST(a_bounded_buffer_of_one_condition)
{
    run_on_its_own();
}

TEST(a_bounded_buffer_over_a_lock_in_a_storm_of_signals)
{
    in_a_storm(run_on_a_lock);
}

TEST(a_bounded_buffer_over_an_rlock_in_a_storm_of_signals)
{
    in_a_storm(run_on_an_rlock);
}

TEST(a_bounded_buffer_of_one_condition_in_a_storm_of_signals)
{
    in_a_storm(run_on_its_own);
}
