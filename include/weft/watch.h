/* SPDX-License-Identifier: MIT */
/**
 * @file watch.h
 * @brief Watching: deadlocks and inverted lock orders, found and explained.
 *
 * A program started with `WEFT_DEADLOCK=report` in its environment (or `abort`), or one that calls
 * weft_watch_deadlocks(), is told on standard error about
 *
 * - a **deadlock**, at the moment it closes: each thread, what it holds and what it wants, since
 *   when and where. Every wait in it is for something that one thread alone can give (an owned
 *   lock, a thread's end) and has no deadline. `abort` ends the program then.
 * - a **possible deadlock**: the same, but through a ::weft_lock, which any thread may release. It
 *   never aborts.
 * - an inverted **lock order**: a is taken while b is held, and elsewhere b while a is held. That
 *   is a deadlock that has only not happened yet. Told once for each pair of classes.
 * - **misuse** that no status can tell, because only a watcher knows who holds what: a thread that
 *   ends and holds what it alone can release, or one that gives up a share of a ::weft_rwlock
 *   that it does not have.
 *
 * Orders are learnt by class, so that one pass over each order speaks for all objects of a kind. A
 * lock's class is its name; else, if it is static and exported, its symbol; else the place where it
 * was first acquired. Two locks of one class have no order. A call that tries or has a timeout is
 * part of no cycle and makes no order, but what it takes counts as held.
 *
 * A ::weft_lock that is released by a thread that did not take it is a signal rather than a lock:
 * it takes part in nothing from then on.
 * @code
 *     static weft_lock account = WEFT_LOCK_INIT;
 *     static weft_lock journal = WEFT_LOCK_INIT;
 *
 *     weft_watch_deadlocks(WEFT_WATCH_REPORT);
 *     weft_name(&account, "account");
 *     weft_name(&journal, "journal");
 *     WEFT_WITH(&account) { WEFT_WITH(&journal) { ... } }
 *     WEFT_WITH(&journal) { WEFT_WITH(&account) { ... } }    // reported here, though nothing hangs
 * @endcode
 * Off, watching costs nothing; on, each acquire and release takes a lock of the library's own, and
 * about ten times as long. All calls are thread-safe; none may be made from a signal handler.
 */
#ifndef WEFT_WATCH_H
#define WEFT_WATCH_H

#include <stddef.h>

#include <weft/status.h>

WEFT_BEGIN_DECLS

/** What weft_watch_deadlocks() switches to. */
typedef enum weft_watch_mode {
    WEFT_WATCH_OFF,    /**< Nobody looks; what was learnt about orders is kept. */
    WEFT_WATCH_REPORT, /**< Tell. */
    WEFT_WATCH_ABORT,  /**< Tell, and abort() on a deadlock that is certain. */
} weft_watch_mode;

/**
 * Switches watching. What is held already when it is switched on is unknown to it, and never
 * misjudged.
 * @return WEFT_OK; WEFT_VALUE_ERROR for a mode that is none.
 */
WEFT_API weft_status weft_watch_deadlocks(weft_watch_mode mode);

/** What a report is about. */
typedef enum weft_report_kind {
    WEFT_REPORT_DEADLOCK = 1,      /**< Certain, if no thread of it is interrupted. */
    WEFT_REPORT_POSSIBLE_DEADLOCK, /**< Through a Lock that another thread may still release. */
    WEFT_REPORT_LOCK_ORDER,        /**< Nothing hangs yet. */
    WEFT_REPORT_MISUSE,            /**< A mistake in the use of an owned lock. */
} weft_report_kind;

/** What was found. Valid until the report function returns. */
typedef struct weft_report {
    weft_report_kind kind; /**< What it is about. */
    const char *text;      /**< Some lines for people, each ended by a newline. */
} weft_report;

/**
 * Is told what was found by the thread that found it, before that thread goes on or waits. It holds
 * no lock of the library's and may call it; the thread's own acquires make no reports meanwhile.
 */
typedef void weft_report_function(const weft_report *report, void *arg);

/** From now on @p function is told, with @p arg; NULL: reports go to standard error. */
WEFT_API void weft_set_report(weft_report_function *function, void *arg);

/** The longest name in bytes. */
#define WEFT_NAME_MOST 47

/**
 * Names an object (a lock, an event: any that can be waited for) for dumps and reports. The name is
 * copied; another one replaces it, NULL takes it away, and so does the object's `_done` call.
 * @return WEFT_OK; WEFT_VALUE_ERROR for no object, or a name that is empty or too long;
 *         WEFT_NO_MEMORY.
 */
WEFT_API weft_status weft_name(const void *object, const char *name);

WEFT_END_DECLS

#endif
