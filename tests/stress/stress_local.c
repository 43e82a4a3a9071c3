/* SPDX-License-Identifier: MIT */
/*
 * Locals under load: threads come, use what Locals there are, capture and enter contexts, and end,
 * while Locals come and go, in calm and in a storm of signals. Every value that is made is destroyed,
 * once; no thread sees another's.
 */
#include "storm.h"
#include "test.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { LOCALS = 40, WORKERS = 4, STEPS = 200, KEPT = 8 };

static weft_local locals[LOCALS];
static atomic_llong made;
static atomic_llong ended;
static int64_t end;

/* A value knows its Local and, unless it was copied, its thread. */
struct value {
    weft_local *local;
    uint32_t thread; /* 0: any */
    uint32_t alive;
};

static void *make_value(weft_local *local, uint32_t thread)
{
    struct value *value = malloc(sizeof *value);
    WITNESS(value != NULL);
    *value = (struct value){local, thread, 4711};
    atomic_fetch_add(&made, 1);
    return value;
}

static void *initialize(void *local)
{
    return make_value(local, weft_thread_ident(weft_thread_current()));
}

static void *copy(void *arg)
{
    const struct value *value = arg;
    WITNESS(value->alive == 4711);
    return make_value(value->local, 0);
}

static void destroy(void *arg)
{
    struct value *value = arg;
    WITNESS(value->alive == 4711);
    value->alive = 0;
    free(value);
    atomic_fetch_add(&ended, 1);
}

static void check(weft_local *local)
{
    const struct value *value = weft_local_get(local);
    WITNESS(value != NULL && value->alive == 4711 && value->local == local);
    if (value != NULL)
        WITNESS(value->thread == 0 || value->thread == weft_thread_ident(weft_thread_current()));
}

static void *use_in_context(void *arg)
{
    uint64_t *random = arg;
    check(&locals[test_random(random) % LOCALS]);
    return arg;
}

/* A context that others may enter, too: it waits in a place for whoever takes it. */
static _Atomic(weft_context *) kept[KEPT];

static void exchange_context(uint64_t *random)
{
    weft_context *fresh = weft_context_capture();
    WITNESS(fresh != NULL);
    weft_context *other = atomic_exchange(&kept[test_random(random) % KEPT], fresh);
    if (other == NULL)
        return;
    WITNESS(weft_context_run(other, use_in_context, random) == random);
    weft_context_free(other);
}

static void step(uint64_t *random)
{
    weft_local *local = &locals[test_random(random) % LOCALS];
    weft_local brief = WEFT_LOCAL_INIT(.destructor = destroy);
    switch (test_random(random) % 8) {
    case 0:
        WITNESS(weft_local_clear(local) == WEFT_OK);
        break;
    case 1:
        WITNESS(weft_local_set(local, make_value(local, 0)) == WEFT_OK);
        break;
    case 2:
        WEFT_LOCAL_WITH(local, random) {
            WITNESS(weft_local_get(local) == random);
        }
        break;
    case 3:
        WITNESS(weft_local_set(&brief, make_value(&brief, 0)) == WEFT_OK);
        check(local);
        WITNESS(weft_local_destroy(&brief) == WEFT_OK);
        break;
    case 4:
        exchange_context(random);
        break;
    default:
        check(local);
    }
}

static void *live(void *arg)
{
    uint64_t random = (uint64_t)(uintptr_t)arg;
    for (size_t i = 0; i < STEPS; i++)
        step(&random);
    return NULL;
}

static void *spawn_many(void *arg)
{
    atomic_ullong *seeds = arg;
    while (test_clock() < end) {
        void *seed = (void *)(uintptr_t)(88172645463325252U + atomic_fetch_add(seeds, 1));
        weft_thread *thread = weft_thread_spawn(live, seed);
        WITNESS(thread != NULL && weft_thread_join(thread) == WEFT_OK);
        weft_thread_free(thread);
    }
    return NULL;
}

static void let_many_live(void)
{
    static atomic_ullong seeds;
    end = test_clock() + test_stress_time();
    for (size_t i = 0; i < LOCALS; i++)
        assert_int_equal(weft_local_init(&locals[i], initialize, &locals[i], destroy, copy),
                         WEFT_OK);
    struct crew crew = crew_start(WORKERS, spawn_many, &seeds);
    crew_join(&crew);
    for (size_t i = 0; i < KEPT; i++)
        weft_context_free(atomic_load(&kept[i]));
    print_message("%llu threads, %lld values\n", atomic_load(&seeds), atomic_load(&made));
    assert_true(atomic_load(&seeds) >= WORKERS);
    assert_int_equal(atomic_load(&ended), atomic_load(&made));
    for (size_t i = 0; i < LOCALS; i++) {
        assert_int_equal(weft_local_count(&locals[i]), 0);
        assert_int_equal(weft_local_destroy(&locals[i]), WEFT_OK);
    }
}

TEST(every_value_is_destroyed_once)
{
    let_many_live();
}

TEST(every_value_is_destroyed_once_in_a_storm_of_signals)
{
    storm_begin();
    let_many_live();
    storm_end();
}

/* ---- a Local ends while its threads do ------------------------------------------------------ */

struct brief {
    weft_local local;
    weft_event used;
    weft_event may_end;
    atomic_int users;
};

static void *use_and_end(void *arg)
{
    struct brief *brief = arg;
    WITNESS(weft_local_set(&brief->local, make_value(&brief->local, 0)) == WEFT_OK);
    if (atomic_fetch_add(&brief->users, 1) + 1 == WORKERS)
        WITNESS(weft_event_set(&brief->used) == WEFT_OK);
    WITNESS(weft_event_wait(&brief->may_end) == WEFT_OK);
    return NULL;
}

static void destroy_many(void)
{
    size_t turns = 0;
    end = test_clock() + test_stress_time();
    for (; test_clock() < end; turns++) {
        struct brief brief = {.local = WEFT_LOCAL_INIT(.destructor = destroy)};
        struct crew crew = crew_start(WORKERS, use_and_end, &brief);
        assert_int_equal(weft_event_wait(&brief.used), WEFT_OK);
        assert_int_equal(weft_event_set(&brief.may_end), WEFT_OK);
        assert_int_equal(weft_local_destroy(&brief.local), WEFT_OK); /* while they end */
        assert_int_equal(atomic_load(&ended), atomic_load(&made));
        crew_join(&crew);
        assert_int_equal(atomic_load(&ended), atomic_load(&made));
    }
    print_message("%zu turns\n", turns);
    assert_true(turns > 0);
}

TEST(after_it_is_destroyed_no_destructor_runs)
{
    destroy_many();
}

TEST(after_it_is_destroyed_no_destructor_runs_in_a_storm_of_signals)
{
    storm_begin();
    destroy_many();
    storm_end();
}
