/* SPDX-License-Identifier: MIT */
/*
 * A value for the time of a block: it is put back however the block is left.
 */
#include "local_help.h"

#include <pthread.h>

static weft_local local = WEFT_LOCAL_INIT(.destructor = note_destroyed);
static char *const before = &things[1];
static char *const inside = &things[2];

static bool has(const void *value)
{
    return weft_local_has(&local) && weft_local_get(&local) == value;
}

static void set_before(void)
{
    assert_int_equal(weft_local_set(&local, before), WEFT_OK);
}

TEST(a_block_has_its_value_and_then_it_is_as_before)
{
    int runs = 0;
    set_before();
    WEFT_LOCAL_WITH(&local, inside) {
        assert_true(has(inside));
        runs++;
    }
    assert_int_equal(runs, 1);
    assert_true(has(before));
    assert_int_equal(destroyed_count(), 0);
}

TEST(where_there_was_none_there_is_none_again)
{
    static weft_local started = WEFT_LOCAL_INIT(.initializer = same, .arg = things);
    WEFT_LOCAL_WITH(&started, inside) {
        assert_ptr_equal(weft_local_get(&started), inside);
    }
    assert_false(weft_local_has(&started));
    assert_int_equal(weft_local_count(&started), 0);
    assert_ptr_equal(weft_local_get(&started), things);
}

TEST(blocks_may_be_nested)
{
    set_before();
    for (size_t i = 0; i < 2; i++) {
        WEFT_LOCAL_WITH(&local, inside) {
            WEFT_LOCAL_WITH(&local, &things[3]) {
                WEFT_LOCAL_WITH(&local, NULL) {
                    assert_true(has(NULL));
                }
                assert_true(has(&things[3]));
            }
            assert_true(has(inside));
        }
        assert_true(has(before));
    }
    assert_int_equal(destroyed_count(), 0);
}

static int leave_by_return(void)
{
    WEFT_LOCAL_WITH(&local, inside) {
        return 1;
    }
    return 0;
}

TEST(return_break_continue_and_goto_put_it_back)
{
    set_before();
    assert_int_equal(leave_by_return(), 1);
    assert_true(has(before));
    WEFT_LOCAL_WITH(&local, inside) {
        break;
    }
    assert_true(has(before));
    WEFT_LOCAL_WITH(&local, inside) {
        if (weft_local_get(&local) == inside)
            continue;
        fail_msg("it went on");
    }
    assert_true(has(before));
    WEFT_LOCAL_WITH(&local, inside) {
        goto out;
    }
out:
    assert_true(has(before));
}

static atomic_bool seen_before;

static void see_before(void *value)
{
    note_destroyed(value);
    if (value == before)
        atomic_store(&seen_before, true);
}

static void *exit_in_block(void *arg)
{
    WITNESS(weft_local_set(&local, before) == WEFT_OK);
    WEFT_LOCAL_WITH(&local, inside) {
        pthread_exit(arg);
    }
    return arg;
}

TEST(pthread_exit_puts_it_back)
{
    assert_int_equal(weft_local_init(&local, .destructor = see_before), WEFT_OK);
    in_a_thread(exit_in_block, NULL);
    assert_true(atomic_load(&seen_before));
    assert_int_equal(destroyed_count(), 1);
    assert_int_equal(weft_local_count(&local), 0);
}

TEST(a_value_set_in_a_block_is_destroyed_with_it)
{
    set_before();
    WEFT_LOCAL_WITH(&local, inside) {
        assert_int_equal(weft_local_set(&local, &things[3]), WEFT_OK);
        assert_int_equal(destroyed_count(), 0); /* the block's is the program's */
        assert_int_equal(weft_local_set(&local, &things[4]), WEFT_OK);
        assert_int_equal(destroyed_count(), 1);
    }
    assert_int_equal(destroyed_count(), 2);
    assert_ptr_equal(destroyed.values[0], &things[3]);
    assert_ptr_equal(destroyed.values[1], &things[4]);
    assert_true(has(before));
    assert_int_equal(weft_local_clear(&local), WEFT_OK);
    WEFT_LOCAL_WITH(&local, inside) {
        assert_int_equal(weft_local_set(&local, &things[5]), WEFT_OK);
    }
    assert_int_equal(destroyed_count(), 4);
    assert_ptr_equal(destroyed.values[3], &things[5]);
    assert_false(weft_local_has(&local));
}

static atomic_bool in_block;
static atomic_bool may_leave;

static void *stay_in_block(void *arg)
{
    WEFT_LOCAL_WITH(&local, inside) {
        atomic_store(&in_block, true);
        EVENTUALLY(atomic_load(&may_leave));
    }
    return arg;
}

TEST(in_a_block_it_can_be_neither_cleared_nor_destroyed)
{
    set_before();
    WEFT_LOCAL_WITH(&local, inside) {
        assert_int_equal(weft_local_clear(&local), WEFT_BUSY);
        assert_int_equal(weft_local_destroy(&local), WEFT_BUSY);
    }
    struct crew crew = crew_start(1, stay_in_block, NULL);
    EVENTUALLY(atomic_load(&in_block));
    assert_int_equal(weft_local_destroy(&local), WEFT_BUSY); /* another thread's block */
    assert_true(has(before));
    atomic_store(&may_leave, true);
    crew_join(&crew);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
    assert_int_equal(destroyed_count(), 1);
}

/* ---- tokens -------------------------------------------------------------------------------- */

TEST(scopes_are_left_in_the_reverse_order_and_once)
{
    weft_local_scope outer;
    weft_local_scope inner;
    set_before();
    assert_int_equal(weft_local_enter(&outer, &local, inside), WEFT_OK);
    assert_int_equal(weft_local_enter(&inner, &local, &things[3]), WEFT_OK);
    assert_int_equal(weft_local_leave(&outer), WEFT_RUNTIME);
    assert_true(has(&things[3]));
    assert_int_equal(weft_local_leave(&inner), WEFT_OK);
    assert_int_equal(weft_local_leave(&inner), WEFT_RUNTIME);
    assert_true(has(inside));
    assert_int_equal(weft_local_leave(&outer), WEFT_OK);
    assert_int_equal(weft_local_leave(&outer), WEFT_RUNTIME);
    assert_true(has(before));
}

static void *leave_anothers(void *scope)
{
    weft_local_scope own;
    WITNESS(weft_local_leave(scope) == WEFT_RUNTIME);
    WITNESS(weft_local_enter(&own, &local, inside) == WEFT_OK);
    WITNESS(weft_local_leave(scope) == WEFT_RUNTIME);
    WITNESS(weft_local_leave(&own) == WEFT_OK);
    return NULL;
}

TEST(a_scope_is_its_threads)
{
    weft_local_scope scope;
    assert_int_equal(weft_local_enter(&scope, &local, inside), WEFT_OK);
    in_a_thread(leave_anothers, &scope);
    assert_true(has(inside));
    assert_int_equal(weft_local_leave(&scope), WEFT_OK);
}

static void *enter_and_end(void *arg)
{
    weft_local_scope scope;
    WITNESS(weft_local_enter(&scope, &local, inside) == WEFT_OK);
    return arg;
}

TEST(a_thread_that_ends_in_a_scope_does_not_destroy_the_programs_value)
{
    in_a_thread(enter_and_end, NULL);
    assert_int_equal(destroyed_count(), 0);
    assert_int_equal(weft_local_count(&local), 0);
}

TEST(null_is_refused)
{
    weft_local_scope scope;
    int runs = 0;
    assert_int_equal(weft_local_enter(NULL, &local, inside), WEFT_VALUE_ERROR);
    assert_int_equal(weft_local_enter(&scope, NULL, inside), WEFT_VALUE_ERROR);
    assert_int_equal(weft_local_leave(&scope), WEFT_RUNTIME);
    assert_int_equal(weft_local_leave(NULL), WEFT_VALUE_ERROR);
    WEFT_LOCAL_WITH(NULL, inside) {
        runs++;
    }
    assert_int_equal(runs, 0);
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
}

static void *enter_itself(void *arg)
{
    weft_local_scope scope;
    WITNESS(weft_local_enter(&scope, arg, inside) == WEFT_RUNTIME);
    WITNESS(weft_local_leave(&scope) == WEFT_RUNTIME);
    return inside;
}

TEST(an_initializer_cannot_enter_its_local)
{
    static weft_local started = WEFT_LOCAL_INIT(.initializer = enter_itself, .arg = &started);
    assert_ptr_equal(weft_local_get(&started), inside);
}
