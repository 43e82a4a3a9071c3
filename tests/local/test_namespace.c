/* SPDX-License-Identifier: MIT */
/*
 * Named attributes of each thread, as CPython's tests of threading.local have them.
 */
#include "local_help.h"

#include <string.h>

static weft_namespace names;

static int *new_int(int number)
{
    int *value = malloc(sizeof *value);
    WITNESS(value != NULL);
    if (value != NULL)
        *value = number;
    return value;
}

static bool is_int(const char *name, int number)
{
    const int *value = weft_namespace_get(&names, name);
    return value != NULL && *value == number;
}

static bool is_missing(const char *name)
{
    return weft_namespace_get(&names, name) == NULL && weft_last_status() == WEFT_NO_ATTRIBUTE &&
           !weft_namespace_has(&names, name);
}

static void *want_nothing(void *arg)
{
    WITNESS(is_missing("number"));
    WITNESS(weft_namespace_set(&names, "number", new_int(11), free) == WEFT_OK);
    WITNESS(is_int("number", 11));
    return arg;
}

TEST(attributes_are_set_got_and_deleted)
{
    assert_int_equal(weft_namespace_set(&names, "number", new_int(42), free), WEFT_OK);
    assert_true(weft_namespace_has(&names, "number"));
    assert_true(is_int("number", 42));
    assert_int_equal(weft_namespace_set(&names, "number", new_int(43), free), WEFT_OK);
    assert_true(is_int("number", 43));
    assert_int_equal(weft_namespace_delete(&names, "number"), WEFT_OK);
    assert_true(is_missing("number"));
    assert_int_equal(weft_namespace_delete(&names, "number"), WEFT_NO_ATTRIBUTE);
    assert_string_equal(weft_status_exception(WEFT_NO_ATTRIBUTE), "AttributeError");
}

TEST(an_attribute_of_another_thread_is_not_there)
{
    struct guest guest;
    guest_comes(&guest, want_nothing, NULL);
    assert_true(is_missing("number"));
    assert_int_equal(weft_namespace_set(&names, "number", new_int(42), free), WEFT_OK);
    guest_goes(&guest);
    assert_true(is_int("number", 42));
}

static void *set_one(void *arg)
{
    WITNESS(weft_namespace_set(&names, "weak", arg, note_destroyed) == WEFT_OK);
    return NULL;
}

TEST(threads_that_end_free_their_attributes)
{
    enum { THREADS = 50 };
    for (size_t i = 0; i < THREADS; i++)
        in_a_thread(set_one, &things[i]);
    assert_int_equal(destroyed_count(), THREADS);
    assert_int_equal(weft_local_count(&names.local), 0);
}

static atomic_int in_start;

static void *start_slowly(void *arg)
{
    atomic_int *wanted = arg;
    atomic_fetch_add(&in_start, 1);
    EVENTUALLY(atomic_load(&in_start) >= atomic_load(wanted)); /* a switch amid the initializer */
    return NULL;
}

static void *set_own_number(void *arg)
{
    atomic_int *next = arg;
    int number = atomic_fetch_add(next, 1);
    WITNESS(weft_namespace_set(&names, "x", new_int(number), free) == WEFT_OK);
    WITNESS(is_int("x", number));
    return NULL;
}

TEST(a_switch_of_threads_in_an_initializer_mixes_nothing_up)
{
    static atomic_int wanted = 10;
    static atomic_int next;
    assert_int_equal(weft_namespace_init(&names, start_slowly, &wanted), WEFT_OK);
    struct crew crew = crew_start(10, set_own_number, &next);
    crew_join(&crew);
    assert_int_equal(atomic_load(&in_start), 10);
}

static void *start(void *arg)
{
    static atomic_int starts;
    WITNESS(weft_namespace_set(&names, "color", arg, NULL) == WEFT_OK);
    WITNESS(weft_namespace_get(&names, "color") == arg);
    WITNESS(weft_namespace_destroy(&names) == WEFT_BUSY);
    return weft_namespace_set(&names, "starts", &starts, NULL) == WEFT_OK ? NULL : WEFT_RAISED;
}

static void *find_color(void *color)
{
    WITNESS(weft_namespace_get(&names, "color") == color);
    WITNESS(weft_namespace_delete(&names, "color") == WEFT_OK);
    WITNESS(is_missing("color")); /* the initializer is called once */
    return NULL;
}

TEST(the_initializer_sets_attributes_in_each_thread)
{
    static char red[] = "red";
    assert_int_equal(weft_namespace_init(&names, .initializer = start, .arg = red), WEFT_OK);
    assert_true(weft_namespace_has(&names, "color"));
    in_a_thread(find_color, red);
    assert_ptr_equal(weft_namespace_get(&names, "color"), red);
}

static void *start_in_vain(void *arg)
{
    atomic_int *failures = arg;
    WITNESS(weft_namespace_set(&names, "half", things, note_destroyed) == WEFT_OK);
    if (atomic_fetch_sub(failures, 1) > 0)
        return weft_raise(WEFT_USER + 3, "not today");
    return NULL;
}

TEST(an_initializer_that_fails_leaves_no_attributes)
{
    static atomic_int failures = 5;
    assert_int_equal(weft_namespace_init(&names, start_in_vain, &failures), WEFT_OK);
    assert_null(weft_namespace_get(&names, "half"));
    assert_int_equal(weft_last_status(), WEFT_FAILED);
    assert_int_equal(weft_last_error()->code, WEFT_USER + 3);
    assert_int_equal(weft_namespace_set(&names, "x", things, free), WEFT_FAILED);
    assert_int_equal(weft_namespace_delete(&names, "x"), WEFT_FAILED);
    assert_false(weft_namespace_has(&names, "half"));
    assert_null(weft_namespace_list(&names, NULL));
    assert_int_equal(weft_last_status(), WEFT_FAILED);
    assert_int_equal(destroyed_count(), 5);
    assert_int_equal(weft_local_count(&names.local), 0);
    assert_true(weft_namespace_has(&names, "half")); /* it is called again */
    assert_int_equal(weft_namespace_destroy(&names), WEFT_OK);
    assert_int_equal(destroyed_count(), 6);
}

TEST(the_names_are_listed_in_their_order)
{
    size_t count = 4711;
    char **list = weft_namespace_list(&names, &count);
    assert_non_null(list);
    assert_int_equal(count, 0);
    assert_null(list[0]);
    weft_namespace_list_free(list);
    const char *given[] = {"x", "yy", "zzz", "x"};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(weft_namespace_set(&names, given[i], things, NULL), WEFT_OK);
    list = weft_namespace_list(&names, &count);
    assert_non_null(list);
    assert_int_equal(count, 3);
    assert_int_equal(weft_namespace_delete(&names, "yy"), WEFT_OK); /* the list has copies */
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(list[i], given[i]);
    assert_null(list[3]);
    weft_namespace_list_free(list);
    list = weft_namespace_list(&names, NULL);
    assert_non_null(list);
    assert_string_equal(list[1], "zzz");
    weft_namespace_list_free(list);
    weft_namespace_list_free(NULL);
}

TEST(values_are_freed_as_they_were_set)
{
    char name[] = "a";
    assert_int_equal(weft_namespace_set(&names, name, &things[1], note_destroyed), WEFT_OK);
    name[0] = 'b'; /* names are copied */
    assert_int_equal(weft_namespace_set(&names, name, &things[2], NULL), WEFT_OK);
    assert_int_equal(weft_namespace_set(&names, "c", NULL, note_destroyed), WEFT_OK);
    assert_int_equal(weft_namespace_set(&names, "d", &things[4], note_destroyed), WEFT_OK);
    assert_int_equal(weft_namespace_set(&names, "e", &things[5], note_destroyed), WEFT_OK);
    assert_ptr_equal(weft_namespace_get(&names, "a"), &things[1]);
    assert_null(weft_namespace_get(&names, "c"));
    assert_int_equal(weft_last_status(), WEFT_OK);
    assert_true(weft_namespace_has(&names, "c"));
    assert_int_equal(weft_namespace_set(&names, "a", &things[3], note_destroyed), WEFT_OK);
    assert_int_equal(destroyed_count(), 1);
    assert_ptr_equal(destroyed.values[0], &things[1]);
    assert_int_equal(weft_namespace_delete(&names, "d"), WEFT_OK);
    assert_ptr_equal(destroyed.values[1], &things[4]);
    assert_int_equal(weft_namespace_destroy(&names), WEFT_OK);
    assert_int_equal(destroyed_count(), 4);
    assert_ptr_equal(destroyed.values[2], &things[5]); /* the newest first */
    assert_ptr_equal(destroyed.values[3], &things[3]);
    assert_true(is_missing("a"));
    assert_int_equal(weft_namespace_destroy(&names), WEFT_OK);
}

static void set_again(void *value)
{
    note_destroyed(value);
    weft_status status = weft_namespace_set(&names, "again", value, set_again);
    WITNESS(status == (destroyed_count() < ROUNDS ? WEFT_OK : WEFT_RUNTIME));
}

static void *set_for_ever(void *arg)
{
    WITNESS(weft_namespace_set(&names, "again", arg, set_again) == WEFT_OK);
    return NULL;
}

TEST(freeing_may_set_attributes_until_the_thread_has_ended)
{
    in_a_thread(set_for_ever, things);
    assert_int_equal(destroyed_count(), ROUNDS);
    assert_int_equal(weft_local_count(&names.local), 0);
}

TEST(options_of_another_version_are_understood)
{
    struct {
        weft_namespace_options options;
        char more[64];
    } later = {.options = {.struct_size = sizeof later, .initializer = start, .arg = things}};
    weft_namespace_options nothing = {0};
    assert_int_equal(weft_namespace_init_with(&names, &nothing), WEFT_VALUE_ERROR);
    assert_int_equal(weft_namespace_init_with(&names, &later.options), WEFT_OK);
    assert_true(weft_namespace_has(&names, "color"));
    assert_int_equal(weft_namespace_destroy(&names), WEFT_OK);
    assert_int_equal(weft_namespace_init_with(&names, NULL), WEFT_OK);
    assert_false(weft_namespace_has(&names, "color"));
    static weft_namespace with_options = WEFT_NAMESPACE_INIT(.initializer = same);
    assert_false(weft_namespace_has(&with_options, "color"));
    assert_int_equal(weft_sizeof(WEFT_KIND_NAMESPACE), sizeof(weft_namespace));
}

TEST(null_is_refused)
{
    assert_int_equal(weft_namespace_init_with(NULL, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_namespace_destroy(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_namespace_set(NULL, "a", things, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_namespace_set(&names, NULL, things, NULL), WEFT_VALUE_ERROR);
    assert_null(weft_namespace_get(NULL, "a"));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    assert_int_equal(weft_namespace_delete(&names, NULL), WEFT_VALUE_ERROR);
    assert_false(weft_namespace_has(NULL, "a"));
    assert_null(weft_namespace_list(NULL, NULL));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
}
