/* SPDX-License-Identifier: MIT */
/*
 * RLock: alone, the inner pair of who holds it already, and a whole cycle of depth 2.
 */
#include <pthread.h>

#include "bench.h"

#ifdef WEFT_BENCH_GLIB
#include <glib.h>
#endif
#ifdef WEFT_BENCH_UV
#include <uv.h>
#endif
#ifdef WEFT_BENCH_BOOST
#include <boost/thread/recursive_mutex.hpp>
#endif

namespace bench
{
namespace
{

struct WeftRlock {
    static constexpr const char *NAME = "weft";
    weft_rlock it = WEFT_RLOCK_INIT;
    void lock() { weft_rlock_acquire(&it); }
    void unlock() { weft_rlock_release(&it); }
};

struct PthreadRecursive {
    static constexpr const char *NAME = "pthread";
    pthread_mutex_t it = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
    void lock() { pthread_mutex_lock(&it); }
    void unlock() { pthread_mutex_unlock(&it); }
};

#ifdef WEFT_BENCH_GLIB
struct GlibRec {
    static constexpr const char *NAME = "GLib";
    GRecMutex it{};
    void lock() { g_rec_mutex_lock(&it); }
    void unlock() { g_rec_mutex_unlock(&it); }
};
#endif

#ifdef WEFT_BENCH_UV
struct UvRecursive {
    static constexpr const char *NAME = "libuv";
    uv_mutex_t it;
    UvRecursive() { uv_mutex_init_recursive(&it); }
    void lock() { uv_mutex_lock(&it); }
    void unlock() { uv_mutex_unlock(&it); }
};
#endif

#ifdef WEFT_BENCH_BOOST
struct BoostRecursive {
    static constexpr const char *NAME = "Boost";
    boost::recursive_mutex it;
    void lock() { it.lock(); }
    void unlock() { it.unlock(); }
};
#endif

template <class Lock> void uncontended(benchmark::State &state)
{
    static Alone<Lock> alone;
    for (auto _ : state) {
        alone.value.lock();
        alone.value.unlock();
    }
}

template <class Lock> void inner(benchmark::State &state)
{
    static Alone<Lock> alone;
    alone.value.lock();
    for (auto _ : state) {
        alone.value.lock();
        alone.value.unlock();
    }
    alone.value.unlock();
}

template <class Lock> void depth_two(benchmark::State &state)
{
    static Alone<Lock> alone;
    for (auto _ : state) {
        alone.value.lock();
        alone.value.lock();
        alone.value.unlock();
        alone.value.unlock();
    }
}

template <class Lock> void enter_all()
{
    enter("rlock/uncontended", Lock::NAME, uncontended<Lock>);
    enter("rlock/inner pair", Lock::NAME, inner<Lock>);
    enter("rlock/depth 2", Lock::NAME, depth_two<Lock>);
}

[[maybe_unused]] const int entered = [] {
    enter_all<WeftRlock>();
    enter_all<PthreadRecursive>();
#ifdef WEFT_BENCH_GLIB
    enter_all<GlibRec>();
#endif
#ifdef WEFT_BENCH_UV
    enter_all<UvRecursive>();
#endif
#ifdef WEFT_BENCH_BOOST
    enter_all<BoostRecursive>();
#endif
    return 0;
}();

} // namespace
} // namespace bench
