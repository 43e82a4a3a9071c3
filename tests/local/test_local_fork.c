/* SPDX-License-Identifier: MIT */
/*
 * The child of a fork has the forking thread's values, and no others.
 */
#include "in_child.h"
#include "local_help.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "primitives/park.h"

static weft_local local = WEFT_LOCAL_INIT(.destructor = note_destroyed, .copy = same);

static void *set_local(void *value)
{
    WITNESS(weft_local_set(&local, value) == WEFT_OK);
    return NULL;
}

static void find_only_its_own(void *unused)
{
    (void)unused;
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
    assert_true(holds_in_child(find_only_its_own, NULL));
    for (size_t i = 0; i < 3; i++)
        guest_goes(&guests[i]);
    assert_int_equal(destroyed_count(), 3);
    assert_ptr_equal(weft_local_get(&local), &things[1]);
}

static void *fork_elsewhere(void *arg)
{
    WITNESS(weft_local_set(&local, &things[1]) == WEFT_OK);
    WITNESS(holds_in_child(find_only_its_own, NULL));
    return arg;
}

TEST(any_thread_may_be_the_one_that_forks_a_child)
{
    assert_int_equal(weft_local_set(&local, &things[9]), WEFT_OK);
    in_a_thread(fork_elsewhere, NULL);
}

static void end_in_child(void *unused)
{
    (void)unused;
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
    assert_true(holds_in_child(end_in_child, NULL));
    atomic_store(&may_end, true);
    crew_join(&crew);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
}

static void find_itself_called(void *unused)
{
    (void)unused;
    WITNESS(weft_local_destroy(&local) == WEFT_DEADLOCK);
}

static void fork_in_destructor(void *value)
{
    note_destroyed(value);
    WITNESS(holds_in_child(find_itself_called, NULL));
}

TEST(a_child_of_a_destructor_is_in_it)
{
    assert_int_equal(weft_local_init(&local, .destructor = fork_in_destructor), WEFT_OK);
    assert_null(set_local(&things[1]));
    assert_int_equal(weft_local_clear(&local), WEFT_OK);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
    assert_int_equal(destroyed_count(), 1);
}

static struct crew destroyer;
static pid_t child_of_destructor;

static void *destroy_local(void *arg)
{
    WITNESS(weft_local_destroy(&local) == WEFT_OK);
    return arg;
}

static void fork_when_awaited(void *value)
{
    const struct wefti_key key = {&local, WEFTI_LOCAL};
    note_destroyed(value);
    if (value != &things[1])
        return;
    destroyer = crew_start(1, destroy_local, NULL);
    EVENTUALLY(wefti_waiters(key) == 1);
    fflush(NULL);
    child_of_destructor = fork();
}

TEST(a_child_may_use_what_a_thread_of_its_parent_was_destroying)
{
    int status = 0;
    assert_int_equal(weft_local_init(&local, .destructor = fork_when_awaited), WEFT_OK);
    assert_null(set_local(&things[1]));
    weft_status cleared = weft_local_clear(&local);
    if (child_of_destructor == 0) {
        WITNESS(cleared == WEFT_OK);
        WITNESS(weft_local_set(&local, &things[2]) == WEFT_OK);
        WITNESS(weft_local_get(&local) == &things[2]);
        WITNESS(weft_local_destroy(&local) == WEFT_OK);
        WITNESS(destroyed_count() == 2);
        _exit(test_witness_failures() != 0);
    }
    crew_join(&destroyer);
    assert_int_equal(cleared, WEFT_OK);
    assert_int_equal(waitpid(child_of_destructor, &status, 0), child_of_destructor);
    assert_int_equal(status, 0);
}

static void destroy_goes_on(void *unused)
{
    (void)unused;
    WITNESS(weft_local_set(&local, &things[3]) == WEFT_RUNTIME); /* none is made any more */
    WITNESS(weft_local_destroy(&local) == WEFT_DEADLOCK);
}

static void fork_while_destroying(void *value)
{
    note_destroyed(value);
    WITNESS(holds_in_child(destroy_goes_on, NULL));
}

TEST(a_child_of_the_thread_that_destroys_goes_on_with_it)
{
    assert_int_equal(weft_local_init(&local, .destructor = fork_while_destroying), WEFT_OK);
    assert_null(set_local(&things[1]));
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

static void find_one_entered(void *unused)
{
    (void)unused;
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
    assert_true(holds_in_child(find_one_entered, NULL));
    guest_goes(&guest);
    weft_context_free(contexts[0]);
    weft_context_free(contexts[1]);
}
