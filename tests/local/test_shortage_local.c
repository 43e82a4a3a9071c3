/* SPDX-License-Identifier: MIT */
/* Every call of Local, namespaces and contexts that wants memory, with each block refused in turn. */
// LINK: -Wl,--wrap=malloc,--wrap=free,--wrap=mmap,--wrap=pthread_create,--wrap=pthread_attr_init
// LINK: -Wl,--wrap=pthread_attr_setstacksize,--wrap=sem_init
#include "shortage_help.h"

static char something;

NEW(new_local, weft_local, weft_local_new_with(NULL))

/* A value, and the memory for a thread's values and for the numbers of Locals. */
static weft_status set_a_value(void)
{
    weft_local local = WEFT_LOCAL_INIT();
    weft_status status = weft_local_set(&local, &something);
    WITNESS(weft_local_get(&local) == (status == WEFT_OK ? &something : NULL));
    WITNESS(weft_local_destroy(&local) == WEFT_OK);
    return status;
}

static int made;

static void *make(void *arg)
{
    made++;
    return arg;
}

static void end(void *value)
{
    WITNESS(value == &something);
    made--;
}

/* What has been made for a value that finds no place is ended again. */
static weft_status begin_with_a_value(void)
{
    weft_local local = WEFT_LOCAL_INIT(.initializer = make, .arg = &something, .destructor = end);
    weft_status status = weft_local_get(&local) != NULL ? WEFT_OK : weft_last_status();
    WITNESS(made == (status == WEFT_OK));
    WITNESS(weft_local_destroy(&local) == WEFT_OK);
    WITNESS(made == 0);
    return status;
}

static weft_status set_an_attribute(void)
{
    weft_namespace names = WEFT_NAMESPACE_INIT();
    weft_status status = weft_namespace_set(&names, "name", &something, NULL);
    WITNESS(weft_namespace_has(&names, "name") == (status == WEFT_OK));
    WITNESS(weft_namespace_destroy(&names) == WEFT_OK);
    return status;
}

static weft_status list_attributes(void)
{
    weft_namespace names = WEFT_NAMESPACE_INIT();
    size_t count = 9;
    atomic_store(&armed, false);
    WITNESS(weft_namespace_set(&names, "name", &something, NULL) == WEFT_OK);
    atomic_store(&armed, true);
    char **list = weft_namespace_list(&names, &count);
    weft_status status = list != NULL ? WEFT_OK : weft_last_status();
    WITNESS(count == (list != NULL ? 1 : 9));
    weft_namespace_list_free(list);
    WITNESS(weft_namespace_destroy(&names) == WEFT_OK);
    return status;
}

static weft_status capture_a_context(void)
{
    weft_local local = WEFT_LOCAL_INIT(.copy = make);
    atomic_store(&armed, false);
    WITNESS(weft_local_set(&local, &something) == WEFT_OK);
    atomic_store(&armed, true);
    weft_context *context = weft_context_capture();
    weft_status status = context != NULL ? WEFT_OK : weft_last_status();
    weft_context_free(context);
    WITNESS(weft_local_destroy(&local) == WEFT_OK);
    return status;
}

#define PLACE                                                                                      \
    {                                                                                              \
        MEMORY, WEFT_NO_MEMORY, "places.c:make_room"                                               \
    }
#define SLOTS                                                                                      \
    {MEMORY, WEFT_NO_MEMORY, "locals.c:begin"},                                                    \
    {                                                                                              \
        MEMORY, WEFT_NO_MEMORY, "locals.c:grow"                                                    \
    }
#define VALUE                                                                                      \
    {                                                                                              \
        MEMORY, WEFT_NO_MEMORY, "value.c:wefti_value_new"                                          \
    }

static const struct row locals[] = {
    {"a local on the heap",
     new_local,
     {{MEMORY, WEFT_NO_MEMORY, "local.c:weft_local_new_with self.c:wefti_self_allocate"}}},
    {"a value", set_a_value, {PLACE, SLOTS, VALUE}},
    {"a value that is made", begin_with_a_value, {PLACE, SLOTS, VALUE}},
    {"an attribute",
     set_an_attribute,
     {{MEMORY, WEFT_NO_MEMORY, "namespace.c:begin"},
      PLACE,
      SLOTS,
      VALUE,
      {MEMORY, WEFT_NO_MEMORY, "namespace.c:add"}}},
    {"a list of attributes",
     list_attributes,
     {{MEMORY, WEFT_NO_MEMORY, "namespace.c:copy_names self.c:wefti_self_allocate"}}},
    {"a context",
     capture_a_context,
     {{MEMORY, WEFT_NO_MEMORY, "context.c:weft_context_capture self.c:wefti_self_allocate"},
      VALUE}},
};

static const struct part parts[] = {PART(locals)};

PROGRAM(sweeps)
{
    return sweep_named(parts, sizeof parts / sizeof parts[0]);
}

TEST(locals_survive_every_shortage)
{
    sweep_part(&parts[0]);
}
