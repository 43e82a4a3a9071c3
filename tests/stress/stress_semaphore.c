/* SPDX-License-Identifier: MIT */
/*
 * Semaphores under load: threads take one or several permits, blocking, trying or with a deadline
 * that mostly comes too soon, while one resizes. Never more are inside than there are permits, no
 * permit is lost, and nobody waits for ever: the watchdog tells.
 */
#include "test.h"

#include <stdatomic.h>

enum { WORKERS = 6, MOST = 4, PARKING = 7 };

struct load {
    weft_bounded_semaphore semaphore;
    atomic_int inside;
    atomic_uint seeds;
    atomic_bool over;
    atomic_ullong taken;
    atomic_ullong missed;
    int64_t end;
};

static weft_status take(struct load *load, int n, uint64_t random)
{
    switch (random % 4) {
    case 0:
        return weft_bounded_semaphore_try_acquire_n(&load->semaphore, n);
    case 1:
        return weft_bounded_semaphore_acquire_n_for(&load->semaphore, n,
                                                    (double)(random % 97) * 1e-6);
    default:
        return weft_bounded_semaphore_acquire_n(&load->semaphore, n);
    }
}

static void *work(void *arg)
{
    struct load *load = arg;
    uint64_t random = 88172645463325252U + atomic_fetch_add(&load->seeds, 1);
    while (test_clock() < load->end) {
        int n = 1 + (int)(test_random(&random) % (MOST / 2));
        weft_status status = take(load, n, test_random(&random));
        if (status != WEFT_OK) {
            WITNESS(status == WEFT_TIMEOUT || status == WEFT_VALUE_ERROR);
            atomic_fetch_add(&load->missed, 1);
            continue;
        }
        WITNESS(atomic_fetch_add(&load->inside, n) + n <= MOST);
        atomic_fetch_add(&load->taken, 1);
        if (test_random(&random) % PARKING == 0)
            test_yield();
        atomic_fetch_sub(&load->inside, n);
        WITNESS(weft_bounded_semaphore_release_n(&load->semaphore, n) == WEFT_OK);
    }
    return NULL;
}

static void *resize(void *arg)
{
    struct load *load = arg;
    uint64_t random = 4711;
    while (!atomic_load(&load->over)) {
        int limit = MOST / 2 + (int)(test_random(&random) % (MOST / 2 + 1));
        WITNESS(weft_bounded_semaphore_resize(&load->semaphore, limit) == WEFT_OK);
        WITNESS(weft_sleep(0.0005) == WEFT_OK);
    }
    WITNESS(weft_bounded_semaphore_resize(&load->semaphore, MOST) == WEFT_OK);
    return NULL;
}

TEST(no_permit_is_lost_or_made)
{
    struct load load = {.semaphore = WEFT_BOUNDED_SEMAPHORE_INIT(MOST),
                        .end = test_clock() + test_stress_time()};
    struct crew resizer = crew_start(1, resize, &load);
    struct crew crew = crew_start(WORKERS, work, &load);
    crew_join(&crew);
    atomic_store(&load.over, true);
    crew_join(&resizer);
    print_message("%llu taken, %llu missed\n", atomic_load(&load.taken), atomic_load(&load.missed));
    assert_int_equal(weft_bounded_semaphore_value(&load.semaphore), MOST);
    assert_int_equal(weft_bounded_semaphore_done(&load.semaphore), WEFT_OK);
    assert_true(atomic_load(&load.taken) > 100);
}

/* A ball in each direction: a thread that misses its release waits for ever. */
struct game {
    weft_semaphore ping;
    weft_semaphore pong;
    atomic_int players;
    unsigned long long passes;
    int64_t end;
};

static void *play(void *arg)
{
    struct game *game = arg;
    bool first = atomic_fetch_add(&game->players, 1) == 0;
    weft_semaphore *mine = first ? &game->ping : &game->pong;
    weft_semaphore *other = first ? &game->pong : &game->ping;
    for (bool on = true; on;) {
        WITNESS(weft_semaphore_acquire(mine) == WEFT_OK);
        game->passes++;
        on = test_clock() < game->end; /* before the release: who gets the ball then ends as well */
        WITNESS(weft_semaphore_release(other) == WEFT_OK);
    }
    return NULL;
}

TEST(no_wake_up_is_lost)
{
    struct game game = {.ping = WEFT_SEMAPHORE_INIT(1), .end = test_clock() + test_stress_time()};
    struct crew crew = crew_start(2, play, &game);
    crew_join(&crew);
    print_message("%llu passes\n", game.passes);
    assert_true(game.passes > 100);
}
