/* SPDX-License-Identifier: MIT */
/*
 * The cache that computes: once for each key, and nobody waits for ever.
 */
#include <math.h>
#include <pthread.h>

#include "tests/patterns/shelf_help.h"

enum { FAILURE = WEFT_USER + 7 };

/* A computation that a test holds up, and what it is to come to. */
struct work {
    weft_lru_cache *cache;
    struct shelf *shelf;
    weft_event go;
    atomic_int runs;
    int number; /* of the value; -1: it fails; -2: it ends its thread */
    weft_status expected;
};

static void *compute_value(void *arg)
{
    struct work *work = arg;
    atomic_fetch_add(&work->runs, 1);
    WITNESS(weft_event_wait(&work->go) == WEFT_OK);
    if (work->number == -1)
        return weft_raise(FAILURE, "no %s today", "value");
    if (work->number == -2)
        pthread_exit(NULL);
    return &work->shelf->ended[work->number];
}

static weft_status get(struct work *work, weft_lru_handle *handle)
{
    return weft_lru_cache_get_or_compute(work->cache, "key", 3, compute_value, work, handle);
}

static void *ask(void *arg)
{
    struct work *work = arg;
    weft_lru_handle handle;
    weft_status status = get(work, &handle);
    WITNESS(status == work->expected);
    if (status == WEFT_OK) {
        WITNESS(handle.value == &work->shelf->ended[work->number]);
        WITNESS(!atomic_load(&work->shelf->ended[work->number]));
        WITNESS(weft_lru_cache_release(work->cache, &handle) == WEFT_OK);
    }
    if (status == WEFT_FAILED) {
        const weft_error *error = weft_last_error();
        WITNESS(error != NULL && strstr(error->file, "test_lru_cache_compute.c") != NULL);
        WITNESS(error != NULL && error->code == FAILURE && error->line > 0);
        WITNESS(error != NULL && strcmp(error->message, "no value today") == 0);
    }
    return NULL;
}

TEST(one_computes_and_the_others_wait)
{
    struct shelf shelf = {.ends = 0};
    struct work work = {weft_lru_cache_new(1, ON(shelf)), &shelf, .number = 3};
    struct crew crew = crew_start(4, ask, &work);
    EVENTUALLY(cache_stats(work.cache).waited == 3);
    assert_int_equal(look_up(work.cache, &shelf, "key"), -1); /* never waits */
    assert_int_equal(cache_stats(work.cache).computing, 1);
    weft_event_set(&work.go);
    crew_join(&crew);
    assert_int_equal(atomic_load(&work.runs), 1);
    assert_int_equal(look_up(work.cache, &shelf, "key"), 3);
    weft_lru_cache_stats stats = cache_stats(work.cache);
    assert_int_equal(stats.loads, 1);
    assert_int_equal(stats.misses, 5);
    assert_int_equal(stats.computing, 0);
    assert_int_equal(stats.lent, 0);
    weft_lru_handle handle;
    assert_int_equal(get(&work, &handle), WEFT_OK); /* a hit now */
    assert_int_equal(weft_lru_cache_release(work.cache, &handle), WEFT_OK);
    assert_int_equal(cache_stats(work.cache).hits, 2);
    weft_lru_cache_free(work.cache);
    assert_int_equal(atomic_load(&shelf.ends), 1);
}

TEST(a_failure_is_told_to_all_and_not_kept)
{
    struct shelf shelf = {.ends = 0};
    struct work work = {weft_lru_cache_new(1, ON(shelf)), &shelf, .number = -1,
                        .expected = WEFT_FAILED};
    struct crew crew = crew_start(4, ask, &work);
    EVENTUALLY(cache_stats(work.cache).waited == 3);
    weft_event_set(&work.go);
    crew_join(&crew);
    assert_int_equal(atomic_load(&work.runs), 1);
    assert_int_equal(cache_stats(work.cache).failed, 1);
    assert_int_equal(cache_stats(work.cache).computing, 0);
    work.number = 2;
    work.expected = WEFT_OK;
    (void)ask(&work); /* the next one tries again */
    assert_int_equal(atomic_load(&work.runs), 2);
    assert_int_equal(look_up(work.cache, &shelf, "key"), 2);
    weft_lru_cache_free(work.cache);
}

static void *begin_and_end_its_thread(void *arg)
{
    struct work *work = arg;
    weft_lru_handle handle;
    (void)!get(work, &handle);
    WITNESS(!"a thread that has ended goes on");
    return NULL;
}

static void *be_told_of_the_end(void *arg)
{
    weft_lru_handle handle;
    WITNESS(get(arg, &handle) == WEFT_FAILED);
    WITNESS(weft_last_error() != NULL && weft_last_error()->code == WEFT_RUNTIME);
    return NULL;
}

TEST(a_computation_that_ends_its_thread_has_failed)
{
    struct shelf shelf = {.ends = 0};
    struct work work = {weft_lru_cache_new(1, ON(shelf)), &shelf, .number = -2};
    struct crew ending = crew_start(1, begin_and_end_its_thread, &work);
    EVENTUALLY(atomic_load(&work.runs) == 1);
    struct crew crew = crew_start(2, be_told_of_the_end, &work);
    EVENTUALLY(cache_stats(work.cache).waited == 2);
    weft_event_set(&work.go);
    crew_join(&crew);
    crew_join(&ending);
    assert_int_equal(cache_stats(work.cache).failed, 1);
    assert_int_equal(cache_stats(work.cache).computing, 0);
    weft_lru_cache_free(work.cache);
}

TEST(nothing_is_a_value_too)
{
    struct work work = {.cache = weft_lru_cache_new(1)};
    struct shelf shelf = {.ends = 0};
    work.shelf = &shelf;
    weft_event_set(&work.go);
    assert_int_equal(weft_lru_cache_insert(work.cache, "key", 3, NULL, NULL), WEFT_OK);
    weft_lru_handle handle = {.value = &work};
    assert_int_equal(get(&work, &handle), WEFT_OK);
    assert_null(handle.value);
    assert_int_equal(atomic_load(&work.runs), 0);
    assert_int_equal(weft_lru_cache_release(work.cache, &handle), WEFT_OK);
    weft_lru_cache_free(work.cache);
}

/* ---- waits that end -------------------------------------------------------------------------- */

TEST(a_wait_for_another_has_a_limit)
{
    struct shelf shelf = {.ends = 0};
    struct work work = {weft_lru_cache_new(1, ON(shelf)), &shelf, .number = 0};
    struct crew crew = crew_start(1, ask, &work);
    EVENTUALLY(cache_stats(work.cache).computing == 1);
    weft_lru_handle handle;
#define GET_FOR(seconds)                                                                           \
    weft_lru_cache_get_or_compute_for(work.cache, "key", 3, compute_value, &work, &handle, seconds)
    assert_int_equal(GET_FOR(0), WEFT_TIMEOUT);
    assert_int_equal(GET_FOR(-1), WEFT_TIMEOUT);
    int64_t start = test_clock();
    assert_int_equal(GET_FOR(0.01), WEFT_TIMEOUT);
    assert_true(test_clock() - start >= 10000000);
    assert_int_equal(GET_FOR(NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_thread_interrupt(weft_thread_current()), WEFT_OK);
    assert_int_equal(GET_FOR(WEFT_FOREVER), WEFT_INTERRUPTED);
    weft_event_set(&work.go);
    crew_join(&crew);
    assert_int_equal(GET_FOR(0), WEFT_OK); /* what is there needs no wait */
#undef GET_FOR
    assert_int_equal(weft_lru_cache_release(work.cache, &handle), WEFT_OK);
    weft_lru_cache_free(work.cache);
    assert_int_equal(atomic_load(&work.runs), 1);
    assert_int_equal(atomic_load(&shelf.ends), 1);
}

static void *ask_for_its_own_key(void *arg)
{
    struct work *work = arg;
    weft_lru_handle handle;
    WITNESS(get(work, &handle) == WEFT_DEADLOCK);
    WITNESS(weft_lru_cache_get_or_compute_for(work->cache, "key", 3, compute_value, work, &handle,
                                              0.5) == WEFT_DEADLOCK);
    return &work->shelf->ended[5];
}

TEST(a_computation_that_asks_for_its_own_key_is_told)
{
    struct shelf shelf = {.ends = 0};
    struct work work = {weft_lru_cache_new(1, ON(shelf)), &shelf, .number = 0};
    weft_lru_handle handle;
    assert_int_equal(
        weft_lru_cache_get_or_compute(work.cache, "key", 3, ask_for_its_own_key, &work, &handle),
        WEFT_OK);
    assert_ptr_equal(handle.value, &shelf.ended[5]);
    assert_int_equal(weft_lru_cache_release(work.cache, &handle), WEFT_OK);
    weft_lru_cache_free(work.cache);
}

/* Each of some threads computes one key, and asks for the next one's. */
enum { MOST_IN_RING = 3 };

struct ring {
    weft_lru_cache *cache;
    int size;
    double limit; /* of the first one's wait */
    weft_latch all_compute;
    atomic_int next;
    atomic_int deadlocks, timeouts, got;
};

struct place {
    struct ring *ring;
    int number;
};

static void *ask_for_the_next(void *arg)
{
    const struct place *place = arg;
    struct ring *ring = place->ring;
    weft_lru_handle handle;
    int next = (place->number + 1) % ring->size;
    WITNESS(weft_latch_arrive_and_wait(&ring->all_compute) == WEFT_OK);
    weft_status status =
        weft_lru_cache_get_or_compute_for(ring->cache, &next, sizeof next, ask_for_the_next, arg,
                                          &handle, place->number == 0 ? ring->limit : WEFT_FOREVER);
    atomic_fetch_add(&ring->deadlocks, status == WEFT_DEADLOCK);
    atomic_fetch_add(&ring->timeouts, status == WEFT_TIMEOUT);
    atomic_fetch_add(&ring->got, status == WEFT_OK);
    if (status == WEFT_OK)
        WITNESS(weft_lru_cache_release(ring->cache, &handle) == WEFT_OK);
    return NULL;
}

static void *stand_in_ring(void *arg)
{
    struct ring *ring = arg;
    struct place place = {ring, atomic_fetch_add(&ring->next, 1)};
    weft_lru_handle handle;
    WITNESS(weft_lru_cache_get_or_compute(ring->cache, &place.number, sizeof place.number,
                                          ask_for_the_next, &place, &handle) == WEFT_OK);
    WITNESS(weft_lru_cache_release(ring->cache, &handle) == WEFT_OK);
    return NULL;
}

static void run_ring(struct ring *ring)
{
    ring->cache = weft_lru_cache_new(MOST_IN_RING);
    assert_int_equal(weft_latch_init(&ring->all_compute, ring->size), WEFT_OK);
    struct crew crew = crew_start((size_t)ring->size, stand_in_ring, ring);
    crew_join(&crew);
    weft_lru_cache_free(ring->cache);
}

TEST(of_two_that_wait_for_each_other_the_second_is_told)
{
    struct ring ring = {.size = 2, .limit = WEFT_FOREVER};
    run_ring(&ring);
    assert_int_equal(atomic_load(&ring.deadlocks), 1);
    assert_int_equal(atomic_load(&ring.got), 1);
}

TEST(of_three_in_a_ring_the_last_is_told)
{
    struct ring ring = {.size = 3, .limit = WEFT_FOREVER};
    run_ring(&ring);
    assert_int_equal(atomic_load(&ring.deadlocks), 1);
    assert_int_equal(atomic_load(&ring.got), 2);
}

TEST(a_ring_with_a_limit_opens_by_itself)
{
    struct ring ring = {.size = 3, .limit = 0.02};
    run_ring(&ring);
    assert_int_equal(atomic_load(&ring.deadlocks), 0);
    assert_int_equal(atomic_load(&ring.timeouts), 1);
    assert_int_equal(atomic_load(&ring.got), 2);
}

/* ---- what is not kept ------------------------------------------------------------------------ */

TEST(what_is_erased_while_it_is_computed_is_not_kept)
{
    struct shelf shelf = {.ends = 0};
    struct work work = {weft_lru_cache_new(1, ON(shelf)), &shelf, .number = 0};
    struct crew crew = crew_start(2, ask, &work);
    EVENTUALLY(cache_stats(work.cache).waited == 1);
    assert_int_equal(weft_lru_cache_erase(work.cache, "key", 3), WEFT_OK);
    assert_int_equal(cache_stats(work.cache).computing, 0);
    weft_event_set(&work.go);
    crew_join(&crew); /* both have seen it */
    assert_int_equal(look_up(work.cache, &shelf, "key"), -1);
    assert_int_equal(atomic_load(&shelf.ends), 1);
    weft_lru_cache_free(work.cache);
}

TEST(what_fails_after_it_was_erased_leaves_the_next_alone)
{
    struct shelf shelf = {.ends = 0};
    struct work work = {weft_lru_cache_new(1, ON(shelf)), &shelf, .number = -1,
                        .expected = WEFT_FAILED};
    struct crew crew = crew_start(1, ask, &work);
    EVENTUALLY(cache_stats(work.cache).computing == 1);
    assert_int_equal(put(work.cache, &shelf, "key", 4), WEFT_OK); /* in its place */
    weft_event_set(&work.go);
    crew_join(&crew);
    assert_int_equal(look_up(work.cache, &shelf, "key"), 4);
    weft_lru_cache_free(work.cache);
    assert_int_equal(atomic_load(&shelf.ends), 1);
}

TEST(what_is_too_large_is_lent_and_not_kept)
{
    struct shelf shelf = {.charge = {1, 5}};
    struct work work = {weft_lru_cache_new(4, ON(shelf)), &shelf, .number = 1};
    assert_int_equal(put(work.cache, &shelf, "other", 0), WEFT_OK);
    weft_event_set(&work.go);
    (void)ask(&work);
    assert_true(atomic_load(&shelf.ended[1]));
    assert_int_equal(look_up(work.cache, &shelf, "key"), -1);
    assert_int_equal(look_up(work.cache, &shelf, "other"), 0); /* nobody else had to go */
    assert_int_equal(cache_stats(work.cache).evicted, 1);
    weft_lru_cache_free(work.cache);
}

TEST(what_has_expired_is_computed_anew)
{
    struct shelf shelf = {.ends = 0};
    struct work work = {weft_lru_cache_new(4, ON(shelf), .ttl = 10), &shelf, .number = 1};
    weft_event_set(&work.go);
    (void)ask(&work);
    shelf.clock.now = 10;
    work.number = 2;
    (void)ask(&work);
    assert_true(atomic_load(&shelf.ended[1]));
    assert_int_equal(atomic_load(&work.runs), 2);
    shelf.clock.now = 19;
    assert_int_equal(look_up(work.cache, &shelf, "key"), 2);
    weft_lru_cache_free(work.cache);
}

/* ---- shortage -------------------------------------------------------------------------------- */

static void *compute_without_memory(void *arg)
{
    struct work *work = arg;
    weft_lru_handle handle;
    weft_status status = get(work, &handle);
    WITNESS(status == WEFT_OK || status == WEFT_NO_MEMORY);
    WITNESS(atomic_load(&work->runs) == (status == WEFT_OK));
    if (status == WEFT_OK)
        WITNESS(weft_lru_cache_release(work->cache, &handle) == WEFT_OK);
    work->expected = status;
    return NULL;
}

/* In a foreign thread: the library's handle of it needs memory, too. */
TEST(without_memory_nothing_is_computed)
{
    weft_status status = WEFT_NO_MEMORY;
    for (size_t fail_at = 2; status == WEFT_NO_MEMORY; fail_at++) {
        struct shelf shelf = {.ends = 0};
        struct faulty_memory memory = {.fail_at = fail_at};
        faulty_memory_begin(&memory);
        struct work work = {weft_lru_cache_new(4, ON(shelf)), &shelf, .number = 0};
        weft_event_set(&work.go);
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, compute_without_memory, &work), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        status = work.expected;
        assert_int_equal(cache_stats(work.cache).computing, 0);
        weft_lru_cache_free(work.cache);
        faulty_memory_end(&memory);
    }
}

TEST(arguments_out_of_range_are_refused)
{
    struct work work = {.cache = weft_lru_cache_new(1)};
    weft_lru_handle handle;
    assert_int_equal(weft_lru_cache_get_or_compute(NULL, "", 0, compute_value, &work, &handle),
                     WEFT_VALUE_ERROR);
    assert_int_equal(
        weft_lru_cache_get_or_compute(work.cache, NULL, 1, compute_value, &work, &handle),
        WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_get_or_compute(work.cache, "", 0, NULL, &work, &handle),
                     WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_get_or_compute(work.cache, "", 0, compute_value, &work, NULL),
                     WEFT_VALUE_ERROR);
    weft_lru_cache_free(work.cache);
}
