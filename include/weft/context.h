/* SPDX-License-Identifier: MIT */
/**
 * @file context.h
 * @brief Context: a thread's values, carried to where its work goes on; Python's
 *        `contextvars.Context`.
 *
 * A task that runs in another thread finds that thread's Locals, not those of whoever submitted it.
 * A context takes them along: it captures the calling thread's value of each Local that has a
 * `.copy`, and a function that runs in the context finds these.
 * @code
 *     static void *same(void *value) { return value; }
 *     static weft_local request = WEFT_LOCAL_INIT(.copy = same);
 *
 *     weft_context *context = weft_context_capture();         // where the work is given away
 *     void *result = weft_context_run(context, task, arg);    // where it is done
 *     weft_context_free(context);
 * @endcode
 *
 * One rule of ownership: what a Local's `.copy` returns is the context's, and its `.destructor`
 * ends it when the last reference to the context goes. So `.copy` may duplicate the value, add a
 * reference to it, or, without a destructor, return the very same pointer.
 *
 * While a thread is in a context the values are its own: of each Local with a `.copy` it sees what
 * the context has, or none. What it changes, adds and clears is the context's when it leaves, and
 * the thread has what it had before. Locals without a `.copy` are not touched. A context is in one
 * thread at a time; each thread may enter several, one inside another.
 *
 * Every call is thread-safe; none may be made from a signal handler.
 */
#ifndef WEFT_CONTEXT_H
#define WEFT_CONTEXT_H

#include <weft/local.h>
#include <weft/status.h>
#include <weft/thread.h>

WEFT_BEGIN_DECLS

/** A context; opaque and counted. */
typedef struct weft_context weft_context;

/**
 * Captures the calling thread's values: `contextvars.copy_context()`. A `.copy` is called with each
 * value but NULL, in the order in which the thread got them.
 * @return the context, one reference of the caller's; NULL: weft_last_status() is WEFT_NO_MEMORY,
 *         or WEFT_FAILED if a `.copy` returned #WEFT_RAISED (weft_last_error() is its error).
 */
WEFT_API WEFT_CHECKED weft_context *weft_context_capture(void);

/** Adds a reference and returns @p context. */
WEFT_API weft_context *weft_context_ref(weft_context *context);

/**
 * Gives a reference up; NULL is allowed. The last one ends the values, in the calling thread. A
 * thread that is in the context has a reference of its own.
 */
WEFT_API void weft_context_free(weft_context *context);

/**
 * Runs @p target on @p arg in the context: `context.run(target, arg)`. However the target is left
 * (pthread_exit() too), the thread has its own values back.
 * @return what the target returns; #WEFT_RAISED too if the context cannot be entered: an error of
 *         code WEFT_RUNTIME if a thread is in it, WEFT_NO_MEMORY, WEFT_VALUE_ERROR for NULL.
 */
WEFT_API void *weft_context_run(weft_context *context, weft_target *target, void *arg);

/**
 * Enters the context until weft_context_detach(): weft_context_run() in two halves.
 * @return WEFT_OK; WEFT_RUNTIME if a thread is in it (this one counts), or if the calling thread
 *         has ended; WEFT_NO_MEMORY; WEFT_VALUE_ERROR for NULL.
 */
WEFT_API WEFT_CHECKED weft_status weft_context_attach(weft_context *context);

/**
 * Leaves the context that the calling thread has entered last and not left. A thread that ends
 * leaves its contexts by itself.
 * @return WEFT_OK; WEFT_RUNTIME if that is another one; WEFT_BUSY if a #WEFT_LOCAL_WITH block or
 *         an initializer that began in the context still runs; WEFT_VALUE_ERROR for NULL. Nothing
 *         has changed then.
 */
WEFT_API weft_status weft_context_detach(weft_context *context);

WEFT_END_DECLS

#endif
