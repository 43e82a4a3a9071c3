/* SPDX-License-Identifier: MIT */
/**
 * @file demo.h
 * @brief What all demos share: narration, a time scale, facts, order, meeting points.
 *
 * A demo tells a story and then checks that what it told is true. It begins with demo_begin() and
 * ends with `return demo_end();`, whose status says whether all facts held:
 * @code
 *     static weft_lock lock = WEFT_LOCK_INIT;
 *
 *     static void *visit(void *arg)
 *     {
 *         weft_lock_acquire(&lock);
 *         demo_say("is inside");
 *         weft_lock_release(&lock);
 *         return arg;
 *     }
 *
 *     int main(void)
 *     {
 *         demo_begin("A visitor waits until the door is opened");
 *         weft_lock_acquire(&lock);
 *         weft_thread *visitor = demo_must(weft_thread_spawn(visit, NULL, .name = "visitor"));
 *         DEMO_AWAIT(weft_lock_waiters(&lock) == 1);
 *         demo_say("opens the door");
 *         weft_lock_release(&lock);
 *         weft_thread_join(visitor);
 *         weft_thread_free(visitor);
 *         CHECK(demo_in_order("MainThread opens the door", "visitor is inside"),
 *               "nobody is inside before the door is open");
 *         return demo_end();
 *     }
 * @endcode
 * What a demo shows never depends on luck: whatever must come first is waited for (DEMO_AWAIT,
 * demo_rendezvous_meet()); time is only ever checked from below (demo_at_least()).
 */
#ifndef DEMO_H
#define DEMO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <weft/weft.h>

/* --- The frame ------------------------------------------------------------------------------- */

/** The first call of every demo: reads the environment and prints the title. */
void demo_begin(const char *title);

/** The last call: prints the count of facts; 0 if all held, 1 if not, 2 if none was checked. */
WEFT_CHECKED int demo_end(void);

/** Instead of demo_end(), where the machine cannot show it: says why and returns 77. */
WEFT_CHECKED int demo_skip(const char *format, ...) WEFT_PRINTF(1, 2);

/** Returns @p made; if it is NULL, says why and ends the demo with status 2. */
void *demo_must(void *made);

/* --- Narration ------------------------------------------------------------------------------- */

/**
 * Prints a line with the time, the thread's name and the text, in one piece however many threads
 * speak. Its first 119 bytes are also kept, as "name text", for demo_in_order() and demo_count().
 */
void demo_say(const char *format, ...) WEFT_PRINTF(1, 2);

/** Keeps a line as demo_say() does, and prints nothing. */
void demo_mark(const char *format, ...) WEFT_PRINTF(1, 2);

/**
 * Prints the heading of a part. For who shows a demo to others and talks about it: before each part
 * but the first it rests WEFT_DEMO_PAUSE real seconds, a number in the environment, by default 0.
 */
void demo_part(const char *format, ...) WEFT_PRINTF(1, 2);

/** Prints a line without time and name: a row of a table. */
void demo_line(const char *format, ...) WEFT_PRINTF(1, 2);

/** A name such as "worker-3"; good until the calling thread's next call. */
const char *demo_name(const char *format, ...) WEFT_PRINTF(1, 2);

/* --- Facts ----------------------------------------------------------------------------------- */

/**
 * Prints the fact, in words, with a check mark if @p condition holds and a cross if not, and counts
 * it. Any thread and any child process may check; the value is the condition's.
 */
#define CHECK(condition, ...) demo_check((condition), #condition, __FILE__, __LINE__, __VA_ARGS__)

/** The function behind CHECK. */
bool demo_check(bool holds, const char *condition, const char *file, int line, const char *format,
                ...) WEFT_PRINTF(5, 6);

/**
 * Whether lines were said in this order: for each, its first occurrence counts. A line is given as
 * "name text"; `*` and `?` match as in file names. `demo_in_order("a takes it", "b gives up")`
 */
#define demo_in_order(...) demo_lines_in_order((const char *const[]){__VA_ARGS__, NULL})

/** The function behind demo_in_order(); the array ends with NULL. */
bool demo_lines_in_order(const char *const *patterns);

/** How many lines of the form "name text" match @p pattern. */
size_t demo_count(const char *pattern);

/* --- Time ------------------------------------------------------------------------------------ */

/**
 * A wait of @p seconds at the speed of this run: pass every sleep and timeout through it. The speed
 * is WEFT_DEMO_SPEED in the environment, 1 by default; at 20 everything takes a twentieth.
 */
double demo_seconds(double seconds);

/** Sleeps for demo_seconds(seconds). */
void demo_sleep(double seconds);

/**
 * For a time-out that must not pass, in real seconds at every speed: what is waited for is certain to
 * come, but on a busy machine nobody knows when.
 */
#define DEMO_PATIENCE 60.0

/** Seconds of the story since demo_begin(): at every speed the same story takes the same time. */
double demo_now(void);

/** Whether @p elapsed, a difference of two demo_now(), is @p seconds or more. */
bool demo_at_least(double elapsed, double seconds);

/* --- Meeting --------------------------------------------------------------------------------- */

/**
 * Waits until a state is reached that lasts, such as `weft_lock_waiters(&lock) == 3`: no thread is
 * ever given time to get somewhere, it is seen to be there. The condition asks the library or reads
 * atomics.
 */
#define DEMO_AWAIT(condition)                                                                      \
    do {                                                                                           \
        while (!(condition))                                                                       \
            demo_pause();                                                                          \
    } while (0)

/** A very short rest between two looks of DEMO_AWAIT. */
void demo_pause(void);

/**
 * A point where threads meet, again and again. The field is private. It is no lock, so a watch for
 * deadlocks says nothing about it.
 */
typedef struct demo_rendezvous {
    weft_barrier barrier;
} demo_rendezvous;

/** A rendezvous of @p count threads. */
#define DEMO_RENDEZVOUS_INIT(count)                                                                \
    {                                                                                              \
        WEFT_BARRIER_INIT(count)                                                                   \
    }

/** Waits until all parties have called it. */
void demo_rendezvous_meet(demo_rendezvous *meeting);

/** Counts threads in one place at once: put it where they should, or should not, be many. */
typedef struct demo_crowd {
    atomic_int inside; /**< How many are there now. */
    atomic_int peak;   /**< How many there have been at once, at most. */
} demo_crowd;

/** The calling thread comes. */
void demo_crowd_enter(demo_crowd *crowd);

/** The calling thread goes. */
void demo_crowd_leave(demo_crowd *crowd);

/* --- Sanitizers ------------------------------------------------------------------------------ */

/** Stands in a demo that takes locks in opposite orders on purpose: ThreadSanitizer lets it. */
#define DEMO_INVERTS_LOCK_ORDER                                                                    \
    const char *__tsan_default_options(void);                                                      \
    const char *__tsan_default_options(void)                                                       \
    {                                                                                              \
        return "detect_deadlocks=0";                                                               \
    }

/* --- Files ----------------------------------------------------------------------------------- */

/** Fills @p path with a template for mkstemp() or mkdtemp(), where temporary files belong. */
void demo_temporary(char *path, size_t size);

#endif
