/* SPDX-License-Identifier: MIT */
/**
 * @file with_all.h
 * @brief Several locks at once, without deadlock.
 *
 * Two threads that take the same locks in different orders may wait for each other for ever. Here all
 * locks of a block are taken in the order of their addresses, whatever order they are written in, so
 * no two of these blocks can. A lock that is named twice, by itself or through a condition over it,
 * is taken once; an RWLock of which both sides are named is taken to write.
 * @code
 *     WEFT_WITH_ALL(&from->lock, &to->lock) {          // up to 8, of any kind that WEFT_WITH takes
 *         from->balance -= amount;
 *         to->balance += amount;
 *     }
 *
 *     weft_status status;
 *     WEFT_WITH_ALL_FOR(0.5, status, &a, &b, &c) { ... }   // one time limit over all
 * @endcode
 *
 * All or none: if one cannot be taken, those before it are released, the block is skipped and
 * weft_last_status() says why. However the block is left, all are released, the last taken first;
 * what with.h says of WEFT_WITH holds here too. While it waits for one lock it holds those before it:
 * the order protects from deadlock only against others who keep to it.
 *
 * The analysis of clang counts all of them as held in the block.
 */
#ifndef WEFT_WITH_ALL_H
#define WEFT_WITH_ALL_H

#include <stddef.h>

#include <weft/with.h>

WEFT_BEGIN_DECLS

/** Something that can be held. Made by WEFT_HOLDABLE(&lock); the fields are private. */
typedef struct weft_holdable {
    void *object;
    uint32_t kind;
} weft_holdable;

/** The functions behind WEFT_HOLDABLE(). For clang's analysis the lock is held from here on. */
WEFT_API weft_holdable weft_lock_holdable(weft_lock *lock) WEFT_ASSERTS(*lock);
WEFT_API weft_holdable weft_rlock_holdable(weft_rlock *lock) WEFT_ASSERTS(*lock);
WEFT_API weft_holdable weft_condition_holdable(weft_condition *condition) WEFT_ASSERTS(*condition);
WEFT_API weft_holdable weft_read_holdable(weft_read_side *side) WEFT_ASSERTS_SHARED(*side);
WEFT_API weft_holdable weft_write_holdable(weft_write_side *side) WEFT_ASSERTS(*side);

/**
 * Takes all of @p held, or none, within @p seconds. Sorts the array; weft_release_all() wants it as
 * it is then.
 * @return WEFT_OK; WEFT_TIMEOUT; WEFT_INTERRUPTED; WEFT_OVERFLOW of an RLock; WEFT_VALUE_ERROR for
 *         NaN or a missing lock: nothing is held then.
 */
WEFT_API WEFT_CHECKED weft_status weft_acquire_all(size_t count, weft_holdable *held,
                                                   double seconds);

/**
 * Releases what weft_acquire_all() has taken, the last taken first.
 * @return WEFT_OK, or the first failure of a release: the others are released nevertheless.
 */
WEFT_API weft_status weft_release_all(size_t count, weft_holdable *held);

/** How many locks a WEFT_WITH_ALL takes at most; weft_acquire_all() takes any number. */
#define WEFT_WITH_ALL_MOST 8

/** What a scope of several locks remembers; the fields are private. */
typedef struct weft_guards {
    weft_status *status; /**< Where the program wants to read what the acquire said; may be NULL. */
    uint32_t fresh;      /**< Whether the block is still to run. */
    uint32_t count;      /**< How many are held. */
    weft_holdable held[WEFT_WITH_ALL_MOST];
} weft_guards;

/** Takes all of @p held (at most #WEFT_WITH_ALL_MOST); whether @p guards holds them now. */
WEFT_API bool weft_guards_enter(weft_guards *guards, size_t count, const weft_holdable *held,
                                double seconds);

/** Leaves a scope: releases what it holds. */
WEFT_API void weft_guards_leave(weft_guards *guards);

WEFT_END_DECLS

/* WEFT_EACH(macro, a, b, c) is macro(a), macro(b), macro(c). */
#define WEFT_EACH_1(macro, a) macro(a)
#define WEFT_EACH_2(macro, a, ...) macro(a), WEFT_EACH_1(macro, __VA_ARGS__)
#define WEFT_EACH_3(macro, a, ...) macro(a), WEFT_EACH_2(macro, __VA_ARGS__)
#define WEFT_EACH_4(macro, a, ...) macro(a), WEFT_EACH_3(macro, __VA_ARGS__)
#define WEFT_EACH_5(macro, a, ...) macro(a), WEFT_EACH_4(macro, __VA_ARGS__)
#define WEFT_EACH_6(macro, a, ...) macro(a), WEFT_EACH_5(macro, __VA_ARGS__)
#define WEFT_EACH_7(macro, a, ...) macro(a), WEFT_EACH_6(macro, __VA_ARGS__)
#define WEFT_EACH_8(macro, a, ...) macro(a), WEFT_EACH_7(macro, __VA_ARGS__)
#define WEFT_NINTH(a, b, c, d, e, f, g, h, ninth, ...) ninth
#define WEFT_COUNT(...) WEFT_NINTH(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define WEFT_EACH(macro, ...) WEFT_JOIN(WEFT_EACH_, WEFT_COUNT(__VA_ARGS__))(macro, __VA_ARGS__)

#ifdef __cplusplus

namespace weft
{
/** Guards that leave when they go out of scope. */
struct scope_of_all : weft_guards {
    explicit scope_of_all(weft_status *where) : weft_guards{where, 1, 0, {}} {}
    scope_of_all(const scope_of_all &) = delete;
    scope_of_all &operator=(const scope_of_all &) = delete;
    ~scope_of_all() { weft_guards_leave(this); }
};

inline weft_holdable holdable(weft_lock *held) WEFT_ASSERTS(*held)
{
    return weft_lock_holdable(held);
}
inline weft_holdable holdable(weft_rlock *held) WEFT_ASSERTS(*held)
{
    return weft_rlock_holdable(held);
}
inline weft_holdable holdable(weft_condition *held) WEFT_ASSERTS(*held)
{
    return weft_condition_holdable(held);
}
inline weft_holdable holdable(weft_read_side *held) WEFT_ASSERTS_SHARED(*held)
{
    return weft_read_holdable(held);
}
inline weft_holdable holdable(weft_write_side *held) WEFT_ASSERTS(*held)
{
    return weft_write_holdable(held);
}
template <size_t count>
bool guards_enter(weft_guards *guards, double seconds, const weft_holdable (&held)[count])
{
    return weft_guards_enter(guards, count, held, seconds);
}
} // namespace weft

#define WEFT_HOLDABLE(held) ::weft::holdable(held)
#define WEFT_GUARDS_FRESH(where) ::weft::scope_of_all WEFT_GUARD_NAME(where)
#define WEFT_GUARDS_ENTER(guards, seconds, ...)                                                    \
    ::weft::guards_enter((guards), (seconds), {WEFT_EACH(WEFT_HOLDABLE, __VA_ARGS__)})

#else

/** The lock at @p held as an element of an array for weft_acquire_all(). */
#define WEFT_HOLDABLE(held)                                                                        \
    _Generic((held), weft_lock *                                                                   \
             : weft_lock_holdable, weft_rlock *                                                    \
             : weft_rlock_holdable, weft_condition *                                               \
             : weft_condition_holdable, weft_read_side *                                           \
             : weft_read_holdable, weft_write_side *                                               \
             : weft_write_holdable)(held)
#define WEFT_GUARDS_FRESH(where)                                                                   \
    weft_guards WEFT_GUARD_NAME                                                                    \
        __attribute__((cleanup(weft_guards_leave))) = {(where), 1, 0, {{NULL, 0}}}
#define WEFT_GUARDS_ENTER(guards, seconds, ...)                                                    \
    weft_guards_enter((guards), WEFT_COUNT(__VA_ARGS__),                                           \
                      (const weft_holdable[]){WEFT_EACH(WEFT_HOLDABLE, __VA_ARGS__)}, (seconds))

#endif

/** A loop that runs once, if all the locks can be taken. */
#define WEFT_GUARDS_LOOP(seconds, status, ...)                                                     \
    for (WEFT_GUARDS_FRESH(status);                                                                \
         WEFT_GUARD_NAME.fresh && WEFT_GUARDS_ENTER(&WEFT_GUARD_NAME, (seconds), __VA_ARGS__);     \
         WEFT_GUARD_NAME.fresh = 0)

/** Runs the block that follows with all the locks taken. */
#define WEFT_WITH_ALL(...) WEFT_GUARDS_LOOP(WEFT_FOREVER, NULL, __VA_ARGS__)

/**
 * Runs the block that follows if all the locks can be taken within @p seconds. The variable
 * @p status_variable (a ::weft_status) says how it went.
 */
#define WEFT_WITH_ALL_FOR(seconds, status_variable, ...)                                           \
    WEFT_GUARDS_LOOP(seconds, &(status_variable), __VA_ARGS__)

#endif
