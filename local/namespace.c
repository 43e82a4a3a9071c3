/* SPDX-License-Identifier: MIT */
/*
 * A thread's attributes are a list, the newest first, and the value of the namespace's Local.
 */
#include <weft/namespace.h>

#include <string.h>

#include "local/places.h"
#include "local/value.h"
#include "platform/atomic.h"
#include "platform/memory.h"
#include "primitives/error.h"
#include "primitives/self.h"
#include "primitives/thread.h"

struct attribute {
    struct attribute *older;
    void *value;
    void (*free_value)(void *);
    char name[];
};

struct attributes {
    struct attribute *newest;
};

static void end_value(void (*function)(void *), void *value)
{
    if (function != NULL && value != NULL)
        function(value);
}

static void end_attributes(void *arg)
{
    struct attributes *attributes = arg;
    for (struct attribute *older, *attribute = attributes->newest; attribute != NULL;
         attribute = older) {
        older = attribute->older;
        end_value(attribute->free_value, attribute->value);
        wefti_release(attribute);
    }
    wefti_release(attributes);
}

weft_status weft_namespace_init_with(weft_namespace *names, const weft_namespace_options *given)
{
    weft_namespace_options options = {.struct_size = sizeof options};
    if (names == NULL)
        return WEFT_VALUE_ERROR;
    if (given != NULL && given->struct_size < offsetof(weft_namespace_options, initializer))
        return WEFT_VALUE_ERROR;
    /* A caller compiled against another version may know fewer options, or more. */
    if (given != NULL)
        memcpy(&options, given,
               given->struct_size < sizeof options ? given->struct_size : sizeof options);
    *names = (weft_namespace){.options = options};
    return WEFT_OK;
}

weft_status weft_namespace_destroy(weft_namespace *names)
{
    return names != NULL ? weft_local_destroy(&names->local) : WEFT_VALUE_ERROR;
}

/* The calling thread's, empty as yet. */
static weft_status begin(weft_namespace *names, struct attributes **mine)
{
    struct attributes *attributes = wefti_allocate(sizeof *attributes);
    if (attributes == NULL)
        return WEFT_NO_MEMORY;
    weft_status status = wefti_place_take(&names->local, end_attributes);
    if (status == WEFT_OK)
        status = weft_local_set(&names->local, attributes);
    if (status != WEFT_OK)
        wefti_release(attributes);
    else
        *mine = attributes;
    return status;
}

static void let_go(struct weft_local_value **value)
{
    wefti_store(&(*value)->scopes, 0, RELAXED); /* read by who destroys the Local */
}

/* The attributes are there to be set, and to stay. */
static struct wefti_result initialize(weft_namespace *names)
{
    struct weft_local_value *value __attribute__((cleanup(let_go))) =
        wefti_value_find(&names->local);
    wefti_store(&value->scopes, 1, RELAXED);
    return wefti_run(names->options.initializer, names->options.arg);
}

/* The calling thread's attributes; its first use begins them. */
static weft_status find_mine(weft_namespace *names, struct attributes **mine)
{
    const struct weft_local_value *value = wefti_value_find(&names->local);
    if (value != NULL) {
        *mine = value->value;
        return WEFT_OK;
    }
    weft_status status = begin(names, mine);
    if (status != WEFT_OK || names->options.initializer == NULL)
        return status;
    struct wefti_result result = initialize(names);
    if (result.error == NULL)
        return WEFT_OK;
    (void)weft_local_clear(&names->local);
    wefti_error_raise(result.error);
    return WEFT_FAILED;
}

/* The link to an attribute, or to NULL at the end. */
static struct attribute **find(struct attributes *mine, const char *name)
{
    struct attribute **link = &mine->newest;
    while (*link != NULL && strcmp((*link)->name, name) != 0)
        link = &(*link)->older;
    return link;
}

static weft_status look_up(weft_namespace *names, const char *name, struct attributes **mine,
                           struct attribute ***link)
{
    if (names == NULL || name == NULL)
        return WEFT_VALUE_ERROR;
    weft_status status = find_mine(names, mine);
    if (status == WEFT_OK)
        *link = find(*mine, name);
    return status;
}

static weft_status add(struct attributes *mine, const char *name, void *value,
                       void (*free_value)(void *))
{
    size_t length = strlen(name) + 1;
    struct attribute *attribute = wefti_allocate(sizeof *attribute + length);
    if (attribute == NULL)
        return WEFT_NO_MEMORY;
    attribute->value = value;
    attribute->free_value = free_value;
    memcpy(attribute->name, name, length);
    attribute->older = mine->newest;
    mine->newest = attribute;
    return WEFT_OK;
}

weft_status weft_namespace_set(weft_namespace *names, const char *name, void *value,
                               void (*free_new)(void *))
{
    struct attributes *mine;
    struct attribute **link;
    weft_status status = look_up(names, name, &mine, &link);
    if (status != WEFT_OK)
        return status;
    if (*link == NULL)
        return add(mine, name, value, free_new);
    struct attribute *attribute = *link;
    struct attribute before = *attribute;
    attribute->value = value;
    attribute->free_value = free_new;
    end_value(before.free_value, before.value);
    return WEFT_OK;
}

void *weft_namespace_get(weft_namespace *names, const char *name)
{
    struct attributes *mine;
    struct attribute **link;
    weft_status status = look_up(names, name, &mine, &link);
    if (status != WEFT_OK)
        return wefti_failed(status);
    if (*link == NULL)
        return wefti_failed(WEFT_NO_ATTRIBUTE);
    return (*link)->value != NULL ? (*link)->value : wefti_failed(WEFT_OK);
}

bool weft_namespace_has(weft_namespace *names, const char *name)
{
    struct attributes *mine;
    struct attribute **link;
    return look_up(names, name, &mine, &link) == WEFT_OK && *link != NULL;
}

weft_status weft_namespace_delete(weft_namespace *names, const char *name)
{
    struct attributes *mine;
    struct attribute **link;
    weft_status status = look_up(names, name, &mine, &link);
    if (status != WEFT_OK)
        return status;
    struct attribute *attribute = *link;
    if (attribute == NULL)
        return WEFT_NO_ATTRIBUTE;
    *link = attribute->older;
    void *value = attribute->value;
    void (*function)(void *) = attribute->free_value;
    wefti_release(attribute);
    end_value(function, value);
    return WEFT_OK;
}

/* ---- list ---------------------------------------------------------------------------------- */

/* One block: the pointers, NULL, and the names. */
static char **copy_names(const struct attributes *mine, size_t *count)
{
    size_t number = 0;
    size_t bytes = sizeof(char *);
    for (const struct attribute *a = mine->newest; a != NULL; a = a->older, number++)
        bytes += sizeof(char *) + strlen(a->name) + 1;
    char **list = wefti_self_allocate(bytes);
    if (list == NULL)
        return NULL;
    char *text = (char *)(list + number + 1);
    size_t place = number;
    for (const struct attribute *a = mine->newest; a != NULL; a = a->older) {
        size_t length = strlen(a->name) + 1;
        list[--place] = memcpy(text, a->name, length);
        text += length;
    }
    if (count != NULL)
        *count = number;
    return list;
}

char **weft_namespace_list(weft_namespace *names, size_t *count)
{
    struct attributes *mine;
    weft_status status = names != NULL ? find_mine(names, &mine) : WEFT_VALUE_ERROR;
    return status == WEFT_OK ? copy_names(mine, count) : wefti_failed(status);
}

void weft_namespace_list_free(char **list)
{
    wefti_release(list);
}
