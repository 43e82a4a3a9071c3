/* SPDX-License-Identifier: MIT */
/*
 * A fixed table of buckets, each with a lock and one list of entries; a key's queue is the entries
 * of its bucket that have the key, in order. A thread's wait ends for one reason only. Which, is
 * settled by a compare-and-swap on its `claim`:
 *
 *   IDLE         it does not wait
 *   WAITING      it waits; anything may end that
 *   FIRM         it waits; only an unpark ends that
 *   UNPARKED     an unparker has taken it, and will wake it
 *   TIMED_OUT    its deadline has come
 *   INTERRUPTED  an interrupter has taken it, and will wake it (or it saw the interruption itself)
 *   REFUSED      a validate has said no
 *
 *   from           to           by            while
 *   IDLE           WAITING      the waiter    it enters
 *   IDLE           FIRM         the waiter    it enters
 *   WAITING        FIRM         a mover       holding both buckets' locks
 *   WAITING, FIRM  UNPARKED     an unparker   holding the bucket's lock
 *   WAITING        INTERRUPTED  an interrupter, or the waiter
 *   WAITING        TIMED_OUT    the waiter
 *   FIRM           TIMED_OUT    the waiter    it was to rise; such a one is never moved
 *   WAITING, FIRM  REFUSED      the waiter
 *   the last four  IDLE         the waiter    it leaves
 *
 * No wake-up is lost: who is found in a queue and claimed is woken by the claimer, and who claims
 * itself leaves its queues before it goes on, so an unparker passes it over and takes the next one.
 * An unpark that comes before the sleep is kept by the parker.
 *
 * An entry lives on its waiter's stack. The waiter does not leave before its entries are out of all
 * queues, and, if another thread has claimed it, not before that thread has unparked it: so an
 * unparker may still read the entry until it calls wefti_parker_unpark.
 *
 * Lock order: the registry's mutex, then buckets in the order of their addresses. A key of an entry
 * changes only under the locks of both its buckets and only after FIRM: the waiter of an entry that
 * it has claimed itself finds it where it put it.
 */
#include "primitives/park_room.h"

#include "platform/atomic.h"
#include "platform/panic.h"
#include "platform/parker.h"
#include "platform/spin.h"
#include "primitives/onlookers.h"
#include "primitives/self.h"
#include "primitives/startup.h"

static struct wefti_bucket buckets[1U << BUCKET_BITS];

static struct wefti_bucket *bucket_of(struct wefti_key key)
{
    /* Fibonacci hashing: neighbours in memory land far apart. */
    uint64_t hash = ((uint64_t)(uintptr_t)key.address + key.kind) * UINT64_C(0x9E3779B97F4A7C15);
    return &buckets[hash >> (64 - BUCKET_BITS)];
}

struct wefti_bucket *wefti_bucket_lock(struct wefti_key key)
{
    struct wefti_bucket *bucket = bucket_of(key);
    wefti_mutex_lock(&bucket->mutex);
    return bucket;
}

static void lock_two(struct wefti_bucket *a, struct wefti_bucket *b)
{
    wefti_mutex_lock(a < b ? &a->mutex : &b->mutex);
    if (a != b)
        wefti_mutex_lock(a < b ? &b->mutex : &a->mutex);
}

static void unlock_two(struct wefti_bucket *a, struct wefti_bucket *b)
{
    wefti_mutex_unlock(&a->mutex);
    if (a != b)
        wefti_mutex_unlock(&b->mutex);
}

static void append(struct wefti_bucket *bucket, struct wefti_waiter *waiter)
{
    waiter->next = NULL;
    waiter->previous = bucket->last;
    *(bucket->last != NULL ? &bucket->last->next : &bucket->first) = waiter;
    bucket->last = waiter;
}

static void prepend(struct wefti_bucket *bucket, struct wefti_waiter *waiter)
{
    waiter->previous = NULL;
    waiter->next = bucket->first;
    *(bucket->first != NULL ? &bucket->first->previous : &bucket->last) = waiter;
    bucket->first = waiter;
}

/*
 * Behind those that came for the same before it. Of two of one age, one that comes back to the
 * `front` is first.
 */
static void insert_by_age(struct wefti_bucket *bucket, struct wefti_waiter *waiter, bool front)
{
    struct wefti_waiter *next = NULL;
    for (struct wefti_waiter *each = bucket->last; each != NULL; each = each->previous) {
        if (!wefti_matches(each->key, waiter->key))
            continue;
        if (each->since < waiter->since || (!front && each->since == waiter->since))
            break;
        next = each;
    }
    if (next == NULL || next->previous == NULL) {
        (next == NULL ? append : prepend)(bucket, waiter);
        return;
    }
    waiter->previous = next->previous;
    waiter->next = next;
    next->previous->next = waiter;
    next->previous = waiter;
}

static void unlink_waiter(struct wefti_bucket *bucket, struct wefti_waiter *waiter)
{
    *(waiter->previous != NULL ? &waiter->previous->next : &bucket->first) = waiter->next;
    *(waiter->next != NULL ? &waiter->next->previous : &bucket->last) = waiter->previous;
}

/* Settles why the wait ends, if nothing has yet. */
static bool claim(struct wefti_self *self, uint32_t reason, bool also_firm)
{
    uint32_t state = WAITING;
    /* Sequentially consistent: pairs with enter_room, see wefti_interrupt. */
    if (wefti_cas(&self->claim, &state, reason, SEQ_CST))
        return true;
    return also_firm && state == FIRM && wefti_cas(&self->claim, &state, reason, SEQ_CST);
}

/* ---- waiting ------------------------------------------------------------------------------- */

static void enter_room(struct wefti_self *self, const struct wefti_waiter *waiter,
                       const struct wefti_patience *patience)
{
    self->spinner.crowd = patience->crowd;
    /* Relaxed: for those who look inside, who may see a wait that has just ended. */
    wefti_store(&self->address, waiter->key.address, RELAXED);
    wefti_store(&self->kind, (uint32_t)waiter->key.kind, RELAXED);
    wefti_store(&self->since, patience->since != 0 ? patience->since : wefti_clock(), RELAXED);
    wefti_parker_prepare(&self->parker);
    wefti_store(&self->claim, patience->firm ? (uint32_t)FIRM : (uint32_t)WAITING, SEQ_CST);
}

/* Puts an entry into its queue; false if its validate says no. */
static bool enter_queue(struct wefti_self *self, struct wefti_waiter *waiter,
                        const struct wefti_patience *patience)
{
    struct wefti_bucket *bucket = wefti_bucket_lock(waiter->key);
    bool valid = waiter->validate == NULL || waiter->validate(waiter->arg);
    if (valid) {
        waiter->self = self;
        waiter->token = 0;
        waiter->since = wefti_load(&self->since, RELAXED);
        if (patience->since != 0)
            insert_by_age(bucket, waiter, patience->front);
        else
            (patience->front ? prepend : append)(bucket, waiter);
    }
    wefti_mutex_unlock(&bucket->mutex);
    return valid;
}

/* Takes the first `count` entries out of their queues, but for the one that an unparker took out. */
static void withdraw(const struct wefti_self *self, struct wefti_waiter *waiters, size_t count,
                     bool unparked)
{
    for (size_t i = 0; i < count; i++) {
        if (unparked && &waiters[i] == self->claimed)
            continue;
        struct wefti_bucket *bucket = wefti_bucket_lock(waiters[i].key);
        unlink_waiter(bucket, &waiters[i]);
        wefti_mutex_unlock(&bucket->mutex);
    }
}

/* Sleeps until the wait has been claimed, by another thread or by the deadline. */
static void sleep_until_claimed(struct wefti_self *self, const struct wefti_patience *patience)
{
    int64_t deadline = patience->deadline != 0 ? patience->deadline : WEFTI_NEVER;
    bool rises = patience->rises != 0 && patience->rises < deadline;
    struct wefti_spinner given = {.budget = patience->spins};
    struct wefti_spinner *spinner = rises ? NULL : &self->spinner;
    if (patience->spins != 0)
        spinner = &given;
    /* The owner's own: the order matters to nobody else. */
    wefti_store(&self->parks, self->parks + 1, RELAXED);
    if (wefti_parker_park(&self->parker, rises ? patience->rises : deadline, spinner) ||
        claim(self, TIMED_OUT, rises))
        return;
    /* Claimed by another thread, which is about to unpark; or moved, and without a deadline now. */
    WEFTI_MUST(wefti_parker_park(&self->parker, WEFTI_NEVER, &self->spinner));
}

static struct wefti_parked leave_room(struct wefti_self *self, struct wefti_waiter *waiters,
                                      size_t entered)
{
    struct wefti_parked parked = {.outcome = WEFTI_INVALID, .index = entered};
    /* Relaxed: this thread's own, or written by one that has unparked it since. */
    uint32_t reason = wefti_load(&self->claim, RELAXED);
    withdraw(self, waiters, entered, reason == UNPARKED);
    switch (reason) {
    case UNPARKED:
        parked.outcome = WEFTI_UNPARKED;
        parked.token = self->claimed->token;
        parked.index = (size_t)(self->claimed - waiters);
        break;
    case INTERRUPTED:
        parked.outcome = WEFTI_INTERRUPTED;
        break;
    case TIMED_OUT:
        parked.outcome = WEFTI_TIMED_OUT;
        break;
    default:
        WEFTI_MUST(reason == REFUSED);
    }
    wefti_store(&self->claim, IDLE, RELAXED);
    if (wefti_watched())
        wefti_onlookers_left(waiters, entered);
    return parked;
}

struct wefti_parked wefti_park_any(struct wefti_waiter *waiters, size_t count,
                                   const struct wefti_patience *patience)
{
    struct wefti_self *self = wefti_self();
    WEFTI_MUST(!patience->firm || patience->deadline == 0 || patience->deadline == WEFTI_NEVER);
    WEFTI_MUST(wefti_load(&self->claim, RELAXED) == IDLE);

    enter_room(self, waiters, patience);
    bool settled = false;
    size_t entered = 0;
    while (entered < count) {
        waiters[entered].alone = count == 1;
        if (!enter_queue(self, &waiters[entered], patience))
            break;
        entered++;
    }
    if (entered == count && patience->queued != NULL)
        patience->queued(patience->arg);
    if (entered < count)
        settled = claim(self, REFUSED, true);
    else if (!patience->firm && wefti_exchange(&self->interrupted, 0, SEQ_CST)) {
        settled = claim(self, INTERRUPTED, false);
        if (!settled) /* the wait ends otherwise: it is for the next */
            wefti_store(&self->interrupted, 1, SEQ_CST);
    }
    if (!settled)
        sleep_until_claimed(self, patience);
    return leave_room(self, waiters, entered);
}

struct wefti_parked wefti_park(struct wefti_key key, const struct wefti_patience *patience)
{
    struct wefti_waiter waiter = {.key = key,
                                  .validate = patience->validate,
                                  .arg = patience->arg,
                                  .request = patience->request};
    return wefti_park_any(&waiter, 1, patience);
}

/* ---- waking -------------------------------------------------------------------------------- */

/* Claims a waiter for an unparker, takes it out of its queue and appends it to a list. */
static bool take(struct wefti_bucket *bucket, struct wefti_waiter *waiter,
                 const struct wefti_unparking *how, struct wefti_waiter ***end)
{
    if (!claim(waiter->self, UNPARKED, true))
        return false; /* it ends by itself, and leaves the queue soon */
    unlink_waiter(bucket, waiter);
    waiter->self->claimed = waiter;
    waiter->token = how->take != NULL ? how->take(waiter->request, waiter->since, how->arg) : 0;
    waiter->next = NULL;
    **end = waiter;
    *end = &waiter->next;
    return true;
}

/* Each entry is gone as soon as its thread is unparked. */
void wefti_wake(struct wefti_waiter *list)
{
    struct wefti_waiter *waiter = list;
    while (waiter != NULL) {
        struct wefti_waiter *next = waiter->next;
        wefti_parker_unpark(&waiter->self->parker);
        waiter = next;
    }
}

/* Appends those that it claims to a list. */
static size_t claim_in(struct wefti_bucket *bucket, struct wefti_key key,
                       const struct wefti_unparking *how, struct wefti_waiter ***list)
{
    struct wefti_waiter **end = *list;
    size_t taken = 0;
    bool more = false;
    bool stop = false;
    wefti_mutex_lock(&bucket->mutex);
    for (struct wefti_waiter *next, *waiter = bucket->first; waiter != NULL && !stop;
         waiter = next) {
        next = waiter->next;
        if (!wefti_matches(waiter->key, key))
            continue;
        enum wefti_verdict verdict = WEFTI_TAKE;
        if (how->limit != 0 && taken == how->limit)
            verdict = WEFTI_STOP;
        else if (how->choose != NULL)
            verdict = how->choose(waiter->request, how->arg);
        if (verdict == WEFTI_TAKE)
            taken += take(bucket, waiter, how, &end);
        else
            more = true;
        stop = verdict == WEFTI_STOP;
    }
    if (how->finish != NULL)
        how->finish(taken, more, how->arg);
    wefti_mutex_unlock(&bucket->mutex);
    *list = end;
    return taken;
}

static size_t unpark_in(struct wefti_bucket *bucket, struct wefti_key key,
                        const struct wefti_unparking *how)
{
    struct wefti_waiter *list = NULL;
    struct wefti_waiter **end = &list;
    size_t taken = claim_in(bucket, key, how, &end);
    wefti_wake(list);
    return taken;
}

size_t wefti_unpark(struct wefti_key key, const struct wefti_unparking *how)
{
    return unpark_in(bucket_of(key), key, how);
}

size_t wefti_claim(struct wefti_key key, const struct wefti_unparking *how,
                   struct wefti_waiter ***list)
{
    return claim_in(bucket_of(key), key, how, list);
}

void wefti_unpark_kind(enum wefti_kind kind, const struct wefti_unparking *how)
{
    for (size_t i = 0; i < sizeof buckets / sizeof buckets[0]; i++)
        unpark_in(&buckets[i], (struct wefti_key){NULL, kind}, how);
}

/* Takes a waiter over to another key; false if it has been claimed meanwhile. */
static bool move(struct wefti_waiter *waiter, struct wefti_bucket *source,
                 struct wefti_bucket *target, struct wefti_key to, uintptr_t request)
{
    uint32_t state = WAITING;
    if (!wefti_cas(&waiter->self->claim, &state, FIRM, SEQ_CST) && state != FIRM)
        return false;
    unlink_waiter(source, waiter);
    waiter->key = to;
    waiter->request = request;
    waiter->since = wefti_clock(); /* it waits for something else now */
    wefti_store(&waiter->self->since, waiter->since, RELAXED);
    wefti_store(&waiter->self->address, to.address, RELAXED);
    wefti_store(&waiter->self->kind, (uint32_t)to.kind, RELAXED);
    append(target, waiter);
    return true;
}

size_t wefti_move(struct wefti_key from, struct wefti_key to, size_t limit, uintptr_t request,
                  void (*finish)(size_t moved, bool more, void *arg), void *arg)
{
    struct wefti_bucket *source = bucket_of(from);
    struct wefti_bucket *target = bucket_of(to);
    size_t moved = 0;
    bool more = false;
    WEFTI_MUST(!wefti_matches(from, to));
    lock_two(source, target);
    for (struct wefti_waiter *next, *waiter = source->first; waiter != NULL; waiter = next) {
        next = waiter->next;
        if (!wefti_matches(waiter->key, from))
            continue;
        if (!waiter->alone || (limit != 0 && moved == limit))
            more = true;
        else
            moved += move(waiter, source, target, to, request);
    }
    if (finish != NULL)
        finish(moved, more, arg);
    unlock_two(source, target);
    return moved;
}

void wefti_interrupt(struct wefti_self *self)
{
    /*
     * Sequentially consistent, as the waiter's store to claim and its exchange of interrupted: at
     * least one thread sees the other's store, so the interruption ends this wait or stays pending.
     * Who ends a wait takes the mark away before, or it could end the next wait, too.
     */
    for (;;) {
        uint32_t pending = 1;
        wefti_store(&self->interrupted, 1, SEQ_CST);
        if (wefti_load(&self->claim, SEQ_CST) != WAITING)
            return;
        if (!wefti_cas(&self->interrupted, &pending, 0, SEQ_CST))
            return; /* the waiter has taken it */
        if (claim(self, INTERRUPTED, false))
            break;
    }
    wefti_parker_unpark(&self->parker);
}

/* ---- fork and start ------------------------------------------------------------------------- */

void wefti_park_after_fork_child(void)
{
    wefti_spin_after_fork_child();
    for (size_t i = 0; i < sizeof buckets / sizeof buckets[0]; i++) {
        wefti_mutex_init(&buckets[i].mutex);
        buckets[i].first = NULL;
        buckets[i].last = NULL;
    }
}

/* Here, so that a static link that uses any primitive keeps it; before constructors of programs. */
__attribute__((constructor(101))) static void start(void)
{
    wefti_startup();
}
