/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include "primitives/park.h"
#include "primitives/self.h"

bool test_interrupt(const weft_thread *thread)
{
    uint32_t number = weft_thread_ident(thread);
    wefti_registry_lock();
    struct wefti_self *self = wefti_registry_after(number - 1);
    bool found = self != NULL && self->number == number;
    if (found)
        wefti_interrupt(self);
    wefti_registry_unlock();
    return found;
}

uint64_t interrupt_at_random(const struct crew *crew, int64_t end)
{
    uint64_t sent = 0;
    uint64_t random = test_stress_random();
    for (; test_clock() < end; (void)weft_sleep(1e-4))
        if (weft_thread_interrupt(crew->threads[test_random(&random) % crew->size]) == WEFT_OK)
            sent++;
    return sent;
}
