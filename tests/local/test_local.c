/* SPDX-License-Identifier: MIT */
/*
 * A Local in the life of a thread: each has its own value, made at its first use, set, cleared.
 */
#include "local_help.h"

#include <stdio.h>
#include <string.h>

static atomic_int made;

static void *make_int(void *arg)
{
    int *value = malloc(sizeof *value);
    atomic_fetch_add(&made, 1);
    if (value == NULL)
        return weft_raise(WEFT_NO_MEMORY, "no memory for an int");
    *value = arg != NULL ? *(int *)arg : 0;
    return value;
}

TEST(a_local_is_64_bytes_and_zero_bytes_are_one_without_options)
{
    static weft_local zero;
    assert_int_equal(sizeof(weft_local), sizeof(void *) == 8 ? 64 : 40);
    assert_int_equal(weft_sizeof(WEFT_KIND_LOCAL), sizeof(weft_local));
    assert_false(weft_local_has(&zero));
    assert_null(weft_local_get(&zero));
    assert_int_equal(weft_last_status(), WEFT_OK);
    assert_true(weft_local_has(&zero));
    assert_int_equal(weft_local_set(&zero, &things[1]), WEFT_OK);
    assert_ptr_equal(weft_local_get(&zero), &things[1]);
    assert_int_equal(weft_local_destroy(&zero), WEFT_OK);
}

static weft_local shared;

static void *set_and_see_its_own(void *arg)
{
    atomic_int *next = arg;
    char *mine = &things[1 + atomic_fetch_add(next, 1)];
    WITNESS(!weft_local_has(&shared));
    WITNESS(weft_local_get(&shared) == NULL);
    for (int i = 0; i < 1000; i++) {
        WITNESS(weft_local_set(&shared, mine) == WEFT_OK);
        test_yield();
        WITNESS(weft_local_get(&shared) == mine);
    }
    return NULL;
}

TEST(each_thread_sees_its_own_value)
{
    static atomic_int next;
    assert_int_equal(weft_local_set(&shared, &things[0]), WEFT_OK);
    struct crew crew = crew_start(8, set_and_see_its_own, &next);
    crew_join(&crew);
    assert_ptr_equal(weft_local_get(&shared), &things[0]);
}

static weft_local started = WEFT_LOCAL_INIT(.initializer = make_int, .destructor = free);

static void *use_twice(void *arg)
{
    int *value = weft_local_get(&started);
    WITNESS(value != NULL && *value == 0);
    if (value != NULL)
        *value = 7;
    WITNESS(weft_local_get(&started) == value);
    return arg;
}

TEST(a_threads_first_use_and_no_other_calls_the_initializer)
{
    assert_non_null(weft_local_get(&started));
    assert_non_null(weft_local_get(&started));
    assert_int_equal(atomic_load(&made), 1);
    struct crew crew = crew_start(5, use_twice, NULL);
    crew_join(&crew);
    assert_int_equal(atomic_load(&made), 6);
}

TEST(the_initializer_gets_its_argument)
{
    static int seven = 7;
    weft_local local;
    assert_int_equal(weft_local_init(&local, make_int, &seven, free), WEFT_OK);
    int *value = weft_local_get(&local);
    assert_non_null(value);
    assert_int_equal(*value, 7);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
}

static void *refuse(void *arg)
{
    atomic_int *times = arg;
    if (atomic_fetch_add(times, 1) < 2)
        return weft_raise(WEFT_USER + 1, "not yet, %d", atomic_load(times));
    return &things[5];
}

TEST(an_initializer_that_fails_says_why_and_is_called_again)
{
    static atomic_int times;
    weft_local local;
    assert_int_equal(weft_local_init(&local, refuse, &times, note_destroyed), WEFT_OK);
    for (int i = 1; i <= 2; i++) {
        char text[16];
        snprintf(text, sizeof text, "not yet, %d", i);
        assert_null(weft_local_get(&local));
        assert_int_equal(weft_last_status(), WEFT_FAILED);
        assert_int_equal(weft_last_error()->code, WEFT_USER + 1);
        assert_string_equal(weft_last_error()->message, text);
        assert_false(weft_local_has(&local));
        assert_int_equal(weft_local_count(&local), 0);
    }
    assert_ptr_equal(weft_local_get(&local), &things[5]);
    assert_int_equal(destroyed_count(), 0);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
}

static void *fail_with_it(void *arg)
{
    return weft_local_get(arg) == NULL ? WEFT_RAISED : NULL;
}

TEST(a_target_may_fail_with_the_error_of_an_initializer)
{
    static atomic_int times;
    weft_local local;
    assert_int_equal(weft_local_init(&local, refuse, &times), WEFT_OK);
    weft_thread *thread = weft_thread_spawn(fail_with_it, &local);
    weft_set_excepthook(NULL, NULL);
    assert_non_null(thread);
    assert_int_equal(weft_thread_join(thread), WEFT_FAILED);
    assert_string_equal(weft_thread_error(thread)->message, "not yet, 1");
    weft_thread_free(thread);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
}

static weft_local recursive;

static void *use_itself(void *arg)
{
    WITNESS(weft_local_get(&recursive) == NULL && weft_last_status() == WEFT_RUNTIME);
    WITNESS(weft_local_set(&recursive, arg) == WEFT_RUNTIME);
    WITNESS(weft_local_clear(&recursive) == WEFT_BUSY);
    WITNESS(weft_local_destroy(&recursive) == WEFT_BUSY);
    WITNESS(!weft_local_has(&recursive));
    return &things[3];
}

TEST(an_initializer_cannot_use_the_value_that_it_makes)
{
    assert_int_equal(weft_local_init(&recursive, use_itself), WEFT_OK);
    assert_ptr_equal(weft_local_get(&recursive), &things[3]);
}

static weft_local others[3];

static void *use_the_next(void *arg)
{
    weft_local *next = arg;
    return weft_local_get(next) == &things[2] ? &things[1] : &things[9];
}

static void *make_many_others(void *arg)
{
    static weft_local many[100];
    for (size_t i = 0; i < 100; i++)
        WITNESS(weft_local_set(&many[i], &many[i]) == WEFT_OK);
    (void)arg;
    return &things[2];
}

TEST(an_initializer_may_use_other_locals)
{
    assert_int_equal(weft_local_init(&others[0], use_the_next, &others[1]), WEFT_OK);
    assert_int_equal(weft_local_init(&others[1], make_many_others), WEFT_OK);
    assert_ptr_equal(weft_local_get(&others[0]), &things[1]);
    assert_ptr_equal(weft_local_get(&others[1]), &things[2]);
}

TEST(a_value_may_be_null)
{
    weft_local local;
    assert_int_equal(weft_local_init(&local, make_int, .destructor = note_destroyed), WEFT_OK);
    assert_int_equal(weft_local_set(&local, NULL), WEFT_OK);
    assert_true(weft_local_has(&local));
    assert_null(weft_thread_new_with(NULL)); /* it has a reason, which is not this one's */
    assert_null(weft_local_get(&local));
    assert_int_equal(weft_last_status(), WEFT_OK);
    assert_int_equal(atomic_load(&made), 0); /* set stands for the initializer */
    assert_int_equal(weft_local_clear(&local), WEFT_OK);
    assert_int_equal(destroyed_count(), 0);
}

TEST(a_value_that_is_replaced_or_cleared_is_destroyed)
{
    weft_local local;
    assert_int_equal(weft_local_init(&local, same, &things[7], note_destroyed), WEFT_OK);
    assert_int_equal(weft_local_clear(&local), WEFT_OK);
    assert_int_equal(weft_local_set(&local, &things[1]), WEFT_OK);
    assert_int_equal(weft_local_set(&local, &things[2]), WEFT_OK);
    assert_int_equal(destroyed_count(), 1);
    assert_ptr_equal(destroyed.values[0], &things[1]);
    assert_int_equal(weft_local_clear(&local), WEFT_OK);
    assert_int_equal(destroyed_count(), 2);
    assert_ptr_equal(destroyed.values[1], &things[2]);
    assert_false(weft_local_has(&local));
    assert_ptr_equal(weft_local_get(&local), &things[7]); /* the initializer's */
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
    assert_int_equal(destroyed_count(), 3);
}

struct point {
    int x;
    int y;
};

static void *make_point(void *arg)
{
    (void)arg;
    return calloc(1, sizeof(struct point));
}

static WEFT_LOCAL_OF(struct point) points = WEFT_LOCAL_OF_INIT(.initializer = make_point,
                                                               .destructor = free);

static void *move_point(void *arg)
{
    WITNESS(WEFT_LOCAL_GET(&points)->x++ == 0);
    return arg;
}

TEST(a_typed_local_needs_no_casts)
{
    WEFT_LOCAL_GET(&points)->x = 3;
    in_a_thread(move_point, NULL);
    assert_int_equal(WEFT_LOCAL_GET(&points)->x, 3);
    struct point *point = calloc(1, sizeof *point);
    assert_int_equal(WEFT_LOCAL_SET(&points, point), WEFT_OK);
    assert_ptr_equal(WEFT_LOCAL_GET(&points), point);
    assert_int_equal(weft_local_clear(&points.local), WEFT_OK);
}

enum { MANY = 5000, USERS = 4 };

struct many {
    weft_local *locals;
    atomic_size_t ended;
};

static struct many many;

static void count_end(void *value)
{
    (void)value;
    atomic_fetch_add(&many.ended, 1);
}

static void *use_many(void *arg)
{
    uintptr_t seed = (uintptr_t)arg;
    for (size_t i = 0; i < MANY; i++)
        WITNESS(weft_local_set(&many.locals[i], (void *)(seed + i)) == WEFT_OK);
    for (size_t i = 0; i < MANY; i++)
        WITNESS(weft_local_get(&many.locals[i]) == (void *)(seed + i));
    return NULL;
}

TEST(there_may_be_5000_of_them)
{
    struct crew crews[USERS];
    many.locals = calloc(MANY, sizeof(weft_local));
    assert_non_null(many.locals);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(weft_local_init(&many.locals[i], .destructor = count_end), WEFT_OK);
    assert_null(use_many((void *)(uintptr_t)1000000));
    for (size_t i = 0; i < USERS; i++)
        crews[i] = crew_start(1, use_many, (void *)((i + 1) * 10000));
    for (size_t i = 0; i < USERS; i++)
        crew_join(&crews[i]);
    assert_int_equal(atomic_load(&many.ended), USERS * MANY);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(weft_local_destroy(&many.locals[i]), WEFT_OK);
    assert_int_equal(atomic_load(&many.ended), (USERS + 1) * MANY);
    free(many.locals);
}

static atomic_int initialised;

static void *initialise_slowly(void *arg)
{
    atomic_fetch_add(&initialised, 1);
    EVENTUALLY(atomic_load(&initialised) == 8); /* all are in it at once */
    return arg;
}

static weft_local slow = WEFT_LOCAL_INIT(.initializer = initialise_slowly);

static void *set_after(void *arg)
{
    WITNESS(weft_local_get(&slow) == NULL);
    WITNESS(weft_local_set(&slow, &initialised) == WEFT_OK);
    WITNESS(weft_local_get(&slow) == &initialised);
    return arg;
}

TEST(initializers_of_several_threads_may_run_at_once)
{
    struct crew crew = crew_start(8, set_after, NULL);
    crew_join(&crew);
    assert_int_equal(atomic_load(&initialised), 8);
}

TEST(how_many_values_there_are_is_known)
{
    static weft_local local;
    struct guest guests[3];
    assert_int_equal(weft_local_count(&local), 0);
    for (size_t i = 0; i < 3; i++)
        guest_comes(&guests[i], use_local, &local);
    assert_int_equal(weft_local_count(&local), 3);
    guest_goes(&guests[0]);
    assert_int_equal(weft_local_count(&local), 2);
    guest_goes(&guests[1]);
    guest_goes(&guests[2]);
    assert_int_equal(weft_local_count(&local), 0);
}

TEST(null_is_refused)
{
    assert_null(weft_local_get(NULL));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    assert_int_equal(weft_local_set(NULL, things), WEFT_VALUE_ERROR);
    assert_int_equal(weft_local_clear(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_local_init_with(NULL, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_local_destroy(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_local_free(NULL), WEFT_OK);
    assert_false(weft_local_has(NULL));
    assert_int_equal(weft_local_count(NULL), 0);
}

TEST(options_of_another_version_are_understood)
{
    struct {
        weft_local_options options;
        char more[64];
    } later = {.options = {.struct_size = sizeof later, .destructor = note_destroyed}};
    weft_local_options earlier = {.struct_size = offsetof(weft_local_options, destructor),
                                  .destructor = note_destroyed};
    weft_local_options nothing = {0};
    weft_local local;
    assert_int_equal(weft_local_init_with(&local, &nothing), WEFT_VALUE_ERROR);
    assert_null(weft_local_new_with(&nothing));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    assert_int_equal(weft_local_init_with(&local, &later.options), WEFT_OK);
    assert_int_equal(weft_local_set(&local, things), WEFT_OK);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
    assert_int_equal(destroyed_count(), 1);
    assert_int_equal(weft_local_init_with(&local, &earlier), WEFT_OK);
    assert_int_equal(weft_local_set(&local, things), WEFT_OK);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
    assert_int_equal(destroyed_count(), 1);
}

TEST(a_local_on_the_heap_serves_bindings)
{
    weft_local *local = weft_local_new_with(NULL);
    assert_non_null(local);
    assert_int_equal(weft_local_set(local, things), WEFT_OK);
    assert_ptr_equal(weft_local_get(local), things);
    assert_int_equal(weft_local_free(local), WEFT_OK);
}
