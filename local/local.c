/* SPDX-License-Identifier: MIT */
/*
 * value.h says what a value is and where it stands, calls.h how the program's functions are called
 * for one.
 */
#include <weft/local.h>

#include <string.h>

#include "local/calls.h"
#include "local/places.h"
#include "local/value.h"
#include "platform/atomic.h"
#include "platform/memory.h"
#include "primitives/error.h"
#include "primitives/self.h"
#include "primitives/thread.h"

extern inline void *weft_local_get(weft_local *local);

/* ---- a Local begins ------------------------------------------------------------------------ */

weft_status weft_local_init_with(weft_local *local, const weft_local_options *given)
{
    weft_local_options options = {.struct_size = sizeof options};
    if (local == NULL)
        return WEFT_VALUE_ERROR;
    if (given != NULL && given->struct_size < offsetof(weft_local_options, initializer))
        return WEFT_VALUE_ERROR;
    /* A caller compiled against another version may know fewer options, or more. */
    if (given != NULL)
        memcpy(&options, given,
               given->struct_size < sizeof options ? given->struct_size : sizeof options);
    *local = (weft_local){.options = options};
    return WEFT_OK;
}

weft_local *weft_local_new_with(const weft_local_options *options)
{
    weft_local *local = wefti_self_allocate(sizeof *local);
    if (local == NULL || weft_local_init_with(local, options) == WEFT_OK)
        return local;
    wefti_release(local);
    return wefti_failed(WEFT_VALUE_ERROR);
}

/* ---- it ends ------------------------------------------------------------------------------- */

/* With the mutex held. */
static weft_status may_end(weft_local *local)
{
    if (wefti_local_called(local))
        return WEFT_DEADLOCK;
    if ((wefti_local_state(local) & WEFTI_LOCAL_ENDING) != 0)
        return WEFT_BUSY;
    for (struct weft_local_value *value = local->values; value != NULL; value = value->next)
        if (!wefti_value_lost(value) && (wefti_load(&value->kind, RELAXED) == WEFTI_MAKING ||
                                         wefti_load(&value->scopes, RELAXED) != 0))
            return WEFT_BUSY;
    return WEFT_OK;
}

/* With the mutex held, which it gives up meanwhile. A copy may be made of what is still there. */
static void end_values(weft_local *local)
{
    wefti_local_await_calls(local);
    while (local->values != NULL) {
        struct weft_local_value *value = local->values;
        if (wefti_value_lost(value)) {
            wefti_value_forget(value);
            continue;
        }
        wefti_value_end(value);
        wefti_locals_lock();
        wefti_local_await_calls(local);
    }
}

/* With the mutex held, which it gives up. */
static void end(weft_local *local)
{
    WEFTI_LOCAL_END(ending);
    wefti_local_end_begin(&ending, local);
    end_values(local);
    void *memory = wefti_place_give_back(local);
    wefti_local_end_end(&ending);
    wefti_locals_unlock();
    wefti_release(memory);
    wefti_locals_trim(wefti_self());
}

weft_status weft_local_destroy(weft_local *local)
{
    if (local == NULL)
        return WEFT_VALUE_ERROR;
    wefti_locals_lock();
    weft_status status = may_end(local);
    if (status == WEFT_OK)
        end(local);
    else
        wefti_locals_unlock();
    return status;
}

weft_status weft_local_free(weft_local *local)
{
    weft_status status = local != NULL ? weft_local_destroy(local) : WEFT_OK;
    if (status == WEFT_OK)
        wefti_release(local);
    return status;
}

/* ---- the calling thread's value ------------------------------------------------------------ */

/* However the initializer is left: what it has not made is none. */
static void abandon(struct weft_local_value **value)
{
    if (*value == NULL)
        return;
    wefti_locals_lock();
    wefti_value_end(*value);
}

static void *make(weft_local *local)
{
    weft_local_options *options = &local->options;
    struct weft_local_value *value __attribute__((cleanup(abandon))) = NULL;
    weft_status status = wefti_value_make(local, WEFTI_MAKING, &value);
    if (status != WEFT_OK)
        return wefti_failed(status);
    struct wefti_result result = {0};
    if (options->initializer != NULL)
        result = wefti_run(options->initializer, options->arg);
    if (result.error != NULL) {
        wefti_error_raise(result.error);
        return wefti_failed(WEFT_FAILED);
    }
    wefti_value_put(value, WEFTI_OWNED, result.value);
    value = NULL;
    return result.value != NULL ? result.value : wefti_failed(WEFT_OK);
}

void *weft_local_get_slowly(weft_local *local)
{
    if (local == NULL)
        return wefti_failed(WEFT_VALUE_ERROR);
    const struct weft_local_value *value = wefti_value_find(local);
    if (value == NULL)
        return make(local);
    if (value->kind == WEFTI_MAKING)
        return wefti_failed(WEFT_RUNTIME);
    return value->value != NULL ? value->value : wefti_failed(WEFT_OK);
}

weft_status weft_local_set(weft_local *local, void *what)
{
    if (local == NULL)
        return WEFT_VALUE_ERROR;
    struct weft_local_value *value = wefti_value_find(local);
    weft_status status = WEFT_OK;
    if (value == NULL)
        status = wefti_value_make(local, WEFTI_OWNED, &value);
    else if (value->kind == WEFTI_MAKING)
        status = WEFT_RUNTIME;
    if (status != WEFT_OK)
        return status;
    void *before = value->kind == WEFTI_OWNED ? value->value : NULL;
    wefti_value_put(value, WEFTI_OWNED, what);
    wefti_local_discard(local, before);
    return WEFT_OK;
}

weft_status weft_local_clear(weft_local *local)
{
    if (local == NULL)
        return WEFT_VALUE_ERROR;
    struct weft_local_value *value = wefti_value_find(local);
    if (value == NULL)
        return WEFT_OK;
    if (value->kind == WEFTI_MAKING || value->scopes != 0)
        return WEFT_BUSY;
    wefti_locals_lock();
    wefti_value_end(value);
    return WEFT_OK;
}

bool weft_local_has(const weft_local *local)
{
    const struct weft_local_value *value = local != NULL ? wefti_value_find(local) : NULL;
    return value != NULL && value->kind != WEFTI_MAKING;
}

size_t weft_local_count(const weft_local *local)
{
    size_t count = 0;
    if (local == NULL)
        return 0;
    wefti_locals_lock();
    for (struct weft_local_value *value = local->values; value != NULL; value = value->next)
        count += !wefti_value_lost(value);
    wefti_locals_unlock();
    return count;
}
