/* SPDX-License-Identifier: MIT */
/*
 * What a thread has of Locals: it begins with its first value, grows with the places of those that
 * it uses, and ends with the thread.
 */
#include <string.h>

#include "local/calls.h"
#include "local/value.h"
#include "platform/memory.h"
#include "platform/parker.h"
#include "platform/thread.h"
#include "primitives/self.h"
#include "primitives/watch.h"

enum { FIRST_SLOTS = 8 };

__thread weft_local_table weft_local_own_table __attribute__((tls_model("initial-exec")));

static struct wefti_mutex mutex;
static struct wefti_locals *first; /* guarded by it */

/* ThreadSanitizer is to see that what one thread has made another may destroy. */
void wefti_locals_lock(void)
{
    wefti_mutex_lock(&mutex);
    if (wefti_watched())
        wefti_watch_acquired(&mutex);
}

void wefti_locals_unlock(void)
{
    if (wefti_watched())
        wefti_watch_releasing(&mutex);
    wefti_mutex_unlock(&mutex);
}

static void publish(const struct wefti_locals *mine)
{
    weft_local_own_table =
        mine != NULL ? (weft_local_table){(char *)mine->slots, mine->size} : (weft_local_table){0};
}

static struct wefti_locals *begin(struct wefti_self *self)
{
    struct wefti_locals *mine = wefti_allocate(sizeof *mine);
    if (mine == NULL)
        return NULL;
    mine->values.thread = mine;
    mine->forks = wefti_forks();
    wefti_locals_lock();
    mine->next = first;
    mine->link = &first;
    if (first != NULL)
        first->link = &mine->next;
    first = mine;
    wefti_locals_unlock();
    self->locals = mine;
    return mine;
}

/* Slots for at least so many bytes of them; false: no memory. */
static bool grow(struct wefti_locals *mine, size_t size)
{
    size_t wanted = mine->size != 0 ? 2 * mine->size : FIRST_SLOTS * sizeof(struct wefti_slot);
    if (wanted < size)
        wanted = size;
    struct wefti_slot *slots = wefti_allocate(wanted);
    struct wefti_slot *before = mine->slots;
    if (slots == NULL)
        return false;
    wefti_locals_lock();
    if (before != NULL)
        memcpy(slots, before, mine->size);
    slots->seen.key = UINT64_MAX; /* place 0: no key is like this, and none is not, either */
    mine->slots = slots;
    mine->size = wanted;
    wefti_locals_unlock();
    publish(mine);
    wefti_release(before);
    return true;
}

weft_status wefti_locals_reserve(size_t size, struct wefti_locals **mine)
{
    struct wefti_self *self = wefti_self();
    if (self->ends >= wefti_os_end_rounds())
        return WEFT_RUNTIME;
    if (!wefti_self_enlist()) /* nobody would end them */
        return WEFT_NO_MEMORY;
    *mine = self->locals != NULL ? self->locals : begin(self);
    if (*mine == NULL)
        return WEFT_NO_MEMORY;
    if ((*mine)->size < size && !grow(*mine, size)) {
        wefti_locals_trim(self);
        return WEFT_NO_MEMORY;
    }
    return WEFT_OK;
}

void wefti_locals_trim(struct wefti_self *self)
{
    struct wefti_locals *mine = self->locals;
    if (mine == NULL || self->called != NULL) /* who makes calls may be at work in it */
        return;
    wefti_locals_lock();
    bool empty = mine->values.newest == NULL && mine->context == NULL;
    if (empty) {
        *mine->link = mine->next;
        if (mine->next != NULL)
            mine->next->link = mine->link;
    }
    wefti_locals_unlock();
    if (!empty)
        return;
    self->locals = NULL;
    publish(NULL);
    wefti_release(mine->slots);
    wefti_release(mine);
}

/* ---- start-up, ends of threads, fork ------------------------------------------------------- */

static bool has_values(const struct wefti_self *self)
{
    return self->locals != NULL && self->locals->values.newest != NULL;
}

/* What is made meanwhile stays. A context that a destructor has entered and not left is left. */
static void end_round(const struct wefti_self *self)
{
    if (self->locals == NULL)
        return;
    uint64_t now = wefti_last_serial();
    do
        wefti_context_leave_all();
    while (self->locals != NULL && wefti_holder_end_newest(&self->locals->values, now));
}

/* One round at least. */
static void end_values(void)
{
    struct wefti_self *self = wefti_self();
    do {
        self->ends++;
        end_round(self);
    } while (has_values(self) && self->ends < wefti_os_end_rounds());
    wefti_locals_trim(self);
}

/* The values of other threads are as good as gone: nobody finds them any more. */
static void after_fork_child(void)
{
    struct wefti_self *self = wefti_self();
    wefti_locals_unlock(); /* it is this thread that has locked it */
    if (self->locals != NULL)
        self->locals->forks = wefti_forks();
    wefti_local_calls_after_fork_child();
}

/* Here, so that a static link that uses any Local keeps it; after the waiting room's. */
__attribute__((constructor(102))) static void start(void)
{
    wefti_mutex_init(&mutex);
    wefti_self_at_end(end_values);
    wefti_os_at_fork(wefti_locals_lock, wefti_locals_unlock, after_fork_child);
}
