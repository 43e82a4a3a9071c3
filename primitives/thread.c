/* SPDX-License-Identifier: MIT */
/*
 * A handle's state (WEFTI_THREAD_ before each name):
 *
 *   NEW      made, not started
 *   ALIVE    its target has not returned
 *   ENDED    the thread is over for its program; the system's thread is to be reaped
 *   REAPING  somebody reaps it (pthread_join)
 *   GONE     the system's thread is gone, or was never the handle's (main, foreign, a timer's
 *            worker, lost in a fork)
 *
 *   from     to       by
 *   NEW      ALIVE    who starts it
 *   ALIVE    NEW      the same: there was no room for a thread
 *   ALIVE    ENDED    the thread itself, in its end hook
 *   ALIVE    GONE     a main or foreign thread in its end hook; a timer at its end
 *   ENDED    REAPING  the first that joins
 *   REAPING  GONE     the same
 *   ENDED    GONE     who gives up the last reference: nobody will join
 *   any      GONE     the child of a fork, where no other thread exists
 *
 * All but the two in the middle happen with the registry locked, so that who forks or enumerates
 * sees the state and the list agree. A timer's handle is ALIVE from its start, also while it waits.
 *
 * Joiners wait in the room under the key (handle, WEFTI_THREAD) while the state is ALIVE or
 * REAPING.
 *
 * References: one is the caller's, one, added by the start, is the running thread's own, given up
 * in its end hook.
 */
#include "primitives/thread.h"

#include <string.h>

#include "platform/atomic.h"
#include "platform/memory.h"
#include "platform/signal.h"
#include "platform/thread.h"
#include "primitives/deadline.h"
#include "primitives/park.h"
#include "primitives/self.h"
#include "primitives/waitable.h"
#include "primitives/watch.h"

static struct wefti_key key_of(const struct weft_thread *thread)
{
    return (struct wefti_key){thread, WEFTI_THREAD};
}

static uint32_t state_of(const struct weft_thread *thread)
{
    /* Acquire: pairs with the release of set_state. */
    return wefti_load(&thread->state, ACQUIRE);
}

static void set_state(struct weft_thread *thread, enum wefti_thread_state state)
{
    /* Release: pairs with the acquire of state_of; who sees the end sees the result. */
    wefti_store(&thread->state, (uint32_t)state, RELEASE);
}

/* ---- handles ------------------------------------------------------------------------------- */

weft_thread *weft_thread_new_with(const weft_thread_options *given)
{
    /* A caller compiled against another version may know fewer options, or more. */
    weft_thread_options options = {0};
    if (given == NULL || given->struct_size < offsetof(weft_thread_options, name))
        return wefti_failed(WEFT_VALUE_ERROR);
    memcpy(&options, given,
           given->struct_size < sizeof options ? given->struct_size : sizeof options);
    return wefti_thread_new(sizeof(struct weft_thread), &options);
}

weft_thread *weft_thread_ref(weft_thread *thread)
{
    /* Relaxed: who adds a reference has one. */
    if (thread != NULL)
        wefti_fetch_add(&thread->references, 1, RELAXED);
    return thread;
}

void weft_thread_free(weft_thread *thread)
{
    /* Release and acquire: who frees sees what all others did with the handle. */
    if (thread == NULL || wefti_fetch_sub(&thread->references, 1, ACQ_REL) != 1)
        return;
    if (state_of(thread) == WEFTI_THREAD_ENDED) {
        wefti_registry_lock();
        wefti_threads_leave(thread);
        wefti_registry_unlock();
        wefti_os_thread_detach(thread->os);
    }
    if (thread->free_value != NULL && thread->result.value != NULL)
        thread->free_value(thread->result.value);
    wefti_error_free(thread->result.error);
    wefti_thread_free_names(thread);
    wefti_release(thread);
}

/* ---- start --------------------------------------------------------------------------------- */

bool wefti_thread_start(struct weft_thread *thread)
{
    bool fresh = state_of(thread) == WEFTI_THREAD_NEW;
    if (fresh) {
        weft_thread_ref(thread);
        set_state(thread, WEFTI_THREAD_ALIVE);
    }
    if (fresh && thread->give_back == NULL) { /* who lends a worker does this when it runs */
        wefti_store(&thread->number, wefti_next_number(), RELAXED);
        wefti_threads_enter(thread);
    }
    return fresh;
}

/* Takes a start back: the system has no thread for it. */
static void unstart(struct weft_thread *thread)
{
    wefti_registry_lock();
    wefti_threads_leave(thread);
    wefti_store(&thread->number, 0, RELAXED);
    thread->interrupted = false;
    set_state(thread, WEFTI_THREAD_NEW);
    wefti_registry_unlock();
    wefti_unpark(key_of(thread), &(struct wefti_unparking){0});
    weft_thread_free(thread);
}

void wefti_thread_run(struct weft_thread *thread)
{
    thread->result = wefti_run(thread->target, thread->arg);
    if (thread->result.error != NULL)
        wefti_excepthook(thread, thread->result.error);
}

static enum wefti_verdict waits_for_begin(uintptr_t request, void *arg)
{
    (void)arg;
    return request == WEFTI_THREAD_BEGIN ? WEFTI_TAKE : WEFTI_SKIP;
}

/* In a frame of its own: the target may leave that of run by pthread_exit, which AddressSanitizer does
 * not clean of what it has marked. */
__attribute__((noinline)) static void say_begun(struct weft_thread *thread)
{
    wefti_unpark(key_of(thread), &(struct wefti_unparking){.choose = waits_for_begin});
}

static void *run(void *arg)
{
    struct weft_thread *thread = arg;
    wefti_self_begin(thread->number, thread);
    say_begun(thread);
    wefti_thread_run(thread);
    return NULL;
}

weft_status weft_thread_start(weft_thread *thread)
{
    if (thread == NULL)
        return WEFT_VALUE_ERROR;
    wefti_registry_lock();
    bool fresh = thread->give_back == NULL && wefti_thread_start(thread);
    wefti_registry_unlock();
    if (!fresh)
        return WEFT_RUNTIME;
    wefti_signal_revive();
    weft_status status = wefti_os_thread_create(run, thread, thread->stack_size);
    if (status != WEFT_OK)
        unstart(thread);
    return status;
}

weft_thread *weft_thread_spawn_with(const weft_thread_options *options)
{
    weft_thread *thread = weft_thread_new_with(options);
    weft_status status = thread != NULL ? weft_thread_start(thread) : WEFT_OK;
    if (status == WEFT_OK)
        return thread;
    weft_thread_free(thread);
    return wefti_failed(status);
}

/* ---- end ----------------------------------------------------------------------------------- */

void wefti_thread_begins(struct weft_thread *thread, struct wefti_self *self)
{
    thread->os = self->os;
    if (thread->interrupted)
        wefti_store(&self->interrupted, 1, RELAXED); /* read by the thread itself */
    thread->interrupted = false;
    if (thread->joinable) /* others have a name of the system's already, and keep it */
        wefti_os_thread_rename(thread->os, thread->name);
    /* Release: pairs with the acquire in weft_thread_native_id; who knows it finds it named. */
    wefti_store(&thread->native, self->native, RELEASE);
}

void wefti_thread_ends(struct weft_thread *thread)
{
    if (wefti_watched())
        wefti_watch_releasing(thread);
    if (thread->give_back != NULL)
        thread->give_back(thread);
    if (thread->joinable && thread->give_back == NULL) {
        set_state(thread, WEFTI_THREAD_ENDED);
        return;
    }
    if (weft_thread_ident(thread) != 0) /* a timer that never ran has not been in the list */
        wefti_threads_leave(thread);
    set_state(thread, WEFTI_THREAD_GONE);
}

void wefti_thread_ended(struct weft_thread *thread)
{
    wefti_unpark(key_of(thread), &(struct wefti_unparking){0});
    weft_thread_free(thread);
}

/* ---- join ---------------------------------------------------------------------------------- */

static bool not_over(void *arg)
{
    uint32_t state = state_of(arg);
    return state == WEFTI_THREAD_ALIVE || state == WEFTI_THREAD_REAPING;
}

/* Waits for the system's thread, if nobody else does. */
static void reap(struct weft_thread *thread)
{
    uint32_t state = WEFTI_THREAD_ENDED;
    if (!wefti_cas(&thread->state, &state, WEFTI_THREAD_REAPING, ACQUIRE))
        return;
    wefti_os_thread_join(thread->os);
    wefti_registry_lock();
    wefti_threads_leave(thread);
    set_state(thread, WEFTI_THREAD_GONE);
    wefti_registry_unlock();
    wefti_unpark(key_of(thread), &(struct wefti_unparking){0});
}

static struct wefti_parked wait_once(struct weft_thread *thread,
                                     const struct wefti_patience *patience, const void *site)
{
    const struct wefti_want want = {.object = thread,
                                    .kind = WEFTI_THREAD,
                                    .ownership = WEFTI_OWNER,
                                    .interruptible = true,
                                    .timed = patience->deadline != WEFTI_NEVER,
                                    .site = site};
    if (wefti_watched())
        wefti_watch_wants(&want);
    struct wefti_parked parked = wefti_park(key_of(thread), patience);
    if (wefti_watched())
        wefti_watch_gave_up(&want);
    return parked;
}

/* Waits until the state is GONE, or NEW. */
static weft_status wait_for_end(struct weft_thread *thread, int64_t deadline, const void *site)
{
    const struct wefti_patience patience = {
        .deadline = deadline, .validate = not_over, .arg = thread};
    for (;;) {
        uint32_t state = state_of(thread);
        if (state == WEFTI_THREAD_GONE)
            return WEFT_OK;
        if (state == WEFTI_THREAD_NEW)
            return WEFT_RUNTIME;
        if (state == WEFTI_THREAD_ENDED) {
            reap(thread);
            continue;
        }
        if (deadline == WEFTI_TRY)
            return WEFT_TIMEOUT;
        struct wefti_parked parked = wait_once(thread, &patience, site);
        if (parked.outcome == WEFTI_TIMED_OUT)
            return WEFT_TIMEOUT;
        if (parked.outcome == WEFTI_INTERRUPTED)
            return WEFT_INTERRUPTED;
    }
}

weft_status wefti_thread_join(struct weft_thread *thread, int64_t deadline, const void *site)
{
    weft_status status = wait_for_end(thread, deadline, site);
    if (status != WEFT_OK)
        return status;
    if (wefti_watched())
        wefti_watch_acquired(thread);
    return thread->result.error != NULL ? WEFT_FAILED : WEFT_OK;
}

weft_status wefti_thread_join_at(struct weft_thread *thread, struct wefti_limit limit,
                                 const void *site)
{
    if (thread == NULL || !wefti_limit_valid(limit))
        return WEFT_VALUE_ERROR;
    if (!thread->joinable || wefti_thread_own() == thread)
        return WEFT_RUNTIME;
    return wefti_thread_join(thread, wefti_limit_deadline(limit), site);
}

weft_status weft_thread_join(weft_thread *thread)
{
    return wefti_thread_join_at(thread, wefti_for_ever(), WEFTI_CALLER);
}

weft_status weft_thread_join_for(weft_thread *thread, double seconds)
{
    return wefti_thread_join_at(thread, wefti_for(seconds), WEFTI_CALLER);
}

weft_status weft_thread_join_until(weft_thread *thread, double deadline)
{
    return wefti_thread_join_at(thread, wefti_until(deadline), WEFTI_CALLER);
}

/* ---- among others -------------------------------------------------------------------------- */

static bool claim_ended(void *thread)
{
    return state_of(thread) >= WEFTI_THREAD_ENDED;
}

static bool not_ended(void *thread)
{
    return state_of(thread) < WEFTI_THREAD_ENDED;
}

const struct weft_waitable_type wefti_thread_waitable = {
    .kind = WEFTI_THREAD, .claim = claim_ended, .must_wait = not_ended};

/* ---- the result ---------------------------------------------------------------------------- */

static bool has_ended(const struct weft_thread *thread)
{
    return thread != NULL && state_of(thread) >= WEFTI_THREAD_ENDED;
}

bool weft_thread_is_alive(const weft_thread *thread)
{
    return thread != NULL && state_of(thread) == WEFTI_THREAD_ALIVE;
}

void *weft_thread_value(const weft_thread *thread)
{
    return has_ended(thread) ? thread->result.value : NULL;
}

const weft_error *weft_thread_error(const weft_thread *thread)
{
    return has_ended(thread) ? thread->result.error : NULL;
}
