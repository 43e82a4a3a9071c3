/* SPDX-License-Identifier: MIT */
/*
 * A Local ends before the threads that have values of it.
 */
#include "local_help.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "primitives/park.h"

static weft_local local;

static struct wefti_key key_of_local(void)
{
    return (struct wefti_key){&local, WEFTI_LOCAL};
}

static void *set_local(void *value)
{
    WITNESS(weft_local_set(&local, value) == WEFT_OK);
    return NULL;
}

static uint32_t destroyer;

static void note_thread(void *value)
{
    destroyer = weft_thread_ident(weft_thread_current());
    note_destroyed(value);
}

TEST(all_threads_values_are_destroyed_by_the_destroying_thread_the_last_first)
{
    struct guest guests[3];
    assert_int_equal(weft_local_init(&local, .destructor = note_thread), WEFT_OK);
    assert_int_equal(weft_local_set(&local, &things[0]), WEFT_OK);
    for (size_t i = 0; i < 3; i++)
        guest_comes(&guests[i], set_local, &things[i + 1]);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
    assert_int_equal(destroyed_count(), 4);
    for (size_t i = 0; i < 4; i++)
        assert_ptr_equal(destroyed.values[i], &things[3 - i]);
    assert_int_equal(destroyer, weft_thread_ident(weft_thread_current()));
    for (size_t i = 0; i < 3; i++)
        guest_goes(&guests[i]);
    assert_int_equal(destroyed_count(), 4);
}

TEST(a_destroyed_local_is_as_a_fresh_one)
{
    assert_int_equal(weft_local_init(&local, same, &things[1], note_destroyed), WEFT_OK);
    for (size_t i = 1; i <= 3; i++) {
        assert_ptr_equal(weft_local_get(&local), &things[1]);
        assert_int_equal(weft_local_destroy(&local), WEFT_OK);
        assert_int_equal(destroyed_count(), i);
        assert_false(weft_local_has(&local));
    }
    assert_int_equal(weft_local_destroy(&local), WEFT_OK); /* also one that was never used */
}

/* ---- one that runs ------------------------------------------------------------------------- */

static atomic_bool begun;
static atomic_bool over;

static void end_when_awaited(void *value)
{
    atomic_store(&begun, true);
    EVENTUALLY(wefti_waiters(key_of_local()) == 1);
    WITNESS(weft_local_get(&local) == NULL && weft_last_status() == WEFT_RUNTIME);
    note_destroyed(value);
    atomic_store(&over, true);
}

TEST(it_waits_for_a_destructor_that_runs_in_a_thread_that_ends)
{
    assert_int_equal(weft_local_init(&local, .destructor = end_when_awaited), WEFT_OK);
    struct crew crew = crew_start(1, set_local, &things[1]);
    EVENTUALLY(atomic_load(&begun));
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
    assert_true(atomic_load(&over));
    crew_join(&crew);
    assert_int_equal(destroyed_count(), 1);
}

static atomic_int running;

static void end_when_all_run(void *value)
{
    atomic_fetch_add(&running, 1);
    EVENTUALLY(wefti_waiters(key_of_local()) == 1);
    note_destroyed(value);
}

TEST(it_waits_for_all_of_them)
{
    assert_int_equal(weft_local_init(&local, .destructor = end_when_all_run), WEFT_OK);
    struct crew crew = crew_start(4, set_local, &things[1]);
    EVENTUALLY(atomic_load(&running) == 4);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
    assert_int_equal(destroyed_count(), 4);
    crew_join(&crew);
}

static int pipe_of_dump[2];

static void dump_when_awaited(void *value)
{
    atomic_store(&begun, true);
    EVENTUALLY(wefti_waiters(key_of_local()) == 1);
    WITNESS(weft_dump(pipe_of_dump[1]) == WEFT_OK);
    note_destroyed(value);
}

TEST(a_dump_says_that_it_waits)
{
    char text[1024] = "";
    assert_int_equal(pipe(pipe_of_dump), 0);
    assert_int_equal(weft_local_init(&local, .destructor = dump_when_awaited), WEFT_OK);
    struct crew crew = crew_start(1, set_local, &things[1]);
    EVENTUALLY(atomic_load(&begun));
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
    crew_join(&crew);
    assert_true(read(pipe_of_dump[0], text, sizeof text - 1) > 0);
    assert_non_null(strstr(text, "for the destructors of a local at"));
}

/* ---- what is refused ----------------------------------------------------------------------- */

static void destroy_its_own(void *value)
{
    note_destroyed(value);
    WITNESS(weft_local_destroy(&local) == WEFT_DEADLOCK);
}

TEST(a_destructor_cannot_destroy_its_local)
{
    assert_int_equal(weft_local_init(&local, .destructor = destroy_its_own), WEFT_OK);
    in_a_thread(set_local, &things[1]); /* at the end of the thread */
    assert_null(set_local(&things[2]));
    assert_null(set_local(&things[3])); /* in set */
    assert_int_equal(weft_local_clear(&local), WEFT_OK);
    assert_null(set_local(&things[4]));
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
    assert_int_equal(destroyed_count(), 4);
}

static void use_its_own(void *value)
{
    note_destroyed(value);
    WITNESS(weft_local_get(&local) == NULL && weft_last_status() == WEFT_RUNTIME);
    WITNESS(weft_local_set(&local, value) == WEFT_RUNTIME);
}

TEST(a_local_that_is_being_destroyed_makes_no_values)
{
    assert_int_equal(weft_local_init(&local, same, things, use_its_own), WEFT_OK);
    assert_non_null(weft_local_get(&local));
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
    assert_int_equal(destroyed_count(), 1);
}

static void destroy_in_vain(void *value)
{
    note_destroyed(value);
    atomic_store(&begun, true);
    EVENTUALLY(atomic_load(&over));
}

static void *destroy_local(void *arg)
{
    WITNESS(weft_local_destroy(&local) == WEFT_OK);
    return arg;
}

TEST(a_local_that_is_being_destroyed_is_busy)
{
    assert_int_equal(weft_local_init(&local, .destructor = destroy_in_vain), WEFT_OK);
    assert_null(set_local(things));
    struct crew crew = crew_start(1, destroy_local, NULL);
    EVENTUALLY(atomic_load(&begun));
    assert_int_equal(weft_local_destroy(&local), WEFT_BUSY);
    atomic_store(&over, true);
    crew_join(&crew);
    assert_int_equal(destroyed_count(), 1);
}

static void *enter_initializer(void *arg)
{
    atomic_store(&begun, true);
    EVENTUALLY(atomic_load(&over));
    return arg;
}

TEST(a_local_in_whose_initializer_a_thread_is_is_busy)
{
    assert_int_equal(weft_local_init(&local, enter_initializer, things, note_destroyed), WEFT_OK);
    struct guest guest;
    guest = (struct guest){.target = use_local, .arg = &local};
    guest.thread = weft_thread_spawn(stay, &guest);
    assert_non_null(guest.thread);
    EVENTUALLY(atomic_load(&begun));
    assert_int_equal(weft_local_destroy(&local), WEFT_BUSY);
    assert_int_equal(weft_local_free(&local), WEFT_BUSY);
    assert_int_equal(destroyed_count(), 0);
    atomic_store(&over, true);
    assert_int_equal(weft_event_wait(&guest.arrived), WEFT_OK);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
    assert_int_equal(destroyed_count(), 1);
    guest_goes(&guest);
}

/* ---- old places ---------------------------------------------------------------------------- */

static weft_local fresh[10];
static weft_event replaced;

static void *find_the_new_empty(void *arg)
{
    weft_event *is_set = arg;
    WITNESS(weft_local_set(&local, &things[1]) == WEFT_OK);
    WITNESS(weft_local_get(&local) == &things[1]);
    WITNESS(weft_event_set(is_set) == WEFT_OK);
    WITNESS(weft_event_wait(&replaced) == WEFT_OK);
    for (size_t i = 0; i < 10; i++) {
        WITNESS(!weft_local_has(&fresh[i]));
        WITNESS(weft_local_get(&fresh[i]) == NULL);
    }
    return NULL;
}

TEST(a_new_local_in_an_old_ones_place_is_empty_in_every_thread)
{
    static weft_event is_set;
    struct crew crew = crew_start(1, find_the_new_empty, &is_set);
    assert_int_equal(weft_event_wait(&is_set), WEFT_OK);
    uint64_t key = local.key;
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
    bool same_place = false;
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(weft_local_set(&fresh[i], &things[2]), WEFT_OK);
        same_place |= (uint32_t)fresh[i].key == (uint32_t)key;
        assert_true(fresh[i].key != key);
    }
    assert_true(same_place);
    assert_int_equal(weft_event_set(&replaced), WEFT_OK);
    crew_join(&crew);
}

TEST(places_are_used_again)
{
    enum { TURNS = 20000 };
    assert_int_equal(weft_local_set(&local, things), WEFT_OK); /* one stays */
    for (size_t i = 0; i < TURNS; i++) {
        weft_local one = {0};
        assert_int_equal(weft_local_set(&one, things), WEFT_OK);
        assert_true((uint32_t)one.key < 100);
        assert_int_equal(weft_local_destroy(&one), WEFT_OK);
    }
}

static void exit_thread(void *value)
{
    note_destroyed(value);
    if (value == &things[1])
        pthread_exit(NULL);
}

static void *destroy_to_the_end(void *value)
{
    WITNESS(weft_local_set(&local, value) == WEFT_OK);
    WITNESS(weft_local_destroy(&local) != WEFT_OK); /* does not return */
    WITNESS(value == NULL);
    return NULL;
}

TEST(a_destructor_that_ends_the_destroying_thread_leaves_the_rest)
{
    assert_int_equal(weft_local_init(&local, .destructor = exit_thread), WEFT_OK);
    assert_int_equal(weft_local_set(&local, &things[2]), WEFT_OK);
    in_a_thread(destroy_to_the_end, &things[1]);
    assert_int_equal(destroyed_count(), 1);
    assert_ptr_equal(weft_local_get(&local), &things[2]);
    in_a_thread(set_local, &things[3]);
    assert_int_equal(destroyed_count(), 2);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
    assert_int_equal(destroyed_count(), 3);
}

static weft_event may_end;

static void *use_now_and_then(void *arg)
{
    while (!weft_event_is_set(&may_end)) {
        WITNESS(weft_local_set(arg, &may_end) == WEFT_OK);
        WITNESS(weft_local_get(arg) == &may_end);
        test_yield();
    }
    return NULL;
}

TEST(locals_come_and_go_beside_a_foreign_thread)
{
    pthread_t thread;
    static weft_local of_thread;
    assert_int_equal(pthread_create(&thread, NULL, use_now_and_then, &of_thread), 0);
    for (size_t i = 0; i < 1000; i++) {
        weft_local *one = weft_local_new_with(NULL);
        assert_non_null(one);
        assert_int_equal(weft_local_set(one, things), WEFT_OK);
        assert_int_equal(weft_local_free(one), WEFT_OK);
    }
    assert_int_equal(weft_event_set(&may_end), WEFT_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(weft_local_destroy(&of_thread), WEFT_OK);
}
