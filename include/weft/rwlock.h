/* SPDX-License-Identifier: MIT */
/**
 * @file rwlock.h
 * @brief RWLock: many readers or one writer. Python has none.
 *
 * Any number of threads may read at once; a writer is alone. It pays where reading takes long or
 * readers are many; for a few instructions a Lock is faster.
 *
 * It is phase-fair: a writer that waits holds back new readers, and a writer that leaves lets in all
 * readers that have waited, so neither side starves the other. It follows that **a thread that reads
 * must not acquire to read again**: the second acquire may wait for a writer that waits for the
 * first. The same goes for two threads that read and both want to write: upgrade says so.
 *
 * Nobody keeps a list of readers: a release to read, or an upgrade, is believed. (While locks are
 * watched, see watch.h, one by a thread that does not read is reported.) The writer is known.
 *
 * All-zero bytes are a free one, and nothing has to be destroyed. It may lie anywhere but must not be
 * moved or copied while in use. Its memory may be freed as soon as the last release has returned,
 * and even by another thread that acquired it to write meanwhile.
 *
 * @code
 *     static weft_rwlock lock = WEFT_RWLOCK_INIT;
 *
 *     WEFT_WITH(weft_reading(&lock)) { found = lookup(&table, key); }
 *     WEFT_WITH(weft_writing(&lock)) { insert(&table, key, value); }
 * @endcode
 *
 * Every call is thread-safe; NULL is WEFT_VALUE_ERROR. No call may be made from a signal handler. In
 * the child of a fork a lock that the forking thread held to write is still its own.
 */
#ifndef WEFT_RWLOCK_H
#define WEFT_RWLOCK_H

#include <stddef.h>
#include <stdint.h>

#include <weft/clock.h>
#include <weft/status.h>

WEFT_BEGIN_DECLS

/** A readers-writer lock of 8 bytes. The fields are private. */
typedef struct WEFT_CAPABILITY("rwlock") weft_rwlock {
    uint32_t state;  /**< How many read, whether one writes, whether threads wait. */
    uint32_t writer; /**< The writer's number; 0: none. */
} weft_rwlock;

/** A free one; `= {0}` and zeroed memory do as well. */
#define WEFT_RWLOCK_INIT                                                                           \
    {                                                                                              \
        0, 0                                                                                       \
    }

/** How many threads may read at once. */
#define WEFT_RWLOCK_READERS_MOST 0x1FFFFFFFU

/**
 * Acquires to read, waiting for a writer that is inside and for those that wait already.
 * @return WEFT_OK; WEFT_INTERRUPTED; WEFT_DEADLOCK if the caller writes; WEFT_OVERFLOW beyond
 *         #WEFT_RWLOCK_READERS_MOST. Unless it is WEFT_OK nothing has been acquired.
 */
WEFT_API weft_status weft_rwlock_acquire_read(weft_rwlock *lock) WEFT_ACQUIRES_SHARED(*lock);

/** The same without waiting: WEFT_TIMEOUT if a thread writes, or waits to write. */
WEFT_API WEFT_CHECKED weft_status weft_rwlock_try_acquire_read(weft_rwlock *lock)
    WEFT_TRY_ACQUIRES_SHARED(*lock);

/** The same, waiting at most @p seconds: also WEFT_TIMEOUT, and WEFT_VALUE_ERROR for NaN. */
WEFT_API WEFT_CHECKED weft_status weft_rwlock_acquire_read_for(weft_rwlock *lock, double seconds)
    WEFT_TRY_ACQUIRES_SHARED(*lock);

/** The same, waiting until weft_now() reaches @p deadline. */
WEFT_API WEFT_CHECKED weft_status weft_rwlock_acquire_read_until(weft_rwlock *lock, double deadline)
    WEFT_TRY_ACQUIRES_SHARED(*lock);

/**
 * Stops reading.
 * @return WEFT_OK, or WEFT_NOT_LOCKED if nobody reads: nothing has changed then.
 */
WEFT_API weft_status weft_rwlock_release_read(weft_rwlock *lock) WEFT_RELEASES_SHARED(*lock);

/**
 * Acquires to write, waiting until nobody reads or writes; holds back readers that come meanwhile.
 * @return WEFT_OK; WEFT_INTERRUPTED; WEFT_DEADLOCK if the caller writes already.
 */
WEFT_API weft_status weft_rwlock_acquire_write(weft_rwlock *lock) WEFT_ACQUIRES(*lock);

/** The same without waiting: WEFT_TIMEOUT if it is not free. */
WEFT_API WEFT_CHECKED weft_status weft_rwlock_try_acquire_write(weft_rwlock *lock)
    WEFT_TRY_ACQUIRES(*lock);

/** The same, waiting at most @p seconds: also WEFT_TIMEOUT, and WEFT_VALUE_ERROR for NaN. */
WEFT_API WEFT_CHECKED weft_status weft_rwlock_acquire_write_for(weft_rwlock *lock, double seconds)
    WEFT_TRY_ACQUIRES(*lock);

/** The same, waiting until weft_now() reaches @p deadline. */
WEFT_API WEFT_CHECKED weft_status weft_rwlock_acquire_write_until(weft_rwlock *lock,
                                                                  double deadline)
    WEFT_TRY_ACQUIRES(*lock);

/**
 * Stops writing, and lets in all readers that have waited, or else the next writer.
 * @return WEFT_OK; WEFT_NOT_OWNER if another thread writes, WEFT_NOT_LOCKED if none does: nothing has
 *         changed then.
 */
WEFT_API weft_status weft_rwlock_release_write(weft_rwlock *lock) WEFT_RELEASES(*lock);

/**
 * From writing to reading, without a gap in which another could write; lets in the readers that have
 * waited. Never waits. Returns as weft_rwlock_release_write().
 */
WEFT_API weft_status weft_rwlock_downgrade(weft_rwlock *lock) WEFT_RELEASES(*lock)
    WEFT_ACQUIRES_SHARED(*lock);

/**
 * From reading to writing, without a gap: waits until the other readers have left, before all that
 * wait to write. Clang's analysis does not follow it: a function that upgrades is WEFT_NO_ANALYSIS.
 * @return WEFT_OK: the caller writes. Otherwise it still reads: WEFT_INTERRUPTED; WEFT_DEADLOCK if
 *         another reader waits to upgrade, which waits for the caller: release, and acquire to
 *         write. WEFT_NOT_LOCKED if nobody reads.
 */
WEFT_API WEFT_CHECKED weft_status weft_rwlock_upgrade(weft_rwlock *lock);

/** The same without waiting: WEFT_TIMEOUT, and the caller still reads, if others read too. */
WEFT_API WEFT_CHECKED weft_status weft_rwlock_try_upgrade(weft_rwlock *lock);

/** The same, waiting at most @p seconds: also WEFT_TIMEOUT, and WEFT_VALUE_ERROR for NaN. */
WEFT_API WEFT_CHECKED weft_status weft_rwlock_upgrade_for(weft_rwlock *lock, double seconds);

/** The same, waiting until weft_now() reaches @p deadline. */
WEFT_API WEFT_CHECKED weft_status weft_rwlock_upgrade_until(weft_rwlock *lock, double deadline);

/** How many threads read at this moment. */
WEFT_API uint32_t weft_rwlock_readers(const weft_rwlock *lock);

/**
 * The number of the thread that writes (weft_thread_ident()), 0 if none does. While a writer is being
 * let in it may be 0 for a moment.
 */
WEFT_API uint32_t weft_rwlock_writer(const weft_rwlock *lock);

/** How many threads wait, on either side or to upgrade. O(waiters). */
WEFT_API size_t weft_rwlock_waiters(const weft_rwlock *lock);

/** Says that the lock ends here: WEFT_OK, or WEFT_BUSY if it is held or waited for. */
WEFT_API weft_status weft_rwlock_done(weft_rwlock *lock);

/** A free lock on the heap, for bindings; NULL: WEFT_NO_MEMORY. */
WEFT_API weft_rwlock *weft_rwlock_new(void);

/** Frees what weft_rwlock_new() made; NULL is allowed. The lock must not be in use. */
WEFT_API void weft_rwlock_free(weft_rwlock *lock);

/** The sides of a lock as things that a scope (with.h) can hold; made by the two macros below. */
typedef struct WEFT_CAPABILITY("rwlock") weft_read_side {
    weft_rwlock lock;
} weft_read_side;
typedef struct WEFT_CAPABILITY("rwlock") weft_write_side {
    weft_rwlock lock;
} weft_write_side;

WEFT_END_DECLS

/** For WEFT_WITH and its kin: the lock at @p rwlock, held to read or to write. */
#ifdef __cplusplus
#define weft_reading(rwlock)                                                                       \
    (reinterpret_cast<weft_read_side *>(static_cast<weft_rwlock *>(rwlock)))
#define weft_writing(rwlock)                                                                       \
    (reinterpret_cast<weft_write_side *>(static_cast<weft_rwlock *>(rwlock)))
#else
#define WEFT_RWLOCK_ONLY(rwlock) ((void)sizeof(_Generic((rwlock), weft_rwlock * : 0)))
#define weft_reading(rwlock) (WEFT_RWLOCK_ONLY(rwlock), (weft_read_side *)(rwlock))
#define weft_writing(rwlock) (WEFT_RWLOCK_ONLY(rwlock), (weft_write_side *)(rwlock))
#endif

#endif
