/* SPDX-License-Identifier: MIT */
/* The queue of tasks against a model: an array that is searched. */
#include "test.h"

#include <string.h>

#include "pool/task_queue.h"

enum { TASKS = 200, STEPS = 20000 };

static struct wefti_task tasks[TASKS];
static uint64_t came[TASKS]; /* when it was put in; 0: it is not in */

static bool before(size_t a, size_t b, bool lifo)
{
    if (tasks[a].future.priority != tasks[b].future.priority)
        return tasks[a].future.priority < tasks[b].future.priority;
    return lifo ? came[a] > came[b] : came[a] < came[b];
}

static struct wefti_task *next_of_model(bool lifo)
{
    size_t next = TASKS;
    for (size_t i = 0; i < TASKS; i++)
        if (came[i] != 0 && (next == TASKS || before(i, next, lifo)))
            next = i;
    return next < TASKS ? &tasks[next] : NULL;
}

static int64_t oldest_of_model(void)
{
    int64_t oldest = 0;
    for (size_t i = 0; i < TASKS; i++)
        if (came[i] != 0 && (oldest == 0 || (int64_t)came[i] < oldest))
            oldest = (int64_t)came[i];
    return oldest;
}

static void check(bool lifo, int priorities)
{
    struct wefti_task_queue queue = {.lifo = lifo};
    uint64_t random = 2463534242;
    uint64_t now = 0;
    size_t length = 0;
    for (int step = 0; step < STEPS; step++) {
        size_t i = test_random(&random) % TASKS;
        if (test_random(&random) % 4 == 0) {
            struct wefti_task *expected = next_of_model(lifo);
            assert_ptr_equal(wefti_task_queue_take(&queue), expected);
            if (expected != NULL) {
                came[expected - tasks] = 0;
                length--;
            }
        } else if (came[i] == 0) {
            tasks[i].future.priority =
                (int)(test_random(&random) % (uint64_t)priorities) - priorities / 2;
            tasks[i].future.submitted = (int64_t)(came[i] = ++now);
            wefti_task_queue_put(&queue, &tasks[i]);
            length++;
        } else if (test_random(&random) % 2 == 0) {
            wefti_task_queue_remove(&queue, &tasks[i]);
            came[i] = 0;
            length--;
        }
        assert_int_equal(queue.length, length);
        assert_int_equal(tasks[i].future.queued, came[i] != 0);
        if (step % 50 == 0)
            assert_int_equal(wefti_task_queue_oldest(&queue), oldest_of_model());
    }
}

TEST(fifo_with_one_priority)
{
    check(false, 1);
}

TEST(lifo_with_one_priority)
{
    check(true, 1);
}

TEST(fifo_with_five_priorities)
{
    check(false, 5);
}

TEST(lifo_with_five_priorities)
{
    check(true, 5);
}

TEST(fifo_with_priorities_of_their_own)
{
    check(false, 100000);
}

TEST(an_empty_queue_has_no_next_and_no_oldest)
{
    struct wefti_task_queue queue = {0};
    assert_null(wefti_task_queue_take(&queue));
    assert_int_equal(wefti_task_queue_oldest(&queue), 0);
}
