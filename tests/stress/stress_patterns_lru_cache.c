/* SPDX-License-Identifier: MIT */
/*
 * A cache under load: threads look up, put in, erase, clear, resize and compute, are interrupted at
 * random, while computations fail, ask for other keys, and values expire. Every value belongs to its
 * key, none is destroyed while it is lent, each is destroyed exactly once, and where nobody erases no
 * two threads compute one key at the same time.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include <weft/patterns/patterns.h>

#include "interrupt.h"

enum { WORKERS = 6, KEYS = 12 };

struct value {
    int key;
    atomic_int users;
};

struct load {
    weft_lru_cache *cache;
    bool erases;
    atomic_int there, tick;
    atomic_int computing[KEYS];
    atomic_ullong computed, got;
    int64_t end;
};

struct question {
    struct load *load;
    int key;
};

static struct value *make(struct load *load, int key)
{
    struct value *value = calloc(1, sizeof *value);
    WITNESS(value != NULL);
    value->key = key;
    atomic_fetch_add(&load->there, 1);
    return value;
}

static void destroy(void *memory, void *arg)
{
    struct load *load = arg;
    struct value *value = memory;
    WITNESS(atomic_load(&value->users) == 0);
    atomic_fetch_sub(&load->there, 1);
    free(value);
}

static size_t charge(const void *value, void *arg)
{
    (void)arg;
    return 1 + (size_t)((const struct value *)value)->key % 3;
}

static void use(struct load *load, weft_lru_handle *handle, int key)
{
    struct value *value = handle->value;
    atomic_fetch_add(&value->users, 1);
    WITNESS(value->key == key);
    if (atomic_fetch_add(&load->got, 1) % 4 == 0)
        test_yield();
    atomic_fetch_sub(&value->users, 1);
    WITNESS(weft_lru_cache_release(load->cache, handle) == WEFT_OK);
}

static void *compute(void *arg);

/* In the order of the keys: it never goes round. */
static void ask(struct load *load, int key, double seconds)
{
    struct question question = {load, key};
    weft_lru_handle handle;
    weft_status status = weft_lru_cache_get_or_compute_for(load->cache, &key, sizeof key, compute,
                                                           &question, &handle, seconds);
    WITNESS(status == WEFT_OK || status == WEFT_FAILED || status == WEFT_TIMEOUT ||
            status == WEFT_INTERRUPTED);
    if (status == WEFT_OK)
        use(load, &handle, key);
}

static void *compute(void *arg)
{
    const struct question *question = arg;
    struct load *load = question->load;
    int tick = atomic_fetch_add(&load->tick, 1);
    WITNESS(atomic_fetch_add(&load->computing[question->key], 1) == 0 || load->erases);
    atomic_fetch_add(&load->computed, 1);
    test_yield();
    if (tick % 3 == 0 && question->key + 1 < KEYS)
        ask(load, question->key + 1, tick % 2 == 0 ? WEFT_FOREVER : 1e-4);
    atomic_fetch_sub(&load->computing[question->key], 1);
    if (tick % 17 == 0)
        return weft_raise(WEFT_USER, "now and then");
    return make(load, question->key);
}

static void change(struct load *load, int key, uint32_t what)
{
    if (what < 40) {
        struct value *value = make(load, key);
        WITNESS(weft_lru_cache_insert(load->cache, &key, sizeof key, value, NULL) == WEFT_OK);
    } else if (what < 80) {
        (void)weft_lru_cache_erase(load->cache, &key, sizeof key);
    } else if (what < 90) {
        WITNESS(weft_lru_cache_clear(load->cache) == WEFT_OK);
    } else {
        WITNESS(weft_lru_cache_resize(load->cache, 4 + what % 4) == WEFT_OK);
    }
}

static void *work(void *arg)
{
    struct load *load = arg;
    uint64_t random = test_stress_random();
    while (test_clock() < load->end) {
        int key = (int)(test_random(&random) % KEYS);
        uint32_t what = test_random(&random) % 1000;
        weft_lru_handle handle;
        if (what < 100 && load->erases)
            change(load, key, what);
        else if (what < 150)
            WITNESS(weft_lru_cache_prune(load->cache) == WEFT_OK);
        else if (what < 900)
            ask(load, key, what % 2 == 0 ? WEFT_FOREVER : (what % 3) * 1e-5);
        else if (weft_lru_cache_lookup(load->cache, &key, sizeof key, &handle) == WEFT_OK)
            use(load, &handle, key);
    }
    return NULL;
}

static void run(struct load *load)
{
    load->end = test_clock() + test_stress_time() / 2;
    load->cache =
        weft_lru_cache_new(9, .destroy = destroy, .charge = charge, .arg = load, .ttl = 3e-5);
    assert_non_null(load->cache);
    struct crew crew = crew_start(WORKERS, work, load);
    (void)interrupt_at_random(&crew, load->end);
    crew_join(&crew);
    weft_lru_cache_stats stats;
    assert_int_equal(weft_lru_cache_get_stats(load->cache, &stats), WEFT_OK);
    print_message("%llu got, %llu computed, %llu waited for, %llu evicted, %llu expired\n",
                  atomic_load(&load->got), atomic_load(&load->computed),
                  (unsigned long long)stats.waited, (unsigned long long)stats.evicted,
                  (unsigned long long)stats.expired);
    assert_int_equal(stats.lent, 0);
    assert_int_equal(stats.computing, 0);
    assert_int_equal(stats.loads + stats.failed, atomic_load(&load->computed));
    assert_int_equal(stats.entries, atomic_load(&load->there));
    assert_true(atomic_load(&load->got) > 100);
    weft_lru_cache_free(load->cache);
    assert_int_equal(atomic_load(&load->there), 0);
}

TEST(a_key_is_computed_by_one_at_a_time)
{
    struct load load = {.tick = 1};
    run(&load);
}

TEST(no_value_is_lost_or_destroyed_in_use)
{
    struct load load = {.tick = 1, .erases = true};
    run(&load);
}
