/* SPDX-License-Identifier: MIT */
/**
 * @file namespace.h
 * @brief Namespace: named attributes that each thread has for itself; an object of Python's
 *        `threading.local`.
 *
 * @code
 *     static weft_namespace mydata = WEFT_NAMESPACE_INIT();
 *
 *     weft_namespace_set(&mydata, "user", strdup(name), free);     // mydata.user = name
 *     char *user = weft_namespace_get(&mydata, "user");            // mydata.user
 *     if (user == NULL && weft_last_status() == WEFT_NO_ATTRIBUTE) ...
 *     weft_namespace_delete(&mydata, "user");                      // del mydata.user
 * @endcode
 * An attribute has a name, which is copied, a value, and a function that frees it, or NULL if it is
 * not to be freed: when another value is set, when it is deleted, when the thread ends (then the
 * newest first) or when the namespace is destroyed. What is got is lent until then.
 *
 * A namespace is a Local of its threads' attributes, and what local.h says of the ends of threads,
 * processes and forks holds here. Finding an attribute takes time in proportion to their number: it
 * is meant for a handful. NULL for a namespace or a name is #WEFT_VALUE_ERROR. Every call is
 * thread-safe; none may be made from a signal handler.
 */
#ifndef WEFT_NAMESPACE_H
#define WEFT_NAMESPACE_H

#include <stdbool.h>
#include <stddef.h>

#include <weft/local.h>
#include <weft/status.h>
#include <weft/thread.h>

WEFT_BEGIN_DECLS

/** The options of a namespace. Zero is the default of every one. */
typedef struct weft_namespace_options {
    size_t struct_size; /**< sizeof(weft_namespace_options), set by the macros. */
    /**
     * Called at each thread's first use, as the `__init__` of a class that is derived from
     * `threading.local`: it may set attributes. If it fails, so does that use, and the thread has
     * no attributes. NULL: there are none at first.
     */
    weft_target *initializer;
    void *arg; /**< What the initializer gets. */
} weft_namespace_options;

/** A namespace; all-zero bytes are one without options. The fields are private. */
typedef struct weft_namespace {
    weft_local local;
    weft_namespace_options options;
} weft_namespace;

/** A namespace: `WEFT_NAMESPACE_INIT(.initializer = start)`. In C++ the options go by position. */
#ifdef __cplusplus
#define WEFT_NAMESPACE_INIT(...)                                                                   \
    {                                                                                              \
        {0, {0, nullptr, nullptr, nullptr, nullptr}, nullptr, 0, 0},                               \
        {                                                                                          \
            sizeof(weft_namespace_options), __VA_ARGS__                                            \
        }                                                                                          \
    }
#else
#define WEFT_NAMESPACE_INIT(...)                                                                   \
    {                                                                                              \
        .options = {.struct_size = sizeof(weft_namespace_options), __VA_ARGS__ }                   \
    }
#endif

/**
 * Makes a namespace: `weft_namespace_init(&names, .initializer = start, .arg = &settings)`. One
 * that is in use has to be destroyed before.
 * @return WEFT_OK; WEFT_VALUE_ERROR.
 */
#define weft_namespace_init(names, ...)                                                            \
    weft_namespace_init_with(                                                                      \
        (names), &(const weft_namespace_options){.struct_size = sizeof(weft_namespace_options),    \
                                                 __VA_ARGS__})

/** The function behind weft_namespace_init(), for C++ and bindings; NULL: no options. */
WEFT_API weft_status weft_namespace_init_with(weft_namespace *names,
                                              const weft_namespace_options *options);

/** Ends all threads' attributes, in the calling thread, as weft_local_destroy(). */
WEFT_API weft_status weft_namespace_destroy(weft_namespace *names);

/**
 * Sets an attribute of the calling thread, and frees the value that it had:
 * `setattr(names, name, value)`. @p free_value, NULL or not, belongs to this value.
 * @return WEFT_OK; WEFT_NO_MEMORY; WEFT_FAILED if the initializer has; WEFT_RUNTIME after the
 *         thread's last round (see local.h). If it fails the value stays the program's.
 */
WEFT_API WEFT_CHECKED weft_status weft_namespace_set(weft_namespace *names, const char *name,
                                                     void *value, void (*free_value)(void *));

/**
 * The value of an attribute of the calling thread: `getattr(names, name)`.
 * @return the value; NULL if that is the value, weft_last_status() is WEFT_OK then, or
 *         WEFT_NO_ATTRIBUTE: the calling thread has none of that name; or as weft_namespace_set().
 */
WEFT_API void *weft_namespace_get(weft_namespace *names, const char *name);

/** Whether the calling thread has an attribute of that name: `hasattr(names, name)`. */
WEFT_API bool weft_namespace_has(weft_namespace *names, const char *name);

/**
 * Deletes an attribute of the calling thread, and frees its value: `delattr(names, name)`.
 * @return WEFT_OK; WEFT_NO_ATTRIBUTE; or as weft_namespace_set().
 */
WEFT_API weft_status weft_namespace_delete(weft_namespace *names, const char *name);

/**
 * The names of the calling thread's attributes in the order in which they were first set:
 * `list(names.__dict__)`. To be freed with weft_namespace_list_free().
 * @return copies of the names and then NULL, @p count (may be NULL) of them; NULL if it fails, as
 *         weft_namespace_set().
 */
WEFT_API char **weft_namespace_list(weft_namespace *names, size_t *count);

/** Frees what weft_namespace_list() returned; NULL is allowed. */
WEFT_API void weft_namespace_list_free(char **list);

WEFT_END_DECLS

#endif
