/* SPDX-License-Identifier: MIT */
/*
 * A queue's lock is a word as a Lock's (word_lock.c), and an epoch: the number of forks that lie
 * between the program's first process and the one in which the queue was last used.
 *
 *   epoch         means
 *   forks so far  the queue is this process's: its lock and counts of waiters are to be believed
 *   another       it has been used before a fork: others may seem to wait, or to hold the lock
 *   RENEWING + n  a thread looks into that, of the process that n forks have made
 *   NOT_WHOLE     a thread that does not exist here held the lock: nobody knows what it had changed
 *
 *   from       to            by
 *   another    RENEWING + n  the first that comes in this process; n: the forks so far
 *   RENEWING   forks so far  the same: the lock is free, and nobody waits
 *   RENEWING   NOT_WHOLE     the same: the lock is held, and stays so
 *
 * Another's RENEWING is another epoch: a fork has cut it short, and what it does can be done again.
 *
 * Nobody tries the lock before the epoch is right, so one that is held then is held by nobody.
 *
 * Lock order: a queue's lock, then a bucket's. Waiters enter the room while they hold the lock, and
 * let it go when they stand in line (wefti_queue_leave_in_line).
 */
#include "platform/memory.h"
#include "platform/processor.h"
#include "queue/queue.h"

#define RENEWING (UINT32_C(1) << 31)
#define NOT_WHOLE UINT32_MAX

bool wefti_queue_renew(weft_queue *queue)
{
    for (;;) {
        uint32_t forks = wefti_forks();
        /* Acquire: pairs with the release below. */
        uint32_t epoch = wefti_load(&queue->epoch, ACQUIRE);
        if (epoch == forks || epoch == NOT_WHOLE)
            return epoch == forks;
        uint32_t renewing = RENEWING | forks;
        if (epoch != renewing && wefti_cas(&queue->epoch, &epoch, renewing, ACQUIRE)) {
            bool whole = !wefti_word_held(&queue->lock);
            if (whole)
                wefti_store(&queue->lock, 0, RELAXED);
            queue->getters = 0;
            queue->putters = 0;
            queue->joiners = 0;
            wefti_queue_forget_dropping(queue);
            wefti_queue_set_flags(queue, queue->flags & ~(uint32_t)WEFTI_SENT);
            wefti_store(&queue->epoch, whole ? forks : NOT_WHOLE, RELEASE);
        }
        wefti_pause();
    }
}

/*
 * Whoever holds the lock, or has just let it go, is likely to take it again at once, with all that
 * belongs to it in its cache. Each look from another processor makes that dear, and each change of
 * hands moves it all. So the first look comes late: a holder gets some dozens of calls done between
 * two of them, and what the move costs is shared by as many.
 */
enum { FIRST_PAUSES = 16, PAUSES = 32, LOOKS = 7 };

void wefti_queue_wait(weft_queue *queue)
{
    int looks = wefti_processors() > 1 ? LOOKS : 0;
    for (int pauses = FIRST_PAUSES; looks > 0; looks--, pauses = PAUSES) {
        wefti_pause_for(pauses);
        uint32_t state = wefti_load(&queue->lock, RELAXED);
        if ((state & WEFTI_HELD) == 0 && wefti_word_take(&queue->lock))
            return;
        if ((state & WEFTI_WAITED) != 0)
            break; /* others sleep already */
    }
    (void)wefti_word_wait(&queue->lock, WEFTI_QUEUE, WEFTI_NEVER, true);
}

void wefti_queue_free_garbage(void *garbage)
{
    for (struct wefti_garbage *next, *block = garbage; block != NULL; block = next) {
        next = block->next;
        wefti_release(block);
    }
}

void wefti_queue_leave_in_line(void *leaving)
{
    const struct wefti_leaving *it = leaving;
    wefti_queue_leave(it->queue, it->served);
}

bool wefti_queue_bring_block(weft_queue *queue, size_t n)
{
    size_t items = queue->storage->wants(queue, n);
    if (items == 0)
        return true;
    size_t bytes = queue->storage->bytes(queue, items);
    wefti_queue_leave(queue, NULL);
    void *block = bytes != 0 ? wefti_allocate(bytes) : NULL;
    (void)wefti_queue_enter(queue);
    if (block != NULL)
        queue->storage->supply(queue, block, items);
    return block != NULL;
}
