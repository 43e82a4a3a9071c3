/* SPDX-License-Identifier: MIT */
/**
 * @file demo_pool.h
 * @brief A pool of things that are dear to make: connections, files, buffers.
 *
 * A bounded semaphore says how many may be out, a lock guards the list. To borrow is to take a
 * permit, then the resource that came back last, or a new one if none is idle; what does not pass
 * the check is destroyed and replaced. If that fails the permit goes back. A loan has a number: once
 * it has been given back or taken away, its number is stale.
 * @code
 *     demo_pool pool;
 *     demo_pool_init(&pool, &(demo_pool_kind){.create = connect, .destroy = hang_up}, 3);
 *     demo_loan loan;
 *     if (demo_pool_borrow(&pool, 0.5, &loan) == WEFT_OK) {
 *         talk(loan.resource);
 *         demo_pool_give_back(&pool, loan);
 *     }
 *     demo_pool_close(&pool);
 * @endcode
 */
#ifndef DEMO_POOL_H
#define DEMO_POOL_H

#include "demo.h"

enum {
    DEMO_POOL_MOST = 16,                    /**< The largest capacity. */
    DEMO_POOL_CREATE_FAILED = WEFT_USER + 1 /**< What a borrow returns if `create` has failed. */
};

/** How resources are made and tested; each gets @p arg. Called without the pool's lock. */
typedef struct demo_pool_kind {
    void *(*create)(void *arg);                  /**< NULL: it has failed. */
    void (*destroy)(void *arg, void *resource);  /**< May be NULL. */
    bool (*is_valid)(void *arg, void *resource); /**< NULL: all are. */
    double (*now)(void *arg);                    /**< The pool's clock; NULL: demo_now(). */
    void *arg;
} demo_pool_kind;

/** What a borrower has. */
typedef struct demo_loan {
    void *resource;
    int slot;
    unsigned number; /**< Never given twice. */
} demo_loan;

/** What has been counted so far. */
typedef struct demo_pool_counts {
    int created, destroyed, failed; /**< Resources; failed: could not be created. */
    int borrowed, reused, returned; /**< Loans; reused: those of a resource that was idle. */
    int timed_out, stale;           /**< Borrows without a permit; returns that were refused. */
    int idle, out;                  /**< Resources at this moment. */
    int permits;                    /**< The semaphore's value at this moment. */
} demo_pool_counts;

/** A place for a resource; private. */
typedef struct demo_pool_slot {
    enum { DEMO_SLOT_EMPTY, DEMO_SLOT_IDLE, DEMO_SLOT_BUSY, DEMO_SLOT_OUT } state;
    void *resource;
    double born;
    double since;    /* idle or out since then */
    unsigned number; /* of the loan, or of the return that made it idle */
    char borrower[32];
    const char *file;
    int line;
} demo_pool_slot;

/** A pool; the fields are private, but anybody may look at the permits. */
typedef struct demo_pool {
    weft_bounded_semaphore permits;
    weft_lock lock; /* guards what follows */
    demo_pool_slot slots[DEMO_POOL_MOST];
    demo_pool_kind kind;
    demo_pool_counts counts;
    unsigned numbers;
} demo_pool;

/** A holder that has had its resource for too long. */
typedef struct demo_pool_leak {
    demo_loan loan;
    double age;
    char borrower[32];
    const char *file;
    int line;
} demo_pool_leak;

/** Makes a pool without resources; WEFT_VALUE_ERROR for a capacity out of 1 to DEMO_POOL_MOST. */
weft_status demo_pool_init(demo_pool *pool, const demo_pool_kind *kind, int capacity);

/** Creates resources until @p count are there. */
void demo_pool_warm(demo_pool *pool, int count);

/**
 * Borrows a resource, waiting at most @p seconds (real ones) for a permit.
 * @return WEFT_OK; WEFT_TIMEOUT; DEMO_POOL_CREATE_FAILED, and the permit has been given back.
 */
#define demo_pool_borrow(pool, seconds, loan)                                                      \
    demo_pool_borrow_many((pool), 1, (seconds), (loan), __FILE__, __LINE__)

/** The same for @p count at once, all or none: one wait, one operation of the semaphore. */
weft_status demo_pool_borrow_many(demo_pool *pool, int count, double seconds, demo_loan *loans,
                                  const char *file, int line);

/** Gives a resource back; WEFT_VALUE_ERROR if the loan is stale. */
weft_status demo_pool_give_back(demo_pool *pool, demo_loan loan);

/** The same, and the resource is destroyed: it has not served well. */
weft_status demo_pool_discard(demo_pool *pool, demo_loan loan);

/** Changes the capacity; who waits for a permit gets it at once, who has one keeps it. */
weft_status demo_pool_resize(demo_pool *pool, int capacity);

/**
 * Destroys idle resources: those that are invalid or older than @p lifetime, and those that have
 * been idle for @p idle_timeout as long as more than @p least idle ones are left. How many.
 */
int demo_pool_evict(demo_pool *pool, double lifetime, double idle_timeout, int least);

/** Finds the holder that has had its resource longest, if that is @p age or more. */
bool demo_pool_find_leak(demo_pool *pool, double age, demo_pool_leak *leak);

/** The numbers, all of one moment. */
demo_pool_counts demo_pool_count(demo_pool *pool);

/** Destroys what is idle; WEFT_BUSY if something is out. */
weft_status demo_pool_close(demo_pool *pool);

#endif
