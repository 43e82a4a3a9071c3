/* SPDX-License-Identifier: MIT */
/*
 * What a program that runs under ThreadSanitizer is told by a library that is not instrumented: what
 * came before a put comes before what follows the get of it. Here the test is the sanitizer.
 */
#include "queue_help.h"

#include "under_tsan.h"

static _Atomic(void *) watched; /* the queue whose events are noted */
static _Thread_local int releases;
static _Thread_local int acquires;
static _Thread_local char last; /* which of both came last */

#if !UNDER_TSAN
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void __tsan_acquire(void *object);
void __tsan_release(void *object);

void __tsan_acquire(void *object)
{
    if (object != atomic_load(&watched))
        return;
    acquires++;
    last = 'a';
}

void __tsan_release(void *object)
{
    if (object != atomic_load(&watched))
        return;
    releases++;
    last = 'r';
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#endif

static void watch(weft_queue *queue)
{
    if (UNDER_TSAN) /* the real one is here, and looks on in all other tests */
        skip();
    atomic_store(&watched, queue);
}

/* Each call takes what others have done, and passes on what this thread has. */
static void expect_one_of_each(void)
{
    assert_int_equal(acquires, 1);
    assert_int_equal(releases, 1);
    assert_int_equal(last, 'r');
    acquires = 0;
    releases = 0;
}

TEST(each_call_tells_what_it_takes_and_what_it_passes_on)
{
    weft_queue queue;
    init(&queue, WEFT_QUEUE_FIFO, 1);
    put(&queue, 1); /* a first put lets the queue go to bring memory */
    assert_int_equal(get(&queue), 1);
    assert_int_equal(weft_queue_task_done(&queue), WEFT_OK);
    watch(&queue);
    put(&queue, 1);
    expect_one_of_each();
    assert_int_equal(get(&queue), 1);
    expect_one_of_each();
    assert_int_equal(try_get(&queue), WEFT_EMPTY);
    expect_one_of_each();
    assert_int_equal(weft_queue_task_done(&queue), WEFT_OK);
    expect_one_of_each();
    assert_int_equal(weft_queue_join(&queue), WEFT_OK);
    expect_one_of_each();
    destroy(&queue);
}

/* Whoever was served has the last word: it has got what the other passed on. */
static weft_status (*wait_there)(weft_queue *queue);

static void *be_served(void *queue)
{
    WITNESS(wait_there(queue) == WEFT_OK);
    WITNESS(last == 'a');
    return NULL;
}

static weft_status get_there(weft_queue *queue)
{
    int number;
    return weft_queue_get(queue, &number);
}

static weft_status choose_there(weft_queue *queue)
{
    int number;
    const weft_waitable one = weft_queue_get_waitable(queue, &number);
    return weft_wait_any(1, &one, NULL, WEFT_FOREVER);
}

static weft_status put_there(weft_queue *queue)
{
    int number = 2;
    return weft_queue_put(queue, &number);
}

static struct crew start_there(weft_queue *queue, weft_status (*wait)(weft_queue *queue))
{
    wait_there = wait;
    struct crew crew = crew_start(1, be_served, queue);
    EVENTUALLY(weft_queue_getters(queue) + weft_queue_putters(queue) + weft_queue_joiners(queue) ==
               1);
    return crew;
}

TEST(who_is_served_tells_that_it_takes)
{
    weft_queue queue;
    init(&queue, WEFT_QUEUE_FIFO, 1);
    watch(&queue);
    struct crew crew = start_there(&queue, get_there);
    put(&queue, 1);
    crew_join(&crew);
    crew = start_there(&queue, choose_there);
    put(&queue, 1);
    crew_join(&crew);
    put(&queue, 1);
    crew = start_there(&queue, put_there);
    assert_int_equal(get(&queue), 1);
    crew_join(&crew);
    crew = start_there(&queue, weft_queue_join);
    for (int i = 0; i < 4; i++)
        assert_int_equal(weft_queue_task_done(&queue), WEFT_OK);
    crew_join(&crew);
    destroy(&queue);
}
