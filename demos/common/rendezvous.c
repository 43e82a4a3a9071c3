/* SPDX-License-Identifier: MIT */
/**
 * @file rendezvous.c
 * @brief A meeting point made of locks alone: two doors, each a turnstile.
 *
 * A lock that one thread takes and another releases is a door: closed while it is held. A thread
 * goes through a door by taking it and opening it again at once for the next one.
 *
 * | who                          | does                                                   |
 * |------------------------------|--------------------------------------------------------|
 * | the first to come            | closes the entrance                                    |
 * | the last to come             | closes the way out, opens the entrance                 |
 * | each                         | goes through the entrance; the meeting has taken place |
 * | the last through it          | opens the way out                                      |
 * | each                         | goes through the way out                               |
 *
 * The second door keeps a fast thread from coming round and meeting the same crowd again. Lock
 * order: guard before doors; who waits at a door holds nothing. (Downey, The Little Book of
 * Semaphores, section 3.7, has it with semaphores.)
 */
#include "demo_private.h"

static void go_through(weft_lock *door) WEFT_NO_ANALYSIS
{
    weft_lock_acquire(door);
    weft_lock_release(door);
}

/* The analysis has no word for a lock that another thread releases. */
void demo_rendezvous_meet(demo_rendezvous *meeting) WEFT_NO_ANALYSIS
{
    WEFT_WITH(&meeting->guard) {
        meeting->inside++;
        if (meeting->inside == 1)
            weft_lock_acquire(&meeting->entrance);
        if (meeting->inside == meeting->parties) {
            weft_lock_acquire(&meeting->way_out);
            weft_lock_release(&meeting->entrance);
        }
    }
    go_through(&meeting->entrance);
    WEFT_WITH(&meeting->guard) {
        meeting->inside--;
        if (meeting->inside == 0)
            weft_lock_release(&meeting->way_out);
    }
    go_through(&meeting->way_out);
}
