/* SPDX-License-Identifier: MIT */
/*
 * A thread comes to get or to put. If it can, it does so under the queue's lock; if not, it stands
 * in line, and whoever brings what it waits for serves it: takes it out of the room, does under the
 * lock what it came for, in its memory, and wakes it after the lock. A woken thread has been
 * served; it does not touch the queue again.
 *
 *   while it waits           by            it returns
 *   an item, or room, comes  who brings it WEFT_OK
 *   the queue is shut down   who does that WEFT_SHUTDOWN
 *   its deadline comes       itself        WEFT_OK if it can now; else WEFT_EMPTY, WEFT_FULL
 *   it is interrupted        itself        WEFT_INTERRUPTED
 *
 * If room comes, but an item takes memory that is not there, its putter is sent to bring it (SENT)
 * and tries again, at the head of the line; until it is back nobody is served behind it.
 *
 * `getters` and `putters` count who stands in line or is about to, under the lock. Who serves
 * counts those that it has served out; all others count themselves out when they leave.
 *
 * No wake-up is lost: at each moment when the lock is free, nobody stands in line who could be
 * served. A get or put enters the line under the lock, having found nothing. weft_wait_any, which
 * enters several lines, is counted first, under the lock, and asked once more in the room
 * (waitable.c): a put that comes between stores its item before it looks into the room, so one of
 * the two sees the other. Each change under the lock ends with wefti_queue_settle, and so does
 * leaving without being served, for whoever was sent for memory has left an item's room to others.
 *
 * Order: nobody gets what others wait for, because they would have been served before.
 */
#include "queue/visit.h"

#include "platform/processor.h"

enum { LOOKS = 8, PAUSES_MOST = 32 };

/* A wish that is not fulfilled is tried again: what its waiter is told. */
enum { TRY_AGAIN = WEFT_TIMEOUT };

/* ---- the two sides ----------------------------------------------------------------------- */

static bool item_there(const weft_queue *queue)
{
    return wefti_load(&queue->count, RELAXED) != 0;
}

static bool room_there(const weft_queue *queue)
{
    size_t maxsize = wefti_load(&queue->maxsize, RELAXED);
    return maxsize == 0 || wefti_load(&queue->count, RELAXED) < maxsize;
}

static size_t items_now(const weft_queue *queue)
{
    return queue->count;
}

/* Without memory for a single one, one is sent to bring it. */
static size_t room_now(const weft_queue *queue)
{
    size_t space = wefti_queue_space(queue);
    size_t room = queue->storage->room(queue);
    if (room == 0)
        room = 1;
    return space < room ? space : room;
}

static bool provide_nothing(weft_queue *queue)
{
    (void)queue;
    return false;
}

/*
 * Twice: the first block may have taken the place of those that there were. Without memory it waits
 * all the same, and is sent for it in its turn.
 */
static bool provide_room(weft_queue *queue)
{
    const struct weft_queue_storage *storage = queue->storage;
    int blocks = 0;
    while (blocks < 2 && storage->room(queue) < storage->reserve(queue)) {
        (void)wefti_queue_bring_block(queue, storage->reserve(queue));
        blocks++;
    }
    return blocks != 0;
}

static uint32_t *getters(weft_queue *queue)
{
    return &queue->getters;
}

static uint32_t *putters(weft_queue *queue)
{
    return &queue->putters;
}

const struct wefti_side wefti_getting = {.kind = WEFTI_QUEUE_GET,
                                         .none = WEFT_EMPTY,
                                         .there = item_there,
                                         .amount = items_now,
                                         .provide = provide_nothing,
                                         .waiting = getters,
                                         .attempt = wefti_queue_get_now};

const struct wefti_side wefti_putting = {.kind = WEFTI_QUEUE_PUT,
                                         .none = WEFT_FULL,
                                         .there = room_there,
                                         .amount = room_now,
                                         .provide = provide_room,
                                         .waiting = putters,
                                         .attempt = wefti_queue_put_now};

/* ---- serving ----------------------------------------------------------------------------- */

struct pass {
    size_t amount; /* how much there is to give */
    bool shut;
};

static enum wefti_verdict choose(uintptr_t request, void *arg)
{
    const struct pass *pass = arg;
    (void)request;
    return pass->amount > 0 || pass->shut ? WEFTI_TAKE : WEFTI_STOP;
}

static uintptr_t take(uintptr_t request, int64_t since, void *arg)
{
    const weft_waitable *wish = (const weft_waitable *)request;
    struct pass *pass = arg;
    (void)since;
    pass->amount -= wish->n < pass->amount ? wish->n : pass->amount;
    return TRY_AGAIN;
}

/* Serves those who wait on one side, as far as it goes; whether there were any. */
static bool serve(weft_queue *queue, const struct wefti_side *side, struct wefti_served *served)
{
    struct pass pass = {.amount = side->amount(queue), .shut = wefti_queue_is_shut(queue)};
    const struct wefti_unparking how = {.arg = &pass, .choose = choose, .take = take};
    struct wefti_waiter **first = served->end;
    bool any = false;
    (void)wefti_claim(wefti_queue_key(queue, side->kind), &how, &served->end);
    for (struct wefti_waiter *waiter = *first; waiter != NULL; waiter = waiter->next) {
        weft_status status = side->attempt(queue, (weft_waitable *)waiter->request);
        if (status == WEFT_NO_MEMORY)
            status = TRY_AGAIN;
        if (status == TRY_AGAIN) {
            wefti_queue_set_flags(queue, queue->flags | WEFTI_SENT);
        } else {
            --*side->waiting(queue);
            any = true;
        }
        waiter->token = (uintptr_t)status;
    }
    return any;
}

static bool serves(weft_queue *queue, const struct wefti_side *side, struct wefti_served *served)
{
    if (*side->waiting(queue) == 0)
        return false;
    bool shut = wefti_queue_is_shut(queue);
    bool held_up = side == &wefti_putting && wefti_queue_has(queue, WEFTI_SENT);
    return (shut || (side->there(queue) && !held_up)) && serve(queue, side, served);
}

void wefti_queue_settle_waiters(weft_queue *queue, struct wefti_served *served)
{
    bool more;
    do {
        more = serves(queue, &wefti_getting, served);
        more = serves(queue, &wefti_putting, served) || more;
    } while (more);
}

/* ---- waiting ----------------------------------------------------------------------------- */

/* Under the lock: tries, and brings the memory that it takes; to be followed by settle. */
static weft_status attempt(weft_queue *queue, const struct wefti_side *side, weft_waitable *wish)
{
    weft_status status = side->attempt(queue, wish);
    while (status == WEFT_NO_MEMORY) {
        size_t space = wefti_queue_space(queue);
        if (!wefti_queue_bring_block(queue, wish->n < space ? wish->n : space)) {
            size_t room = queue->storage->room(queue);
            if (room == 0)
                break;
            wish->n = room < wish->n ? room : wish->n; /* it makes do with less */
        }
        status = side->attempt(queue, wish);
    }
    return status;
}

void wefti_queue_step_out(weft_queue *queue, const struct wefti_side *side, bool sent)
{
    --*side->waiting(queue);
    if (sent)
        wefti_queue_set_flags(queue, queue->flags & ~(uint32_t)WEFTI_SENT);
}

/*
 * Waits a little, without the lock, for what is about to come: and longer from look to look, so that
 * there is more of it, and whoever brings it is not disturbed.
 */
static void spin(const weft_queue *queue, const struct wefti_side *side)
{
    int pauses = 1;
    for (int looks = LOOKS; looks > 0; looks--) {
        wefti_pause_for(pauses);
        if (side->there(queue) || wefti_queue_is_shut(queue))
            return;
        if (pauses < PAUSES_MOST)
            pauses *= 2;
    }
}

/* Under the lock, which it leaves: stands in line until that is over. */
static weft_status wait_in_line(weft_queue *queue, const struct wefti_side *side,
                                weft_waitable *wish, int64_t deadline,
                                struct wefti_waiter *served_before)
{
    struct wefti_leaving leaving = {queue, served_before};
    struct wefti_patience patience = {.deadline = deadline,
                                      .queued = wefti_queue_leave_in_line,
                                      .arg = &leaving,
                                      .request = (uintptr_t)wish,
                                      .since = wefti_clock()};
    for (;;) {
        ++*side->waiting(queue);
        struct wefti_parked parked = wefti_park(wefti_queue_key(queue, side->kind), &patience);
        if (parked.outcome == WEFTI_UNPARKED && parked.token != TRY_AGAIN) {
            if (wefti_watched())
                wefti_watch_acquired(queue);
            return (weft_status)parked.token;
        }
        WEFTI_SERVED(served);
        weft_status status = WEFT_INTERRUPTED;
        (void)wefti_queue_enter(queue);
        if (parked.outcome != WEFTI_INTERRUPTED)
            status = attempt(queue, side, wish);
        wefti_queue_step_out(queue, side, parked.outcome == WEFTI_UNPARKED);
        wefti_queue_settle(queue, &served);
        if (status != WEFT_TIMEOUT || parked.outcome == WEFTI_TIMED_OUT) {
            wefti_queue_leave(queue, served.first);
            return status != WEFT_TIMEOUT ? status : side->none;
        }
        leaving.served = served.first; /* another has taken the room that it was sent for */
        patience.front = true;
    }
}

weft_status wefti_queue_visit_slowly(weft_queue *queue, const struct wefti_side *side,
                                     weft_waitable *wish, struct wefti_limit limit)
{
    WEFTI_SERVED(served);
    weft_status status = attempt(queue, side, wish);
    int64_t deadline = WEFTI_TRY;
    if (status == WEFT_TIMEOUT)
        deadline = wefti_limit_deadline(limit);
    if (deadline != WEFTI_TRY && *side->waiting(queue) == 0 && wefti_processors() > 1) {
        wefti_queue_leave(queue, NULL);
        spin(queue, side);
        (void)wefti_queue_enter(queue);
        status = attempt(queue, side, wish);
    }
    if (status == WEFT_TIMEOUT && deadline != WEFTI_TRY && side->provide(queue))
        status = attempt(queue, side, wish);
    wefti_queue_settle(queue, &served);
    if (status == WEFT_TIMEOUT && deadline != WEFTI_TRY)
        return wait_in_line(queue, side, wish, deadline, served.first);
    wefti_queue_leave(queue, served.first);
    return status != WEFT_TIMEOUT ? status : side->none;
}
