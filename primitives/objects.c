/* SPDX-License-Identifier: MIT */
#include "primitives/objects.h"

#include <string.h>

#include "platform/atomic.h"
#include "platform/parker.h"
#include "primitives/held.h"
#include "primitives/lock_order.h"
#include "primitives/pool.h"

enum { OBJECT_BITS = 10, CLASS_BITS = 8, CLASSES = 1U << CLASS_BITS, OBJECTS = 1U << OBJECT_BITS };

static struct wefti_mutex mutex;
static struct wefti_object *objects[OBJECTS];
static struct wefti_class *classes[CLASSES];
static struct wefti_pool object_pool = {.size = sizeof(struct wefti_object)};
static struct wefti_pool class_pool = {.size = sizeof(struct wefti_class)};
static uint32_t known;

uint32_t wefti_unwatched;

void wefti_tables_init(void)
{
    wefti_mutex_init(&mutex);
}

void wefti_tables_lock(void)
{
    wefti_mutex_lock(&mutex);
}

void wefti_tables_unlock(void)
{
    wefti_mutex_unlock(&mutex);
}

/* The top bits of a product: neighbours in memory land far apart. */
static size_t hash(uint64_t number, unsigned bits)
{
    return (size_t)((number * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - bits));
}

/* ---- classes ------------------------------------------------------------------------------- */

static size_t bucket_of(const struct wefti_label *label)
{
    uint64_t number = (uintptr_t)label->place;
    for (const char *c = label->name; label->kind == WEFTI_BY_NAME && *c != '\0'; c++)
        number = number * 31 + (unsigned char)*c;
    return hash(number, CLASS_BITS);
}

static bool same(const struct wefti_label *a, const struct wefti_label *b)
{
    return a->kind == b->kind &&
           (a->kind == WEFTI_BY_NAME ? strcmp(a->name, b->name) == 0 : a->place == b->place);
}

static struct wefti_class *class_with(const struct wefti_label *label)
{
    struct wefti_class **bucket = &classes[bucket_of(label)];
    struct wefti_class *class = *bucket;
    while (class != NULL && !same(&class->label, label))
        class = class->next;
    if (class != NULL || (class = wefti_pool_take(&class_pool)) == NULL)
        return class;
    class->label = *label;
    class->next = *bucket;
    *bucket = class;
    return class;
}

static void end_class(struct wefti_class *class)
{
    struct wefti_class **link = &classes[bucket_of(&class->label)];
    while (*link != class)
        link = &(*link)->next;
    *link = class->next;
    wefti_pool_give(&class_pool, class);
}

struct wefti_class *wefti_class_after(const struct wefti_class *class)
{
    size_t bucket = class != NULL ? bucket_of(&class->label) + 1 : 0;
    if (class != NULL && class->next != NULL)
        return class->next;
    while (bucket < CLASSES && classes[bucket] == NULL)
        bucket++;
    return bucket < CLASSES ? classes[bucket] : NULL;
}

bool wefti_object_join(struct wefti_object *object, const struct wefti_label *label)
{
    struct wefti_class *class = class_with(label);
    if (class == NULL) {
        wefti_unwatched++;
        return false;
    }
    class->objects++; /* before it leaves the old one, which may be the same */
    class->checked += !object->handed;
    wefti_object_leave_class(object);
    object->class = class;
    return true;
}

void wefti_object_leave_class(struct wefti_object *object)
{
    struct wefti_class *class = object->class;
    if (class == NULL)
        return;
    object->class = NULL;
    class->checked -= !object->handed;
    class->objects--;
    if (class->checked == 0)
        wefti_orders_forget(class);
    if (class->objects == 0)
        end_class(class);
}

/* ---- objects ------------------------------------------------------------------------------- */

static struct wefti_object **find(const void *address)
{
    struct wefti_object **link = &objects[hash((uintptr_t)address, OBJECT_BITS)];
    while (*link != NULL && (*link)->address != address)
        link = &(*link)->next;
    return link;
}

struct wefti_object *wefti_object_find(const void *address)
{
    return *find(address);
}

struct wefti_object *wefti_object_add(const void *address)
{
    struct wefti_object **link = find(address);
    if (*link != NULL)
        return *link;
    struct wefti_object *object = wefti_pool_take(&object_pool);
    if (object == NULL) {
        wefti_unwatched++;
        return NULL;
    }
    object->address = address;
    *link = object;
    wefti_fetch_add(&known, 1, RELAXED);
    return object;
}

static void drop_holds(struct wefti_object *object)
{
    while (object->holds != NULL)
        wefti_hold_drop(object->holds);
}

void wefti_object_leave_checks(struct wefti_object *object)
{
    if (object->handed)
        return;
    drop_holds(object);
    object->handed = true;
    if (object->class != NULL && --object->class->checked == 0)
        wefti_orders_forget(object->class);
}

void wefti_object_forget(struct wefti_object *object)
{
    struct wefti_object **link = find(object->address);
    drop_holds(object);
    wefti_object_leave_class(object);
    *link = object->next;
    wefti_pool_give(&object_pool, object);
    wefti_fetch_sub(&known, 1, RELAXED);
}

void wefti_objects_lose_holders(void)
{
    for (size_t bucket = 0; bucket < OBJECTS; bucket++)
        for (struct wefti_object *object = objects[bucket]; object != NULL; object = object->next) {
            drop_holds(object);
            object->asking = 0;
            object->stranger = false;
        }
}

void wefti_objects_after_fork_child(const struct wefti_self *self)
{
    wefti_mutex_init(&mutex);
    for (size_t bucket = 0; bucket < OBJECTS; bucket++)
        for (struct wefti_object *object = objects[bucket]; object != NULL; object = object->next) {
            wefti_holds_abandon(object, self);
            object->asking = 0;
        }
}

bool wefti_objects_known(void)
{
    /* Relaxed: whoever makes an object known and whoever ends it are ordered by the program. */
    return wefti_load(&known, RELAXED) != 0;
}
