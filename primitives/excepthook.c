/* SPDX-License-Identifier: MIT */
/* The excepthook: two words, guarded by the registry's mutex, so that they are read as a pair. */
#include "primitives/error.h"

#include <stdio.h>

#include "primitives/self.h"

static weft_excepthook *present_hook; /* NULL: the default */
static void *present_arg;

void weft_set_excepthook(weft_excepthook *hook, void *arg)
{
    wefti_registry_lock();
    present_hook = hook;
    present_arg = arg;
    wefti_registry_unlock();
}

void weft_default_excepthook(struct weft_thread *thread, const weft_error *error, void *arg)
{
    (void)arg;
    if (error == NULL)
        return;
    /* One call: stdio keeps what one call writes together. */
    const char *name = thread != NULL ? weft_thread_name(thread) : error->thread_name;
    if (error->line > 0)
        fprintf(stderr, "Exception in thread %s: %s (%s:%d)\n", name, error->message, error->file,
                error->line);
    else
        fprintf(stderr, "Exception in thread %s: %s\n", name, error->message);
}

void wefti_excepthook(struct weft_thread *thread, const weft_error *error)
{
    wefti_registry_lock();
    weft_excepthook *hook = present_hook;
    void *arg = present_arg;
    wefti_registry_unlock();
    (hook != NULL ? hook : weft_default_excepthook)(thread, error, arg);
}

void weft_call_excepthook(const weft_error *error)
{
    if (error != NULL)
        wefti_excepthook(weft_thread_current(), error);
}
