/* SPDX-License-Identifier: MIT */
#include "local/calls.h"

#include "local/value.h"
#include "platform/atomic.h"
#include "platform/memory.h"
#include "primitives/error.h"
#include "primitives/park.h"
#include "primitives/self.h"

static struct wefti_key key_of(const weft_local *local)
{
    return (struct wefti_key){local, WEFTI_LOCAL};
}

/* Atomic, for calls_run reads it without the mutex; relaxed, for it reads nothing else. */
static void set_state(weft_local *local, uint32_t state)
{
    wefti_store(&local->state, state, RELAXED);
}

uint32_t wefti_local_state(weft_local *local)
{
    if (local->forks != wefti_forks()) {
        local->forks = wefti_forks();
        set_state(local, 0);
    }
    return local->state;
}

bool wefti_local_called(const weft_local *local)
{
    const struct wefti_local_call *call = wefti_self()->called;
    while (call != NULL && call->local != local)
        call = call->outer;
    return call != NULL;
}

static void enter(struct wefti_local_call *call, weft_local *local, bool ends)
{
    struct wefti_self *self = wefti_self();
    set_state(local, wefti_local_state(local) + (ends ? WEFTI_LOCAL_ENDING : WEFTI_CALL));
    *call = (struct wefti_local_call){local, self->called, ends};
    self->called = call;
}

void wefti_local_call_begin(struct wefti_local_call *call, weft_local *local)
{
    enter(call, local, false);
}

void wefti_local_call_end(struct wefti_local_call *call)
{
    weft_local *local = call->local;
    if (local == NULL)
        return;
    wefti_self()->called = call->outer;
    wefti_locals_lock();
    uint32_t state = wefti_local_state(local) - WEFTI_CALL;
    bool wake = state < WEFTI_CALL && (state & WEFTI_LOCAL_WAITED) != 0;
    set_state(local, wake ? state & ~(uint32_t)WEFTI_LOCAL_WAITED : state);
    wefti_locals_unlock();
    if (wake) /* the Local may be gone by now: its address is but a name */
        wefti_unpark(key_of(local), &(struct wefti_unparking){0});
}

void wefti_local_end_begin(struct wefti_local_call *end, weft_local *local)
{
    enter(end, local, true);
}

void wefti_local_end_end(struct wefti_local_call *end)
{
    wefti_self()->called = end->outer;
    set_state(end->local, wefti_local_state(end->local) & ~(uint32_t)WEFTI_LOCAL_ENDING);
    end->local = NULL;
}

void wefti_local_end_given_up(struct wefti_local_call *end)
{
    if (end->local == NULL)
        return;
    wefti_locals_lock();
    wefti_local_end_end(end);
    wefti_locals_unlock();
}

struct destruction {
    void (*destructor)(void *);
    void *what;
};

/* A target, for what a destructor raises and nobody returns is dropped. */
static void *destroy(void *arg)
{
    const struct destruction *destruction = arg;
    destruction->destructor(destruction->what);
    return NULL;
}

void wefti_local_destruct(weft_local *local, void *what, void *memory)
{
    void (*destructor)(void *) = local->options.destructor;
    WEFTI_LOCAL_CALL(call);
    if (what != NULL && destructor != NULL)
        wefti_local_call_begin(&call, local);
    wefti_locals_unlock();
    wefti_release(memory);
    if (call.local != NULL)
        (void)wefti_run(destroy, &(struct destruction){destructor, what});
}

void wefti_local_discard(weft_local *local, void *what)
{
    if (what == NULL || local->options.destructor == NULL)
        return;
    wefti_locals_lock();
    wefti_local_destruct(local, what, NULL);
}

static bool calls_run(void *arg)
{
    const weft_local *local = arg;
    return wefti_load(&local->state, RELAXED) >= WEFTI_CALL;
}

void wefti_local_await_calls(weft_local *local)
{
    const struct wefti_patience patience = {.firm = true, .validate = calls_run, .arg = local};
    while (wefti_local_state(local) >= WEFTI_CALL) {
        set_state(local, local->state | WEFTI_LOCAL_WAITED);
        wefti_locals_unlock();
        (void)wefti_park(key_of(local), &patience);
        wefti_locals_lock();
    }
}

void wefti_local_calls_after_fork_child(void)
{
    struct wefti_local_call *calls = wefti_self()->called;
    for (const struct wefti_local_call *call = calls; call != NULL; call = call->outer) {
        call->local->forks = wefti_forks();
        set_state(call->local, 0);
    }
    for (const struct wefti_local_call *call = calls; call != NULL; call = call->outer)
        set_state(call->local, call->local->state + (call->ends ? WEFTI_LOCAL_ENDING : WEFTI_CALL));
}
