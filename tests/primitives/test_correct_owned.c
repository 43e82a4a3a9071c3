/* SPDX-License-Identifier: MIT */
/* Programs that are right, with locks that have owners, watched: each makes no report. */
#include "watch_help.h"

enum { ROUNDS = 100, WORKERS = 4 };

static void named_both(const void *first, const void *second)
{
    assert_int_equal(weft_name(first, "first"), WEFT_OK);
    assert_int_equal(weft_name(second, "second"), WEFT_OK);
}

static void run(weft_target *target, void *arg)
{
    struct crew crew = crew_start(WORKERS, target, arg);
    crew_join(&crew);
    assert_no_reports();
}

/* ---- 1: rlocks hand over hand ---------------------------------------------------------------- */

struct node {
    weft_rlock lock;
    int visits;
    struct node *next;
};

static void visit(struct node *node)
{
    WEFT_HOLD(&node->lock); /* again */
    node->visits++;
}

static void *walk_hand_over_hand(void *first)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct node *node = first;
        WITNESS(weft_rlock_acquire(&node->lock) == WEFT_OK);
        for (struct node *next; (next = node->next) != NULL; node = next) {
            visit(node);
            WITNESS(weft_rlock_acquire(&next->lock) == WEFT_OK);
            WITNESS(weft_rlock_release(&node->lock) == WEFT_OK);
        }
        WITNESS(weft_rlock_release(&node->lock) == WEFT_OK);
    }
    return NULL;
}

TEST(rlocks_taken_hand_over_hand_along_a_list)
{
    static struct node nodes[4];
    watch();
    nodes[2].next = &nodes[0];
    nodes[0].next = &nodes[3];
    nodes[3].next = &nodes[1];
    run(walk_hand_over_hand, &nodes[2]);
    assert_int_equal(nodes[2].visits, WORKERS * ROUNDS);
}

/* ---- 2: an outer lock taken again within an inner one ---------------------------------------- */

static weft_rlock outer = WEFT_RLOCK_INIT;
static weft_lock inner = WEFT_LOCK_INIT;

static void *take_again_within(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        WEFT_HOLD(&outer);
        WEFT_WITH(&inner) {
            WEFT_WITH(&outer) {
            }
        }
    }
    return arg;
}

TEST(an_rlock_taken_again_within_another_lock)
{
    watch();
    named_both(&outer, &inner);
    run(take_again_within, NULL);
}

/* ---- 3, 4: both orders, with patience or none ------------------------------------------------ */

static weft_rlock forks[2];

static void *eat_with_patience(void *arg)
{
    size_t first = weft_thread_ident(weft_thread_current()) % 2;
    for (int i = 0; i < ROUNDS; i++)
        for (bool eaten = false; !eaten;) {
            weft_status status;
            WEFT_HOLD(&forks[first]);
            WEFT_WITH_FOR(&forks[1 - first], 0.0001, status)
                eaten = true;
        }
    return arg;
}

TEST(two_rlocks_in_both_orders_with_timed_retries)
{
    watch();
    named_both(&forks[0], &forks[1]);
    run(eat_with_patience, NULL);
}

static void *eat_or_back_off(void *arg)
{
    size_t first = weft_thread_ident(weft_thread_current()) % 2;
    for (int i = 0; i < ROUNDS; i++)
        for (bool eaten = false; !eaten; test_yield()) {
            WEFT_HOLD(&forks[first]);
            eaten = weft_rlock_try_acquire(&forks[1 - first]) == WEFT_OK;
            if (eaten)
                WITNESS(weft_rlock_release(&forks[1 - first]) == WEFT_OK);
        }
    return arg;
}

TEST(two_rlocks_in_both_orders_with_tries)
{
    watch();
    named_both(&forks[0], &forks[1]);
    run(eat_or_back_off, NULL);
}

/* ---- 5: several at once ---------------------------------------------------------------------- */

static void *take_all(void *arg)
{
    static weft_rwlock table = WEFT_RWLOCK_INIT;
    bool turned = weft_thread_ident(weft_thread_current()) % 2 == 0;
    for (int i = 0; i < ROUNDS; i++) {
        weft_rlock *mine = &forks[turned];
        weft_rlock *other = &forks[!turned];
        WEFT_WITH_ALL(mine, weft_writing(&table), other) {
        }
        WEFT_WITH_ALL(other, weft_reading(&table), mine) {
        }
    }
    return arg;
}

TEST(several_taken_at_once_in_any_order)
{
    watch();
    named_both(&forks[0], &forks[1]);
    run(take_all, NULL);
}

/* ---- 6: readers and writers ------------------------------------------------------------------ */

static weft_rwlock cache = WEFT_RWLOCK_INIT;
static weft_rlock behind = WEFT_RLOCK_INIT;
static int cached;

static void *read_and_write(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        WEFT_WITH(weft_reading(&cache)) {
            WEFT_WITH(&behind)
                WITNESS(cached >= 0);
        }
        if (i % 8 == 0)
            WEFT_WITH(weft_writing(&cache)) {
                WEFT_WITH(&behind)
                    cached++;
            }
    }
    return arg;
}

TEST(readers_and_writers_with_a_lock_behind_them)
{
    watch();
    named_both(&cache, &behind);
    run(read_and_write, NULL);
}

/* ---- 7: upgrades and downgrades -------------------------------------------------------------- */

static void *look_then_write(void *arg) WEFT_NO_ANALYSIS
{
    for (int i = 0; i < ROUNDS; i++) {
        WITNESS(weft_rwlock_acquire_read(&cache) == WEFT_OK);
        weft_status status = weft_rwlock_upgrade(&cache);
        if (status != WEFT_OK) { /* another does */
            WITNESS(status == WEFT_DEADLOCK);
            WITNESS(weft_rwlock_release_read(&cache) == WEFT_OK);
            WITNESS(weft_rwlock_acquire_write(&cache) == WEFT_OK);
        }
        cached++;
        WITNESS(weft_rwlock_downgrade(&cache) == WEFT_OK);
        WITNESS(cached > 0);
        WITNESS(weft_rwlock_release_read(&cache) == WEFT_OK);
    }
    return arg;
}

TEST(readers_that_become_writers_and_readers_again)
{
    watch();
    run(look_then_write, NULL);
    assert_int_equal(cached, WORKERS * ROUNDS);
}

/* ---- 8: a bounded buffer: two conditions over one lock --------------------------------------- */

static struct {
    weft_rlock lock;
    weft_condition not_empty;
    weft_condition not_full;
    int filled;
} buffer = {.not_empty = WEFT_CONDITION_INIT_ON(&buffer.lock),
            .not_full = WEFT_CONDITION_INIT_ON(&buffer.lock)};

static bool has_room(void *arg)
{
    (void)arg;
    return buffer.filled < 2;
}

static bool has_some(void *arg)
{
    (void)arg;
    return buffer.filled > 0;
}

static void *pass_through(void *arg)
{
    bool puts = weft_thread_ident(weft_thread_current()) % 2 == 0;
    for (int i = 0; i < ROUNDS; i++) {
        weft_condition *mine = puts ? &buffer.not_full : &buffer.not_empty;
        weft_condition *others = puts ? &buffer.not_empty : &buffer.not_full;
        WEFT_HOLD(mine);
        WITNESS(weft_condition_wait_pred(mine, puts ? has_room : has_some, NULL) == WEFT_OK);
        buffer.filled += puts ? 1 : -1;
        WITNESS(weft_condition_notify(others, 1) == WEFT_OK);
    }
    return arg;
}

TEST(a_buffer_with_two_conditions_over_an_rlock)
{
    watch();
    run(pass_through, NULL);
    assert_int_equal(buffer.filled, 0);
}

/* ---- 9: waiting in a condition with another lock held ---------------------------------------- */

static weft_condition turn = WEFT_CONDITION_INIT;
static int turns;

static void *take_turns(void *arg)
{
    weft_rlock held = WEFT_RLOCK_INIT; /* nobody else wants it */
    WEFT_WITH(&held) {
        for (int i = 0; i < ROUNDS; i++) {
            WEFT_HOLD(&turn);
            int seen = ++turns;
            WITNESS(weft_condition_notify_all(&turn) == WEFT_OK);
            if (i % 10 == 0 && turns == seen)
                WITNESS(weft_condition_wait_for(&turn, 0.001) != WEFT_VALUE_ERROR);
        }
    }
    WITNESS(weft_rlock_done(&held) == WEFT_OK);
    return arg;
}

TEST(waits_in_a_condition_with_another_lock_held)
{
    watch();
    run(take_turns, NULL);
    assert_int_equal(turns, WORKERS * ROUNDS);
}

/* ---- 10: joining with a lock held that the other does not need ------------------------------- */

static void *take_inner(void *arg)
{
    WEFT_WITH(&inner) {
    }
    return arg;
}

TEST(threads_and_timers_joined_with_a_lock_held)
{
    watch();
    named_both(&outer, &inner);
    for (int i = 0; i < 10; i++) {
        WEFT_HOLD(&outer);
        struct crew crew = crew_start(WORKERS, take_inner, NULL);
        weft_timer *timer = weft_timer_spawn(0.001, take_inner);
        assert_non_null(timer);
        crew_join(&crew);
        assert_int_equal(weft_timer_join(timer), WEFT_OK);
        weft_timer_free(timer);
    }
    assert_no_reports();
}
