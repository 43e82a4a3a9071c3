/* SPDX-License-Identifier: MIT */
/*
 * A scope keeps the value that it has taken out, and how it was held; the value counts the scopes
 * that are open on it, so that they are left in the reverse order.
 */
#include <weft/local_with.h>

#include "local/calls.h"
#include "local/value.h"
#include "platform/atomic.h"
#include "primitives/self.h"

static weft_status open_on(weft_local *local, struct weft_local_value **value)
{
    *value = wefti_value_find(local);
    if (*value == NULL)
        return wefti_value_make(local, WEFTI_NONE, value);
    return (*value)->kind != WEFTI_MAKING ? WEFT_OK : WEFT_RUNTIME;
}

/* Relaxed: who destroys the Local only looks whether there is one. */
static void count_scopes(struct weft_local_value *value, uint32_t scopes)
{
    wefti_store(&value->scopes, scopes, RELAXED);
}

weft_status weft_local_enter(weft_local_scope *scope, weft_local *local, void *what)
{
    struct weft_local_value *value;
    if (scope == NULL)
        return WEFT_VALUE_ERROR;
    scope->local = NULL;
    if (local == NULL)
        return WEFT_VALUE_ERROR;
    weft_status status = open_on(local, &value);
    if (status != WEFT_OK)
        return status;
    count_scopes(value, value->scopes + 1);
    scope->local = local;
    scope->place = value;
    scope->former = value->value;
    scope->former_kind = (uint16_t)value->kind;
    scope->depth = value->scopes;
    wefti_value_put(value, WEFTI_LENT, what);
    return WEFT_OK;
}

weft_status weft_local_leave(weft_local_scope *scope)
{
    if (scope == NULL)
        return WEFT_VALUE_ERROR;
    weft_local *local = scope->local;
    struct weft_local_value *value = local != NULL ? wefti_value_find(local) : NULL;
    if (value == NULL || value != scope->place || value->scopes != scope->depth)
        return WEFT_RUNTIME;
    scope->local = NULL;
    count_scopes(value, value->scopes - 1);
    if (scope->former_kind == WEFTI_NONE) {
        wefti_locals_lock();
        wefti_value_end(value);
        return WEFT_OK;
    }
    void *before = value->kind == WEFTI_OWNED ? value->value : NULL;
    wefti_value_put(value, (enum wefti_value_kind)scope->former_kind, scope->former);
    wefti_local_discard(local, before);
    return WEFT_OK;
}

bool weft_local_begin(weft_local_scope *scope, weft_local *local, void *what)
{
    weft_status status = weft_local_enter(scope, local, what);
    if (status != WEFT_OK)
        wefti_self()->last_status = status;
    return status == WEFT_OK;
}
