/* SPDX-License-Identifier: MIT */
/* The inbox of a queue of tasks: what comes, what is collected, what is refused. */
#include "test.h"

#include "pool/inbox.h"

enum { TASKS = 8 };

static struct wefti_task tasks[TASKS];

/* Takes all, and expects them in the order of the array. */
static void take_all(struct wefti_task_queue *queue, int count)
{
    for (int i = 0; i < count; i++)
        assert_ptr_equal(wefti_task_queue_take(queue), &tasks[i]);
    assert_null(wefti_task_queue_take(queue));
    assert_int_equal(queue->length, 0);
}

TEST(a_shut_inbox_takes_nothing)
{
    struct wefti_inbox inbox = {0};
    struct wefti_task_queue queue = {0};
    wefti_mutex_init(&inbox.mutex);
    assert_false(wefti_inbox_put(&inbox, &queue, &tasks[0]));
    assert_int_equal(wefti_inbox_settle(&inbox, &queue, true), 0);
    assert_true(wefti_inbox_put(&inbox, &queue, &tasks[0]));
    assert_int_equal(wefti_inbox_settle(&inbox, &queue, false), 1);
    assert_false(wefti_inbox_put(&inbox, &queue, &tasks[1]));
    take_all(&queue, 1);
}

TEST(what_has_come_stands_behind_what_is_queued_in_the_order_of_coming)
{
    struct wefti_inbox inbox = {0};
    struct wefti_task_queue queue = {0};
    wefti_mutex_init(&inbox.mutex);
    for (int queued = 0; queued < 3; queued++) {
        assert_int_equal(wefti_inbox_settle(&inbox, &queue, true), 0);
        for (int i = 0; i < queued; i++)
            wefti_task_queue_put(&queue, &tasks[i]);
        for (int i = queued; i < TASKS; i++)
            assert_true(wefti_inbox_put(&inbox, &queue, &tasks[i]));
        assert_int_equal(queue.length, queued);
        assert_int_equal(wefti_inbox_settle(&inbox, &queue, true), TASKS - queued);
        assert_int_equal(queue.length, TASKS);
        take_all(&queue, TASKS);
    }
}

TEST(what_has_been_collected_can_be_taken_out)
{
    for (int out = 0; out < TASKS; out++) {
        struct wefti_inbox inbox = {0};
        struct wefti_task_queue queue = {0};
        wefti_mutex_init(&inbox.mutex);
        wefti_task_queue_put(&queue, &tasks[0]);
        (void)wefti_inbox_settle(&inbox, &queue, true);
        for (int i = 1; i < TASKS; i++)
            assert_true(wefti_inbox_put(&inbox, &queue, &tasks[i]));
        (void)wefti_inbox_settle(&inbox, &queue, true);
        wefti_task_queue_remove(&queue, &tasks[out]);
        for (int i = 0; i < TASKS; i++)
            if (i != out)
                assert_ptr_equal(wefti_task_queue_take(&queue), &tasks[i]);
        assert_int_equal(queue.length, 0);
    }
}

TEST(the_peak_is_the_most_that_were_in_both_at_once)
{
    struct wefti_inbox inbox = {0};
    struct wefti_task_queue queue = {0};
    wefti_mutex_init(&inbox.mutex);
    wefti_task_queue_put(&queue, &tasks[0]);
    wefti_task_queue_put(&queue, &tasks[1]);
    (void)wefti_inbox_settle(&inbox, &queue, true);
    assert_int_equal(inbox.peak, 2);
    assert_true(wefti_inbox_put(&inbox, &queue, &tasks[2]));
    assert_true(wefti_inbox_put(&inbox, &queue, &tasks[3]));
    assert_int_equal(inbox.peak, 4);
    assert_ptr_equal(wefti_task_queue_take(&queue), &tasks[0]);
    assert_ptr_equal(wefti_task_queue_take(&queue), &tasks[1]);
    assert_true(wefti_inbox_put(&inbox, &queue, &tasks[4]));
    assert_int_equal(inbox.peak, 4); /* three are in */
    assert_true(wefti_inbox_put(&inbox, &queue, &tasks[5]));
    assert_true(wefti_inbox_put(&inbox, &queue, &tasks[6]));
    assert_int_equal(inbox.peak, 5);
    (void)wefti_inbox_settle(&inbox, &queue, false);
    assert_int_equal(inbox.peak, 5);
}
