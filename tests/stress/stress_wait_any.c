/* SPDX-License-Identifier: MIT */
/*
 * Waits for any of many things at once, chosen at random, in random order, for more of them than fit
 * on the stack, too: semaphores that others release, events that others set and clear, threads that
 * end, a latch that opens at the end. Timed and interrupted. Each permit is taken exactly once, and
 * nobody waits for ever for what has come.
 */
#include "test.h"

#include <stdatomic.h>

#include "interrupt.h"
#include "storm.h"

enum { TAKERS = 5, GIVERS = 2, SEMAPHORES = 3, EVENTS = 2, LIMIT = 2, SET_MOST = 24, ENOUGH = 4 };

static weft_semaphore semaphores[SEMAPHORES]; /* of value 0 */
static weft_bounded_semaphore bounded;
static weft_event events[EVENTS];
static weft_latch over;
static atomic_ullong given[SEMAPHORES + 1], taken[SEMAPHORES + 1]; /* the last is the bounded one */
static atomic_ullong woken, ended, timeouts, interrupted;
static int64_t end;

static void *live_shortly(void *arg)
{
    return arg;
}

/* What a taker waits for, and what each of them is. */
struct set {
    weft_waitable waitables[SET_MOST];
    enum { PERMIT, EVENT, THREAD, END } kinds[SET_MOST];
    size_t which[SET_MOST];
    size_t count;
    weft_thread *thread; /* short of life; NULL: none among them */
    bool ends;           /* the latch is among them */
};

static void add(struct set *set, uint64_t random)
{
    size_t i = set->count++;
    size_t which = (size_t)(random / 16 % SEMAPHORES);
    switch (random % 16) {
    case 0:
        set->kinds[i] = END;
        set->waitables[i] = weft_latch_waitable(&over);
        set->ends = true;
        break;
    case 1:
        if (set->thread == NULL)
            set->thread = weft_thread_spawn(live_shortly, NULL, .daemon = true);
        set->kinds[i] = THREAD;
        set->waitables[i] = weft_thread_waitable(set->thread);
        break;
    case 2:
    case 3:
        set->kinds[i] = EVENT;
        set->which[i] = which % EVENTS;
        set->waitables[i] = weft_event_waitable(&events[set->which[i]]);
        break;
    case 4:
    case 5:
        set->kinds[i] = PERMIT;
        set->which[i] = SEMAPHORES;
        set->waitables[i] = weft_bounded_semaphore_waitable(&bounded);
        break;
    default:
        set->kinds[i] = PERMIT;
        set->which[i] = which;
        set->waitables[i] = weft_semaphore_waitable(&semaphores[which]);
    }
}

/* Books what came; false at the end of all. */
static bool account_for(const struct set *set, weft_status status, size_t index)
{
    WITNESS(status == WEFT_OK || status == WEFT_TIMEOUT || status == WEFT_INTERRUPTED);
    if (status != WEFT_OK) {
        atomic_fetch_add(status == WEFT_TIMEOUT ? &timeouts : &interrupted, 1);
        return true;
    }
    WITNESS(index < set->count);
    switch (set->kinds[index]) {
    case PERMIT:
        atomic_fetch_add(&taken[set->which[index]], 1);
        return true;
    case EVENT:
        atomic_fetch_add(&woken, 1);
        return true;
    case THREAD:
        WITNESS(!weft_thread_is_alive(set->thread));
        atomic_fetch_add(&ended, 1);
        return true;
    default:
        WITNESS(weft_latch_count(&over) == 0);
        return false;
    }
}

static void *take_any(void *arg)
{
    uint64_t random = test_stress_random();
    for (bool on = true; on;) {
        struct set set = {.count = 0};
        size_t most = test_random(&random) % 4 == 0 ? SET_MOST : WEFT_WAIT_ANY_INLINE;
        size_t wanted = 1 + test_random(&random) % most;
        while (set.count < wanted)
            add(&set, test_random(&random));
        /* Only what surely comes is waited for without a limit. */
        double seconds = set.ends && test_random(&random) % 2 == 0
                             ? WEFT_FOREVER
                             : (double)(test_random(&random) % 200) * 1e-6;
        size_t index = SET_MOST;
        weft_status status = weft_wait_any(set.count, set.waitables, &index, seconds);
        on = account_for(&set, status, index);
        if (set.thread != NULL) {
            while (weft_thread_join(set.thread) != WEFT_OK) {
                /* interrupted */
            }
            weft_thread_free(set.thread);
        }
    }
    return arg;
}

static void *give_all(void *arg)
{
    uint64_t random = test_stress_random();
    while (test_clock() < end) {
        uint64_t dice = test_random(&random);
        size_t which = dice / 8 % (SEMAPHORES + 1);
        int n = 1 + (int)(dice / 64 % 2);
        if (dice % 8 == 0) {
            WITNESS(weft_event_set(&events[which % EVENTS]) == WEFT_OK);
        } else if (dice % 8 < 3) {
            WITNESS(weft_event_clear(&events[which % EVENTS]) == WEFT_OK);
        } else if (which < SEMAPHORES && weft_semaphore_value(&semaphores[which]) < ENOUGH) {
            WITNESS(weft_semaphore_release_n(&semaphores[which], n) == WEFT_OK);
            atomic_fetch_add(&given[which], (unsigned)n);
        } else if (which == SEMAPHORES && weft_bounded_semaphore_release(&bounded) == WEFT_OK) {
            atomic_fetch_add(&given[which], 1);
        }
        if (dice / 128 % 4 == 0)
            test_yield();
    }
    return arg;
}

static void run(void)
{
    end = test_clock() + test_stress_time();
    assert_int_equal(weft_latch_init(&over, 1), WEFT_OK);
    assert_int_equal(weft_bounded_semaphore_init(&bounded, LIMIT), WEFT_OK);
    struct crew takers = crew_start(TAKERS, take_any, NULL);
    struct crew givers = crew_start(GIVERS, give_all, NULL);
    uint64_t sent = interrupt_at_random(&takers, end);
    crew_join(&givers);
    assert_int_equal(weft_latch_count_down(&over), WEFT_OK);
    crew_join(&takers);
    for (size_t i = 0; i < SEMAPHORES; i++) {
        assert_true(atomic_load(&taken[i]) > 0);
        assert_true(atomic_load(&given[i]) ==
                    atomic_load(&taken[i]) + (unsigned)weft_semaphore_value(&semaphores[i]));
        assert_int_equal(weft_semaphore_done(&semaphores[i]), WEFT_OK);
    }
    assert_true(atomic_load(&given[SEMAPHORES]) + LIMIT ==
                atomic_load(&taken[SEMAPHORES]) + (unsigned)weft_bounded_semaphore_value(&bounded));
    while (weft_bounded_semaphore_value(&bounded) < LIMIT)
        assert_int_equal(weft_bounded_semaphore_release(&bounded), WEFT_OK);
    assert_int_equal(weft_bounded_semaphore_done(&bounded), WEFT_OK);
    for (size_t i = 0; i < EVENTS; i++)
        assert_int_equal(weft_event_done(&events[i]), WEFT_OK);
    assert_int_equal(weft_latch_done(&over), WEFT_OK);
    assert_true(atomic_load(&interrupted) <= sent);
    print_message("%llu permits of the first, %llu events, %llu ends of threads, %llu timeouts, "
                  "%llu interrupted\n",
                  atomic_load(&taken[0]), atomic_load(&woken), atomic_load(&ended),
                  atomic_load(&timeouts), atomic_load(&interrupted));
}

TEST(each_permit_is_taken_once)
{
    run();
}

TEST(each_permit_is_taken_once_in_a_storm_of_signals)
{
    storm_begin();
    run();
    storm_end();
}
