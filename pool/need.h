/* SPDX-License-Identifier: MIT */
/*
 * What is needed before something can go on: all of several futures, or one of them. A composed future
 * needs its sources; a task that waits without a deadline needs what it waits for. So needs lead from
 * futures to futures, and two questions are asked along them: can it ever end (circle.c), and what can
 * the thread that waits run meanwhile (helpers.c).
 */
#ifndef WEFTI_POOL_NEED_H
#define WEFTI_POOL_NEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool/hooks.h"

struct wefti_need {
    bool any;      /* one of them is enough */
    bool composed; /* a composition's; else a reason's, below */
    bool ends;     /* what the last search along it has found */
    size_t count;
    size_t stride; /* bytes from one hook in them to the next; 0: there are pointers to futures */
    const void *sources; /* the first; a hook that is in no ring counts no more */

    /* Guarded by the hooks' lock, as are the hooks. */
    size_t ended;    /* so many of the first are done with, */
    size_t started;  /* and so many will never again wait to be started, nor will what they need */
    uint64_t search; /* the number of the last search that has come here */
    size_t at;       /* how far that has looked, */
    struct wefti_need *up; /* and where it goes on */
};

/* Why a task stands still. It may be for several reasons at once: it waits, and runs another in place. */
struct wefti_reason {
    struct wefti_need need; /* first */
    const uint32_t *ready;  /* not 0: it is needed no more; NULL: that is for the futures to say */
    uint32_t shrunk;        /* not 0: one of those that would be enough has come, and was not, so
                                 * it will be asked again; written under the hooks' lock */
    struct wefti_reason *below; /* the next one */
};

/* The need for one future, or for several. */
#define WEFTI_NEED(futures_, count_) ((struct wefti_need){.count = (count_), .sources = (futures_)})

/* What is needed there; NULL: nothing any more. */
static inline struct weft_future *wefti_need_source(const struct wefti_need *need, size_t i)
{
    if (need->stride == 0)
        return ((struct weft_future *const *)need->sources)[i];
    const void *at = (const char *)need->sources + i * need->stride;
    const struct wefti_hook *hook = at;
    return hook->previous != NULL ? hook->future : NULL;
}

/* With the hooks' lock: a number greater than all before. */
uint64_t wefti_need_search(void);

#endif
