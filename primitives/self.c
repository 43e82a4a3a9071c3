/* SPDX-License-Identifier: MIT */
#include "primitives/self.h"

#include "platform/atomic.h"
#include "platform/memory.h"
#include "platform/panic.h"
#include "platform/parker.h"
#include "platform/thread.h"
#include "primitives/error.h"
#include "primitives/thread.h"
#include "primitives/watch.h"

_Thread_local struct wefti_self wefti_own;

static struct wefti_mutex mutex; /* guards the list, each self's thread, and what thread.c keeps */
static struct wefti_self *first;
static uint32_t last_number;
static uint32_t forks;
static void (*end_values)(void); /* NULL: there are none */

uint32_t wefti_next_number(void)
{
    /* Relaxed: only the numbers' being different matters. */
    return wefti_fetch_add(&last_number, 1, RELAXED) + 1;
}

/* ---- a thread begins ----------------------------------------------------------------------- */

static void enlist(struct weft_thread *thread, bool armed)
{
    wefti_own.armed = armed;
    wefti_registry_lock();
    wefti_own.thread = thread;
    if (thread != NULL)
        wefti_thread_begins(thread, &wefti_own);
    wefti_own.previous = NULL;
    wefti_own.next = first;
    if (first != NULL)
        first->previous = &wefti_own;
    first = &wefti_own;
    wefti_own.registered = true;
    wefti_registry_unlock();
}

static void begin(uint32_t number, struct weft_thread *thread, const char *helper)
{
    wefti_own.number = number;
    wefti_own.helper = helper;
    wefti_own.os = wefti_os_thread_self();
    wefti_own.native = wefti_os_native_id();
    wefti_parker_init(&wefti_own.parker);
    bool armed = wefti_os_arm_thread_end();
    bool is_main = number == 1;                     /* its memory lasts to the end of the process */
    WEFTI_MUST(armed || is_main || thread == NULL); /* who joins it would wait for ever */
    if (armed || is_main)
        enlist(thread, armed);
}

bool wefti_self_enlist(void)
{
    const struct wefti_self *self = wefti_self();
    if (self->armed)
        return true;
    bool armed = wefti_os_arm_thread_end();
    if (armed && self->registered)
        wefti_own.armed = true;
    else if (armed)
        enlist(NULL, true);
    return armed;
}

void wefti_self_begin(uint32_t number, struct weft_thread *thread)
{
    begin(number, thread, NULL);
}

void wefti_self_begin_helper(const char *what)
{
    begin(wefti_next_number(), NULL, what);
}

void wefti_self_become(struct weft_thread *thread)
{
    wefti_registry_lock();
    wefti_own.number = wefti_next_number(); /* each thread that it stands for has its own */
    wefti_store(&thread->number, wefti_own.number, RELAXED);
    wefti_own.thread = thread;
    wefti_own.last_status = WEFT_OK;
    wefti_threads_enter(thread);
    wefti_thread_begins(thread, &wefti_own);
    wefti_registry_unlock();
}

void wefti_self_begin_foreign(void)
{
    wefti_self_begin(wefti_next_number(), NULL);
}

/* ---- it ends ------------------------------------------------------------------------------- */

/* What the calling thread is to its program ends; if `gone`, its self leaves the registry, too. */
static void end(bool gone)
{
    wefti_watch_thread_leaves();
    wefti_error_drop();
    wefti_registry_lock();
    struct weft_thread *thread = wefti_own.thread;
    wefti_own.thread = NULL;
    if (thread != NULL)
        wefti_thread_ends(thread);
    wefti_store(&wefti_own.interrupted, 0, RELAXED); /* it was meant for who has ended */
    if (gone && wefti_own.registered) {
        *(wefti_own.previous != NULL ? &wefti_own.previous->next : &first) = wefti_own.next;
        if (wefti_own.next != NULL)
            wefti_own.next->previous = wefti_own.previous;
        wefti_own.registered = false;
    }
    wefti_registry_unlock();
    wefti_watch_thread_ends();
    if (thread != NULL)
        wefti_thread_ended(thread);
}

void wefti_self_at_end(void (*hook)(void))
{
    end_values = hook;
}

void wefti_self_end_values(void)
{
    if (end_values != NULL)
        end_values();
    wefti_own.ends = wefti_os_end_rounds();
}

void wefti_self_resign(void)
{
    wefti_self_end_values();
    wefti_own.ends = 0; /* for who is next */
    end(false);
}

/*
 * A thread ends. What runs in it after this (destructors of other keys) may still use the library:
 * its self works on, but nobody else finds it any more. It may make values, too, so this comes back
 * in each of the system's rounds to end them, and after the last one none is made.
 */
static void leave(void)
{
    if (end_values != NULL) {
        end_values();
        if (wefti_own.ends < wefti_os_end_rounds())
            (void)wefti_os_arm_thread_end();
    }
    if (wefti_own.registered)
        end(true);
}

/* ---- the registry -------------------------------------------------------------------------- */

void wefti_self_startup(void)
{
    wefti_mutex_init(&mutex);
    wefti_os_at_thread_end(leave);
}

void wefti_registry_lock(void)
{
    wefti_mutex_lock(&mutex);
}

void wefti_registry_unlock(void)
{
    wefti_mutex_unlock(&mutex);
}

struct wefti_self *wefti_registry_after(uint32_t number)
{
    struct wefti_self *next = NULL;
    for (struct wefti_self *self = first; self != NULL; self = self->next)
        if (self->number > number && (next == NULL || self->number < next->number))
            next = self;
    return next;
}

struct wefti_self *wefti_registry_number(uint32_t number)
{
    struct wefti_self *self = first;
    while (self != NULL && self->number != number)
        self = self->next;
    return self;
}

struct wefti_self *wefti_registry_find(const struct weft_thread *thread)
{
    struct wefti_self *self = first;
    while (self != NULL && self->thread != thread)
        self = self->next;
    return self;
}

void wefti_self_before_fork(void)
{
    wefti_registry_lock();
}

void wefti_self_after_fork_parent(void)
{
    wefti_registry_unlock();
}

void wefti_self_after_fork_child(void)
{
    wefti_mutex_unlock(&mutex); /* it is this thread that has locked it */
    forks++;
    first = wefti_own.registered ? &wefti_own : NULL;
    wefti_own.next = NULL;
    wefti_own.previous = NULL;
    if (wefti_own.number == 0)
        return;
    wefti_own.native = wefti_os_native_id();
    wefti_parker_init(&wefti_own.parker);
}

uint32_t wefti_forks(void)
{
    return forks;
}

void *wefti_self_allocate(size_t size)
{
    void *memory = wefti_allocate(size);
    if (memory == NULL)
        wefti_self()->last_status = WEFT_NO_MEMORY;
    return memory;
}

weft_status weft_last_status(void)
{
    return wefti_self()->last_status;
}

void weft_set_last_status(weft_status status)
{
    wefti_self()->last_status = status;
}
