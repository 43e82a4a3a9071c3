/* SPDX-License-Identifier: MIT */
/*
 * All that excludes, under one pair of names. for_each_lock(f) calls f with each.
 */
#ifndef WEFT_BENCH_LOCKS_H
#define WEFT_BENCH_LOCKS_H

#include <pthread.h>
#include <threads.h>

#include "bench.h"

#ifdef WEFT_BENCH_CK
#include "ck.h"
#endif
#ifdef WEFT_BENCH_NSYNC
#include <nsync.h>
#endif
#ifdef WEFT_BENCH_ABSL
#include <absl/synchronization/mutex.h>
#endif
#ifdef WEFT_BENCH_GLIB
#include <glib.h>
#endif
#ifdef WEFT_BENCH_TBB
#include <oneapi/tbb/spin_mutex.h>
#endif
#ifdef WEFT_BENCH_UV
#include <uv.h>
#endif

namespace bench
{

struct WeftLock {
    static constexpr const char *NAME = "weft";
    weft_lock it = WEFT_LOCK_INIT;
    void lock() { weft_lock_acquire(&it); }
    void unlock() { weft_lock_release(&it); }
};

struct PthreadMutex {
    static constexpr const char *NAME = "pthread";
    pthread_mutex_t it = PTHREAD_MUTEX_INITIALIZER;
    void lock() { pthread_mutex_lock(&it); }
    void unlock() { pthread_mutex_unlock(&it); }
};

struct C11Mutex {
    static constexpr const char *NAME = "C11";
    mtx_t it;
    C11Mutex() { mtx_init(&it, mtx_plain); }
    void lock() { mtx_lock(&it); }
    void unlock() { mtx_unlock(&it); }
};

#ifdef WEFT_BENCH_NSYNC
struct NsyncMu {
    static constexpr const char *NAME = "nsync";
    nsync::nsync_mu it = NSYNC_MU_INIT;
    void lock() { nsync::nsync_mu_lock(&it); }
    void unlock() { nsync::nsync_mu_unlock(&it); }
};
#endif

#ifdef WEFT_BENCH_ABSL
struct AbslMutex {
    static constexpr const char *NAME = "Abseil";
    absl::Mutex it;
    void lock() { it.Lock(); }
    void unlock() { it.Unlock(); }
};
#endif

#ifdef WEFT_BENCH_GLIB
struct GlibMutex {
    static constexpr const char *NAME = "GLib";
    GMutex it{};
    void lock() { g_mutex_lock(&it); }
    void unlock() { g_mutex_unlock(&it); }
};
#endif

#ifdef WEFT_BENCH_UV
struct UvMutex {
    static constexpr const char *NAME = "libuv";
    uv_mutex_t it;
    UvMutex() { uv_mutex_init(&it); }
    void lock() { uv_mutex_lock(&it); }
    void unlock() { uv_mutex_unlock(&it); }
};
#endif

/* The two below never sleep: what waiting costs, it costs everybody else. */

#ifdef WEFT_BENCH_CK
struct CkSpin {
    static constexpr const char *NAME = "limit: ck, spins";
    bench_ck it{};
    void lock() { bench_ck_lock(&it); }
    void unlock() { bench_ck_unlock(&it); }
};
#endif

#ifdef WEFT_BENCH_TBB
struct TbbSpin {
    static constexpr const char *NAME = "limit: oneTBB, spins";
    tbb::spin_mutex it;
    void lock() { it.lock(); }
    void unlock() { it.unlock(); }
};
#endif

template <class Function> void for_each_lock(Function function)
{
    function(Type<WeftLock>());
    function(Type<PthreadMutex>());
    function(Type<C11Mutex>());
#ifdef WEFT_BENCH_NSYNC
    function(Type<NsyncMu>());
#endif
#ifdef WEFT_BENCH_ABSL
    function(Type<AbslMutex>());
#endif
#ifdef WEFT_BENCH_GLIB
    function(Type<GlibMutex>());
#endif
#ifdef WEFT_BENCH_UV
    function(Type<UvMutex>());
#endif
#ifdef WEFT_BENCH_CK
    function(Type<CkSpin>());
#endif
#ifdef WEFT_BENCH_TBB
    function(Type<TbbSpin>());
#endif
}

} // namespace bench

#endif
