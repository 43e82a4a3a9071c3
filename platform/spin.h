/* SPDX-License-Identifier: MIT */
/*
 * To spin before sleeping: worth it if what is waited for comes within the time that going to sleep
 * and being woken take. Each thread learns from its own last waits whether it did.
 */
#ifndef WEFTI_PLATFORM_SPIN_H
#define WEFTI_PLATFORM_SPIN_H

#include <stdbool.h>
#include <stdint.h>

/* What a thread has learnt; zero is: nothing yet. */
struct wefti_spinner {
    uint32_t budget;    /* nanoseconds to spin for; 0: it has not paid */
    uint32_t interval;  /* then, after so many waits, it is tried again */
    uint32_t countdown; /* so many of them are left */
    uint32_t crowd;     /* threads on its processor that its next wait is for, and itself */
};

/*
 * Spins while *word is `value`, as long as has paid so far and until the deadline at most; not at all
 * where there is one processor, or where as many threads spin already. In a crowd of two or more it
 * lets the others run between two looks, wherever that is. True: it is another value now, read
 * without any order.
 */
bool wefti_spin_while(struct wefti_spinner *spinner, const uint32_t *word, uint32_t value,
                      int64_t deadline);

/*
 * How much a thread has spun for locks of late. Over time it spins a quarter as long as it does
 * something else, at most; where several take a lock in turns and do little else, that ends the
 * spinning.
 */
struct wefti_allowance {
    int64_t spent; /* nanoseconds; what else it does counts against them */
    int64_t since; /* as of this time of wefti_clock() */
};

/* Whether the thread may spin now. */
bool wefti_spin_allowed(struct wefti_allowance *allowance, int64_t now);

/* It has spun since it asked. */
void wefti_spin_ended(struct wefti_allowance *allowance, int64_t now);

/* In the child of a fork: nobody spins. */
void wefti_spin_after_fork_child(void);

#endif
