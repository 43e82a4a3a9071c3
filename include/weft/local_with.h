/* SPDX-License-Identifier: MIT */
/**
 * @file local_with.h
 * @brief A Local's value for the time of a block: Python's `contextvars` tokens.
 *
 * @code
 *     WEFT_LOCAL_WITH(&verbosity, &loud) { run_tests(); }     // and then as before
 * @endcode
 * However the block is left (at its end, by return, goto, break, continue, an exception of C++ and,
 * where the program is compiled with -fexceptions, pthread_exit()), the calling thread then has the
 * value that it had before, or none if it had none. The block's value stays the program's: no
 * destructor is called on it. One that is set inside the block is destroyed when the block is left.
 *
 * It is a loop that runs once: `break` and `continue` inside leave the block only. If there is no
 * memory the block is skipped, and weft_last_status() says why.
 */
#ifndef WEFT_LOCAL_WITH_H
#define WEFT_LOCAL_WITH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/local.h>
#include <weft/status.h>

WEFT_BEGIN_DECLS

/** What a block remembers: the token that `var.set(value)` returns. The fields are private. */
typedef struct weft_local_scope {
    weft_local *local; /**< NULL: it is not open. */
    struct weft_local_value *place;
    void *former;
    uint32_t depth;
    uint16_t former_kind;
    uint16_t fresh; /**< Whether the block is still to run. */
} weft_local_scope;

/**
 * Puts @p value in the place of the calling thread's, until weft_local_leave(): `var.set(value)`.
 * The scope keeps the value before; a thread that ends with it open leaves that one undestroyed.
 * @return WEFT_OK; WEFT_NO_MEMORY; WEFT_RUNTIME as weft_local_set(), and @p scope is not open;
 *         WEFT_VALUE_ERROR.
 */
WEFT_API WEFT_CHECKED weft_status weft_local_enter(weft_local_scope *scope, weft_local *local,
                                                   void *value);

/**
 * Puts back what was there before: `var.reset(token)`.
 * @return WEFT_OK; WEFT_RUNTIME if the scope is not open, is another thread's, or is not the last
 *         that was entered; WEFT_VALUE_ERROR for NULL.
 */
WEFT_API weft_status weft_local_leave(weft_local_scope *scope);

/** Whether the block of a #WEFT_LOCAL_WITH runs; weft_last_status() says why not. */
WEFT_API bool weft_local_begin(weft_local_scope *scope, weft_local *local, void *value);

WEFT_END_DECLS

#ifdef __cplusplus

namespace weft
{
/** A scope that is left when it goes out of scope. */
struct local_scope : weft_local_scope {
    local_scope() : weft_local_scope{nullptr, nullptr, nullptr, 0, 0, 1} {}
    local_scope(const local_scope &) = delete;
    local_scope &operator=(const local_scope &) = delete;
    ~local_scope() { weft_local_leave(this); }
};
} // namespace weft

#define WEFT_LOCAL_SCOPE(name) ::weft::local_scope name

#else

/** A scope that is left when its variable ends. Private. */
#define WEFT_LOCAL_SCOPE(name)                                                                     \
    weft_local_scope name __attribute__((cleanup(weft_local_leave))) = {.fresh = 1}

#endif

#define WEFT_LOCAL_JOIN_(a, b) a##b
#define WEFT_LOCAL_JOIN(a, b) WEFT_LOCAL_JOIN_(a, b)
#define WEFT_LOCAL_SCOPE_NAME WEFT_LOCAL_JOIN(weft_local_scope_in_line_, __LINE__)

/** Runs the block that follows with @p value as the calling thread's value of @p held. */
#define WEFT_LOCAL_WITH(held, value)                                                               \
    for (WEFT_LOCAL_SCOPE(WEFT_LOCAL_SCOPE_NAME);                                                  \
         WEFT_LOCAL_SCOPE_NAME.fresh && weft_local_begin(&WEFT_LOCAL_SCOPE_NAME, (held), (value)); \
         WEFT_LOCAL_SCOPE_NAME.fresh = 0)

#endif
