/* SPDX-License-Identifier: MIT */
/*
 * A handle's state (WEFTI_THREAD_ before each name):
 *
 *   ALIVE    its target has not returned
 *   ENDED    the thread is over for its program; the system's thread is to be reaped
 *   REAPING  somebody reaps it (pthread_join)
 *   GONE     the system's thread is gone, or was never ours (main, foreign, lost in a fork)
 *
 *   from     to       by
 *   ALIVE    ENDED    the thread itself, in its end hook
 *   ALIVE    GONE     a main or foreign thread in its end hook; a failed start; the child of a fork
 *   ENDED    REAPING  the first that joins
 *   REAPING  GONE     the same
 *   ENDED    GONE     who gives up the last reference: nobody will join
 *
 * Joiners wait in the room under the key (handle, WEFTI_THREAD) while the state is ALIVE or REAPING.
 *
 * References: one is the caller's, one is the running thread's own, given up in its end hook.
 */
#include "primitives/thread.h"

#include <stdio.h>
#include <string.h>

#include "platform/atomic.h"
#include "platform/memory.h"
#include "platform/panic.h"
#include "platform/signal.h"
#include "platform/thread.h"
#include "primitives/deadline.h"
#include "primitives/park.h"
#include "primitives/self.h"
#include "primitives/watch.h"

enum { GENERATED_NAME = 24 }; /* bytes for "Thread-" and a number */

static uint32_t last_generated; /* N of the last Thread-N or Dummy-N */

static struct wefti_key key_of(const struct weft_thread *thread)
{
    return (struct wefti_key){thread, WEFTI_THREAD};
}

/* ---- handles ------------------------------------------------------------------------------- */

struct weft_thread *wefti_thread_handle(const char *name, const char *prefix)
{
    size_t size = name != NULL ? strlen(name) + 1 : GENERATED_NAME;
    struct weft_thread *thread = wefti_allocate(sizeof *thread + size);
    if (thread == NULL)
        return NULL;
    thread->references = 1;
    if (name != NULL)
        memcpy(thread->name_storage, name, size);
    else
        snprintf(thread->name_storage, size, "%s-%u", prefix,
                 wefti_fetch_add(&last_generated, 1, RELAXED) + 1);
    thread->name = thread->name_storage;
    return thread;
}

weft_thread *weft_thread_ref(weft_thread *thread)
{
    if (thread != NULL)
        wefti_fetch_add(&thread->references, 1, RELAXED);
    return thread;
}

void weft_thread_free(weft_thread *thread)
{
    /* Release and acquire: who frees sees what all others did with the handle. */
    if (thread == NULL || wefti_fetch_sub(&thread->references, 1, ACQ_REL) != 1)
        return;
    if (wefti_load(&thread->state, RELAXED) == WEFTI_THREAD_ENDED)
        wefti_os_thread_detach(thread->os);
    if (thread->free_value != NULL && thread->value != NULL)
        thread->free_value(thread->value);
    wefti_release(thread);
}

/* ---- start and end ------------------------------------------------------------------------- */

static void *run(void *arg)
{
    struct weft_thread *thread = arg;
    thread->os = wefti_os_thread_self();
    wefti_self_begin(thread->number, thread);
    wefti_os_thread_set_name(thread->name);
    thread->value = thread->target(thread->arg);
    return NULL;
}

void *wefti_failed(weft_status status)
{
    wefti_self()->last_status = status;
    return NULL;
}

weft_thread *weft_thread_spawn_with(const weft_thread_options *given)
{
    /* A caller compiled against another version may know fewer options, or more. */
    weft_thread_options options = {0};
    if (given == NULL || given->struct_size < offsetof(weft_thread_options, name))
        return wefti_failed(WEFT_VALUE_ERROR);
    memcpy(&options, given,
           given->struct_size < sizeof options ? given->struct_size : sizeof options);
    if (options.target == NULL)
        return wefti_failed(WEFT_VALUE_ERROR);
    struct weft_thread *thread = wefti_thread_handle(options.name, "Thread");
    if (thread == NULL)
        return wefti_failed(WEFT_NO_MEMORY);

    const struct weft_thread *parent = wefti_self()->thread;
    wefti_signal_revive();
    thread->references = 2;
    thread->number = wefti_next_number();
    thread->ours = true;
    thread->daemon = options.daemon || (parent != NULL && parent->daemon);
    thread->target = options.target;
    thread->arg = options.arg;
    thread->free_value = options.free_value;
    wefti_registry_lock();
    wefti_threads_enter(thread);
    wefti_registry_unlock();
    weft_status status = wefti_os_thread_create(run, thread, options.stack_size);
    if (status == WEFT_OK)
        return thread;

    wefti_registry_lock();
    wefti_threads_leave(thread);
    wefti_registry_unlock();
    wefti_store(&thread->state, WEFTI_THREAD_GONE, RELEASE);
    wefti_unpark(key_of(thread), &(struct wefti_unparking){0});
    weft_thread_free(thread); /* the reference of the thread that never ran */
    weft_thread_free(thread);
    return wefti_failed(status);
}

void wefti_thread_ended(struct weft_thread *thread)
{
    if (wefti_watched())
        wefti_watch_releasing(thread);
    /* Release: pairs with the acquire in state_of; the value is visible to who sees the end. */
    wefti_store(&thread->state, thread->ours ? WEFTI_THREAD_ENDED : WEFTI_THREAD_GONE, RELEASE);
    wefti_unpark(key_of(thread), &(struct wefti_unparking){0});
    weft_thread_free(thread);
}

/* ---- join ---------------------------------------------------------------------------------- */

static uint32_t state_of(const struct weft_thread *thread)
{
    /* Acquire: pairs with the release of wefti_thread_ended. */
    return wefti_load(&thread->state, ACQUIRE);
}

static bool not_over(void *arg)
{
    uint32_t state = state_of(arg);
    return state == WEFTI_THREAD_ALIVE || state == WEFTI_THREAD_REAPING;
}

static struct wefti_parked wait_for_end(struct weft_thread *thread,
                                        const struct wefti_patience *patience, const void *site)
{
    const struct wefti_want want = {.object = thread,
                                    .kind = WEFTI_THREAD,
                                    .ownership = WEFTI_OWNER,
                                    .timed = patience->deadline != WEFTI_NEVER,
                                    .ends = thread->number,
                                    .site = site};
    if (wefti_watched())
        wefti_watch_wants(&want);
    struct wefti_parked parked = wefti_park(key_of(thread), patience);
    if (wefti_watched())
        wefti_watch_gave_up(&want);
    return parked;
}

weft_status wefti_thread_join(struct weft_thread *thread, int64_t deadline, const void *site)
{
    const struct wefti_patience patience = {
        .deadline = deadline, .validate = not_over, .arg = thread};
    for (;;) {
        uint32_t state = state_of(thread);
        if (state == WEFTI_THREAD_GONE)
            break;
        if (state == WEFTI_THREAD_ENDED) {
            if (!wefti_cas(&thread->state, &state, WEFTI_THREAD_REAPING, ACQUIRE))
                continue;
            wefti_os_thread_join(thread->os);
            wefti_store(&thread->state, WEFTI_THREAD_GONE, RELEASE);
            wefti_unpark(key_of(thread), &(struct wefti_unparking){0});
            break;
        }
        if (deadline == WEFTI_TRY)
            return WEFT_TIMEOUT;
        struct wefti_parked parked = wait_for_end(thread, &patience, site);
        if (parked.outcome == WEFTI_TIMED_OUT)
            return WEFT_TIMEOUT;
        if (parked.outcome == WEFTI_INTERRUPTED)
            return WEFT_INTERRUPTED;
    }
    if (wefti_watched())
        wefti_watch_acquired(thread);
    return WEFT_OK;
}

static weft_status join_timed(weft_thread *thread, double time,
                              weft_status (*convert)(double, int64_t *), const void *site)
{
    int64_t deadline;
    if (thread == NULL)
        return WEFT_VALUE_ERROR;
    weft_status status = convert(time, &deadline);
    if (status != WEFT_OK)
        return status;
    if (!thread->ours || wefti_self()->thread == thread)
        return WEFT_RUNTIME;
    return wefti_thread_join(thread, deadline, site);
}

weft_status weft_thread_join(weft_thread *thread)
{
    return join_timed(thread, WEFT_FOREVER, wefti_deadline_for, WEFTI_CALLER);
}

weft_status weft_thread_join_for(weft_thread *thread, double seconds)
{
    return join_timed(thread, seconds, wefti_deadline_for, WEFTI_CALLER);
}

weft_status weft_thread_join_until(weft_thread *thread, double deadline)
{
    return join_timed(thread, deadline, wefti_deadline_until, WEFTI_CALLER);
}

/* ---- queries ------------------------------------------------------------------------------- */

void *weft_thread_value(const weft_thread *thread)
{
    return thread != NULL && state_of(thread) != WEFTI_THREAD_ALIVE ? thread->value : NULL;
}

const char *weft_thread_name(const weft_thread *thread)
{
    return thread != NULL ? thread->name : "";
}

bool weft_thread_is_alive(const weft_thread *thread)
{
    return thread != NULL && state_of(thread) == WEFTI_THREAD_ALIVE;
}

bool weft_thread_is_daemon(const weft_thread *thread)
{
    return thread != NULL && thread->daemon;
}

uint32_t weft_thread_ident(const weft_thread *thread)
{
    return thread != NULL ? thread->number : 0;
}
