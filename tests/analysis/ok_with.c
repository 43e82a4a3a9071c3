/* SPDX-License-Identifier: MIT */
/* WEFT_WITH: the block holds the lock, however it is left; nothing is held after it. */
// expected-no-diagnostics
#include <weft/weft.h>

static weft_lock lock = WEFT_LOCK_INIT;
static int counter WEFT_GUARDED_BY(lock);

void twice(void);
void twice(void)
{
    WEFT_WITH(&lock) {
        counter++;
    }
    WEFT_WITH(&lock) {
        counter++;
    }
}

int returning(void);
int returning(void)
{
    WEFT_WITH(&lock) {
        if (counter > 0)
            return counter;
    }
    return 0;
}

void in_a_loop(int rounds);
void in_a_loop(int rounds)
{
    for (int i = 0; i < rounds; i++) {
        WEFT_WITH(&lock) {
            if (counter == i)
                break;
            counter++;
        }
    }
}
