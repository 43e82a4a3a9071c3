/* SPDX-License-Identifier: MIT */
/*
 * The child of a fork has the forking thread's values, and no others.
 */
#include "local_help.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that exits in the middle of a case has not freed what the case needs: no leak. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static weft_local local = WEFT_LOCAL_INIT(.destructor = note_destroyed, .copy = same);

/* Runs it in a child; whether all that was witnessed there held. */
static bool holds_in_child(void (*run)(void))
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        run();
        _exit(test_witness_failures() != 0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static void *set_local(void *value)
{
    WITNESS(weft_local_set(&local, value) == WEFT_OK);
    return NULL;
}

static void find_only_its_own(void)
{
    WITNESS(weft_local_count(&local) == 1);
    WITNESS(weft_local_get(&local) == &things[1]);
    WITNESS(weft_local_set(&local, &things[2]) == WEFT_OK);
    WITNESS(destroyed_count() == 1 && destroyed.values[0] == &things[1]);
    WITNESS(weft_local_destroy(&local) == WEFT_OK);
    WITNESS(destroyed_count() == 2 && destroyed.values[1] == &things[2]);
    static weft_local another = WEFT_LOCAL_INIT(.destructor = note_destroyed);
    WITNESS(weft_local_set(&another, &things[3]) == WEFT_OK);
    WITNESS(weft_local_destroy(&another) == WEFT_OK);
    WITNESS(destroyed_count() == 3);
}

TEST(the_child_has_the_forking_threads_values_and_no_others)
{
    struct guest guests[3];
    for (size_t i = 0; i < 3; i++)
        guest_comes(&guests[i], set_local, &things[10 + i]);
    assert_int_equal(weft_local_set(&local, &things[1]), WEFT_OK);
    assert_true(holds_in_child(find_only_its_own));
    for (size_t i = 0; i < 3; i++)
        guest_goes(&guests[i]);
    assert_int_equal(destroyed_count(), 3);
    assert_ptr_equal(weft_local_get(&local), &things[1]);
}

static void *fork_elsewhere(void *arg)
{
    WITNESS(weft_local_set(&local, &things[1]) == WEFT_OK);
    WITNESS(holds_in_child(find_only_its_own));
    return arg;
}

TEST(any_thread_may_be_the_one_that_forks_a_child)
{
    assert_int_equal(weft_local_set(&local, &things[9]), WEFT_OK);
    in_a_thread(fork_elsewhere, NULL);
}

static void end_in_child(void)
{
    WITNESS(weft_local_count(&local) == 0);
    WITNESS(weft_local_set(&local, &things[2]) == WEFT_OK);
    WITNESS(weft_local_destroy(&local) == WEFT_OK);
}

static atomic_bool runs;
static atomic_bool may_end;

static void stay_in_destructor(void *value)
{
    note_destroyed(value);
    if (value != &things[1])
        return;
    atomic_store(&runs, true);
    EVENTUALLY(atomic_load(&may_end));
}

TEST(a_child_does_not_wait_for_destructors_of_its_parent)
{
    assert_int_equal(weft_local_init(&local, .destructor = stay_in_destructor), WEFT_OK);
    struct crew crew = crew_start(1, set_local, &things[1]);
    EVENTUALLY(atomic_load(&runs));
    assert_true(holds_in_child(end_in_child));
    atomic_store(&may_end, true);
    crew_join(&crew);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
}

static void find_itself_called(void)
{
    WITNESS(weft_local_destroy(&local) == WEFT_DEADLOCK);
}

static void fork_in_destructor(void *value)
{
    note_destroyed(value);
    WITNESS(holds_in_child(find_itself_called));
}

TEST(a_child_of_a_destructor_is_in_it)
{
    assert_int_equal(weft_local_init(&local, .destructor = fork_in_destructor), WEFT_OK);
    assert_null(set_local(&things[1]));
    assert_int_equal(weft_local_clear(&local), WEFT_OK);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
    assert_int_equal(destroyed_count(), 1);
}

static weft_context *contexts[2];

static void *enter_first(void *arg)
{
    WITNESS(weft_context_attach(contexts[0]) == WEFT_OK);
    WITNESS(weft_local_set(&local, &things[3]) == WEFT_OK); /* destroys the copy */
    return arg;
}

static void find_one_entered(void)
{
    WITNESS(weft_context_attach(contexts[0]) == WEFT_RUNTIME); /* by a thread that is not here */
    WITNESS(weft_local_count(&local) == 2);                    /* its own, the other context's */
    WITNESS(weft_context_attach(contexts[1]) == WEFT_OK);
    WITNESS(weft_local_get(&local) == &things[1]);
    WITNESS(weft_context_detach(contexts[1]) == WEFT_OK);
    weft_context_free(contexts[1]);
    WITNESS(destroyed_count() == 2);
    weft_context_free(contexts[0]);
    WITNESS(destroyed_count() == 2);
}

TEST(contexts_are_carried_into_a_child)
{
    struct guest guest;
    assert_int_equal(weft_local_set(&local, &things[1]), WEFT_OK);
    for (size_t i = 0; i < 2; i++)
        assert_non_null(contexts[i] = weft_context_capture());
    guest_comes(&guest, enter_first, NULL);
    assert_true(holds_in_child(find_one_entered));
    guest_goes(&guest);
    weft_context_free(contexts[0]);
    weft_context_free(contexts[1]);
}
