/* SPDX-License-Identifier: MIT */
#include "pool/task_queue.h"

#include "platform/atomic.h"
#include "platform/processor.h"

static struct wefti_task *task_of(struct wefti_heap_node *node)
{
    return (void *)((char *)node - offsetof(struct wefti_task, node));
}

static void count(struct wefti_task_queue *queue, size_t length)
{
    /* Relaxed: who reads it without the lock looks again with it. */
    wefti_store(&queue->length, length, RELAXED);
}

static void append(struct wefti_task_queue *queue, struct weft_future *future)
{
    future->next = NULL;
    future->previous = queue->last;
    *(queue->first != NULL ? &queue->last->next : &queue->first) = future;
    queue->last = future;
}

void wefti_task_queue_append(struct wefti_task_queue *queue, struct wefti_task_queue *others)
{
    if (others->first == NULL)
        return;
    others->first->previous = queue->last;
    *(queue->first != NULL ? &queue->last->next : &queue->first) = others->first;
    queue->last = others->last;
    count(queue, queue->length + others->length);
    others->first = NULL;
    count(others, 0);
}

void wefti_task_queue_put(struct wefti_task_queue *queue, struct wefti_task *task)
{
    count(queue, queue->length + 1);
    task->future.queued = true;
    if (task->future.priority == 0) {
        append(queue, &task->future);
        return;
    }
    task->node.deadline = task->future.priority;
    /* The heap puts the smaller order first, and gives one that grows where there is none. */
    task->node.order = queue->lifo ? UINT64_MAX - ++queue->heap.last_order : 0;
    wefti_heap_insert(&queue->heap, &task->node);
}

void wefti_task_queue_remove(struct wefti_task_queue *queue, struct wefti_task *task)
{
    struct weft_future *future = &task->future;
    count(queue, queue->length - 1);
    future->queued = false;
    if (future->priority != 0) {
        wefti_heap_remove(&queue->heap, &task->node);
        return;
    }
    /* The one behind the first is not written to: it may lie in another core's cache. */
    if (future == queue->first) {
        queue->first = future->next;
        return;
    }
    future->previous->next = future->next;
    *(future->next != NULL ? &future->next->previous : &queue->last) = future->previous;
}

struct wefti_task *wefti_task_queue_take(struct wefti_task_queue *queue)
{
    struct wefti_heap_node *other = queue->heap.first;
    struct wefti_task *task =
        (void *)(queue->lifo && queue->first != NULL ? queue->last : queue->first);
    if (other != NULL && (task == NULL || other->deadline < 0))
        task = task_of(other);
    if (task != NULL)
        wefti_task_queue_remove(queue, task);
    if (queue->first != NULL)
        wefti_fetch(queue->first, sizeof *task);
    return task;
}

/* ---- looking ------------------------------------------------------------------------------- */

static void look(int64_t *oldest, const struct wefti_task *task)
{
    int64_t came = task->future.submitted;
    if (came != 0 && (*oldest == 0 || came < *oldest))
        *oldest = came;
}

/* The node after this one, each before its subtrees; NULL: it was the last. */
static struct wefti_heap_node *after(struct wefti_heap_node *node)
{
    if (node->left != NULL)
        return node->left; /* there is no right one without */
    while (node->parent != NULL && (node->parent->right == NULL || node->parent->right == node))
        node = node->parent;
    return node->parent != NULL ? node->parent->right : NULL;
}

int64_t wefti_task_queue_oldest(const struct wefti_task_queue *queue)
{
    int64_t oldest = 0;
    for (const struct weft_future *future = queue->first; future != NULL; future = future->next)
        look(&oldest, (const void *)future);
    for (struct wefti_heap_node *node = queue->heap.first; node != NULL; node = after(node))
        look(&oldest, task_of(node));
    return oldest;
}
