/* SPDX-License-Identifier: MIT */
/**
 * @file event.h
 * @brief Event: Python's `threading.Event`.
 *
 * A flag that threads wait for. Until somebody sets it, wait() blocks; from then on it returns at
 * once, for everybody, until somebody clears it. An Event is a level, not a message: set twice is
 * set once, and nobody takes it away by waiting.
 *
 * A thread that was blocked when set() came gets WEFT_OK, even if clear() follows at once.
 *
 * All-zero bytes are an event that is not set, and nothing has to be destroyed. It may lie anywhere
 * but must not be moved or copied while in use. Its memory may be freed when no thread waits any
 * more, even while the set() that let the last one go on has not returned: set() does not touch the
 * event after it is seen to be set. A thread that has waited for an event on its stack may return.
 *
 * @code
 *     static weft_event ready = WEFT_EVENT_INIT;
 *
 *     weft_event_set(&ready);                                   // one thread
 *
 *     if (weft_event_wait_for(&ready, 2.0) == WEFT_TIMEOUT)     // any number of others
 *         fprintf(stderr, "still not ready\n");
 * @endcode
 *
 * Every call is thread-safe. Of all calls of the library only weft_event_set_from_signal() may be
 * made from a signal handler. NULL is #WEFT_VALUE_ERROR.
 */
#ifndef WEFT_EVENT_H
#define WEFT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/clock.h>
#include <weft/status.h>

WEFT_BEGIN_DECLS

/** An event of 4 bytes. The field is private. */
typedef struct weft_event {
    uint32_t state;
} weft_event;

/** An event that is not set; `= {0}` and zeroed memory do as well. */
#define WEFT_EVENT_INIT                                                                            \
    {                                                                                              \
        0                                                                                          \
    }

/** Whether it is set at this moment: `e.is_set()`. Never waits. */
WEFT_API bool weft_event_is_set(const weft_event *event);

/** Sets it and lets all go on that wait: `e.set()`. Makes no system call if nobody waits. */
WEFT_API weft_status weft_event_set(weft_event *event);

/** Clears it: `e.clear()`. From now on wait() blocks; who was blocked before a set() goes on. */
WEFT_API weft_status weft_event_clear(weft_event *event);

/**
 * Waits until it is set: `e.wait()`.
 * @return WEFT_OK, or WEFT_INTERRUPTED.
 */
WEFT_API weft_status weft_event_wait(weft_event *event);

/**
 * Waits until it is set, at most @p seconds: `e.wait(seconds)`.
 * @return WEFT_OK (Python: True); WEFT_TIMEOUT (False), never early; WEFT_INTERRUPTED;
 *         WEFT_VALUE_ERROR for NaN.
 */
WEFT_API WEFT_CHECKED weft_status weft_event_wait_for(weft_event *event, double seconds);

/** The same, until weft_now() reaches @p deadline. */
WEFT_API WEFT_CHECKED weft_status weft_event_wait_until(weft_event *event, double deadline);

/**
 * Makes weft_event_set_from_signal() usable, by starting the thread that wakes on behalf of signal
 * handlers (if it does not run yet). Once in a process, before the first handler is installed; the
 * child of a fork inherits it.
 * @return WEFT_OK; WEFT_NO_THREAD, WEFT_NO_MEMORY: there is no room for it.
 */
WEFT_API weft_status weft_event_allow_signals(void);

/**
 * As weft_event_set(), for a signal handler. The event is set when the call returns; threads that
 * were blocked are woken soon afterwards, by a helper thread. Does not change errno.
 * @return WEFT_OK; WEFT_RUNTIME before weft_event_allow_signals(): nothing has changed then.
 */
WEFT_API weft_status weft_event_set_from_signal(weft_event *event);

/** How many threads wait at this moment. For tests and for looking inside; O(waiters). */
WEFT_API size_t weft_event_waiters(const weft_event *event);

/** Says that the event ends here: WEFT_OK, or WEFT_BUSY if a thread waits for it. */
WEFT_API weft_status weft_event_done(weft_event *event);

/** An event on the heap, not set, for bindings; NULL if there is no memory. */
WEFT_API weft_event *weft_event_new(void);

/** Frees what weft_event_new() made; NULL is allowed. It must not be in use. */
WEFT_API void weft_event_free(weft_event *event);

WEFT_END_DECLS

#endif
