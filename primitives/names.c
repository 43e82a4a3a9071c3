/* SPDX-License-Identifier: MIT */
#include "primitives/names.h"

#include <string.h>

#include "primitives/objects.h"

/* Takes the name away; the object is classed anew when it is next acquired. */
static void remove_name(const void *address)
{
    struct wefti_object *object = wefti_object_find(address);
    if (object != NULL && object->class != NULL && object->class->label.kind == WEFTI_BY_NAME)
        wefti_object_leave_class(object);
}

weft_status weft_name(const void *object, const char *name)
{
    struct wefti_label label = {.kind = WEFTI_BY_NAME};
    size_t length = name != NULL ? strnlen(name, sizeof label.name) : 1;
    if (object == NULL || length == 0 || length == sizeof label.name)
        return WEFT_VALUE_ERROR;
    weft_status status = WEFT_OK;
    wefti_tables_lock();
    if (name == NULL) {
        remove_name(object);
    } else {
        memcpy(label.name, name, length);
        struct wefti_object *record = wefti_object_add(object);
        if (record == NULL || !wefti_object_join(record, &label))
            status = WEFT_NO_MEMORY;
    }
    wefti_tables_unlock();
    return status;
}

bool wefti_name_of(const void *object, char name[WEFTI_NAME_BYTES])
{
    if (!wefti_objects_known())
        return false;
    wefti_tables_lock();
    const struct wefti_object *record = wefti_object_find(object);
    bool named =
        record != NULL && record->class != NULL && record->class->label.kind == WEFTI_BY_NAME;
    if (named)
        memcpy(name, record->class->label.name, WEFTI_NAME_BYTES);
    wefti_tables_unlock();
    return named;
}
