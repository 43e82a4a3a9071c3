/* SPDX-License-Identifier: MIT */
/**
 * @file compose.h
 * @brief Futures made of futures: then, when_all, when_any, as in C++, Java and JavaScript.
 *
 * No thread waits meanwhile: the next step is taken by the thread that completes the one before, or
 * by an executor.
 * @code
 *     weft_future *page = weft_executor_submit(pool, fetch, url);
 *     weft_future *words = weft_future_then(page, count_words, .executor = pool);
 *     weft_future *either[] = {words, given_up};
 *     weft_future *first = weft_when_any(2, either);
 * @endcode
 * | made by      | is done when           | value                   | failed                  | cancelled |
 * |--------------|------------------------|-------------------------|-------------------------|-----------|
 * | then, target | its target has ended   | the target's            | as the source, or it    | as the source, or it |
 * | then, always | the same               | the same                | if it fails             | if it was |
 * | when_all     | all are done           | array of all values     | as the first in order that failed | if one was, and none failed |
 * | when_any     | the first is done      | that one's              | as that one             | as that one |
 *
 * A composed future is a future like any other: it can be waited for, cancelled, composed again. To
 * cancel it does not touch its sources; what it would have run is not run. It keeps the sources that
 * are done as long as it lives, for a value or an error that is theirs stays theirs: `.free_value` is
 * called when the last of both is freed. One that is not done it does not keep: a promise that is
 * given up is cancelled, and so is what follows it. What it does not need any more, it lets go.
 */
#ifndef WEFT_COMPOSE_H
#define WEFT_COMPOSE_H

#include <stddef.h>

#include <weft/future.h>

WEFT_BEGIN_DECLS

struct weft_executor;

/** The arguments of weft_future_then(). Zero is the default of every one but the first two. */
typedef struct weft_then_options {
    size_t struct_size;             /**< sizeof(weft_then_options), set by the macro. */
    weft_future *future;            /**< The source; must not be NULL. */
    weft_target *target;            /**< Run on its value, if it has one. */
    weft_continuation *always;      /**< Instead: run on the source itself, however it ended, */
    void *arg;                      /**< and on this. */
    struct weft_executor *executor; /**< Who runs it; NULL: the thread that completes the source. */
    void (*free_value)(void *);     /**< Called on a value of its own, when the handle ends. */
    void *tag;                      /**< The program's own, see weft_future_tag(). */
} weft_then_options;

/**
 * A future for what is to follow: `weft_future_then(page, count_words)` runs `count_words(value)`
 * when `page` has its value; if that fails or is cancelled, so does the new one, and nothing is run.
 * `weft_future_then(page, .always = report, .arg = &log)` runs `report(page, &log)` in any case, as
 * Java's handle. Without an executor it is run in the thread that completes the source, or, if that
 * is done already, in the caller's; if it ends that thread, the new one fails with code WEFT_RUNTIME.
 *
 * If the executor has been shut down by then, the future fails with code WEFT_SHUTDOWN.
 * @return one reference of the caller's; NULL: weft_last_status() is WEFT_NO_MEMORY or, without a
 *         future, or with none or both of target and always, WEFT_VALUE_ERROR.
 */
#define weft_future_then(...)                                                                      \
    weft_future_then_with(                                                                         \
        &(const weft_then_options){.struct_size = sizeof(weft_then_options), __VA_ARGS__})

/** The function behind weft_future_then(), for C++ and bindings. */
WEFT_API WEFT_CHECKED weft_future *weft_future_then_with(const weft_then_options *options);

/**
 * A future for all of @p count: done when the last one is, and not before, whatever fails. Its value
 * is an array `void **` of their values in the same order; it belongs to the future. None of them:
 * done at once.
 * @return one reference of the caller's; NULL: WEFT_NO_MEMORY; WEFT_VALUE_ERROR for a NULL.
 */
WEFT_API WEFT_CHECKED weft_future *weft_when_all(size_t count, weft_future *const *futures);

/**
 * A future for the first of @p count that is done, however it ended; of those that are done already
 * the first in the array. weft_future_origin() says which it was.
 * @return as weft_when_all(); WEFT_VALUE_ERROR also for none at all.
 */
WEFT_API WEFT_CHECKED weft_future *weft_when_any(size_t count, weft_future *const *futures);

/**
 * The source whose outcome a composed future has taken over, lent as long as the handle lives: of
 * when_any the first, of when_all one that failed or was cancelled, of then the source if nothing
 * was run. NULL: it is not done, or has an outcome of its own.
 */
WEFT_API const weft_future *weft_future_origin(const weft_future *future);

WEFT_END_DECLS

#endif
