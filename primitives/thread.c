/* SPDX-License-Identifier: MIT */
/*
 * A handle's state:
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
 * References: one is the caller's, one is the running thread's own, given up in its end hook. The
 * list of handles holds none: a handle is in it from its start to its end hook.
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

enum { ALIVE, ENDED, REAPING, GONE };

enum { GENERATED_NAME = 24 }; /* bytes for "Thread-" and a number */

struct weft_thread {
    uint32_t references;
    uint32_t state;
    uint32_t number;
    bool daemon;
    bool ours; /* started by us, so it can be joined */
    weft_target *target;
    void *arg;
    void *value; /* valid from ENDED on */
    void (*free_value)(void *);
    wefti_os_thread os;           /* set by the thread itself before its target runs */
    struct weft_thread *next;     /* the list of handles, guarded by the registry's mutex */
    struct weft_thread *previous; /* the same */
    const char *name;
    char name_storage[];
};

static struct weft_thread main_thread = {.references = 1, .name = "MainThread"};
static struct weft_thread *present_main; /* after a fork it is the thread that forked */
static struct weft_thread *first;        /* guarded by the registry's mutex */
static uint32_t last_generated;          /* N of the last Thread-N or Dummy-N */

static struct wefti_key key_of(const struct weft_thread *thread)
{
    return (struct wefti_key){thread, WEFTI_THREAD};
}

/* ---- the list ------------------------------------------------------------------------------ */

static void enter_list(struct weft_thread *thread)
{
    thread->previous = NULL;
    thread->next = first;
    if (first != NULL)
        first->previous = thread;
    first = thread;
}

static void leave_list(struct weft_thread *thread)
{
    *(thread->previous != NULL ? &thread->previous->next : &first) = thread->next;
    if (thread->next != NULL)
        thread->next->previous = thread->previous;
}

/* ---- handles ------------------------------------------------------------------------------- */

/* A handle with a copy of the name, or with "<prefix>-N" where there is none. */
static struct weft_thread *new_handle(const char *name, const char *prefix)
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
    if (thread == &main_thread)
        return;
    if (wefti_load(&thread->state, RELAXED) == ENDED)
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

static weft_thread *failed(weft_status status)
{
    wefti_self()->last_status = status;
    return NULL;
}

weft_thread *weft_thread_spawn_with(const weft_thread_options *given)
{
    /* A caller compiled against another version may know fewer options, or more. */
    weft_thread_options options = {0};
    if (given == NULL || given->struct_size < offsetof(weft_thread_options, name))
        return failed(WEFT_VALUE_ERROR);
    memcpy(&options, given,
           given->struct_size < sizeof options ? given->struct_size : sizeof options);
    if (options.target == NULL)
        return failed(WEFT_VALUE_ERROR);
    struct weft_thread *thread = new_handle(options.name, "Thread");
    if (thread == NULL)
        return failed(WEFT_NO_MEMORY);

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
    enter_list(thread);
    wefti_registry_unlock();
    weft_status status = wefti_os_thread_create(run, thread, options.stack_size);
    if (status == WEFT_OK)
        return thread;

    wefti_registry_lock();
    leave_list(thread);
    wefti_registry_unlock();
    wefti_store(&thread->state, GONE, RELEASE);
    wefti_unpark(key_of(thread), &(struct wefti_unparking){0});
    weft_thread_free(thread); /* the reference of the thread that never ran */
    weft_thread_free(thread);
    return failed(status);
}

void wefti_thread_leaves(struct weft_thread *thread)
{
    leave_list(thread);
}

void wefti_thread_ended(struct weft_thread *thread)
{
    if (wefti_watched())
        wefti_watch_releasing(thread);
    /* Release: pairs with the acquire in state_of; the value is visible to who sees the end. */
    wefti_store(&thread->state, thread->ours ? ENDED : GONE, RELEASE);
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
    return state == ALIVE || state == REAPING;
}

static weft_status join(struct weft_thread *thread, int64_t deadline)
{
    const struct wefti_patience patience = {
        .deadline = deadline, .validate = not_over, .arg = thread};
    for (;;) {
        uint32_t state = state_of(thread);
        if (state == GONE)
            break;
        if (state == ENDED) {
            if (!wefti_cas(&thread->state, &state, REAPING, ACQUIRE))
                continue;
            wefti_os_thread_join(thread->os);
            wefti_store(&thread->state, GONE, RELEASE);
            wefti_unpark(key_of(thread), &(struct wefti_unparking){0});
            break;
        }
        if (deadline == WEFTI_TRY)
            return WEFT_TIMEOUT;
        struct wefti_parked parked = wefti_park(key_of(thread), &patience);
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
                              weft_status (*convert)(double, int64_t *))
{
    int64_t deadline;
    if (thread == NULL)
        return WEFT_VALUE_ERROR;
    weft_status status = convert(time, &deadline);
    if (status != WEFT_OK)
        return status;
    if (!thread->ours || wefti_self()->thread == thread)
        return WEFT_RUNTIME;
    return join(thread, deadline);
}

weft_status weft_thread_join(weft_thread *thread)
{
    return join_timed(thread, WEFT_FOREVER, wefti_deadline_for);
}

weft_status weft_thread_join_for(weft_thread *thread, double seconds)
{
    return join_timed(thread, seconds, wefti_deadline_for);
}

weft_status weft_thread_join_until(weft_thread *thread, double deadline)
{
    return join_timed(thread, deadline, wefti_deadline_until);
}

/* ---- queries ------------------------------------------------------------------------------- */

void *weft_thread_value(const weft_thread *thread)
{
    return thread != NULL && state_of(thread) != ALIVE ? thread->value : NULL;
}

const char *weft_thread_name(const weft_thread *thread)
{
    return thread != NULL ? thread->name : "";
}

bool weft_thread_is_alive(const weft_thread *thread)
{
    return thread != NULL && state_of(thread) == ALIVE;
}

bool weft_thread_is_daemon(const weft_thread *thread)
{
    return thread != NULL && thread->daemon;
}

uint32_t weft_thread_ident(const weft_thread *thread)
{
    return thread != NULL ? thread->number : 0;
}

weft_thread *weft_thread_main(void)
{
    return present_main;
}

/* ---- foreign threads ----------------------------------------------------------------------- */

/* With the registry locked: a thread that has used the library and has no handle; NULL: none. */
static struct wefti_self *find_foreign(uint32_t number)
{
    struct wefti_self *self = wefti_registry_after(number);
    while (self != NULL && self->thread != NULL)
        self = wefti_registry_after(self->number);
    return self;
}

static void adopt(struct wefti_self *self, struct weft_thread *handle)
{
    handle->number = self->number;
    handle->daemon = true; /* nobody could join it at exit */
    self->thread = handle;
    enter_list(handle);
}

/* Gives every foreign thread a handle; false if there is no memory for one. */
static bool adopt_all_foreign(void)
{
    for (bool found = true; found;) {
        wefti_registry_lock();
        found = find_foreign(0) != NULL;
        wefti_registry_unlock();
        if (!found)
            break;
        struct weft_thread *handle = new_handle(NULL, "Dummy");
        if (handle == NULL)
            return false;
        wefti_registry_lock();
        struct wefti_self *self = find_foreign(0);
        if (self != NULL)
            adopt(self, handle);
        wefti_registry_unlock();
        if (self == NULL)
            weft_thread_free(handle);
    }
    return true;
}

weft_thread *weft_thread_current(void)
{
    struct wefti_self *self = wefti_self();
    wefti_registry_lock();
    struct weft_thread *thread = self->thread;
    wefti_registry_unlock();
    if (thread != NULL)
        return thread;
    if (!self->registered)
        return failed(WEFT_RUNTIME); /* a thread on its way out has no handle any more */
    return adopt_all_foreign() ? self->thread : failed(WEFT_NO_MEMORY);
}

/* ---- enumerate ----------------------------------------------------------------------------- */

/* With the registry locked: the handle with the smallest number above `number`; NULL: none. */
static struct weft_thread *handle_after(uint32_t number)
{
    struct weft_thread *next = NULL;
    for (struct weft_thread *thread = first; thread != NULL; thread = thread->next)
        if (thread->number > number && (next == NULL || thread->number < next->number))
            next = thread;
    return next;
}

static size_t count_handles(void)
{
    size_t count = 0;
    for (const struct weft_thread *thread = first; thread != NULL; thread = thread->next)
        count++;
    return count;
}

weft_thread **weft_thread_enumerate(size_t *count)
{
    size_t room = 0;
    size_t used = 0;
    weft_thread **list = NULL;
    if (!adopt_all_foreign()) {
        failed(WEFT_NO_MEMORY);
        return NULL;
    }
    for (bool fits = false; !fits;) {
        wefti_registry_lock();
        size_t needed = count_handles();
        fits = list != NULL && needed <= room;
        uint32_t number = 0;
        for (struct weft_thread *t; fits && (t = handle_after(number)) != NULL; number = t->number)
            list[used++] = weft_thread_ref(t);
        wefti_registry_unlock();
        if (fits)
            break;
        room = needed + 1;
        wefti_release(list);
        list = wefti_allocate((room + 1) * sizeof(weft_thread *));
        if (list == NULL) {
            failed(WEFT_NO_MEMORY);
            return NULL;
        }
    }
    if (count != NULL)
        *count = used;
    return list;
}

void weft_thread_list_free(weft_thread **threads)
{
    if (threads == NULL)
        return;
    for (weft_thread **thread = threads; *thread != NULL; thread++)
        weft_thread_free(*thread);
    wefti_release(threads);
}

/* ---- start-up, exit, fork ------------------------------------------------------------------ */

void wefti_threads_startup(void)
{
    main_thread.number = wefti_next_number();
    present_main = &main_thread;
    wefti_self_begin(main_thread.number, &main_thread);
    wefti_registry_lock();
    enter_list(&main_thread);
    wefti_registry_unlock();
}

void wefti_threads_join_all(void)
{
    const struct weft_thread *caller = wefti_self()->thread;
    for (;;) {
        wefti_registry_lock();
        struct weft_thread *thread = first;
        while (thread != NULL && (!thread->ours || thread->daemon || thread == caller))
            thread = thread->next;
        weft_thread_ref(thread);
        wefti_registry_unlock();
        if (thread == NULL)
            return;
        (void)join(thread, WEFTI_NEVER);
        weft_thread_free(thread);
    }
}

void wefti_threads_after_fork_child(void)
{
    struct wefti_self *self = wefti_self();
    struct weft_thread *caller = self->thread;
    for (struct weft_thread *next, *thread = first; thread != NULL; thread = next) {
        next = thread->next;
        if (thread == caller)
            continue;
        leave_list(thread);
        wefti_store(&thread->state, GONE, RELAXED);
        weft_thread_free(thread); /* the reference of the thread, which does not exist here */
    }
    if (caller == NULL) { /* a foreign thread has forked: the main handle is its own from now on */
        main_thread.references = 1;
        main_thread.state = ALIVE;
        main_thread.number = self->number;
        self->thread = caller = &main_thread;
        enter_list(caller);
    }
    present_main = caller;
}
