/* SPDX-License-Identifier: MIT */
/*
 * Watched, a running future is held by the thread that runs it: deadlocks through results are found,
 * and who only waits for a promise, or with a timeout, is left alone. ThreadSanitizer is told what a
 * result orders.
 */
// LINK: -Wl,--wrap=wefti_tsan_present,--wrap=wefti_tsan_acquire,--wrap=wefti_tsan_release
#include "future_help.h"

#include "pool/state.h"
#include "tests/primitives/watch_help.h"

/* ---- deadlocks ----------------------------------------------------------------------------- */

struct circle {
    weft_rlock lock;
    weft_event held;
    weft_event asked;
    weft_future *future; /* whom the holder waits for */
    double seconds;      /* how long; 0: for ever */
    weft_status status;
};

static void *hold_and_wait(void *arg)
{
    struct circle *circle = arg;
    WITNESS(weft_rlock_acquire(&circle->lock) == WEFT_OK);
    WITNESS(weft_event_set(&circle->held) == WEFT_OK);
    WITNESS(weft_event_wait(&circle->asked) == WEFT_OK);
    circle->status = circle->seconds != 0
                         ? weft_future_result_for(circle->future, NULL, circle->seconds)
                         : weft_future_result(circle->future, NULL);
    WITNESS(weft_rlock_release(&circle->lock) == WEFT_OK);
    return NULL;
}

static void *want_the_lock(void *arg)
{
    struct circle *circle = arg;
    WITNESS(weft_rlock_acquire(&circle->lock) == WEFT_OK);
    WITNESS(weft_rlock_release(&circle->lock) == WEFT_OK);
    return NULL;
}

static void close_circle(struct circle *circle, struct pool *pool, weft_thread **holder)
{
    *holder = weft_thread_spawn(hold_and_wait, circle, .name = "holder");
    assert_int_equal(weft_event_wait(&circle->held), WEFT_OK);
    circle->future = pool_submit(pool, want_the_lock, circle);
    EVENTUALLY(wefti_waiters((struct wefti_key){&circle->lock, WEFTI_RLOCK}) == 1);
    assert_no_reports();
    assert_int_equal(weft_event_set(&circle->asked), WEFT_OK);
    EVENTUALLY(weft_future_waiters(circle->future) == 1);
}

static void open_circle(struct circle *circle, struct pool *pool, weft_thread *holder)
{
    assert_int_equal(weft_thread_interrupt(holder), WEFT_OK);
    assert_int_equal(weft_thread_join(holder), WEFT_OK);
    assert_int_equal(circle->status, WEFT_INTERRUPTED);
    assert_int_equal(weft_future_result(circle->future, NULL), WEFT_OK);
    weft_thread_free(holder);
    weft_future_free(circle->future);
    pool_close(pool);
}

TEST(a_deadlock_through_a_result_is_found)
{
    struct pool pool;
    struct circle circle = {.status = WEFT_OK};
    weft_thread *holder;
    watch();
    pool_open(&pool, 1);
    close_circle(&circle, &pool, &holder);
    EVENTUALLY(count(WEFT_REPORT_DEADLOCK) == 1); /* certain: only they could go on */
    assert_reported("wants a future at 0x");
    assert_reported("holds a future at 0x");
    open_circle(&circle, &pool, holder);
    assert_int_equal(all_reports(), 1);
}

TEST(who_waits_with_a_timeout_is_in_no_deadlock)
{
    struct pool pool;
    struct circle circle = {.seconds = 1e6};
    weft_thread *holder;
    watch();
    pool_open(&pool, 1);
    close_circle(&circle, &pool, &holder);
    open_circle(&circle, &pool, holder);
    assert_no_reports();
}

static void *take_both(void *arg)
{
    struct circle *circle = arg;
    for (int i = 0; i < 3; i++) {
        WITNESS(weft_rlock_acquire(&circle->lock) == WEFT_OK);
        weft_future *child = weft_future_new();
        weft_future *then = weft_future_then(child, give_back); /* a task that runs in place */
        WITNESS(weft_future_set_result(child, NULL) == WEFT_OK);
        WITNESS(weft_future_result(then, NULL) == WEFT_OK);
        weft_future_free(then);
        weft_future_free(child);
        WITNESS(weft_rlock_release(&circle->lock) == WEFT_OK);
    }
    return NULL;
}

/* A hold without asks: tasks take locks, and locks' holders run tasks. */
TEST(a_task_has_no_order_among_locks)
{
    struct pool pool;
    struct circle circle = {.status = WEFT_OK};
    watch();
    pool_open(&pool, 2);
    weft_future *futures[] = {pool_submit(&pool, take_both, &circle),
                              pool_submit(&pool, take_both, &circle)};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(weft_future_result(futures[i], NULL), WEFT_OK);
        weft_future_free(futures[i]);
    }
    pool_close(&pool);
    assert_no_reports();
}

/* The circle is made of results alone: the last one is told so, and there is nothing to report. */
static void *wait_for_oneself(void *arg)
{
    struct circle *circle = arg;
    circle->status = weft_future_result(weft_future_current(), NULL);
    return NULL;
}

TEST(who_is_told_of_a_deadlock_is_not_in_it)
{
    struct pool pool;
    struct circle circle = {.status = WEFT_OK};
    watch();
    pool_open(&pool, 1);
    weft_future *future = pool_submit(&pool, wait_for_oneself, &circle);
    assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
    assert_int_equal(circle.status, WEFT_DEADLOCK);
    weft_future_free(future);
    pool_close(&pool);
    assert_no_reports();
}

/* ---- ThreadSanitizer ----------------------------------------------------------------------- */

/* NOLINTBEGIN: the linker's names */
bool __wrap_wefti_tsan_present(void);
void __wrap_wefti_tsan_acquire(void *object);
void __wrap_wefti_tsan_release(void *object);
/* NOLINTEND */

/* A letter for each call about the future that is looked at; R: a release before it was done. */
static char told[128];
static const void *looked_at;

bool __wrap_wefti_tsan_present(void)
{
    return true;
}

void __wrap_wefti_tsan_acquire(void *object)
{
    if (object == looked_at)
        strncat(told, "a", sizeof told - strlen(told) - 1);
}

void __wrap_wefti_tsan_release(void *object)
{
    if (object == looked_at)
        strncat(told, wefti_future_is_done(object) ? "r" : "R", sizeof told - strlen(told) - 1);
}

#define assert_told(expected)                                                                      \
    do {                                                                                           \
        assert_string_equal(told, (expected));                                                     \
        told[0] = '\0';                                                                            \
    } while (0)

TEST(a_result_is_released_and_acquired)
{
    weft_future *future = weft_future_new();
    weft_future *futures[] = {future};
    looked_at = future;
    told[0] = '\0';
    assert_int_equal(weft_future_set_result(future, NULL), WEFT_OK);
    assert_int_equal(told[0], 'R');
    told[0] = '\0';
    assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
    assert_told("a");
    assert_int_equal(weft_future_exception_for(future, NULL, 0), WEFT_OK);
    assert_told("a");
    assert_true(weft_future_done(future));
    assert_told("a");
    assert_int_equal(weft_wait_futures(1, futures, WEFT_FIRST_COMPLETED, NULL, 0), WEFT_OK);
    assert_told("a");
    weft_future *next;
    weft_status status;
    WEFT_AS_COMPLETED(next, 1, futures, 0, status)
        assert_told("a");
    told[0] = '\0';
    weft_waitable waitable = weft_future_waitable(future);
    assert_int_equal(weft_wait_any(1, &waitable, NULL, 0), WEFT_OK);
    assert_told("a");
    weft_future_free(weft_future_ref(future));
    assert_told("r"); /* who frees the value sees what all others did with it */
    weft_future_free(future);
    assert_told("ra");
}

TEST(a_cancellation_is_released)
{
    weft_future *future = weft_future_new();
    looked_at = future;
    told[0] = '\0';
    assert_int_equal(weft_future_cancel(future), WEFT_OK);
    assert_int_equal(told[0], 'R');
    told[0] = '\0';
    assert_int_equal(weft_future_result(future, NULL), WEFT_CANCELLED);
    assert_told("a");
    weft_future_free(future);
}

/* An owner of one future, at a place that is known before it is made. */
static struct weft_future only;

static struct weft_future *allocate_only(struct wefti_owner *owner)
{
    (void)owner;
    return &only;
}

static void recycle_only(struct wefti_owner *owner, struct weft_future *future)
{
    (void)owner;
    assert_ptr_equal(future, &only);
}

TEST(a_task_sees_what_its_submitter_did)
{
    static const struct wefti_owner_type type = {.allocate = allocate_only,
                                                 .recycle = recycle_only};
    struct wefti_owner owner = {&type};
    looked_at = &only;
    weft_future *future = wefti_future_new(&owner, give_back, NULL, 1);
    assert_told("R");
    assert_true(wefti_task_begin(future));
    assert_int_equal(told[0], 'a');
    told[0] = '\0';
    wefti_task_end(future, (struct wefti_result){0});
    assert_int_equal(told[0], 'R');
    weft_future_free(future);
}
