/* SPDX-License-Identifier: MIT */
/*
 * A context carries the values of Locals with a copy to where the work goes on.
 */
#include "local_help.h"

#include <pthread.h>

#include "primitives/park.h"

/* A value that is counted: copies are references. */
struct counted {
    atomic_int references;
    int number;
};

static atomic_int counted_ended;

static void *make_counted(void *arg)
{
    struct counted *value = calloc(1, sizeof *value);
    WITNESS(value != NULL);
    (void)arg;
    if (value != NULL)
        atomic_store(&value->references, 1);
    return value;
}

static void *ref_counted(void *value)
{
    struct counted *counted = value;
    atomic_fetch_add(&counted->references, 1);
    return value;
}

static void unref_counted(void *value)
{
    struct counted *counted = value;
    if (atomic_fetch_sub(&counted->references, 1) != 1)
        return;
    atomic_fetch_add(&counted_ended, 1);
    free(counted);
}

static WEFT_LOCAL_OF(struct counted) request = WEFT_LOCAL_OF_INIT(.initializer = make_counted,
                                                                  .destructor = unref_counted,
                                                                  .copy = ref_counted);

static weft_local carried = WEFT_LOCAL_INIT(.copy = same);
static weft_local other_carried = WEFT_LOCAL_INIT(.copy = same);
static weft_local own = WEFT_LOCAL_INIT(.destructor = note_destroyed);

static weft_context *capture(void)
{
    weft_context *context = weft_context_capture();
    assert_non_null(context);
    return context;
}

static bool has(weft_local *local, const void *value)
{
    return weft_local_has(local) && weft_local_get(local) == value;
}

/* ---- run ----------------------------------------------------------------------------------- */

static void *see_carried(void *arg)
{
    WITNESS(has(&carried, &things[1]));
    WITNESS(weft_local_has(&own) == (arg == NULL)); /* not carried: main's */
    return arg;
}

struct work {
    weft_context *context;
    weft_target *target;
    void *arg;
};

static void *run_work(void *arg)
{
    const struct work *work = arg;
    WITNESS(weft_context_run(work->context, work->target, work->arg) == work->arg);
    WITNESS(!weft_local_has(&carried));
    WITNESS(!weft_local_has(&request.local));
    return NULL;
}

static void run_elsewhere(weft_context *context, weft_target *target, void *arg)
{
    struct work work = {context, target, arg};
    in_a_thread(run_work, &work);
}

TEST(a_function_that_runs_in_a_context_finds_the_captured_values)
{
    assert_int_equal(weft_local_set(&carried, &things[1]), WEFT_OK);
    assert_int_equal(weft_local_set(&own, &things[2]), WEFT_OK);
    weft_context *context = capture();
    assert_int_equal(weft_local_set(&carried, &things[3]), WEFT_OK); /* too late for the context */
    run_elsewhere(context, see_carried, &things[9]);
    assert_ptr_equal(weft_context_run(context, see_carried, NULL), NULL);
    assert_true(has(&carried, &things[3]));
    weft_context_free(context);
}

static void *see_number(void *number)
{
    struct counted *counted = WEFT_LOCAL_GET(&request);
    WITNESS(counted->number == *(int *)number);
    return number;
}

TEST(what_copy_returns_is_the_contexts_until_its_last_reference_goes)
{
    int number = 42;
    WEFT_LOCAL_GET(&request)->number = number;
    struct counted *counted = WEFT_LOCAL_GET(&request);
    weft_context *context = capture();
    assert_int_equal(atomic_load(&counted->references), 2);
    assert_int_equal(weft_local_count(&request.local), 2);
    run_elsewhere(context, see_number, &number);
    run_elsewhere(context, see_number, &number);
    assert_int_equal(weft_local_clear(&request.local), WEFT_OK);
    run_elsewhere(context, see_number, &number);
    assert_int_equal(atomic_load(&counted->references), 1);
    assert_ptr_equal(weft_context_ref(context), context);
    weft_context_free(context);
    assert_int_equal(atomic_load(&counted_ended), 0);
    weft_context_free(context);
    assert_int_equal(atomic_load(&counted_ended), 1);
    assert_int_equal(weft_local_count(&request.local), 0);
}

static weft_local noted[3];

static void *note_copy(void *value)
{
    static struct record copied;
    note(&copied, value);
    return &things[10 + atomic_load(&copied.count)];
}

static void init_noted(void)
{
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(
            weft_local_init(&noted[i], .destructor = note_destroyed, .copy = note_copy), WEFT_OK);
        assert_int_equal(weft_local_set(&noted[i], &things[i + 1]), WEFT_OK);
    }
}

TEST(a_context_ends_its_values_in_reverse)
{
    init_noted();
    weft_context *context = capture();
    assert_int_equal(destroyed_count(), 0);
    weft_context_free(context);
    assert_int_equal(destroyed_count(), 3);
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(destroyed.values[i], &things[13 - i]);
}

static void *use_three(void *arg)
{
    WITNESS(weft_local_set(&own, &things[1]) == WEFT_OK);
    WITNESS(weft_local_set(&noted[0], &things[2]) == WEFT_OK);
    WITNESS(weft_context_run(arg, same, arg) == arg);
    WITNESS(weft_local_set(&noted[1], &things[3]) == WEFT_OK);
    WITNESS(weft_context_run(arg, same, arg) == arg);
    return NULL;
}

static weft_local last_of_all;

static void *set_last(void *arg)
{
    use_three(arg);
    WITNESS(weft_local_set(&last_of_all, &things[4]) == WEFT_OK);
    WITNESS(weft_context_run(arg, same, arg) == arg);
    return NULL;
}

TEST(contexts_do_not_change_the_order_of_a_threads_values)
{
    init_noted();
    assert_int_equal(weft_local_init(&last_of_all, .destructor = note_destroyed), WEFT_OK);
    weft_context *context = capture();
    in_a_thread(set_last, context);
    assert_int_equal(destroyed_count(), 4);
    for (size_t i = 0; i < 4; i++)
        assert_ptr_equal(destroyed.values[i], &things[4 - i]);
    weft_context_free(context);
}

static void *change_all(void *arg)
{
    WITNESS(has(&carried, &things[1]));
    WITNESS(!weft_local_has(&other_carried)); /* it had none where the context was captured */
    WITNESS(weft_local_set(&carried, &things[4]) == WEFT_OK);
    WITNESS(weft_local_set(&other_carried, &things[5]) == WEFT_OK);
    WITNESS(weft_local_set(&own, &things[6]) == WEFT_OK);
    return arg;
}

static void *see_changes(void *arg)
{
    WITNESS(has(&carried, &things[4]));
    WITNESS(has(&other_carried, &things[5]));
    WITNESS(has(&own, &things[6])); /* not carried: the thread's */
    WITNESS(weft_local_clear(&carried) == WEFT_OK);
    return arg;
}

static void *see_it_cleared(void *arg)
{
    WITNESS(!weft_local_has(&carried));
    WITNESS(has(&other_carried, &things[5]));
    return arg;
}

TEST(changes_are_the_contexts)
{
    assert_int_equal(weft_local_set(&carried, &things[1]), WEFT_OK);
    weft_context *context = capture();
    assert_int_equal(weft_local_set(&carried, &things[2]), WEFT_OK);
    assert_int_equal(weft_local_set(&other_carried, &things[3]), WEFT_OK);
    assert_null(weft_context_run(context, change_all, NULL));
    assert_true(has(&carried, &things[2]));
    assert_true(has(&other_carried, &things[3]));
    assert_true(has(&own, &things[6]));
    assert_null(weft_context_run(context, see_changes, NULL));
    assert_null(weft_context_run(context, see_it_cleared, NULL));
    assert_true(has(&carried, &things[2]));
    weft_context_free(context);
}

static void *fail_there(void *arg)
{
    (void)arg;
    return weft_raise(WEFT_USER + 9, "failed in a context");
}

TEST(the_targets_failure_is_the_runs)
{
    weft_context *context = capture();
    assert_ptr_equal(weft_context_run(context, fail_there, NULL), WEFT_RAISED);
    assert_int_equal(weft_last_error()->code, WEFT_USER + 9);
    weft_context_free(context);
}

static void *exit_thread(void *arg)
{
    WITNESS(has(&carried, &things[1]));
    WITNESS(weft_local_set(&carried, &things[7]) == WEFT_OK);
    pthread_exit(arg);
}

static void *see_seven(void *arg)
{
    WITNESS(has(&carried, &things[7]));
    return arg;
}

static void *run_to_the_end(void *arg)
{
    return weft_context_run(arg, exit_thread, NULL);
}

TEST(pthread_exit_leaves_the_context)
{
    assert_int_equal(weft_local_set(&carried, &things[1]), WEFT_OK);
    weft_context *context = capture();
    in_a_thread(run_to_the_end, context);
    assert_null(weft_context_run(context, see_seven, NULL));
    weft_context_free(context);
}

static weft_context *present;

static void *run_again(void *arg)
{
    WITNESS(weft_context_run(present, same, arg) == WEFT_RAISED);
    WITNESS(weft_last_error()->code == WEFT_RUNTIME);
    WITNESS(weft_context_attach(present) == WEFT_RUNTIME);
    WITNESS(has(&carried, &things[1]));
    return arg;
}

static void *find_it_entered(void *arg)
{
    WITNESS(weft_context_attach(present) == WEFT_RUNTIME);
    WITNESS(!weft_local_has(&carried));
    return arg;
}

static void *run_elsewhere_again(void *arg)
{
    in_a_thread(find_it_entered, NULL);
    return arg;
}

TEST(one_thread_is_in_a_context_at_a_time)
{
    assert_int_equal(weft_local_set(&carried, &things[1]), WEFT_OK);
    present = capture();
    assert_null(weft_context_run(present, run_again, NULL));
    assert_null(weft_context_run(present, run_elsewhere_again, NULL));
    weft_context_free(present);
}

static void *free_it(void *arg)
{
    weft_context_free(arg);
    WITNESS(has(&carried, &things[1]));
    return NULL;
}

TEST(who_is_in_a_context_keeps_it)
{
    assert_int_equal(weft_local_set(&carried, &things[1]), WEFT_OK);
    weft_context *context = capture();
    assert_null(weft_context_run(context, free_it, context));
    assert_int_equal(weft_local_count(&carried), 1);
}

static void *leave_by_itself(void *arg)
{
    WITNESS(weft_context_detach(arg) == WEFT_OK);
    WITNESS(!weft_local_has(&carried));
    return NULL;
}

TEST(a_target_may_leave_its_context_by_itself)
{
    assert_int_equal(weft_local_set(&carried, &things[1]), WEFT_OK);
    weft_context *context = capture();
    assert_int_equal(weft_local_clear(&carried), WEFT_OK);
    assert_null(weft_context_run(context, leave_by_itself, context));
    assert_false(weft_local_has(&carried));
    weft_context_free(context);
}

/* ---- attach and detach --------------------------------------------------------------------- */

TEST(contexts_are_entered_one_inside_another)
{
    assert_int_equal(weft_local_set(&carried, &things[1]), WEFT_OK);
    weft_context *outer = capture();
    assert_int_equal(weft_local_set(&carried, &things[2]), WEFT_OK);
    weft_context *inner = capture();
    assert_int_equal(weft_local_set(&carried, &things[3]), WEFT_OK);
    assert_int_equal(weft_context_detach(outer), WEFT_RUNTIME);
    assert_int_equal(weft_context_attach(outer), WEFT_OK);
    assert_true(has(&carried, &things[1]));
    assert_int_equal(weft_context_attach(inner), WEFT_OK);
    assert_true(has(&carried, &things[2]));
    assert_int_equal(weft_context_detach(outer), WEFT_RUNTIME);
    assert_int_equal(weft_context_detach(inner), WEFT_OK);
    assert_int_equal(weft_context_detach(inner), WEFT_RUNTIME);
    assert_true(has(&carried, &things[1]));
    assert_int_equal(weft_context_detach(outer), WEFT_OK);
    assert_true(has(&carried, &things[3]));
    weft_context_free(outer);
    weft_context_free(inner);
}

static void *attach_two(void *arg)
{
    weft_context **contexts = arg;
    WITNESS(weft_local_set(&own, &things[2]) == WEFT_OK);
    WITNESS(weft_context_attach(contexts[0]) == WEFT_OK);
    WITNESS(weft_context_attach(contexts[1]) == WEFT_OK);
    WITNESS(weft_local_set(&other_carried, &things[3]) == WEFT_OK);
    return NULL;
}

TEST(a_thread_that_ends_leaves_its_contexts)
{
    init_noted();
    weft_context *contexts[2] = {capture(), capture()};
    in_a_thread(attach_two, contexts);
    assert_int_equal(destroyed_count(), 1);
    assert_ptr_equal(destroyed.values[0], &things[2]);
    assert_int_equal(weft_context_attach(contexts[1]), WEFT_OK);
    assert_true(has(&other_carried, &things[3]));
    assert_int_equal(weft_context_detach(contexts[1]), WEFT_OK);
    weft_context_free(contexts[0]);
    weft_context_free(contexts[1]);
    assert_int_equal(destroyed_count(), 7);
}

TEST(a_block_that_began_in_a_context_keeps_it_open)
{
    weft_context *context = capture();
    weft_local_scope scope;
    WEFT_LOCAL_WITH(&carried, &things[1]) {
        assert_int_equal(weft_context_attach(context), WEFT_OK);
        assert_false(weft_local_has(&carried)); /* the block's value is not in the context */
        assert_int_equal(weft_local_enter(&scope, &carried, &things[2]), WEFT_OK);
        assert_int_equal(weft_context_detach(context), WEFT_BUSY);
        assert_true(has(&carried, &things[2]));
        assert_int_equal(weft_local_leave(&scope), WEFT_OK);
        assert_int_equal(weft_context_detach(context), WEFT_OK);
        assert_true(has(&carried, &things[1]));
    }
    assert_false(weft_local_has(&carried));
    weft_context_free(context);
}

static weft_local_scope forgotten;

static void *forget_to_leave(void *arg)
{
    WITNESS(weft_local_enter(&forgotten, &carried, &arg) == WEFT_OK);
    WITNESS(weft_context_attach(present) == WEFT_OK); /* the inner one stays, too */
    return NULL;
}

TEST(a_run_ends_whatever_is_left_open)
{
    assert_int_equal(weft_local_set(&carried, &things[1]), WEFT_OK);
    weft_context *context = capture();
    present = capture();
    assert_null(weft_context_run(context, forget_to_leave, NULL));
    assert_true(has(&carried, &things[1]));
    assert_int_equal(weft_local_leave(&forgotten), WEFT_RUNTIME);
    assert_int_equal(weft_context_attach(context), WEFT_OK);
    assert_true(has(&carried, NULL)); /* not what lay in a frame that is gone */
    assert_int_equal(weft_context_detach(context), WEFT_OK);
    assert_int_equal(weft_context_detach(present), WEFT_RUNTIME);
    weft_context_free(context);
    weft_context_free(present);
    assert_int_equal(weft_local_destroy(&carried), WEFT_OK);
}

/* ---- Locals that end ----------------------------------------------------------------------- */

TEST(a_local_that_is_destroyed_takes_its_values_out_of_contexts)
{
    init_noted();
    weft_context *context = capture();
    assert_int_equal(weft_context_attach(context), WEFT_OK);
    weft_context *another = capture();
    assert_int_equal(weft_local_count(&noted[1]), 3); /* set aside, the thread's, the other's */
    assert_int_equal(weft_local_destroy(&noted[1]), WEFT_OK);
    assert_int_equal(destroyed_count(), 3);
    assert_int_equal(weft_context_detach(context), WEFT_OK);
    assert_true(has(&noted[0], &things[1]));
    assert_false(weft_local_has(&noted[1]));
    assert_true(has(&noted[2], &things[3]));
    weft_context_free(context);
    weft_context_free(another);
    assert_int_equal(destroyed_count(), 7);
}

static weft_local slow;
static atomic_bool copying;

static void *copy_when_awaited(void *value)
{
    const struct wefti_key key = {&slow, WEFTI_LOCAL};
    atomic_store(&copying, true);
    EVENTUALLY(wefti_waiters(key) == 1);
    WITNESS(destroyed_count() == 0); /* what is copied is there as long */
    return value == &things[1] ? &things[2] : NULL;
}

static void *set_and_capture(void *arg)
{
    WITNESS(weft_local_set(&slow, &things[1]) == WEFT_OK);
    weft_context *context = weft_context_capture();
    WITNESS(context != NULL);
    weft_context_free(context);
    return arg;
}

TEST(destroying_waits_for_a_copy_that_is_made)
{
    assert_int_equal(
        weft_local_init(&slow, .destructor = note_destroyed, .copy = copy_when_awaited), WEFT_OK);
    struct crew crew = crew_start(1, set_and_capture, NULL);
    EVENTUALLY(atomic_load(&copying));
    assert_int_equal(weft_local_destroy(&slow), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(destroyed_count(), 2);
}

static void *destroy_in_copy(void *value)
{
    WITNESS(weft_local_destroy(&slow) == WEFT_DEADLOCK);
    return value;
}

TEST(a_copy_cannot_destroy_its_local)
{
    assert_int_equal(weft_local_init(&slow, .copy = destroy_in_copy), WEFT_OK);
    assert_int_equal(weft_local_set(&slow, &things[1]), WEFT_OK);
    weft_context_free(capture());
    assert_int_equal(weft_local_destroy(&slow), WEFT_OK);
}

static void *change_in_copy(void *value)
{
    WITNESS(weft_local_clear(&own) == WEFT_OK);
    WITNESS(weft_local_set(&other_carried, &things[5]) == WEFT_OK);
    WITNESS(weft_local_clear(&carried) == WEFT_OK);
    return value;
}

TEST(a_copy_may_change_other_values)
{
    assert_int_equal(weft_local_init(&slow, .copy = change_in_copy), WEFT_OK);
    assert_int_equal(weft_local_set(&slow, &things[1]), WEFT_OK);
    assert_int_equal(weft_local_set(&own, &things[2]), WEFT_OK);
    assert_int_equal(weft_local_set(&carried, &things[3]), WEFT_OK);
    weft_context *context = capture();
    assert_int_equal(weft_context_attach(context), WEFT_OK);
    assert_true(has(&slow, &things[1]));
    assert_true(has(&other_carried, &things[5]));
    assert_false(weft_local_has(&carried));
    assert_int_equal(weft_context_detach(context), WEFT_OK);
    weft_context_free(context);
}

/* ---- what fails ---------------------------------------------------------------------------- */

static void *refuse(void *value)
{
    return weft_raise(WEFT_USER + 2, "no copy of %p", value);
}

TEST(a_copy_that_fails_fails_the_capture)
{
    init_noted();
    assert_int_equal(weft_local_init(&slow, .copy = refuse), WEFT_OK);
    assert_int_equal(weft_local_set(&slow, NULL), WEFT_OK); /* NULL is not copied */
    weft_context_free(capture());
    assert_int_equal(destroyed_count(), 3);
    assert_int_equal(weft_local_set(&slow, &things[1]), WEFT_OK);
    assert_null(weft_context_capture());
    assert_int_equal(weft_last_status(), WEFT_FAILED);
    assert_int_equal(weft_last_error()->code, WEFT_USER + 2);
    assert_int_equal(destroyed_count(), 6); /* the copies that had been made */
}

static weft_context *late;

static void attach_late(void *value)
{
    note_destroyed(value);
    if (destroyed_count() < ROUNDS) {
        WITNESS(weft_context_attach(late) == WEFT_OK);
        WITNESS(weft_local_set(&slow, value) == WEFT_OK);
    } else {
        WITNESS(weft_context_attach(late) == WEFT_RUNTIME);
    }
}

static void *set_slow(void *arg)
{
    WITNESS(weft_local_set(&slow, arg) == WEFT_OK);
    return NULL;
}

TEST(a_destructor_may_enter_a_context_until_the_last_round)
{
    late = capture();
    assert_int_equal(weft_local_init(&slow, .destructor = attach_late), WEFT_OK);
    in_a_thread(set_slow, things);
    assert_int_equal(destroyed_count(), ROUNDS);
    assert_int_equal(weft_context_attach(late), WEFT_OK); /* nobody is in it */
    assert_int_equal(weft_context_detach(late), WEFT_OK);
    weft_context_free(late);
}

static weft_local making;

static void *capture_while_made(void *arg)
{
    weft_context *context = capture();
    WITNESS(weft_context_attach(context) == WEFT_OK);
    WITNESS(!weft_local_has(&making));
    WITNESS(weft_context_detach(context) == WEFT_OK);
    weft_context_free(context);
    return arg;
}

TEST(a_value_that_is_being_made_is_not_captured)
{
    assert_int_equal(weft_local_init(&making, capture_while_made, things, .copy = same), WEFT_OK);
    assert_ptr_equal(weft_local_get(&making), things);
}

static weft_context *entered_before;

static void *leave_the_context(void *arg)
{
    WITNESS(weft_context_detach(entered_before) == WEFT_BUSY);
    return arg;
}

TEST(a_value_that_is_being_made_keeps_its_context_open)
{
    static int number;
    weft_local local =
        WEFT_LOCAL_INIT(.initializer = leave_the_context, .arg = &number, .copy = same);
    entered_before = capture();
    assert_int_equal(weft_context_attach(entered_before), WEFT_OK);
    weft_context_free(entered_before); /* who is in it has the last reference */
    assert_ptr_equal(weft_local_get(&local), &number);
    assert_int_equal(weft_context_detach(entered_before), WEFT_OK);
    assert_false(weft_local_has(&local));
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
}

TEST(null_is_refused)
{
    weft_context *context = capture();
    assert_int_equal(weft_context_attach(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_context_detach(NULL), WEFT_VALUE_ERROR);
    assert_ptr_equal(weft_context_run(NULL, same, things), WEFT_RAISED);
    assert_int_equal(weft_last_error()->code, WEFT_VALUE_ERROR);
    assert_ptr_equal(weft_context_run(context, NULL, things), WEFT_RAISED);
    assert_int_equal(weft_last_error()->code, WEFT_VALUE_ERROR);
    assert_null(weft_context_ref(NULL));
    weft_context_free(NULL);
    weft_context_free(context);
}
