/* SPDX-License-Identifier: MIT */
/**
 * @file thread.h
 * @brief Thread: Python's `threading.Thread`.
 *
 * A target is a function of one pointer that returns one, or #WEFT_RAISED if it has failed (see
 * error.h). A thread handle is counted: the caller of weft_thread_new() or weft_thread_spawn() owns
 * one reference and gives it up with weft_thread_free(), before or after the thread's end; that
 * never blocks and never stops the thread.
 * @code
 *     static void *work(void *arg) { ... return arg; }
 *
 *     weft_thread *t = weft_thread_spawn(work, &job, .name = "worker-1");
 *     if (t == NULL)
 *         return weft_last_status();
 *     if (weft_thread_join(t) == WEFT_FAILED)
 *         fprintf(stderr, "%s\n", weft_thread_error(t)->message);
 *     void *value = weft_thread_value(t);
 *     weft_thread_free(t);
 * @endcode
 * When the process exits, threads that are not daemons are joined first; daemons are abandoned.
 * Every call is thread-safe. No call may be made from a signal handler.
 */
#ifndef WEFT_THREAD_H
#define WEFT_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/clock.h>
#include <weft/error.h>
#include <weft/status.h>

WEFT_BEGIN_DECLS

/** A thread; opaque and counted. */
typedef struct weft_thread weft_thread;

/** What a thread runs. */
typedef void *weft_target(void *arg);

/** The arguments of weft_thread_new(). Zero is the default of every one. */
typedef struct weft_thread_options {
    size_t struct_size;         /**< sizeof(weft_thread_options), set by the macro. */
    weft_target *target;        /**< What to run; must not be NULL. */
    void *arg;                  /**< What to run it on. */
    const char *name;           /**< Copied; NULL or "": "Thread-N". */
    bool daemon;                /**< Not waited for at exit; threads of daemons are daemons, too. */
    size_t stack_size;          /**< Bytes, rounded up to what the system wants; 0: its default. */
    void (*free_value)(void *); /**< Called on a value that is not NULL when the handle ends. */
} weft_thread_options;

/**
 * Makes a thread that is not started yet: `Thread(target=..., args=..., name=..., daemon=...)`.
 * `weft_thread_new(target, arg, .name = "worker", .daemon = true)`
 * @return the handle, one reference of the caller's; NULL: weft_last_status() is WEFT_NO_MEMORY or,
 *         without a target, WEFT_VALUE_ERROR.
 */
#define weft_thread_new(...)                                                                       \
    weft_thread_new_with(                                                                          \
        &(const weft_thread_options){.struct_size = sizeof(weft_thread_options), __VA_ARGS__})

/** The function behind weft_thread_new(), for C++ and bindings. */
WEFT_API WEFT_CHECKED weft_thread *weft_thread_new_with(const weft_thread_options *options);

/**
 * Starts the thread, once: `t.start()`.
 * @return WEFT_OK; WEFT_RUNTIME if it has been started before, or is a timer's, the main thread or
 *         a foreign one; WEFT_NO_THREAD, WEFT_NO_MEMORY: the system has no room for it, it may be
 *         started again; WEFT_VALUE_ERROR for NULL.
 */
WEFT_API WEFT_CHECKED weft_status weft_thread_start(weft_thread *thread);

/**
 * Both at once: `Thread(...).start()`.
 * @return as weft_thread_new(), and WEFT_NO_THREAD.
 */
#define weft_thread_spawn(...)                                                                     \
    weft_thread_spawn_with(                                                                        \
        &(const weft_thread_options){.struct_size = sizeof(weft_thread_options), __VA_ARGS__})

/** The function behind weft_thread_spawn(), for C++ and bindings. */
WEFT_API WEFT_CHECKED weft_thread *weft_thread_spawn_with(const weft_thread_options *options);

/** Adds a reference and returns @p thread. */
WEFT_API weft_thread *weft_thread_ref(weft_thread *thread);

/** Gives a reference up; NULL is allowed. Does not wait for the thread and does not stop it. */
WEFT_API void weft_thread_free(weft_thread *thread);

/**
 * Waits until the thread has ended, as often as one likes: `t.join()`. The system's thread is gone
 * when it returns.
 * @return WEFT_OK; WEFT_FAILED if its target has, see weft_thread_error(); WEFT_RUNTIME if
 *         @p thread has not been started, is the caller, the main thread or a foreign one;
 *         WEFT_INTERRUPTED; WEFT_VALUE_ERROR for NULL.
 */
WEFT_API weft_status weft_thread_join(weft_thread *thread);

/** The same, for at most @p seconds: also WEFT_TIMEOUT, and WEFT_VALUE_ERROR for NaN. */
WEFT_API WEFT_CHECKED weft_status weft_thread_join_for(weft_thread *thread, double seconds);

/** The same, until weft_now() reaches @p deadline. */
WEFT_API WEFT_CHECKED weft_status weft_thread_join_until(weft_thread *thread, double deadline);

/**
 * Ends the thread's present weft wait, or its next one, with WEFT_INTERRUPTED, once: several calls
 * before that wait count as one. A thread may interrupt itself; main and foreign threads can be.
 * @return WEFT_OK; WEFT_RUNTIME if it has ended or has not been started; WEFT_VALUE_ERROR for NULL.
 */
WEFT_API weft_status weft_thread_interrupt(weft_thread *thread);

/**
 * What the target returned; NULL while it runs or if it has failed. Belongs to the program, or see
 * `.free_value`.
 */
WEFT_API void *weft_thread_value(const weft_thread *thread);

/** Why the target failed, lent as long as the handle lives; NULL while it runs or if it did not. */
WEFT_API const weft_error *weft_thread_error(const weft_thread *thread);

/** The thread's name: `t.name`. What is returned stays valid as long as the handle lives. */
WEFT_API const char *weft_thread_name(const weft_thread *thread);

/**
 * Renames the thread, at any time: `t.name = name`. The name is copied; the system's name (ps,
 * debuggers) follows where the system can do that. Former names are kept as long as the handle.
 * @return WEFT_OK; WEFT_NO_MEMORY; WEFT_VALUE_ERROR for NULL.
 */
WEFT_API weft_status weft_thread_set_name(weft_thread *thread, const char *name);

/** Whether it has been started and its target has not returned yet: `t.is_alive()`. */
WEFT_API bool weft_thread_is_alive(const weft_thread *thread);

/** Whether the thread is not waited for at exit: `t.daemon`. */
WEFT_API bool weft_thread_is_daemon(const weft_thread *thread);

/**
 * Says so, before the start: `t.daemon = daemon`.
 * @return WEFT_OK; WEFT_RUNTIME if it has been started; WEFT_VALUE_ERROR for NULL.
 */
WEFT_API weft_status weft_thread_set_daemon(weft_thread *thread, bool daemon);

/** Its number: 1 is the main thread; given once, never reused; 0 before the start: `t.ident`. */
WEFT_API uint32_t weft_thread_ident(const weft_thread *thread);

/**
 * The kernel's number of the thread, as in ps and gdb: `t.native_id`; 0 before the start. Right
 * after a start it waits for the moment until the thread begins.
 */
WEFT_API uint64_t weft_thread_native_id(const weft_thread *thread);

/**
 * The calling thread, lent: `threading.current_thread()`. NULL: WEFT_NO_MEMORY (a foreign thread), or
 * WEFT_RUNTIME: it is at its end (a pthread key's destructor), and has no handle any more.
 */
WEFT_API weft_thread *weft_thread_current(void);

/** The thread that loaded the library, lent: `threading.main_thread()`. */
WEFT_API weft_thread *weft_thread_main(void);

/**
 * All threads that are alive, the main thread first, then in the order of their numbers:
 * `threading.enumerate()`. Foreign threads are among them once they have used the library.
 * @param[out] count how many; may be NULL.
 * @return an array of references, ended by NULL: give it to weft_thread_list_free(). NULL:
 *         WEFT_NO_MEMORY.
 */
WEFT_API WEFT_CHECKED weft_thread **weft_thread_enumerate(size_t *count);

/**
 * How many threads are alive: `threading.active_count()`, the length of weft_thread_enumerate().
 */
WEFT_API size_t weft_thread_active_count(void);

/** Gives up every reference of a list and the list itself; NULL is allowed. */
WEFT_API void weft_thread_list_free(weft_thread **threads);

WEFT_END_DECLS

#endif
