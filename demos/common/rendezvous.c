/* SPDX-License-Identifier: MIT */
/**
 * @file rendezvous.c
 * @brief A meeting point: a barrier that is not expected to break.
 */
#include "demo_private.h"

void demo_rendezvous_meet(demo_rendezvous *meeting)
{
    weft_status status = weft_barrier_wait(&meeting->barrier, NULL);
    if (status != WEFT_OK)
        demo_misuse("a rendezvous did not take place: %s", weft_strerror(status));
}
