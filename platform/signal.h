/* SPDX-License-Identifier: MIT */
/*
 * Work on a signal: the handler does nothing but wake a helper thread, which does the work.
 */
#ifndef WEFTI_PLATFORM_SIGNAL_H
#define WEFTI_PLATFORM_SIGNAL_H

#include <weft/status.h>

/*
 * Has `work` called in a helper thread whenever the signal comes. WEFT_VALUE_ERROR for a signal that
 * cannot be caught, WEFT_NO_THREAD without the helper. One `work` in a process.
 */
weft_status wefti_on_signal(int signal_number, void (*work)(void));

/* The number of a signal from its name ("QUIT", "SIGQUIT") or digits; 0 if it is none we know. */
int wefti_signal_number(const char *name);

/* In the child of a fork: the helper is gone. The next call of the second starts it anew. */
void wefti_signal_forked(void);
void wefti_signal_revive(void);

#endif
