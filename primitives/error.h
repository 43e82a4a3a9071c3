/* SPDX-License-Identifier: MIT */
/*
 * How targets are run, and what becomes of their errors: for threads, timers and tasks.
 */
#ifndef WEFTI_PRIMITIVES_ERROR_H
#define WEFTI_PRIMITIVES_ERROR_H

#include <weft/error.h>
#include <weft/thread.h>

/* How a target has ended. */
struct wefti_result {
    void *value;             /* what it returned; NULL if it has failed */
    const weft_error *error; /* why it has failed; NULL: it has not */
};

/*
 * Runs a target to its end. An error that it raised and did not return is dropped; one that was
 * raised before the call stays the calling thread's.
 */
struct wefti_result wefti_run(weft_target *target, void *arg);

/*
 * What a target's return value stands for. The error that the calling thread has raised goes over to
 * the result or, if the value is not WEFT_RAISED, stays the thread's.
 */
struct wefti_result wefti_returned(void *value);

/* An error that nobody has raised; cannot fail: it may say that there is no memory for it. */
const weft_error *wefti_error_new(weft_status code, const char *text);

/* Gives an error of a result back; NULL is allowed. */
void wefti_error_free(const weft_error *error);
void wefti_result_drop_error(struct wefti_result *result); /* the same, as a cleanup */

/* Makes an error of a result the calling thread's, as if it had been raised in it. */
void wefti_error_raise(const weft_error *error);

/* Drops what the calling thread has raised: when it ends. */
void wefti_error_drop(void);

/* Calls the present excepthook. */
void wefti_excepthook(struct weft_thread *thread, const weft_error *error);

#endif
