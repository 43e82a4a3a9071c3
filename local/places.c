/* SPDX-License-Identifier: MIT */
/*
 * A Local gets its place when it is first used, and gives it back when it is destroyed; those that
 * were given back are given out first. No thread has anything in a place that is given back, and a
 * key is that place and a serial number, so nobody takes an old Local's value for a new one's.
 *
 * Place 0 is nobody's: a Local without a key looks there.
 */
#include "local/places.h"

#include <string.h>

#include "local/value.h"
#include "platform/atomic.h"
#include "platform/memory.h"

enum { FIRST_ROOM = 32 };
#define MOST (UINT32_MAX / sizeof(struct wefti_slot))

/* Guarded by the mutex of value.h. */
static uint32_t *given_back; /* there is room for all that are in use */
static uint32_t room;
static uint32_t count;  /* of those given back */
static uint32_t used;   /* all places up to this one have been in use */
static uint32_t serial; /* of the last Local */

/* With the mutex held, which it gives up meanwhile: room for more places; false: no memory. */
static bool make_room(void)
{
    uint32_t wanted = room != 0 ? 2 * room : FIRST_ROOM;
    if (wanted > MOST)
        return false;
    wefti_locals_unlock();
    void *unused = wefti_allocate(wanted * sizeof *given_back);
    bool made = unused != NULL;
    wefti_locals_lock();
    if (made && wanted > room) {
        uint32_t *before = given_back;
        given_back = unused;
        if (before != NULL)
            memcpy(given_back, before, count * sizeof *given_back);
        room = wanted;
        unused = before;
    }
    wefti_locals_unlock();
    wefti_release(unused);
    wefti_locals_lock();
    return made;
}

weft_status wefti_place_take(weft_local *local, void (*destructor)(void *value))
{
    bool made = true;
    if (wefti_load(&local->key, ACQUIRE) != 0) /* as wefti_value_find */
        return WEFT_OK;
    wefti_locals_lock();
    while (made && local->key == 0 && count == 0 && used == room)
        made = make_room();
    if (made && local->key == 0) {
        uint32_t place = count > 0 ? given_back[--count] : ++used;
        if (destructor != NULL)
            local->options.destructor = destructor;
        serial++;
        /* Release: pairs with the acquire of weft_local_get and wefti_value_find. */
        wefti_store(&local->key, (uint64_t)serial << 32 | place * sizeof(struct wefti_slot),
                    RELEASE);
    }
    wefti_locals_unlock();
    return made ? WEFT_OK : WEFT_NO_MEMORY;
}

void *wefti_place_give_back(weft_local *local)
{
    if (local->key == 0)
        return NULL;
    given_back[count++] = (uint32_t)local->key / sizeof(struct wefti_slot);
    local->key = 0;
    if (count < used)
        return NULL;
    void *memory = given_back; /* nothing is in use */
    given_back = NULL;
    room = count = used = 0;
    return memory;
}
