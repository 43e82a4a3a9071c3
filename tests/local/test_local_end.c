/* SPDX-License-Identifier: MIT */
/*
 * A thread ends: its values are destroyed in it, the last made first, before its join returns,
 * whoever started it; what destructors make anew ends in the next round.
 */
#include "local_help.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "cancel.h"
#include "primitives/park.h"
#include "program.h"

static weft_local locals[5];

static void *set_all(void *arg)
{
    for (size_t i = 0; i < 5; i++)
        WITNESS(weft_local_set(&locals[i], &things[i]) == WEFT_OK);
    return arg;
}

static void init_all(void)
{
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(weft_local_init(&locals[i], .destructor = note_destroyed), WEFT_OK);
}

static void assert_all_destroyed_in_reverse(void)
{
    assert_int_equal(destroyed_count(), 5);
    for (size_t i = 0; i < 5; i++)
        assert_ptr_equal(destroyed.values[i], &things[4 - i]);
}

TEST(a_threads_values_are_destroyed_in_reverse_before_its_join_returns)
{
    init_all();
    in_a_thread(set_all, NULL);
    assert_all_destroyed_in_reverse();
}

static void *set_all_and_exit(void *arg)
{
    set_all(arg);
    pthread_exit(arg);
}

TEST(a_foreign_threads_values_are_destroyed_too)
{
    pthread_t thread;
    init_all();
    assert_int_equal(pthread_create(&thread, NULL, set_all, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_all_destroyed_in_reverse();
}

TEST(pthread_exit_destroys_the_values_too)
{
    init_all();
    in_a_thread(set_all_and_exit, NULL);
    assert_all_destroyed_in_reverse();
}

static atomic_bool is_set;

static void *set_all_and_stay(void *arg)
{
    set_all(arg);
    atomic_store(&is_set, true);
    for (;;)
        test_cancel_here();
    return NULL;
}

TEST(cancelling_a_thread_destroys_its_values)
{
    pthread_t thread;
    init_all();
    assert_int_equal(pthread_create(&thread, NULL, set_all_and_stay, NULL), 0);
    EVENTUALLY(atomic_load(&is_set));
    assert_int_equal(pthread_cancel(thread), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_all_destroyed_in_reverse();
}

static void *replace(void *arg)
{
    set_all(arg);
    WITNESS(weft_local_set(&locals[1], &things[9]) == WEFT_OK);
    return arg;
}

TEST(a_value_that_replaces_another_takes_its_place_in_the_order)
{
    init_all();
    in_a_thread(replace, NULL);
    assert_int_equal(destroyed_count(), 6);
    assert_ptr_equal(destroyed.values[0], &things[1]); /* by set */
    assert_ptr_equal(destroyed.values[3], &things[2]);
    assert_ptr_equal(destroyed.values[4], &things[9]);
    assert_ptr_equal(destroyed.values[5], &things[0]);
}

static void see_the_older(void *value)
{
    note_destroyed(value);
    WITNESS(weft_local_get(&locals[0]) == &things[0]);
    WITNESS(!weft_local_has(&locals[1])); /* itself */
    WITNESS(weft_thread_current() != NULL);
    WITNESS(strcmp(weft_thread_name(weft_thread_current()), "ends") == 0);
}

static void *set_two(void *arg)
{
    WITNESS(weft_local_set(&locals[0], &things[0]) == WEFT_OK);
    WITNESS(weft_local_set(&locals[1], &things[1]) == WEFT_OK);
    return arg;
}

TEST(a_destructor_sees_the_values_that_were_made_before_its_own)
{
    init_all();
    assert_int_equal(weft_local_init(&locals[1], .destructor = see_the_older), WEFT_OK);
    weft_thread *thread = weft_thread_spawn(set_two, NULL, .name = "ends");
    assert_non_null(thread);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    weft_thread_free(thread);
    assert_int_equal(destroyed_count(), 2);
}

/* ---- rounds -------------------------------------------------------------------------------- */

static weft_local phoenix;
static struct record refused;

static void make_anew(void *value)
{
    note_destroyed(value);
    if (weft_local_get(&phoenix) == NULL) {
        weft_local_scope scope;
        WITNESS(weft_last_status() == WEFT_RUNTIME);
        WITNESS(weft_local_set(&phoenix, things) == WEFT_RUNTIME);
        WITNESS(weft_local_enter(&scope, &phoenix, things) == WEFT_RUNTIME);
        WITNESS(!weft_local_has(&phoenix));
        note(&refused, value);
    }
}

static void *use(void *arg)
{
    WITNESS(weft_local_get(arg) != NULL);
    return NULL;
}

static void init_phoenix(void)
{
    assert_int_equal(weft_local_init(&phoenix, same, things, make_anew), WEFT_OK);
}

TEST(a_destructor_makes_new_values_for_some_rounds_and_then_none)
{
    init_phoenix();
    in_a_thread(use, &phoenix);
    assert_int_equal(destroyed_count(), ROUNDS);
    assert_int_equal(atomic_load(&refused.count), 1);
    assert_int_equal(weft_local_count(&phoenix), 0);
}

static weft_local first_round;
static weft_local second_round;

static void use_another(void *value)
{
    note_destroyed(value);
    WITNESS(weft_local_get(&second_round) != NULL);
}

static void *use_both(void *arg)
{
    WITNESS(weft_local_set(&locals[0], &things[0]) == WEFT_OK);
    WITNESS(weft_local_get(&first_round) != NULL);
    return arg;
}

TEST(what_a_destructor_makes_ends_after_all_that_was_there)
{
    init_all();
    assert_int_equal(weft_local_init(&first_round, same, &things[1], use_another), WEFT_OK);
    assert_int_equal(weft_local_init(&second_round, same, &things[2], note_destroyed), WEFT_OK);
    in_a_thread(use_both, NULL);
    assert_int_equal(destroyed_count(), 3);
    assert_ptr_equal(destroyed.values[0], &things[1]);
    assert_ptr_equal(destroyed.values[1], &things[0]);
    assert_ptr_equal(destroyed.values[2], &things[2]);
}

/* Keys of the system's whose destructors run after the library's, in each of its rounds. */
static pthread_key_t key;
static atomic_int key_rounds;
static atomic_int key_refused;

static void use_in_a_key(void *local)
{
    int round = atomic_fetch_add(&key_rounds, 1) + 1;
    if (weft_local_get(local) == NULL)
        atomic_fetch_add(&key_refused, 1);
    if (round < ROUNDS)
        WITNESS(pthread_setspecific(key, local) == 0);
}

static void *set_key(void *local)
{
    WITNESS(weft_park_count() == 0); /* the thread is the library's before it has the key */
    WITNESS(pthread_setspecific(key, local) == 0);
    return NULL;
}

TEST(values_made_by_destructors_of_keys_are_destroyed)
{
    pthread_t thread;
    weft_local local;
    assert_int_equal(weft_local_init(&local, same, things, note_destroyed), WEFT_OK);
    assert_int_equal(pthread_key_create(&key, use_in_a_key), 0);
    assert_int_equal(pthread_create(&thread, NULL, set_key, &local), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(atomic_load(&key_rounds), ROUNDS);
    assert_int_equal(atomic_load(&key_refused), 1); /* in the last one nothing would destroy it */
    assert_int_equal(destroyed_count(), ROUNDS - 1);
    assert_int_equal(weft_local_count(&local), 0);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
}

/* ---- others that end ----------------------------------------------------------------------- */

static weft_local of_timers;

static void *use_in_timer(void *arg)
{
    WITNESS(!weft_local_has(&of_timers));
    WITNESS(weft_local_set(&of_timers, arg) == WEFT_OK);
    return NULL;
}

TEST(a_timers_values_end_with_it)
{
    assert_int_equal(weft_local_init(&of_timers, .destructor = note_destroyed), WEFT_OK);
    for (size_t i = 0; i < 3; i++) { /* most likely on one worker */
        weft_timer *timer = weft_timer_spawn(0, use_in_timer, &things[i]);
        assert_non_null(timer);
        assert_int_equal(weft_timer_join(timer), WEFT_OK);
        weft_timer_free(timer);
        assert_int_equal(destroyed_count(), i + 1);
        assert_ptr_equal(destroyed.values[i], &things[i]);
    }
}

static void raise_in_destructor(void *value)
{
    note_destroyed(value);
    (void)weft_raise(WEFT_USER, "nobody hears this");
}

static void *fail_after(void *arg)
{
    WITNESS(weft_local_set(arg, things) == WEFT_OK);
    void *raised = weft_raise(WEFT_USER + 5, "this one counts");
    WITNESS(weft_local_clear(arg) == WEFT_OK);
    WITNESS(weft_local_set(arg, things) == WEFT_OK);
    return raised;
}

static void be_quiet(weft_thread *thread, const weft_error *error, void *arg)
{
    (void)thread;
    (void)error;
    (void)arg;
}

TEST(what_a_destructor_raises_is_dropped)
{
    weft_local local;
    weft_set_excepthook(be_quiet, NULL);
    assert_int_equal(weft_local_init(&local, .destructor = raise_in_destructor), WEFT_OK);
    weft_thread *thread = weft_thread_spawn(fail_after, &local);
    assert_non_null(thread);
    assert_int_equal(weft_thread_join(thread), WEFT_FAILED);
    assert_int_equal(weft_thread_error(thread)->code, WEFT_USER + 5);
    weft_thread_free(thread);
    assert_int_equal(destroyed_count(), 2);
}

static void *exit_in_initializer(void *arg)
{
    pthread_exit(arg);
}

TEST(a_thread_may_end_in_an_initializer)
{
    weft_local local;
    assert_int_equal(weft_local_init(&local, exit_in_initializer, .destructor = note_destroyed),
                     WEFT_OK);
    in_a_thread(use_local, &local);
    assert_int_equal(destroyed_count(), 0);
    assert_int_equal(weft_local_count(&local), 0);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
}

/* ---- the process ends ---------------------------------------------------------------------- */

static void say(void *text)
{
    printf("%s\n", (const char *)text);
    fflush(stdout);
}

static char mains[] = "main's";
static char second[] = "main's second";
static char of_thread[] = "the thread's";
static char never_said[] = "never";
static char at_last[] = "none after the end";

static weft_local spoken = WEFT_LOCAL_INIT(.destructor = say);
static weft_local spoken_later = WEFT_LOCAL_INIT(.destructor = say);

static void *speak(void *text)
{
    const struct wefti_key key_of_this = {weft_thread_current(), WEFTI_THREAD};
    EVENTUALLY(wefti_waiters(key_of_this) == 1); /* main is at its end */
    WITNESS(weft_local_set(&spoken, text) == WEFT_OK);
    return NULL;
}

static void *speak_at_last(void *text)
{
    weft_event *never = text;
    WITNESS(weft_local_set(&spoken, never_said) == WEFT_OK);
    return weft_event_wait(never) == WEFT_OK ? NULL : text;
}

static void use_after_exit(void)
{
    if (weft_local_get(&spoken) == NULL && weft_last_status() == WEFT_RUNTIME)
        say(at_last);
}

/* Registered before the library's own handler, hence called after it. */
__attribute__((constructor(101))) static void before_the_library(void)
{
    if (getenv("WEFT_TEST_EARLY") != NULL)
        atexit(use_after_exit);
}

PROGRAM(ends_with_values)
{
    static weft_event never;
    weft_thread_free(weft_thread_spawn(speak_at_last, &never, .daemon = true));
    EVENTUALLY(weft_local_count(&spoken) == 1);
    if (weft_local_set(&spoken, mains) != WEFT_OK ||
        weft_local_set(&spoken_later, second) != WEFT_OK)
        return 1;
    return 0;
}

PROGRAM(ends_after_its_threads)
{
    if (weft_local_set(&spoken, mains) != WEFT_OK)
        return 1;
    weft_thread_free(weft_thread_spawn(speak, of_thread));
    return 0;
}

static void assert_said(const char *name, const char *text)
{
    struct program program = program_start(name);
    assert_int_equal(program_end(&program), 0);
    assert_string_equal(program.text, text);
}

TEST(mains_values_end_at_exit_the_last_first_and_those_of_daemons_do_not)
{
    assert_said("ends_with_values", "main's second\nmain's\n");
}

TEST(mains_values_end_after_the_threads)
{
    assert_said("ends_after_its_threads", "the thread's\nmain's\n");
}

TEST(after_the_exit_handler_there_are_no_values)
{
    assert_int_equal(setenv("WEFT_TEST_EARLY", "1", 1), 0);
    assert_said("ends_after_its_threads", "the thread's\nmain's\nnone after the end\n");
}
