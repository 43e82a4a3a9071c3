/* SPDX-License-Identifier: MIT */
/**
 * @file resource_pool.h
 * @brief A pool of things that are dear to make: connections, files, buffers.
 *
 * @code
 *     weft_resource_pool *pool = weft_resource_pool_new(10, .create = connect_to, .arg = &address,
 *                                                       .destroy = hang_up, .validate = answers,
 *                                                       .min_size = 2, .idle_timeout = 60);
 *     weft_loan loan;
 *     if (weft_resource_pool_borrow_for(pool, &loan, 0.5) == WEFT_OK) {
 *         talk(loan.resource);
 *         weft_resource_pool_give_back(pool, &loan);      // or _discard, if it has not served well
 *     }
 *     weft_resource_pool_free(pool);
 * @endcode
 * At most `max_size` are out at once; who finds none waits in the order of arrival. Lent is the one
 * that came back last, if it is not too old and `validate` agrees; else it is destroyed, and the next
 * one is looked at; a new one is made if none is left. A loan has a number: once it has been given
 * back it is stale, and giving it back again is refused, even if the resource is out again.
 *
 * What has been idle for too long is destroyed by whoever borrows or gives back next, and by
 * weft_resource_pool_maintain(), which a program may call from a timer. The pool has no thread.
 *
 * Every call is thread-safe and O(1), but for the ones that look at all loans. The program's functions
 * are called in the calling thread and without any lock: they may be slow. None may be made from a
 * signal handler. NULL is #WEFT_VALUE_ERROR. Python has no such class.
 */
#ifndef WEFT_PATTERNS_RESOURCE_POOL_H
#define WEFT_PATTERNS_RESOURCE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/clock.h>
#include <weft/error.h>
#include <weft/status.h>
#include <weft/thread.h>

WEFT_BEGIN_DECLS

/** A pool; opaque. */
typedef struct weft_resource_pool weft_resource_pool;

/** What a borrower has: `resource` is what was made; the rest is private. */
typedef struct weft_loan {
    void *resource;
    void *slot;
    uint64_t number;
} weft_loan;

/** The arguments of weft_resource_pool_new(). Zero is the default of every one but the size. */
typedef struct weft_resource_pool_options {
    size_t struct_size;  /**< sizeof(weft_resource_pool_options), set by the macro. */
    int max_size;        /**< The most that are out at once; at least 1. */
    weft_target *create; /**< Makes one; fails with weft_raise(). It must be there. */
    void (*destroy)(void *resource, void *arg); /**< Ends one; NULL: nothing is to be done. */
    bool (*validate)(void *resource,
                     void *arg); /**< Whether an idle one still serves; NULL: yes. */
    void *arg;                   /**< What all of these are called with. */
    int min_size;                /**< So many are made at once, and kept. */
    double idle_timeout;         /**< Seconds; 0: one may be idle for ever. */
    double max_lifetime;         /**< Seconds from its making; 0: for ever. */
    double (*now)(void *arg);    /**< Its clock for both; NULL: weft_now(). */
} weft_resource_pool_options;

/**
 * Makes a pool, with `min_size` resources: `weft_resource_pool_new(10, .create = connect_to)`.
 * @return the pool. NULL: weft_last_status() is WEFT_NO_MEMORY; WEFT_FAILED, see weft_last_error():
 *         `create` has; WEFT_VALUE_ERROR for a number out of its range, NaN, or no `create`.
 */
#define weft_resource_pool_new(...)                                                                \
    weft_resource_pool_new_with(&(const weft_resource_pool_options){                               \
        .struct_size = sizeof(weft_resource_pool_options), __VA_ARGS__})

/** The function behind weft_resource_pool_new(), for C++ and bindings. */
WEFT_API WEFT_CHECKED weft_resource_pool *
weft_resource_pool_new_with(const weft_resource_pool_options *options);

/**
 * Closes it, and gives it up; NULL is allowed. No other call may be under way or come, but loans may
 * still be given back: the last one frees the pool.
 */
WEFT_API void weft_resource_pool_free(weft_resource_pool *pool);

/**
 * From now on nobody can borrow, those who wait get WEFT_SHUTDOWN, and what is idle or comes back is
 * destroyed. May be called again.
 * @return WEFT_OK, or WEFT_BUSY if resources are still out.
 */
WEFT_API weft_status weft_resource_pool_close(weft_resource_pool *pool);

/**
 * Borrows a resource, waiting as long as it takes.
 * @return WEFT_OK; WEFT_FAILED: a new one was needed, and `create` has failed: weft_last_error() says
 *         why; WEFT_SHUTDOWN; WEFT_INTERRUPTED; WEFT_NO_MEMORY. Nothing is lent then.
 */
#define weft_resource_pool_borrow(pool, loan)                                                      \
    weft_resource_pool_borrow_at((pool), (loan), WEFT_FOREVER, __FILE__, __LINE__)

/** The same, without waiting for one to come back: or WEFT_TIMEOUT. */
#define weft_resource_pool_try_borrow(pool, loan)                                                  \
    weft_resource_pool_borrow_at((pool), (loan), 0, __FILE__, __LINE__)

/** The same, waiting at most `seconds`; WEFT_TIMEOUT, never early; WEFT_VALUE_ERROR for NaN. */
#define weft_resource_pool_borrow_for(pool, loan, seconds)                                         \
    weft_resource_pool_borrow_at((pool), (loan), (seconds), __FILE__, __LINE__)

/** The function behind them. @p file is not copied. */
WEFT_API WEFT_CHECKED weft_status weft_resource_pool_borrow_at(weft_resource_pool *pool,
                                                               weft_loan *loan, double seconds,
                                                               const char *file, int line);

/**
 * Gives a resource back; any thread may.
 * @return WEFT_OK, and the loan is zeroed; WEFT_VALUE_ERROR if it is stale or another pool's.
 */
WEFT_API weft_status weft_resource_pool_give_back(weft_resource_pool *pool, weft_loan *loan);

/** The same, and the resource is destroyed: it has not served well. */
WEFT_API weft_status weft_resource_pool_discard(weft_resource_pool *pool, weft_loan *loan);

/** Sets the most that are out at once. Who waits gets what there is now; who has one keeps it. */
WEFT_API weft_status weft_resource_pool_resize(weft_resource_pool *pool, int max_size);

/**
 * Destroys what is idle and too old, invalid, or idle for too long; then makes what is missing to
 * `min_size`. Who borrows meanwhile may find that none is idle, and makes one.
 * @return WEFT_OK; WEFT_FAILED as weft_resource_pool_borrow(); WEFT_SHUTDOWN; WEFT_NO_MEMORY.
 */
WEFT_API weft_status weft_resource_pool_maintain(weft_resource_pool *pool);

/** A loan that has not come back: who borrowed, where, and how long ago. */
typedef struct weft_loan_info {
    void *resource;
    const char *file; /**< Where it was borrowed. */
    int line;
    uint32_t thread;      /**< The borrower's weft_thread_ident(); */
    char thread_name[32]; /**< its name then, cut off if it is longer. */
    double seconds;       /**< So long it has been out, on the pool's clock. */
} weft_loan_info;

/**
 * The leak report: what has been out for @p seconds or more, in no order.
 * @param[out] infos the first @p most of them. @param[out] count how many there are in all.
 * @return WEFT_OK; WEFT_VALUE_ERROR. O(the most that have ever been there).
 */
WEFT_API weft_status weft_resource_pool_loans(weft_resource_pool *pool, double seconds,
                                              weft_loan_info *infos, size_t most, size_t *count);

/** One moment of a pool. created = destroyed + idle + out, and what is being made or ended. */
typedef struct weft_resource_pool_stats {
    uint64_t created, destroyed; /**< Resources. */
    uint64_t failed;             /**< Calls of `create` that failed. */
    uint64_t invalid, expired;   /**< Destroyed as not valid; as too old or idle too long. */
    uint64_t borrowed, reused;   /**< Loans; of these: of a resource that was idle. */
    uint64_t returned;           /**< Loans that came back, also to be discarded. */
    uint64_t timed_out, refused; /**< Borrows that waited in vain; stale loans. */
    size_t idle, out, waiting;   /**< Resources, and threads that wait, at this moment. */
    size_t peak;                 /**< The most that were out at once. */
    int max_size;
} weft_resource_pool_stats;

/** All of it. WEFT_OK; WEFT_VALUE_ERROR. */
WEFT_API weft_status weft_resource_pool_get_stats(weft_resource_pool *pool,
                                                  weft_resource_pool_stats *stats);

WEFT_END_DECLS

#endif
