/* SPDX-License-Identifier: MIT */
/*
 * What a composed future is made of. It has a reference to each source that is done, as long as it
 * lives, because it may lend what is theirs. Those that it does not wait for any more it lets go.
 */
#ifndef WEFTI_POOL_COMPOSE_H
#define WEFTI_POOL_COMPOSE_H

#include <stddef.h>
#include <stdint.h>

#include <weft/compose.h>

#include "pool/future.h"
#include "pool/hooks.h"
#include "pool/need.h"

struct wefti_composition;

/* A source is done. Makes the future done, or has it run, or waits for more. */
typedef void wefti_step(struct wefti_composition *composition, struct weft_future *source);

struct wefti_source {
    struct wefti_hook hook; /* first; in the source, hook.future; NULL: let go */
    struct wefti_composition *composition;
};

struct wefti_composition {
    struct wefti_need need;     /* of the sources */
    struct weft_future *future; /* the composed one */
    wefti_step *step;
    weft_future *origin;       /* whose outcome it has taken over; NULL: it has its own */
    weft_continuation *always; /* then: what to run; */
    weft_target *target;       /* or this, on the value */
    void *arg;
    void **values;        /* all: room for them, behind the sources */
    uint32_t missing;     /* all: sources that are not done */
    uint32_t outstanding; /* hooks to be called or taken out; while there are any, they have a
                           * reference to the future */
    struct wefti_composition *offered; /* the next one in a helper's list */
    struct wefti_source sources[];
};

/*
 * A composed future with two references, the caller's and the hooks'; its sources and `values`
 * pointers behind it. NULL: weft_last_status() says why.
 */
struct wefti_composition *wefti_compose(struct wefti_owner *owner, wefti_step *step, size_t count,
                                        weft_future *const *futures, size_t values);

/* Puts the hooks in; for a source that is done takes the step at once. Returns the future. */
weft_future *wefti_compose_start(struct wefti_composition *composition);

/* Makes the future done, if it is not: as a source is; with a value that belongs to the composition. */
void wefti_compose_take_over(struct wefti_composition *composition, struct weft_future *origin);
void wefti_compose_finish(struct wefti_composition *composition, void *value);

/* The future is done: takes its hooks out, and lets those sources go. */
void wefti_composition_let_go(struct weft_future *future);

/* What a composed future needs. */
static inline struct wefti_need *wefti_composition_need(const struct weft_future *future)
{
    return &((struct wefti_composition *)future->arg)->need;
}

#endif
