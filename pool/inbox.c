/* SPDX-License-Identifier: MIT */
#include "pool/inbox.h"

#include "platform/atomic.h"

/* The queue may shrink meanwhile: then it was as long a moment ago. */
static void keep_peak(struct wefti_inbox *inbox, const struct wefti_task_queue *queue)
{
    size_t come = inbox->tasks.length;
    if (come + inbox->behind <= inbox->peak)
        return;
    inbox->behind = wefti_load(&queue->length, RELAXED);
    if (come + inbox->behind > inbox->peak) /* relaxed: it stands for itself */
        wefti_store(&inbox->peak, come + inbox->behind, RELAXED);
}

bool wefti_inbox_put(struct wefti_inbox *inbox, const struct wefti_task_queue *queue,
                     struct wefti_task *task)
{
    wefti_mutex_lock(&inbox->mutex);
    bool open = inbox->open;
    if (open) {
        wefti_task_queue_put(&inbox->tasks, task);
        keep_peak(inbox, queue);
    }
    wefti_mutex_unlock(&inbox->mutex);
    return open;
}

size_t wefti_inbox_settle(struct wefti_inbox *inbox, struct wefti_task_queue *queue, bool open)
{
    bool shared = inbox->open || open;
    if (shared)
        wefti_mutex_lock(&inbox->mutex);
    size_t come = inbox->tasks.length;
    wefti_task_queue_append(queue, &inbox->tasks);
    inbox->behind = queue->length;
    keep_peak(inbox, queue);
    if (shared) {
        inbox->open = open;
        wefti_mutex_unlock(&inbox->mutex);
    }
    return come;
}
