/* SPDX-License-Identifier: MIT */
/**
 * @file local.h
 * @brief Local: a value for each thread; Python's `threading.local`.
 *
 * A value is a pointer. A thread's first use makes it with the initializer, and the destructor ends
 * it when the thread does, whoever started that thread.
 * @code
 *     static void *make_buffer(void *arg) { return calloc(1, sizeof(struct buffer)); }
 *     static WEFT_LOCAL_OF(struct buffer) buffers =
 *         WEFT_LOCAL_OF_INIT(.initializer = make_buffer, .destructor = free);
 *
 *     struct buffer *buffer = WEFT_LOCAL_GET(&buffers);    // this thread's own
 * @endcode One rule of ownership: a thread's value belongs to the Local from when it is made or
 * set, and its destructor is called once on it, unless it is NULL: when the thread ends, when
 * another value is set, when it is cleared, or when the Local is destroyed. A value that
 * #WEFT_LOCAL_WITH puts in its place for the time of a block stays the program's. namespace.h has
 * names for values, context.h carries values from thread to thread.
 *
 * When a thread ends its values are destroyed in the reverse order of their making (a value that
 * replaces another takes its place), before whoever joins the thread goes on. A destructor may use
 * the library and its other values; a value that it makes anew is destroyed in the next of
 * PTHREAD_DESTRUCTOR_ITERATIONS rounds (under ThreadSanitizer one less), and in the last one every
 * call that would make a value fails with #WEFT_RUNTIME. When the process exits the same happens to
 * the exiting thread, the main one as a rule, after those that are not daemons have been joined;
 * other threads' values are abandoned. The child of a fork has the forking thread's values; those
 * of other threads are gone, and their destructors are not called, for nobody knows what state the
 * values are in.
 *
 * All-zero bytes are a Local without options. There may be as many as one likes: each costs a
 * thread that uses it some 100 bytes. A Local may not be moved or copied; before its memory goes it
 * must be destroyed. Every call is thread-safe; none may be made from a signal handler. NULL for a
 * Local is #WEFT_VALUE_ERROR.
 */
#ifndef WEFT_LOCAL_H
#define WEFT_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/status.h>
#include <weft/thread.h>

WEFT_BEGIN_DECLS

/** The options of a Local. Zero is the default of every one. */
typedef struct weft_local_options {
    size_t struct_size;              /**< sizeof(weft_local_options), set by the macros. */
    weft_target *initializer;        /**< Makes a thread's value; may fail; NULL: it is NULL. */
    void *arg;                       /**< What the initializer gets. */
    void (*destructor)(void *value); /**< Ends a value that is not NULL; NULL: nothing does. */
    weft_target *copy;               /**< What a context captures of a value: see context.h. */
} weft_local_options;

/** A Local of 64 bytes. The fields are private. */
typedef struct weft_local {
    uint64_t key __attribute__((aligned(8))); /* where threads find their values; 0: unused */
    weft_local_options options;
    struct weft_local_value *values; /* of all threads */
    uint32_t state;
    uint32_t forks;
} weft_local;

/** What weft_local_get() reads: where a thread keeps a value. Private, and ABI. */
typedef struct weft_local_slot {
    uint64_t key; /* the Local's, if the value is not NULL */
    void *value;
} weft_local_slot;

/** The calling thread's slots. Private, and ABI. */
typedef struct weft_local_table {
    char *slots;
    size_t size; /* in bytes */
} weft_local_table;

/** The one thread-local object of the library that programs see. Private, and ABI. */
extern WEFT_API __thread weft_local_table weft_local_own_table
    __attribute__((tls_model("initial-exec")));

/** A Local: `WEFT_LOCAL_INIT(.destructor = free)`. In C++ the options go by position, all four. */
#ifdef __cplusplus
#define WEFT_LOCAL_INIT(...)                                                                       \
    {                                                                                              \
        0, {sizeof(weft_local_options), __VA_ARGS__}, nullptr, 0, 0                                \
    }
#else
#define WEFT_LOCAL_INIT(...)                                                                       \
    {                                                                                              \
        .options = {.struct_size = sizeof(weft_local_options), __VA_ARGS__ }                       \
    }
#endif

/**
 * Makes a Local: `weft_local_init(&local, .initializer = make, .destructor = free)`. One that is in
 * use has to be destroyed before.
 * @return WEFT_OK; WEFT_VALUE_ERROR.
 */
#define weft_local_init(local, ...)                                                                \
    weft_local_init_with((local), &(const weft_local_options){                                     \
                                      .struct_size = sizeof(weft_local_options), __VA_ARGS__})

/** The function behind weft_local_init(), for C++ and bindings; NULL: no options. */
WEFT_API weft_status weft_local_init_with(weft_local *local, const weft_local_options *options);

/**
 * Ends the Local: all threads' values are destroyed, the last made first, in the calling thread,
 * and so are those that contexts hold. It waits for destructors and copies of its values that run
 * in other threads at this moment; then none will run any more. No other thread may use it
 * meanwhile; threads that have values may be running, and may end. It is then as after its
 * initialisation. If a destructor ends its thread, the other values stay, and it goes on as it was.
 * @return WEFT_OK; WEFT_BUSY if a thread is in its initializer or in a #WEFT_LOCAL_WITH block of
 *         it, WEFT_DEADLOCK from its own destructor or copy: nothing has changed then.
 */
WEFT_API weft_status weft_local_destroy(weft_local *local);

/**
 * The calling thread's value: `local.x`. The first use in a thread calls the initializer; a thread
 * in which that has failed calls it again at its next use.
 * @return the value; NULL if that is the value, weft_last_status() is WEFT_OK then, or
 *         WEFT_NO_MEMORY; WEFT_FAILED if the initializer returned #WEFT_RAISED (weft_last_error()
 *         is its error, so that a target may return WEFT_RAISED itself); WEFT_RUNTIME in the
 *         initializer itself, while the Local is destroyed, and after the thread's last round.
 */
WEFT_API inline void *weft_local_get(weft_local *local);

/** What weft_local_get() does where there is more to do than to look. */
WEFT_API void *weft_local_get_slowly(weft_local *local);

/**
 * Sets the calling thread's value, and destroys the one before: `local.x = value`. The initializer
 * is not called.
 * @return WEFT_OK; WEFT_NO_MEMORY; WEFT_RUNTIME as weft_local_get(). If it fails the value stays
 *         the program's.
 */
WEFT_API WEFT_CHECKED weft_status weft_local_set(weft_local *local, void *value);

/**
 * Destroys the calling thread's value, so that its next use makes a new one: `del local.x`.
 * @return WEFT_OK, also if there was none; WEFT_BUSY in the initializer or in a #WEFT_LOCAL_WITH
 *         block.
 */
WEFT_API weft_status weft_local_clear(weft_local *local);

/** Whether the calling thread has a value; calls no initializer: `hasattr(local, "x")`. */
WEFT_API bool weft_local_has(const weft_local *local);

/** How many values there are, of threads and contexts. For tests and for looking inside. */
WEFT_API size_t weft_local_count(const weft_local *local);

/** A Local on the heap, for bindings; NULL: WEFT_NO_MEMORY, WEFT_VALUE_ERROR. */
WEFT_API weft_local *weft_local_new_with(const weft_local_options *options);

/** Destroys and frees what weft_local_new_with() made; NULL is allowed. As weft_local_destroy(). */
WEFT_API weft_status weft_local_free(weft_local *local);

inline void *weft_local_get(weft_local *local)
{
    if (__builtin_expect(local != NULL, 1)) {
        /* Acquire: pairs with the release in local/places.c; what another Local had in this place
         * is gone. The place is in bytes; place 0, a Local's before its first use, is nobody's. */
        uint64_t key = __atomic_load_n(&local->key, __ATOMIC_ACQUIRE);
        size_t place = (uint32_t)key;
        if (__builtin_expect(place < weft_local_own_table.size, 1)) {
            const weft_local_slot *slot =
                (const weft_local_slot *)(const void *)(weft_local_own_table.slots + place);
            if (__builtin_expect(slot->key == key, 1))
                return slot->value;
        }
    }
    return weft_local_get_slowly(local);
}

WEFT_END_DECLS

/**
 * A Local whose values have a type: `static WEFT_LOCAL_OF(struct buffer) buffers = ...`. What takes
 * a ::weft_local gets `&buffers.local`.
 */
#define WEFT_LOCAL_OF(type)                                                                        \
    union {                                                                                        \
        weft_local local;                                                                          \
        type *typed; /* NOLINT(bugprone-macro-parentheses): a type takes none */                   \
    }

/** Its initialiser, as #WEFT_LOCAL_INIT. */
#define WEFT_LOCAL_OF_INIT(...)                                                                    \
    {                                                                                              \
        WEFT_LOCAL_INIT(__VA_ARGS__)                                                               \
    }

/** weft_local_get() of a typed Local: a pointer of its type. */
#define WEFT_LOCAL_GET(of) ((__typeof__((of)->typed))weft_local_get(&(of)->local))

/** weft_local_set() of a typed Local: the compiler checks the type. */
#define WEFT_LOCAL_SET(of, value)                                                                  \
    weft_local_set(&(of)->local, 1 ? (value) : (__typeof__((of)->typed))NULL)

#endif
