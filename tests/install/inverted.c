/* SPDX-License-Identifier: MIT */
/* Two threads, one after the other, take two RLocks: each in another order. */
#include <weft/weft.h>

static weft_rlock locks[2];

static void *take_both(void *first)
{
    weft_rlock *second = first == &locks[0] ? &locks[1] : &locks[0];
    WEFT_WITH((weft_rlock *)first) {
        WEFT_WITH(second) {
        }
    }
    return NULL;
}

int main(void)
{
    for (int i = 0; i < 2; i++) {
        weft_thread *thread = weft_thread_spawn(take_both, &locks[i]);
        if (thread == NULL)
            return 2;
        weft_thread_join(thread);
        weft_thread_free(thread);
    }
    return 0;
}
