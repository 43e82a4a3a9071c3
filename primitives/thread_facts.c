/* SPDX-License-Identifier: MIT */
/*
 * How a handle is filled in, and what it tells: name, numbers, daemon.
 *
 * A name that was returned stays valid as long as the handle: renaming adds a name and frees none.
 * Names are added with the registry locked and read without.
 */
#include "primitives/thread.h"

#include <stdio.h>
#include <string.h>

#include "platform/atomic.h"
#include "platform/memory.h"
#include "primitives/park.h"
#include "primitives/self.h"

enum { GENERATED_NAME = 24 }; /* bytes for "Thread-" and a number */

static uint32_t last_generated; /* N of the last Thread-N or Dummy-N */

/* ---- making -------------------------------------------------------------------------------- */

static struct weft_thread *make(size_t size, const char *name, const char *prefix)
{
    bool generated = name == NULL || *name == '\0';
    size_t bytes = generated ? GENERATED_NAME : strlen(name) + 1;
    struct weft_thread *thread = wefti_allocate(size + bytes);
    if (thread == NULL)
        return NULL;
    char *storage = (char *)thread + size;
    thread->references = 1;
    thread->name = storage;
    if (!generated)
        memcpy(storage, name, bytes);
    else /* Relaxed: only the numbers' being different matters. */
        snprintf(storage, bytes, "%s-%u", prefix, wefti_fetch_add(&last_generated, 1, RELAXED) + 1);
    return thread;
}

void *wefti_failed(weft_status status)
{
    wefti_self()->last_status = status;
    return NULL;
}

struct weft_thread *wefti_thread_new(size_t size, const weft_thread_options *options)
{
    if (options->target == NULL)
        return wefti_failed(WEFT_VALUE_ERROR);
    struct weft_thread *thread = make(size, options->name, "Thread");
    if (thread == NULL)
        return wefti_failed(WEFT_NO_MEMORY);
    thread->joinable = true;
    thread->daemon = options->daemon || weft_thread_is_daemon(wefti_thread_own());
    thread->stack_size = options->stack_size;
    thread->target = options->target;
    thread->arg = options->arg;
    thread->free_value = options->free_value;
    return thread;
}

struct weft_thread *wefti_thread_new_foreign(void)
{
    return make(sizeof(struct weft_thread), NULL, "Dummy");
}

/* ---- the name ------------------------------------------------------------------------------ */

const char *weft_thread_name(const weft_thread *thread)
{
    /* Acquire: pairs with the release in rename. */
    return thread != NULL ? wefti_load(&thread->name, ACQUIRE) : "";
}

const char *wefti_thread_own_name(void)
{
    const struct weft_thread *thread = wefti_thread_own();
    return thread != NULL ? weft_thread_name(thread) : "(foreign)";
}

void wefti_thread_free_names(struct weft_thread *thread)
{
    for (struct wefti_thread_name *next, *name = thread->names; name != NULL; name = next) {
        next = name->next;
        wefti_release(name);
    }
}

/* With the registry locked: one of the handle's names with this text; NULL: it never had it. */
static const struct wefti_thread_name *find_name(const struct weft_thread *thread, const char *text)
{
    const struct wefti_thread_name *name = thread->names;
    while (name != NULL && strcmp(name->text, text) != 0)
        name = name->next;
    return name;
}

weft_status weft_thread_set_name(weft_thread *thread, const char *text)
{
    if (thread == NULL || text == NULL)
        return WEFT_VALUE_ERROR;
    size_t bytes = strlen(text) + 1;
    struct wefti_thread_name *fresh = wefti_allocate(sizeof *fresh + bytes);
    if (fresh == NULL)
        return WEFT_NO_MEMORY;
    memcpy(fresh->text, text, bytes);
    wefti_registry_lock();
    const struct wefti_thread_name *name = find_name(thread, text);
    if (name == NULL) { /* who goes to and fro between some names needs no more memory */
        fresh->next = thread->names;
        name = thread->names = fresh;
        fresh = NULL;
    }
    /* Release: pairs with the acquire in weft_thread_name. */
    wefti_store(&thread->name, name->text, RELEASE);
    const struct wefti_self *self = wefti_registry_find(thread);
    if (self != NULL) /* its thread cannot end meanwhile */
        wefti_os_thread_rename(self->os, name->text);
    wefti_registry_unlock();
    wefti_release(fresh);
    return WEFT_OK;
}

/* ---- numbers ------------------------------------------------------------------------------- */

uint32_t weft_thread_ident(const weft_thread *thread)
{
    /* Relaxed: nothing hangs on it. */
    return thread != NULL ? wefti_load(&thread->number, RELAXED) : 0;
}

/* It is about to begin, on a thread of its own. */
static bool begins_soon(void *arg)
{
    const struct weft_thread *thread = arg;
    return weft_thread_is_alive(thread) && thread->give_back == NULL &&
           wefti_load(&thread->native, ACQUIRE) == 0;
}

uint64_t weft_thread_native_id(const weft_thread *thread)
{
    if (thread == NULL)
        return 0;
    const struct wefti_patience patience = {.firm = true,
                                            .validate = begins_soon,
                                            .arg = (void *)(uintptr_t)thread,
                                            .request = WEFTI_THREAD_BEGIN};
    while (begins_soon(patience.arg))
        (void)wefti_park((struct wefti_key){thread, WEFTI_THREAD}, &patience);
    /* Acquire: pairs with the release in wefti_thread_begins. */
    return wefti_load(&thread->native, ACQUIRE);
}

/* ---- daemon -------------------------------------------------------------------------------- */

bool weft_thread_is_daemon(const weft_thread *thread)
{
    /* Relaxed: nothing hangs on it. */
    return thread != NULL && wefti_load(&thread->daemon, RELAXED);
}

weft_status weft_thread_set_daemon(weft_thread *thread, bool daemon)
{
    if (thread == NULL)
        return WEFT_VALUE_ERROR;
    wefti_registry_lock(); /* starts happen under it, too */
    bool fresh = wefti_load(&thread->state, RELAXED) == WEFTI_THREAD_NEW;
    if (fresh)
        wefti_store(&thread->daemon, daemon, RELAXED);
    wefti_registry_unlock();
    return fresh ? WEFT_OK : WEFT_RUNTIME;
}
