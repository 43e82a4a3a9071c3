/* SPDX-License-Identifier: MIT */
/**
 * @file inspect.h
 * @brief A look inside: who waits for what.
 *
 * Every wait of the library happens in one place, so it can say at any moment what each thread
 * waits for. A program that hangs explains itself when it is started with `WEFT_DUMP_ON=QUIT` in
 * its environment and sent that signal (Ctrl-\ on a terminal):
 * @code
 *     weft: threads of process 4711
 *         1 MainThread   waits 2.004 s for the end of thread writer
 *         2 writer       waits 1.998 s for a lock at 0x55d0bf9c1044
 *         3 reader       runs
 * @endcode
 */
#ifndef WEFT_INSPECT_H
#define WEFT_INSPECT_H

#include <stdint.h>

#include <weft/status.h>

WEFT_BEGIN_DECLS

/**
 * Writes to @p fd a line for each thread that has used the library: its number, name, what it waits
 * for and since when. Uses write(2) and a fixed buffer only, allocates nothing.
 * A pipe or socket that nobody reads any more raises SIGPIPE, as any write to it: a program that has
 * not ignored that signal ends.
 * @return WEFT_OK, or WEFT_RUNTIME if writing failed.
 */
WEFT_API weft_status weft_dump(int fd);

/**
 * From now on the signal @p signal_number makes the program dump to standard error and go on. The
 * handler only wakes a helper thread, which writes. `WEFT_DUMP_ON=QUIT` (or USR1, USR2, HUP or a
 * number) in the environment does the same at start.
 * @return WEFT_OK; WEFT_VALUE_ERROR for a signal that cannot be caught; WEFT_NO_THREAD,
 *         WEFT_NO_MEMORY: there is no room for the helper, and nothing has changed.
 */
WEFT_API weft_status weft_dump_on_signal(int signal_number);

/**
 * How often the calling thread has had to wait: a call that left it unchanged did not block.
 * Counts from the thread's start; waiting for the library's own short critical sections is not
 * counted.
 */
WEFT_API uint64_t weft_park_count(void);

WEFT_END_DECLS

#endif
