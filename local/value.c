/* SPDX-License-Identifier: MIT */
#include "local/value.h"

#include "local/calls.h"
#include "local/places.h"
#include "platform/atomic.h"
#include "platform/memory.h"
#include "primitives/self.h"

static uint64_t last_serial; /* guarded by the mutex */

static struct wefti_slot *slot_at(const struct wefti_locals *locals, uint64_t key)
{
    size_t place = (uint32_t)key;
    return place < locals->size ? &locals->slots[place / sizeof(struct wefti_slot)] : NULL;
}

struct weft_local_value *wefti_value_find(const weft_local *local)
{
    const struct wefti_locals *mine = wefti_self()->locals;
    /* Acquire: as weft_local_get. */
    uint64_t key = wefti_load(&local->key, ACQUIRE);
    const struct wefti_slot *slot = mine != NULL ? slot_at(mine, key) : NULL;
    return slot != NULL ? slot->value : NULL;
}

/* What weft_local_get sees of the slot: no key where it has to look closer. */
static void show(struct wefti_slot *slot)
{
    const struct weft_local_value *value = slot->value;
    bool plain = value != NULL && value->value != NULL;
    slot->seen.key = plain ? value->local->key : 0;
    slot->seen.value = plain ? value->value : NULL;
}

/* The slot through which its thread finds the value; NULL: it is not to be found. */
static struct wefti_slot *slot_of(const struct weft_local_value *value)
{
    const struct wefti_holder *holder = value->holder;
    const struct wefti_locals *thread = holder->thread;
    return thread != NULL && holder == &thread->values ? slot_at(thread, value->local->key) : NULL;
}

void wefti_value_put(struct weft_local_value *value, enum wefti_value_kind kind, void *what)
{
    value->value = what;
    /* Relaxed: who destroys only looks whether it is MAKING. */
    wefti_store(&value->kind, (uint32_t)kind, RELAXED);
    struct wefti_slot *slot = slot_of(value);
    if (slot != NULL)
        show(slot);
}

/* Into a holder, before that one of its values; NULL: as the newest. */
static void enter(struct weft_local_value *value, struct wefti_holder *holder,
                  struct weft_local_value *newer)
{
    struct weft_local_value **back = newer != NULL ? &newer->older : &holder->newest;
    value->holder = holder;
    value->newer = newer;
    value->older = *back;
    *back = value;
    *(value->older != NULL ? &value->older->newer : &holder->oldest) = value;
    struct wefti_slot *slot = slot_of(value);
    if (slot == NULL)
        return;
    slot->value = value;
    show(slot);
}

static void leave(struct weft_local_value *value)
{
    struct wefti_holder *holder = value->holder;
    struct wefti_slot *slot = slot_of(value);
    if (slot != NULL) {
        slot->value = NULL;
        show(slot);
    }
    *(value->older != NULL ? &value->older->newer : &holder->oldest) = value->newer;
    *(value->newer != NULL ? &value->newer->older : &holder->newest) = value->older;
    holder->removals++;
}

struct weft_local_value *wefti_value_new(weft_local *local, enum wefti_value_kind kind)
{
    struct weft_local_value *value = wefti_allocate(sizeof *value);
    if (value == NULL)
        return NULL;
    value->local = local;
    value->kind = kind;
    return value;
}

void wefti_value_enter(struct weft_local_value *value, struct wefti_holder *holder)
{
    weft_local *local = value->local;
    value->next = local->values;
    value->link = &local->values;
    if (value->next != NULL)
        value->next->link = &value->next;
    local->values = value;
    value->serial = ++last_serial;
    enter(value, holder, NULL);
}

void wefti_values_move(struct wefti_holder *from, struct wefti_holder *to,
                       bool (*wanted)(const struct weft_local_value *value))
{
    struct weft_local_value *newer = to->oldest;
    for (struct weft_local_value *next, *value = from->oldest; value != NULL; value = next) {
        next = value->newer;
        if (!wanted(value))
            continue;
        while (newer != NULL && newer->serial < value->serial)
            newer = newer->newer;
        leave(value);
        enter(value, to, newer);
    }
}

void wefti_value_forget(struct weft_local_value *value)
{
    *value->link = value->next;
    if (value->next != NULL)
        value->next->link = value->link;
}

void wefti_value_end(struct weft_local_value *value)
{
    leave(value);
    wefti_value_forget(value);
    wefti_local_destruct(value->local, value->kind == WEFTI_OWNED ? value->value : NULL, value);
}

weft_status wefti_value_make(weft_local *local, enum wefti_value_kind kind,
                             struct weft_local_value **made)
{
    struct wefti_locals *mine;
    weft_status status = wefti_place_take(local, NULL);
    if (status == WEFT_OK)
        status = wefti_locals_reserve((uint32_t)local->key + sizeof(struct wefti_slot), &mine);
    if (status != WEFT_OK)
        return status;
    struct weft_local_value *value = wefti_value_new(local, kind);
    wefti_locals_lock();
    if (value == NULL)
        status = WEFT_NO_MEMORY;
    else if ((wefti_local_state(local) & WEFTI_LOCAL_ENDING) != 0)
        status = WEFT_RUNTIME;
    else
        wefti_value_enter(value, &mine->values);
    wefti_locals_unlock();
    if (status != WEFT_OK) {
        wefti_release(value);
        wefti_locals_trim(wefti_self());
        return status;
    }
    *made = value;
    return WEFT_OK;
}

bool wefti_value_lost(const struct weft_local_value *value)
{
    const struct wefti_locals *thread = value->holder->thread;
    return thread != NULL && thread->forks != wefti_forks();
}

uint64_t wefti_last_serial(void)
{
    wefti_locals_lock();
    uint64_t serial = last_serial;
    wefti_locals_unlock();
    return serial;
}

bool wefti_holder_end_newest(struct wefti_holder *holder, uint64_t serial)
{
    wefti_locals_lock();
    struct weft_local_value *value = holder->newest;
    while (value != NULL && value->serial > serial)
        value = value->older;
    if (value == NULL)
        wefti_locals_unlock();
    else
        wefti_value_end(value);
    return value != NULL;
}
