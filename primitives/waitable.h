/* SPDX-License-Identifier: MIT */
/*
 * What an object has to tell for wait_any.c to wait for it among others.
 */
#ifndef WEFTI_PRIMITIVES_WAITABLE_H
#define WEFTI_PRIMITIVES_WAITABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/wait.h>

#include "primitives/park.h"

struct weft_waitable_type {
    enum wefti_kind kind; /* of the key, whose address is the object */

    /* Whether the object answers at all; NULL: always. */
    bool (*valid)(void *object);

    /* Takes the object, or what it has to give, if that needs no waiting; true: taken. */
    bool (*claim)(void *object);

    /* Under the bucket's lock: says in the state that somebody waits; false: no need to. An unpark
     * of a waiter that has seen true claims the object for it. */
    wefti_validate *must_wait;

    /* What the unparker is asked for; 0: the object's address. */
    uintptr_t request;

    /* Called when a waiter has left the queue with nothing; NULL: that changes nothing. */
    void (*left)(void *object);

    /*
     * Of what has to know what is wanted; both or none of them. Then must_wait and left are called
     * with the waitable instead of its object, the request is the waitable's address, and an
     * unparker's token is the status of the wait: WEFT_TIMEOUT is "try again".
     */

    /* Instead of claim: WEFT_OK, WEFT_TIMEOUT: it has to be waited for, or why it never will be. */
    weft_status (*fulfil)(const weft_waitable *waitable);

    /* Called before a waiter enters the queue, and followed by left unless it is served; false:
     * there is no need to enter. */
    bool (*comes)(const weft_waitable *waitable);
};

extern const struct weft_waitable_type wefti_event_waitable;
extern const struct weft_waitable_type wefti_latch_waitable;
extern const struct weft_waitable_type wefti_semaphore_waitable;
extern const struct weft_waitable_type wefti_thread_waitable;
extern const struct weft_waitable_type wefti_queue_get_waitable;
extern const struct weft_waitable_type wefti_queue_put_waitable;

#endif
