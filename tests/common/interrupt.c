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
