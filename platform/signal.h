/* SPDX-License-Identifier: MIT */
/*
 * Work on a signal: the handler does nothing but ring for a helper thread, which does the work.
 */
#ifndef WEFTI_PLATFORM_SIGNAL_H
#define WEFTI_PLATFORM_SIGNAL_H

#include <stdbool.h>

#include <weft/status.h>

/* What the helper does. */
enum wefti_help { WEFTI_HELP_DUMP, WEFTI_HELP_EVENTS, WEFTI_HELPS };

/*
 * Starts the helper, if it does not run, for this work too. WEFT_NO_THREAD or WEFT_NO_MEMORY: there
 * is no room for it.
 */
weft_status wefti_helper_start(enum wefti_help help, void (*work)(void));

/* For signal handlers: whether it was started for this work; and has it done, soon and once. */
bool wefti_helper_knows(enum wefti_help help);
void wefti_helper_ring(enum wefti_help help);

/*
 * Has `work` called in the helper, as WEFTI_HELP_DUMP, whenever the signal comes. WEFT_VALUE_ERROR
 * for a signal that cannot be caught; as wefti_helper_start, and then the signal's action is as it was.
 */
weft_status wefti_on_signal(int signal_number, void (*work)(void));

/* The number of a signal from its name ("QUIT", "SIGQUIT") or digits; 0 if it is none we know. */
int wefti_signal_number(const char *name);

/* In the child of a fork: the helper is gone. The next call of the second starts it anew. */
void wefti_signal_forked(void);
void wefti_signal_revive(void);

#endif
