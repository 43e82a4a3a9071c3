/* SPDX-License-Identifier: MIT */
/* WEFT_HOLD: held to the end of the braces; break, continue and return mean the loop. */
// expected-no-diagnostics
#include <weft/weft.h>

static weft_lock lock = WEFT_LOCK_INIT;
static int counter WEFT_GUARDED_BY(lock);

void counting(int rounds);
void counting(int rounds)
{
    for (int i = 0; i < rounds; i++) {
        WEFT_HOLD(&lock);
        if (counter == 10)
            continue;
        if (++counter == 20)
            break;
    }
}

int reading(void);
int reading(void)
{
    WEFT_HOLD(&lock);
    return counter;
}
