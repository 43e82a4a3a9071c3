/* SPDX-License-Identifier: MIT */
/*
 * Semaphores under load, plain and bounded: threads take one or several permits in every way,
 * interrupted at random, with deadlines that mostly come too soon, while one resizes. Never more are
 * inside than there are permits, no permit is lost, and nobody waits for ever: the watchdog tells.
 */
#include "tests/primitives/semaphore_help.h"

#include "interrupt.h"
#include "storm.h"

enum { WORKERS = 6, MOST = 4, PARKING = 7 };

struct load {
    const struct kind *kind;
    weft_status (*narrow)(void *object, int by);
    void *object;
    atomic_int inside;
    atomic_bool over;
    atomic_ullong taken;
    atomic_ullong missed;
    int64_t end;
};

/* MOST permits, but for so many; one thread calls it. */
static weft_status narrow(void *object, int by)
{
    static int present;
    weft_status status = weft_semaphore_resize(object, present - by);
    present = by;
    return status;
}

static weft_status narrow_bounded(void *object, int by)
{
    return weft_bounded_semaphore_resize(object, MOST - by);
}

/* So many permits, in some way. */
static weft_status take(struct load *load, int n, uint64_t random)
{
    const struct kind *kind = load->kind;
    double seconds = (double)(random % 97) * 1e-6;
    bool one = n == 1 && random / 97 % 2 == 0;
    switch (random / 194 % 4) {
    case 0:
        return one ? kind->try_acquire(load->object) : kind->try_acquire_n(load->object, n);
    case 1:
        return one ? kind->acquire_for(load->object, seconds)
                   : kind->acquire_n_for(load->object, n, seconds);
    case 2:
        return n == 1 ? kind->acquire_until(load->object, weft_now() + seconds)
                      : kind->acquire_n_for(load->object, n, seconds);
    default:
        return one ? kind->acquire(load->object) : kind->acquire_n(load->object, n);
    }
}

static void *work(void *arg)
{
    struct load *load = arg;
    uint64_t random = test_stress_random();
    while (test_clock() < load->end) {
        int n = 1 + (int)(test_random(&random) % (MOST / 2));
        weft_status status = take(load, n, test_random(&random));
        if (status != WEFT_OK) {
            WITNESS(status == WEFT_TIMEOUT || status == WEFT_INTERRUPTED);
            atomic_fetch_add(&load->missed, 1);
            continue;
        }
        WITNESS(atomic_fetch_add(&load->inside, n) + n <= MOST);
        atomic_fetch_add(&load->taken, 1);
        if (test_random(&random) % PARKING == 0)
            test_yield();
        atomic_fetch_sub(&load->inside, n);
        WITNESS((n == 1 ? load->kind->release(load->object)
                        : load->kind->release_n(load->object, n)) == WEFT_OK);
    }
    return NULL;
}

static void *resize(void *arg)
{
    struct load *load = arg;
    uint64_t random = test_stress_random();
    while (!atomic_load(&load->over)) {
        int by = (int)(test_random(&random) % (MOST / 2 + 1));
        WITNESS(load->narrow(load->object, by) == WEFT_OK);
        WITNESS(weft_sleep(0.0005) == WEFT_OK);
    }
    WITNESS(load->narrow(load->object, 0) == WEFT_OK);
    return NULL;
}

static void run(const struct kind *kind, weft_status (*narrow_by)(void *, int), void *object)
{
    struct load load = {.kind = kind,
                        .narrow = narrow_by,
                        .object = object,
                        .end = test_clock() + test_stress_time()};
    struct crew resizer = crew_start(1, resize, &load);
    struct crew crew = crew_start(WORKERS, work, &load);
    (void)interrupt_at_random(&crew, load.end);
    crew_join(&crew);
    atomic_store(&load.over, true);
    crew_join(&resizer);
    print_message("%llu taken, %llu missed\n", atomic_load(&load.taken), atomic_load(&load.missed));
    assert_true(atomic_load(&load.taken) > 100);
}

static void run_plain(void)
{
    weft_semaphore object = WEFT_SEMAPHORE_INIT(MOST);
    run(&semaphore, narrow, &object);
    assert_int_equal(weft_semaphore_value(&object), MOST);
    assert_int_equal(weft_semaphore_done(&object), WEFT_OK);
}

static void run_bounded(void)
{
    weft_bounded_semaphore object = WEFT_BOUNDED_SEMAPHORE_INIT(MOST);
    run(&bounded_semaphore, narrow_bounded, &object);
    assert_int_equal(weft_bounded_semaphore_value(&object), MOST);
    assert_int_equal(weft_bounded_semaphore_release(&object), WEFT_VALUE_ERROR);
    assert_int_equal(weft_bounded_semaphore_done(&object), WEFT_OK);
}

TEST(no_permit_is_lost_or_made)
{
    run_plain();
}

TEST(no_permit_of_a_bounded_semaphore_is_lost_or_made)
{
    run_bounded();
}

TEST(no_permit_is_lost_or_made_in_a_storm_of_signals)
{
    storm_begin();
    run_plain();
    storm_end();
}

TEST(no_permit_of_a_bounded_semaphore_is_lost_or_made_in_a_storm_of_signals)
{
    storm_begin();
    run_bounded();
    storm_end();
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
