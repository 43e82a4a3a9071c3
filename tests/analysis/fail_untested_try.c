/* SPDX-License-Identifier: MIT */
/* A timed acquire whose status nobody reads, or reads the wrong way round. */
#include <weft/weft.h>

static weft_lock lock = WEFT_LOCK_INIT;
static int counter WEFT_GUARDED_BY(lock);

void careless(void);
void careless(void)
{
    weft_lock_acquire_for(&lock, 0.5);
    // expected-error@-1 {{ignoring return value}}
}

void wrong_way_round(void);
void wrong_way_round(void)
{
    if (weft_lock_try_acquire(&lock) != WEFT_OK)
        counter++;
    // expected-error@-1 {{requires holding mutex 'lock'}}
    else
        weft_lock_release(&lock);
}
