/* SPDX-License-Identifier: MIT */
/*
 * A context holds values (value.h). A thread that enters it sets its own values of the same kind
 * (those of Locals with a copy) aside and takes the context's; when it leaves, what it has of them
 * by then goes back into the context, and what was set aside comes back. So nothing is copied or
 * allocated but the slots, and nothing is owned twice.
 *
 *   entered   values              aside
 *   NULL      what it holds       empty
 *   thread    empty               what the thread had before
 *
 * The thread's contexts are a stack, by `outer`. Being in one is a reference.
 */
#include <weft/context.h>

#include "local/calls.h"
#include "local/value.h"
#include "platform/atomic.h"
#include "platform/memory.h"
#include "platform/thread.h"
#include "primitives/error.h"
#include "primitives/self.h"
#include "primitives/thread.h"
#include "primitives/watch.h"

struct weft_context {
    uint32_t references;
    struct wefti_holder values; /* guarded by the mutex, as the next two */
    struct wefti_holder aside;
    struct wefti_locals *entered; /* the thread that is in it */
    weft_context *outer;          /* that thread's own */
};

static bool is_carried(const struct weft_local_value *value)
{
    return value->local->options.copy != NULL;
}

/* ---- capture ------------------------------------------------------------------------------- */

/* Where a capture is in a thread's values. */
struct cursor {
    struct weft_local_value *value; /* the last one */
    uint64_t serial;                /* its */
    uint64_t removals;              /* as long as there are no more, it has not gone */
};

/* With the mutex held: whether there is one more to carry. */
static bool advance(struct cursor *cursor, const struct wefti_holder *values)
{
    bool there = cursor->value != NULL && cursor->removals == values->removals;
    struct weft_local_value *value = there ? cursor->value->newer : values->oldest;
    while (value != NULL &&
           (value->serial <= cursor->serial || !is_carried(value) || value->kind == WEFTI_MAKING ||
            (wefti_local_state(value->local) & WEFTI_LOCAL_ENDING) != 0))
        value = value->newer;
    if (value != NULL)
        *cursor = (struct cursor){value, value->serial, values->removals};
    return value != NULL;
}

/* A copy may end its thread: however a capture is left, what it has not handed on goes. */
static void give_up_copy(struct weft_local_value **copy)
{
    wefti_release(*copy);
}

static void give_up_context(weft_context **context)
{
    weft_context_free(*context);
}

/* With the mutex held, which it gives up: a copy of a value comes into the context. */
static weft_status capture_one(weft_context *context, const struct weft_local_value *value)
{
    WEFTI_LOCAL_CALL(call);
    weft_local *local = value->local;
    void *what = value->value;
    wefti_local_call_begin(&call, local);
    wefti_locals_unlock();
    struct weft_local_value *copy __attribute__((cleanup(give_up_copy))) =
        wefti_value_new(local, WEFTI_OWNED);
    if (copy == NULL)
        return WEFT_NO_MEMORY;
    struct wefti_result result = {0};
    if (what != NULL)
        result = wefti_run(local->options.copy, what);
    if (result.error != NULL) {
        wefti_error_raise(result.error);
        return WEFT_FAILED;
    }
    copy->value = result.value;
    wefti_locals_lock();
    wefti_value_enter(copy, &context->values);
    wefti_locals_unlock();
    copy = NULL;
    return WEFT_OK;
}

static weft_status capture(weft_context *context)
{
    const struct wefti_self *self = wefti_self();
    struct cursor cursor = {0};
    weft_status status = WEFT_OK;
    while (status == WEFT_OK && self->locals != NULL) {
        wefti_locals_lock();
        if (!advance(&cursor, &self->locals->values)) {
            wefti_locals_unlock();
            break;
        }
        status = capture_one(context, cursor.value);
    }
    return status;
}

weft_context *weft_context_capture(void)
{
    weft_context *context __attribute__((cleanup(give_up_context))) =
        wefti_self_allocate(sizeof *context);
    if (context == NULL)
        return NULL;
    context->references = 1;
    weft_status status = capture(context);
    weft_context *captured = context;
    context = NULL;
    if (status == WEFT_OK)
        return captured;
    weft_context_free(captured);
    return wefti_failed(status);
}

/* ---- references ---------------------------------------------------------------------------- */

weft_context *weft_context_ref(weft_context *context)
{
    /* Relaxed: who adds a reference has one. */
    if (context != NULL)
        wefti_fetch_add(&context->references, 1, RELAXED);
    return context;
}

void weft_context_free(weft_context *context)
{
    if (context == NULL)
        return;
    if (wefti_watched())
        wefti_watch_releasing(context);
    /* Release and acquire: who frees sees what all others did with the context. */
    if (wefti_fetch_sub(&context->references, 1, ACQ_REL) != 1)
        return;
    if (wefti_watched())
        wefti_watch_acquired(context);
    while (wefti_holder_end_newest(&context->values, UINT64_MAX))
        ;
    wefti_release(context);
}

/* ---- enter and leave ----------------------------------------------------------------------- */

/* With the mutex held: how large a thread's slots have to be for what the context has. */
static size_t size_of(const weft_context *context)
{
    size_t size = 0;
    const struct weft_local_value *value = context->values.oldest;
    for (; value != NULL; value = value->newer) {
        size_t end = (uint32_t)value->local->key + sizeof(struct wefti_slot);
        size = end > size ? end : size;
    }
    return size;
}

/* With the mutex held: the context becomes the thread's, the thread's before comes back. */
static void push(struct wefti_locals *mine, weft_context *context)
{
    context->entered = mine;
    context->outer = mine->context;
    mine->context = context;
}

static void pop(struct wefti_locals *mine)
{
    weft_context *context = mine->context;
    mine->context = context->outer;
    context->outer = NULL;
    context->entered = NULL;
}

weft_status weft_context_attach(weft_context *context)
{
    struct wefti_locals *mine;
    if (context == NULL)
        return WEFT_VALUE_ERROR;
    weft_status status = wefti_locals_reserve(0, &mine);
    if (status != WEFT_OK)
        return status;
    wefti_locals_lock();
    bool taken = context->entered != NULL;
    if (!taken)
        push(mine, context);
    size_t size = size_of(context);
    wefti_locals_unlock();
    status = taken ? WEFT_RUNTIME : wefti_locals_reserve(size, &mine);
    wefti_locals_lock();
    if (status == WEFT_OK) {
        context->aside.thread = mine;
        wefti_values_move(&mine->values, &context->aside, is_carried);
        wefti_values_move(&context->values, &mine->values, is_carried);
    } else if (!taken) {
        pop(mine);
    }
    wefti_locals_unlock();
    if (status == WEFT_OK)
        weft_context_ref(context);
    else
        wefti_locals_trim(wefti_self());
    return status;
}

/*
 * With the mutex held: whether a value that goes back is in use: an initializer makes it, or a block
 * is open on it; `close` ends the blocks.
 */
static bool is_in_use(const struct wefti_locals *mine, bool close)
{
    bool found = false;
    struct weft_local_value *value = mine->values.oldest;
    for (; value != NULL; value = value->newer) {
        if (!is_carried(value) || (value->scopes == 0 && value->kind != WEFTI_MAKING))
            continue;
        found = true;
        if (!close)
            break;
        wefti_store(&value->scopes, 0, RELAXED); /* read by who destroys the Local */
        if (value->kind == WEFTI_LENT)
            wefti_value_put(value, WEFTI_OWNED, NULL);
    }
    return found;
}

/* If `firmly`, whatever is open. */
static weft_status leave(weft_context *context, bool firmly)
{
    struct wefti_self *self = wefti_self();
    struct wefti_locals *mine = self->locals;
    if (mine == NULL || mine->context != context)
        return WEFT_RUNTIME;
    wefti_locals_lock();
    bool open = is_in_use(mine, firmly) && !firmly;
    if (!open) {
        wefti_values_move(&mine->values, &context->values, is_carried);
        wefti_values_move(&context->aside, &mine->values, is_carried);
        context->aside.thread = NULL;
        pop(mine);
    }
    wefti_locals_unlock();
    if (open)
        return WEFT_BUSY;
    wefti_locals_trim(self);
    weft_context_free(context);
    return WEFT_OK;
}

weft_status weft_context_detach(weft_context *context)
{
    return context != NULL ? leave(context, false) : WEFT_VALUE_ERROR;
}

void wefti_context_leave_all(void)
{
    const struct wefti_self *self = wefti_self();
    while (self->locals != NULL && self->locals->context != NULL)
        (void)leave(self->locals->context, true);
}

static bool is_in(const weft_context *context)
{
    const struct wefti_locals *mine = wefti_self()->locals;
    const weft_context *entered = mine != NULL ? mine->context : NULL;
    while (entered != NULL && entered != context)
        entered = entered->outer;
    return entered != NULL;
}

/* However the target is left; what it has entered and not left, too. It may have left this one. */
static void leave_run(weft_context **context)
{
    while (is_in(*context))
        (void)leave(wefti_self()->locals->context, true);
}

static void *run(weft_context *context, weft_target *target, void *arg)
{
    weft_context *entered __attribute__((cleanup(leave_run), unused)) = context;
    return target(arg);
}

void *weft_context_run(weft_context *context, weft_target *target, void *arg)
{
    weft_status status = target != NULL ? weft_context_attach(context) : WEFT_VALUE_ERROR;
    if (status == WEFT_OK)
        return run(context, target, arg);
    return weft_raise_text_at(
        "", 0, status, status == WEFT_RUNTIME ? "cannot enter context: a thread is in it" : NULL);
}
