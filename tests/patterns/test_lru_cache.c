/* SPDX-License-Identifier: MIT */
/*
 * The cache: what is kept, lent, forgotten and destroyed, on a clock that the test moves. What it
 * computes is in test_lru_cache_compute.c.
 */
#include <math.h>

#include "tests/patterns/shelf_help.h"

/* ---- lending --------------------------------------------------------------------------------- */

TEST(what_is_put_in_is_lent)
{
    struct shelf shelf = {.ends = 0};
    weft_lru_cache *cache = weft_lru_cache_new(2, ON(shelf));
    assert_int_equal(look_up(cache, &shelf, "a"), -1);
    assert_int_equal(put(cache, &shelf, "a", 0), WEFT_OK);
    assert_int_equal(put(cache, &shelf, "b", 1), WEFT_OK);
    assert_int_equal(look_up(cache, &shelf, "a"), 0);
    assert_int_equal(look_up(cache, &shelf, "b"), 1);
    weft_lru_cache_stats stats = cache_stats(cache);
    assert_int_equal(stats.hits, 2);
    assert_int_equal(stats.misses, 1);
    assert_int_equal(stats.inserts, 2);
    assert_int_equal(stats.entries, 2);
    assert_int_equal(stats.charged, 2);
    assert_int_equal(stats.capacity, 2);
    assert_int_equal(atomic_load(&shelf.ends), 0);
    weft_lru_cache_free(cache);
    assert_int_equal(atomic_load(&shelf.ends), 2);
}

TEST(what_was_used_longest_ago_is_evicted)
{
    struct shelf shelf = {.ends = 0};
    weft_lru_cache *cache = weft_lru_cache_new(3, ON(shelf));
    assert_int_equal(put(cache, &shelf, "a", 0), WEFT_OK);
    assert_int_equal(put(cache, &shelf, "b", 1), WEFT_OK);
    assert_int_equal(put(cache, &shelf, "c", 2), WEFT_OK);
    assert_int_equal(look_up(cache, &shelf, "a"), 0);
    assert_int_equal(put(cache, &shelf, "d", 3), WEFT_OK);
    assert_true(atomic_load(&shelf.ended[1]));
    assert_int_equal(put(cache, &shelf, "e", 4), WEFT_OK);
    assert_true(atomic_load(&shelf.ended[2]));
    assert_int_equal(look_up(cache, &shelf, "a"), 0);
    assert_int_equal(look_up(cache, &shelf, "b"), -1);
    assert_int_equal(cache_stats(cache).evicted, 2);
    assert_int_equal(cache_stats(cache).entries, 3);
    weft_lru_cache_free(cache);
}

TEST(what_is_lent_is_not_evicted)
{
    struct shelf shelf = {.ends = 0};
    weft_lru_cache *cache = weft_lru_cache_new(1, ON(shelf));
    weft_lru_handle a;
    weft_lru_handle b;
    weft_lru_handle again;
    assert_int_equal(weft_lru_cache_insert(cache, "a", 1, &shelf.ended[0], &a), WEFT_OK);
    assert_ptr_equal(a.value, &shelf.ended[0]);
    assert_int_equal(weft_lru_cache_insert(cache, "b", 1, &shelf.ended[1], &b), WEFT_OK);
    assert_int_equal(cache_stats(cache).entries, 2); /* more than fit */
    assert_int_equal(weft_lru_cache_lookup(cache, "a", 1, &again), WEFT_OK);
    assert_int_equal(weft_lru_cache_release(cache, &a), WEFT_OK);
    assert_false(atomic_load(&shelf.ended[0])); /* still lent, to another */
    assert_int_equal(cache_stats(cache).lent, 2);
    assert_int_equal(weft_lru_cache_release(cache, &again), WEFT_OK);
    assert_true(atomic_load(&shelf.ended[0])); /* came back, and is too much */
    assert_int_equal(weft_lru_cache_release(cache, &b), WEFT_OK);
    assert_int_equal(look_up(cache, &shelf, "b"), 1);
    assert_int_equal(cache_stats(cache).lent, 0);
    weft_lru_cache_free(cache);
}

TEST(what_came_back_last_was_used_last)
{
    struct shelf shelf = {.ends = 0};
    weft_lru_cache *cache = weft_lru_cache_new(2, ON(shelf));
    weft_lru_handle a;
    assert_int_equal(weft_lru_cache_insert(cache, "a", 1, &shelf.ended[0], &a), WEFT_OK);
    assert_int_equal(put(cache, &shelf, "b", 1), WEFT_OK);
    assert_int_equal(weft_lru_cache_release(cache, &a), WEFT_OK);
    assert_int_equal(put(cache, &shelf, "c", 2), WEFT_OK);
    assert_int_equal(look_up(cache, &shelf, "a"), 0);
    assert_true(atomic_load(&shelf.ended[1]));
    weft_lru_cache_free(cache);
}

TEST(a_handle_is_released_once)
{
    struct shelf shelf = {.ends = 0};
    weft_lru_cache *cache = weft_lru_cache_new(1, ON(shelf));
    weft_lru_cache *other = weft_lru_cache_new(1, ON(shelf));
    weft_lru_handle handle;
    assert_int_equal(weft_lru_cache_insert(cache, "a", 1, &shelf.ended[0], &handle), WEFT_OK);
    assert_int_equal(weft_lru_cache_release(other, &handle), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_release(cache, &handle), WEFT_OK);
    assert_null(handle.value);
    assert_int_equal(weft_lru_cache_release(cache, &handle), WEFT_VALUE_ERROR);
    weft_lru_cache_free(cache);
    weft_lru_cache_free(other);
}

/* ---- keys and charges ------------------------------------------------------------------------ */

TEST(a_key_is_any_bytes_and_is_copied)
{
    enum { KEYS = 2000 };
    struct shelf shelf = {.ends = 0};
    static atomic_bool values[KEYS];
    weft_lru_cache *cache = weft_lru_cache_new(KEYS);
    unsigned char key[KEYS] = {0};
    for (size_t size = 0; size < KEYS; size++) /* all of them zeros: they differ in their lengths */
        assert_int_equal(weft_lru_cache_insert(cache, key, size, &values[size], NULL), WEFT_OK);
    memset(key, 1, sizeof key);
    weft_lru_handle handle;
    assert_int_equal(weft_lru_cache_lookup(cache, key, 5, &handle), WEFT_KEY_ERROR);
    for (size_t size = 0; size < KEYS; size++) {
        static const unsigned char zeros[KEYS];
        const void *bytes = size > 0 ? zeros : NULL;
        assert_int_equal(weft_lru_cache_lookup(cache, bytes, size, &handle), WEFT_OK);
        assert_ptr_equal(handle.value, &values[size]);
        assert_int_equal(weft_lru_cache_release(cache, &handle), WEFT_OK);
    }
    assert_int_equal(weft_lru_cache_lookup(cache, NULL, 1, &handle), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_lookup(cache, key, (size_t)1 << 31, &handle), WEFT_VALUE_ERROR);
    assert_int_equal(look_up(cache, &shelf, "a"), -1);
    weft_lru_cache_free(cache);
}

TEST(charges_count_and_not_entries)
{
    struct shelf shelf = {.charge = {3, 4, 5, 11, 10}};
    weft_lru_cache *cache = weft_lru_cache_new(10, ON(shelf));
    assert_int_equal(put(cache, &shelf, "a", 0), WEFT_OK);
    assert_int_equal(put(cache, &shelf, "b", 1), WEFT_OK);
    assert_int_equal(cache_stats(cache).charged, 7);
    assert_int_equal(put(cache, &shelf, "c", 2), WEFT_OK);
    assert_int_equal(cache_stats(cache).charged, 9);
    assert_int_equal(look_up(cache, &shelf, "a"), -1);
    assert_int_equal(put(cache, &shelf, "b", 3), WEFT_FULL); /* for ever too large */
    assert_false(atomic_load(&shelf.ended[3]));              /* the caller's */
    assert_int_equal(look_up(cache, &shelf, "b"), 1);        /* nothing has changed */
    assert_int_equal(put(cache, &shelf, "d", 4), WEFT_OK);
    assert_int_equal(cache_stats(cache).entries, 1);
    weft_lru_cache_free(cache);
    assert_int_equal(atomic_load(&shelf.ends), 4);
}

TEST(what_cannot_be_counted_is_not_kept)
{
    struct shelf shelf = {.charge = {SIZE_MAX / 2, SIZE_MAX / 2, 2}};
    weft_lru_cache *cache = weft_lru_cache_new(SIZE_MAX / 2, ON(shelf));
    weft_lru_handle a;
    weft_lru_handle b;
    assert_int_equal(weft_lru_cache_insert(cache, "a", 1, &shelf.ended[0], &a), WEFT_OK);
    assert_int_equal(weft_lru_cache_insert(cache, "b", 1, &shelf.ended[1], &b), WEFT_OK);
    assert_int_equal(put(cache, &shelf, "c", 2), WEFT_FULL);
    assert_int_equal(weft_lru_cache_release(cache, &a), WEFT_OK);
    assert_int_equal(weft_lru_cache_release(cache, &b), WEFT_OK);
    weft_lru_cache_free(cache);
}

TEST(a_smaller_capacity_evicts)
{
    struct shelf shelf = {.ends = 0};
    weft_lru_cache *cache = weft_lru_cache_new(3, ON(shelf));
    assert_int_equal(put(cache, &shelf, "a", 0), WEFT_OK);
    assert_int_equal(put(cache, &shelf, "b", 1), WEFT_OK);
    assert_int_equal(put(cache, &shelf, "c", 2), WEFT_OK);
    assert_int_equal(weft_lru_cache_resize(cache, 1), WEFT_OK);
    assert_int_equal(atomic_load(&shelf.ends), 2);
    assert_int_equal(look_up(cache, &shelf, "c"), 2);
    assert_int_equal(cache_stats(cache).capacity, 1);
    assert_int_equal(weft_lru_cache_resize(cache, 0), WEFT_VALUE_ERROR);
    weft_lru_cache_free(cache);
}

/* ---- forgetting ------------------------------------------------------------------------------ */

TEST(a_value_takes_the_place_of_another)
{
    struct shelf shelf = {.ends = 0};
    weft_lru_cache *cache = weft_lru_cache_new(2, ON(shelf));
    weft_lru_handle old;
    assert_int_equal(weft_lru_cache_insert(cache, "a", 1, &shelf.ended[0], &old), WEFT_OK);
    assert_int_equal(put(cache, &shelf, "a", 1), WEFT_OK);
    assert_int_equal(look_up(cache, &shelf, "a"), 1);
    assert_int_equal(put(cache, &shelf, "a", 2), WEFT_OK);
    assert_true(atomic_load(&shelf.ended[1]));
    assert_false(atomic_load(&shelf.ended[0])); /* lent */
    assert_int_equal(cache_stats(cache).entries, 1);
    assert_int_equal(weft_lru_cache_release(cache, &old), WEFT_OK);
    assert_true(atomic_load(&shelf.ended[0]));
    assert_int_equal(look_up(cache, &shelf, "a"), 2);
    weft_lru_cache_free(cache);
}

TEST(what_is_erased_lives_until_the_last_handle)
{
    struct shelf shelf = {.ends = 0};
    weft_lru_cache *cache = weft_lru_cache_new(2, ON(shelf));
    weft_lru_handle handles[2];
    assert_int_equal(weft_lru_cache_erase(cache, "a", 1), WEFT_KEY_ERROR);
    assert_int_equal(weft_lru_cache_insert(cache, "a", 1, &shelf.ended[0], &handles[0]), WEFT_OK);
    assert_int_equal(weft_lru_cache_lookup(cache, "a", 1, &handles[1]), WEFT_OK);
    assert_int_equal(weft_lru_cache_erase(cache, "a", 1), WEFT_OK);
    assert_int_equal(look_up(cache, &shelf, "a"), -1);
    assert_int_equal(weft_lru_cache_release(cache, &handles[0]), WEFT_OK);
    assert_false(atomic_load(&shelf.ended[0]));
    assert_int_equal(weft_lru_cache_release(cache, &handles[1]), WEFT_OK);
    assert_true(atomic_load(&shelf.ended[0]));
    assert_int_equal(put(cache, &shelf, "b", 1), WEFT_OK);
    assert_int_equal(weft_lru_cache_erase(cache, "b", 1), WEFT_OK);
    assert_true(atomic_load(&shelf.ended[1])); /* at once */
    weft_lru_cache_free(cache);
}

TEST(what_has_expired_is_not_lent)
{
    struct shelf shelf = {.ends = 0};
    weft_lru_cache *cache = weft_lru_cache_new(9, ON(shelf), .ttl = 10);
    weft_lru_handle lent;
    shelf.clock.now = 100;
    assert_int_equal(put(cache, &shelf, "a", 0), WEFT_OK);
    assert_int_equal(weft_lru_cache_insert(cache, "b", 1, &shelf.ended[1], &lent), WEFT_OK);
    shelf.clock.now = 109.5;
    assert_int_equal(look_up(cache, &shelf, "a"), 0); /* a use does not make it younger */
    assert_int_equal(put(cache, &shelf, "c", 2), WEFT_OK);
    shelf.clock.now = 110;
    assert_int_equal(look_up(cache, &shelf, "a"), -1);
    assert_true(atomic_load(&shelf.ended[0]));
    assert_int_equal(look_up(cache, &shelf, "b"), -1);
    assert_false(atomic_load(&shelf.ended[1])); /* lent */
    assert_int_equal(weft_lru_cache_release(cache, &lent), WEFT_OK);
    assert_true(atomic_load(&shelf.ended[1]));
    assert_int_equal(look_up(cache, &shelf, "c"), 2);
    assert_int_equal(cache_stats(cache).expired, 2);
    assert_int_equal(cache_stats(cache).misses, 2);
    shelf.clock.now = 200;
    assert_int_equal(weft_lru_cache_erase(cache, "c", 1), WEFT_KEY_ERROR);
    weft_lru_cache_free(cache);
}

TEST(pruning_forgets_what_has_expired)
{
    struct shelf shelf = {.ends = 0};
    weft_lru_cache *cache = weft_lru_cache_new(9, ON(shelf), .ttl = 10);
    weft_lru_cache *ageless = weft_lru_cache_new(9, ON(shelf));
    weft_lru_handle lent;
    assert_int_equal(put(cache, &shelf, "a", 0), WEFT_OK);
    assert_int_equal(weft_lru_cache_insert(cache, "b", 1, &shelf.ended[1], &lent), WEFT_OK);
    shelf.clock.now = 5;
    assert_int_equal(put(cache, &shelf, "c", 2), WEFT_OK);
    assert_int_equal(put(ageless, &shelf, "d", 3), WEFT_OK);
    shelf.clock.now = 10;
    assert_int_equal(weft_lru_cache_prune(cache), WEFT_OK);
    assert_int_equal(weft_lru_cache_prune(ageless), WEFT_OK);
    assert_int_equal(atomic_load(&shelf.ends), 1);
    assert_int_equal(cache_stats(cache).entries, 1);
    assert_int_equal(cache_stats(cache).expired, 2);
    assert_int_equal(cache_stats(ageless).entries, 1);
    assert_int_equal(weft_lru_cache_release(cache, &lent), WEFT_OK);
    assert_true(atomic_load(&shelf.ended[1]));
    weft_lru_cache_free(cache);
    weft_lru_cache_free(ageless);
}

TEST(without_a_clock_of_its_own_time_is_wefts)
{
    struct shelf shelf = {.ends = 0};
    weft_lru_cache *cache = weft_lru_cache_new(9, .ttl = 1e-9);
    weft_lru_cache *slow = weft_lru_cache_new(9, .ttl = 1e6);
    assert_int_equal(put(cache, &shelf, "a", 0), WEFT_OK);
    assert_int_equal(put(slow, &shelf, "a", 0), WEFT_OK);
    EVENTUALLY(look_up(cache, &shelf, "a") == -1);
    assert_int_equal(look_up(slow, &shelf, "a"), 0);
    weft_lru_cache_free(cache);
    weft_lru_cache_free(slow);
}

TEST(a_cleared_cache_is_empty)
{
    struct shelf shelf = {.ends = 0};
    weft_lru_cache *cache = weft_lru_cache_new(9, ON(shelf));
    weft_lru_handle lent;
    assert_int_equal(put(cache, &shelf, "a", 0), WEFT_OK);
    assert_int_equal(weft_lru_cache_insert(cache, "b", 1, &shelf.ended[1], &lent), WEFT_OK);
    assert_int_equal(weft_lru_cache_clear(cache), WEFT_OK);
    assert_int_equal(cache_stats(cache).entries, 0);
    assert_int_equal(cache_stats(cache).charged, 0);
    assert_int_equal(cache_stats(cache).inserts, 2);
    assert_int_equal(atomic_load(&shelf.ends), 1);
    assert_int_equal(weft_lru_cache_release(cache, &lent), WEFT_OK);
    assert_int_equal(atomic_load(&shelf.ends), 2);
    weft_lru_cache_free(cache);
}

/* ---- begin and end --------------------------------------------------------------------------- */

TEST(the_last_handle_frees_a_cache_that_was_given_up)
{
    struct shelf shelf = {.ends = 0};
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    weft_lru_cache *cache = weft_lru_cache_new(2, ON(shelf));
    weft_lru_handle handles[2];
    assert_int_equal(weft_lru_cache_insert(cache, "a", 1, &shelf.ended[0], &handles[0]), WEFT_OK);
    assert_int_equal(weft_lru_cache_insert(cache, "b", 1, &shelf.ended[1], &handles[1]), WEFT_OK);
    weft_lru_cache_free(cache);
    assert_int_equal(atomic_load(&shelf.ends), 0);
    assert_int_equal(weft_lru_cache_release(cache, &handles[0]), WEFT_OK);
    assert_int_equal(weft_lru_cache_release(cache, &handles[1]), WEFT_OK);
    assert_int_equal(atomic_load(&shelf.ends), 2);
    faulty_memory_end(&memory);
}

struct friends {
    weft_lru_cache *cache;
    atomic_int ends;
};

static void end_and_forget_the_other(void *value, void *arg)
{
    struct friends *friends = arg;
    atomic_fetch_add(&friends->ends, 1);
    (void)weft_lru_cache_erase(friends->cache, value, 1);
}

TEST(a_destroyer_may_use_the_cache)
{
    struct friends friends = {.ends = 0};
    friends.cache = weft_lru_cache_new(2, .destroy = end_and_forget_the_other, .arg = &friends);
    static char a[] = "a";
    static char b[] = "b";
    assert_int_equal(weft_lru_cache_insert(friends.cache, "a", 1, b, NULL), WEFT_OK);
    assert_int_equal(weft_lru_cache_insert(friends.cache, "b", 1, a, NULL), WEFT_OK);
    assert_int_equal(weft_lru_cache_erase(friends.cache, "a", 1), WEFT_OK);
    assert_int_equal(atomic_load(&friends.ends), 2);
    assert_int_equal(cache_stats(friends.cache).entries, 0);
    weft_lru_cache_free(friends.cache);
}

TEST(arguments_out_of_range_are_refused)
{
    const weft_lru_cache_options bad[] = {
        {.capacity = 0},
        {.capacity = SIZE_MAX / 2 + 1},
        {.capacity = 1, .ttl = -1},
        {.capacity = 1, .ttl = NAN},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        weft_set_last_status(WEFT_OK);
        assert_null(weft_lru_cache_new_with(&bad[i]));
        assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    }
    assert_null(weft_lru_cache_new_with(NULL));
    weft_lru_cache *cache = weft_lru_cache_new(1);
    weft_lru_handle handle = {0};
    assert_int_equal(weft_lru_cache_lookup(NULL, "a", 1, &handle), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_lookup(cache, "a", 1, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_insert(NULL, "a", 1, NULL, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_insert(cache, NULL, 1, NULL, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_insert(cache, "a", 1, WEFT_RAISED, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_release(NULL, &handle), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_release(cache, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_erase(NULL, "a", 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_erase(cache, NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_prune(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_clear(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_resize(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_get_stats(cache, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lru_cache_get_stats(NULL, NULL), WEFT_VALUE_ERROR);
    weft_lru_cache_free(cache);
    weft_lru_cache_free(NULL);
}

/* Fills a cache with as many as make its table grow; whether memory failed, which costs one entry. */
static bool fill_a_cache(void)
{
    enum { MANY = 400 };
    static atomic_bool values[MANY];
    weft_lru_cache *cache = weft_lru_cache_new(MANY);
    if (cache == NULL) {
        assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
        return true;
    }
    size_t failures = 0;
    for (int i = 0; i < MANY; i++) {
        weft_status status = weft_lru_cache_insert(cache, &i, sizeof i, &values[i], NULL);
        assert_true(status == WEFT_OK || status == WEFT_NO_MEMORY);
        weft_lru_handle handle;
        if (status == WEFT_NO_MEMORY) {
            failures++;
            assert_int_equal(weft_lru_cache_lookup(cache, &i, sizeof i, &handle), WEFT_KEY_ERROR);
        }
    }
    assert_int_equal(cache_stats(cache).entries, MANY - failures);
    weft_lru_cache_free(cache);
    return failures > 0;
}

TEST(without_memory_nothing_is_put_in_and_nothing_lost)
{
    bool failed = true;
    for (size_t fail_at = 1; failed; fail_at++) {
        struct faulty_memory memory = {.fail_at = fail_at};
        faulty_memory_begin(&memory);
        failed = fill_a_cache();
        faulty_memory_end(&memory);
    }
}
