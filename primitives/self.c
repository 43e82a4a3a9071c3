/* SPDX-License-Identifier: MIT */
#include "primitives/self.h"

#include "platform/atomic.h"
#include "platform/parker.h"
#include "platform/thread.h"
#include "primitives/thread.h"
#include "primitives/watch.h"

static _Thread_local struct wefti_self own __attribute__((tls_model("initial-exec")));

static struct wefti_mutex mutex; /* guards the list, each self's thread, and what thread.c keeps */
static struct wefti_self *first;
static uint32_t last_number;

uint32_t wefti_next_number(void)
{
    /* Relaxed: only the numbers' being different matters. */
    return wefti_fetch_add(&last_number, 1, RELAXED) + 1;
}

void wefti_self_begin(uint32_t number, struct weft_thread *thread)
{
    own.number = number;
    wefti_parker_init(&own.parker);
    wefti_registry_lock();
    own.thread = thread;
    own.previous = NULL;
    own.next = first;
    if (first != NULL)
        first->previous = &own;
    first = &own;
    own.registered = true;
    wefti_registry_unlock();
    wefti_os_arm_thread_end();
}

struct wefti_self *wefti_self(void)
{
    if (__builtin_expect(own.number == 0, 0))
        wefti_self_begin(wefti_next_number(), NULL);
    return &own;
}

/*
 * A thread ends. What runs in it after this (destructors of other keys) may still use the library:
 * its self works on, but nobody else finds it any more.
 */
static void leave(void)
{
    wefti_registry_lock();
    struct weft_thread *thread = own.thread;
    if (own.registered) {
        *(own.previous != NULL ? &own.previous->next : &first) = own.next;
        if (own.next != NULL)
            own.next->previous = own.previous;
        own.registered = false;
    }
    own.thread = NULL;
    if (thread != NULL)
        wefti_threads_leave(thread);
    wefti_registry_unlock();
    wefti_watch_thread_ends();
    if (thread != NULL)
        wefti_thread_ended(thread);
}

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
    wefti_mutex_init(&mutex);
    first = own.registered ? &own : NULL;
    own.next = NULL;
    own.previous = NULL;
    if (own.number != 0)
        wefti_parker_init(&own.parker);
}

weft_status weft_last_status(void)
{
    return wefti_self()->last_status;
}
