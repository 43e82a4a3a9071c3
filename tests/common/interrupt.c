/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include "primitives/park.h"
#include "primitives/self.h"

/* With the registry locked; NULL: it has not begun, or has ended. */
static struct wefti_self *find(const weft_thread *thread)
{
    uint32_t number = weft_thread_ident(thread);
    struct wefti_self *self = wefti_registry_after(number - 1);
    return self != NULL && self->number == number ? self : NULL;
}

bool test_interrupt(const weft_thread *thread)
{
    wefti_registry_lock();
    struct wefti_self *self = find(thread);
    if (self != NULL)
        wefti_interrupt(self);
    wefti_registry_unlock();
    return self != NULL;
}

bool test_waits_for(const weft_thread *thread, enum wefti_kind kind)
{
    struct wefti_key key;
    int64_t since;
    wefti_registry_lock();
    const struct wefti_self *self = find(thread);
    bool waits = self != NULL && wefti_waits(self, &key, &since) && key.kind == kind;
    wefti_registry_unlock();
    return waits;
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
