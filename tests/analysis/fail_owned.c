/* SPDX-License-Identifier: MIT */
/* An RLock released twice, a condition that guards nothing here, and what WITH_ALL leaves out. */
#include <weft/weft.h>

static weft_lock lock = WEFT_LOCK_INIT;
static weft_rlock rlock = WEFT_RLOCK_INIT;
static weft_condition condition = WEFT_CONDITION_INIT;
static int a WEFT_GUARDED_BY(lock);
static int b WEFT_GUARDED_BY(rlock);
static int c WEFT_GUARDED_BY(condition);

void releases_twice(void);
void releases_twice(void)
{
    weft_rlock_acquire(&rlock);
    weft_rlock_release(&rlock);
    // expected-note@-1 {{mutex released here}}
    weft_rlock_release(&rlock);
    // expected-error@-1 {{releasing mutex 'rlock' that was not held}}
}

void unguarded(void);
void unguarded(void)
{
    WEFT_WITH(&rlock) {
        b++;
        c++;
        // expected-error@-1 {{writing variable 'c' requires holding mutex 'condition' exclusively}}
    }
    WEFT_WITH_ALL(&condition, &rlock) {
        a++;
        // expected-error@-1 {{writing variable 'a' requires holding mutex 'lock' exclusively}}
        b++;
        c++;
    }
    b++;
    // expected-error@-1 {{writing variable 'b' requires holding mutex 'rlock' exclusively}}
}
