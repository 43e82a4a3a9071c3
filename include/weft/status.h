/* SPDX-License-Identifier: MIT */
/**
 * @file status.h
 * @brief What a call reports: one status for each Python exception.
 *
 * Every call that can fail returns a ::weft_status. A call that makes something returns the thing
 * or NULL, and weft_last_status() of the calling thread then says why.
 * @code
 *     weft_status status = weft_lock_acquire_for(&lock, 0.5);
 *     if (status != WEFT_OK)
 *         fprintf(stderr, "%s: %s\n", weft_status_name(status), weft_strerror(status));
 * @endcode
 */
#ifndef WEFT_STATUS_H
#define WEFT_STATUS_H

#include <weft/attributes.h>

WEFT_BEGIN_DECLS

/** Zero is success; the other values are the constants of #WEFT_STATUS_MAP. */
typedef int weft_status;

/** Success. A macro, so that clang's lock analysis understands `== WEFT_OK`. */
#define WEFT_OK 0

/**
 * All failures: X(name, number, Python's exception, sentence). The numbers are ABI. The sentences
 * that Python's users know are Python's.
 */
#define WEFT_STATUS_MAP(X)                                                                         \
    X(WEFT_TIMEOUT, 1, "TimeoutError", "timed out")                                                \
    X(WEFT_INTERRUPTED, 2, "InterruptedError", "the wait was interrupted")                         \
    X(WEFT_NOT_LOCKED, 3, "RuntimeError", "release unlocked lock")                                 \
    X(WEFT_NOT_OWNER, 4, "RuntimeError", "cannot release un-acquired lock")                        \
    X(WEFT_VALUE_ERROR, 5, "ValueError", "a value is out of its range")                            \
    X(WEFT_TYPE_ERROR, 6, "TypeError", "an item of another size than the queue's")                 \
    X(WEFT_RUNTIME, 7, "RuntimeError", "the call does not fit the object's state")                 \
    X(WEFT_DEADLOCK, 8, "RuntimeError", "the wait would never end")                                \
    X(WEFT_BUSY, 9, "RuntimeError", "the object is still held or waited for")                      \
    X(WEFT_OVERFLOW, 10, "OverflowError", "a count has reached its limit")                         \
    X(WEFT_NO_MEMORY, 11, "MemoryError", "out of memory")                                          \
    X(WEFT_NO_THREAD, 12, "RuntimeError", "can't start new thread")                                \
    X(WEFT_FAILED, 13, "Exception", "the task has failed")                                         \
    X(WEFT_CANCELLED, 14, "CancelledError", "the task was cancelled")                              \
    X(WEFT_INVALID_STATE, 15, "InvalidStateError", "the future's state does not allow it")         \
    X(WEFT_EMPTY, 16, "queue.Empty", "the queue is empty")                                         \
    X(WEFT_FULL, 17, "queue.Full", "the queue is full")                                            \
    X(WEFT_SHUTDOWN, 18, "queue.ShutDown", "it has been shut down")                                \
    X(WEFT_BROKEN_BARRIER, 19, "BrokenBarrierError", "the barrier is broken")                      \
    X(WEFT_BROKEN_POOL, 20, "BrokenThreadPool", "a worker's initializer has failed")               \
    X(WEFT_NO_ATTRIBUTE, 21, "AttributeError", "there is no attribute of that name")               \
    X(WEFT_EXPIRED, 22, "TimeoutError", "the task waited too long to be started")                  \
    X(WEFT_KEY_ERROR, 23, "KeyError", "there is nothing under that key")

/** The failures, by name. */
enum {
#define WEFT_STATUS_ENUM(name, number, exception, sentence) name = (number),
    WEFT_STATUS_MAP(WEFT_STATUS_ENUM)
#undef WEFT_STATUS_ENUM
        WEFT_USER = 1000 /**< Codes from here up are the program's own. */
};

/** The constant's name, "WEFT_TIMEOUT"; "WEFT_USER" from 1000 up; "unknown" for any other number. */
WEFT_API const char *weft_status_name(weft_status status);

/** The sentence for people, never NULL. As strerror(); thread-safe, the text is constant. */
WEFT_API const char *weft_strerror(weft_status status);

/** The Python exception that stands for the same, "TimeoutError"; "" for #WEFT_OK. */
WEFT_API const char *weft_status_exception(weft_status status);

/**
 * Why the calling thread's last weft call returned NULL, or its last scope was skipped. Calls that
 * return a status themselves do not change it.
 */
WEFT_API weft_status weft_last_status(void);

/** Sets it, for libraries on top of this one, whose calls return NULL in the same way. */
WEFT_API void weft_set_last_status(weft_status status);

WEFT_END_DECLS

#endif
