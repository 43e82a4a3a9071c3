/* SPDX-License-Identifier: MIT */
/**
 * @file demo_child.h
 * @brief A part of a demo that cannot end by itself, in a process that can be ended.
 *
 * A deadlock is for good. A demo that shows one lets it happen in a child process and looks at it
 * from outside:
 * @code
 *     static int deadlock(void *arg)
 *     {
 *         ...
 *         DEMO_AWAIT(weft_lock_waiters(&first) == 1 && weft_lock_waiters(&second) == 1);
 *         demo_say("now they wait for ever");
 *         return 0;
 *     }
 *
 *     demo_child child = demo_child_run(deadlock, NULL, 1.0);
 *     CHECK(child.killed, "the child did not end by itself");
 * @endcode
 * What the child says and checks appears in the demo's own output and counts as the demo's.
 * A child is forked before the demo starts its first thread.
 */
#ifndef DEMO_CHILD_H
#define DEMO_CHILD_H

#include <stdbool.h>

/** How a child ended. */
typedef struct demo_child {
    bool ready;        /**< It got as far as demo_child_ready(), or to the end of its body. */
    bool killed;       /**< It did not end in time and was killed. */
    int exit_status;   /**< Its exit status; -1 if a signal ended it. */
    char output[8192]; /**< The beginning of what it wrote to stdout and stderr. */
} demo_child;

/**
 * Runs `exit(body(arg))` in a child process and waits for its end. Once the child is ready it has
 * @p seconds (of the story) left, then it is killed; #WEFT_FOREVER is for a child that will end by
 * itself. Such a child, and one that never gets ready, is killed after
 * #DEMO_PATIENCE.
 */
demo_child demo_child_run(int (*body)(void *arg), void *arg, double seconds);

/**
 * Called in the child: what had to happen has happened, the time counts from now. The return of the
 * body does the same.
 */
void demo_child_ready(void);

#endif
