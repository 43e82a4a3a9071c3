/* SPDX-License-Identifier: MIT */
/*
 * All threads: the list of those that are alive, threads that others have started, and what becomes
 * of threads at exit and after a fork.
 *
 * The list holds no references: a handle is in it from its start until its thread has been reaped
 * or the handle is freed, whatever is first; a timer's while its function runs. While the state is
 * ALIVE there is the running thread's reference. The registry's mutex guards the list.
 */
#include "primitives/thread.h"

#include "platform/atomic.h"
#include "platform/memory.h"
#include "platform/symbol.h"
#include "primitives/deadline.h"
#include "primitives/park.h"
#include "primitives/self.h"
#include "primitives/watch.h"

/* One reference is the main thread's; the other is never given up, for the handle is static. */
static struct weft_thread main_thread = {
    .references = 2, .state = WEFTI_THREAD_ALIVE, .name = "MainThread"};
static struct weft_thread *present_main; /* after a fork it is the thread that forked */
static struct weft_thread *first;

/* ---- the list ------------------------------------------------------------------------------ */

void wefti_threads_enter(struct weft_thread *thread)
{
    thread->previous = NULL;
    thread->next = first;
    if (first != NULL)
        first->previous = thread;
    first = thread;
}

void wefti_threads_leave(struct weft_thread *thread)
{
    *(thread->previous != NULL ? &thread->previous->next : &first) = thread->next;
    if (thread->next != NULL)
        thread->next->previous = thread->previous;
}

/* With the registry locked: a reference to a handle that may have none left; false: it has none. */
static bool ref_if_any(struct weft_thread *thread)
{
    uint32_t references = wefti_load(&thread->references, RELAXED);
    while (references != 0)
        if (wefti_cas(&thread->references, &references, references + 1, RELAXED))
            return true;
    return false;
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
    while (self != NULL && (self->thread != NULL || self->helper != NULL))
        self = wefti_registry_after(self->number);
    return self;
}

static void adopt(struct wefti_self *self, struct weft_thread *handle)
{
    handle->state = WEFTI_THREAD_ALIVE;
    handle->number = self->number;
    handle->daemon = true; /* nobody could join it at exit */
    self->thread = handle;
    wefti_threads_enter(handle);
    wefti_thread_begins(handle, self);
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
        struct weft_thread *handle = wefti_thread_new_foreign();
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

struct weft_thread *wefti_thread_own(void)
{
    const struct wefti_self *self = wefti_self();
    wefti_registry_lock();
    struct weft_thread *thread = self->thread;
    wefti_registry_unlock();
    return thread;
}

weft_thread *weft_thread_current(void)
{
    struct weft_thread *thread = wefti_thread_own();
    if (thread != NULL)
        return thread;
    if (!wefti_self_enlist())
        return wefti_failed(WEFT_NO_MEMORY);
    if (!wefti_self()->registered)
        return wefti_failed(WEFT_RUNTIME); /* a thread on its way out has no handle any more */
    return adopt_all_foreign() ? wefti_thread_own() : wefti_failed(WEFT_NO_MEMORY);
}

weft_status weft_thread_interrupt(weft_thread *thread)
{
    if (thread == NULL)
        return WEFT_VALUE_ERROR;
    wefti_registry_lock();
    struct wefti_self *self = wefti_registry_find(thread);
    bool alive = weft_thread_is_alive(thread);
    if (self != NULL)
        wefti_interrupt(self);
    else if (alive) /* it has not begun yet */
        thread->interrupted = true;
    if (self != NULL && wefti_watched())
        wefti_watch_interrupted(self);
    wefti_registry_unlock();
    return alive ? WEFT_OK : WEFT_RUNTIME;
}

/* ---- enumerate ----------------------------------------------------------------------------- */

/* With the registry locked: the handle with the smallest number above `number`; NULL: none. */
static struct weft_thread *handle_after(uint32_t number)
{
    struct weft_thread *next = NULL;
    for (struct weft_thread *thread = first; thread != NULL; thread = thread->next)
        if (weft_thread_is_alive(thread) && thread->number > number &&
            (next == NULL || thread->number < next->number))
            next = thread;
    return next;
}

static size_t count_handles(void)
{
    size_t count = 0;
    for (const struct weft_thread *thread = first; thread != NULL; thread = thread->next)
        count += weft_thread_is_alive(thread);
    return count;
}

size_t weft_thread_active_count(void)
{
    wefti_registry_lock();
    size_t count = count_handles();
    const struct wefti_self *foreign = find_foreign(0);
    for (; foreign != NULL; foreign = find_foreign(foreign->number))
        count++;
    wefti_registry_unlock();
    return count;
}

weft_thread **weft_thread_enumerate(size_t *count)
{
    size_t room = 0;
    size_t used = 0;
    weft_thread **list = NULL;
    if (!adopt_all_foreign())
        return wefti_failed(WEFT_NO_MEMORY);
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
        if (list == NULL)
            return wefti_failed(WEFT_NO_MEMORY);
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
    wefti_threads_enter(&main_thread);
    wefti_registry_unlock();
}

bool wefti_threads_join_all(void)
{
    const struct weft_thread *caller = wefti_thread_own();
    for (bool any = false;; any = true) {
        wefti_registry_lock();
        struct weft_thread *thread = first;
        while (thread != NULL && (!thread->joinable || weft_thread_is_daemon(thread) ||
                                  thread == caller || !ref_if_any(thread)))
            thread = thread->next;
        wefti_registry_unlock();
        if (thread == NULL)
            return any;
        (void)wefti_thread_join(thread, WEFTI_NEVER, WEFTI_CALLER);
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
        bool alive = weft_thread_is_alive(thread);
        wefti_threads_leave(thread);
        wefti_store(&thread->state, WEFTI_THREAD_GONE, RELAXED);
        if (alive)
            weft_thread_free(thread); /* the reference of the thread, which does not exist here */
    }
    if (caller == NULL) { /* a foreign thread has forked: the main handle is its own from now on */
        weft_thread_ref(&main_thread);
        main_thread.state = WEFTI_THREAD_ALIVE;
        main_thread.number = self->number;
        self->thread = caller = &main_thread;
        wefti_threads_enter(caller);
    }
    caller->joinable = false; /* as any main thread */
    caller->native = self->native;
    present_main = caller;
}
