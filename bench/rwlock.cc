/* SPDX-License-Identifier: MIT */
/*
 * RWLock: reading alone, four readers, and four threads of which one visit in twenty writes.
 */
#include <pthread.h>

#include "crew.h"

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
#ifdef WEFT_BENCH_UV
#include <uv.h>
#endif
#ifdef WEFT_BENCH_BOOST
#include <boost/thread/shared_mutex.hpp>
#endif
#ifdef WEFT_BENCH_TBB
#include <oneapi/tbb/spin_rw_mutex.h>
#endif

namespace bench
{
namespace
{

struct WeftRwlock {
    static constexpr const char *NAME = "weft";
    weft_rwlock it = WEFT_RWLOCK_INIT;
    void read() { weft_rwlock_acquire_read(&it); }
    void read_end() { weft_rwlock_release_read(&it); }
    void write() { weft_rwlock_acquire_write(&it); }
    void write_end() { weft_rwlock_release_write(&it); }
};

struct PthreadRwlock {
    static constexpr const char *NAME = "pthread";
    pthread_rwlock_t it = PTHREAD_RWLOCK_INITIALIZER;
    void read() { pthread_rwlock_rdlock(&it); }
    void read_end() { pthread_rwlock_unlock(&it); }
    void write() { pthread_rwlock_wrlock(&it); }
    void write_end() { pthread_rwlock_unlock(&it); }
};

#ifdef WEFT_BENCH_NSYNC
struct NsyncMu {
    static constexpr const char *NAME = "nsync";
    nsync::nsync_mu it = NSYNC_MU_INIT;
    void read() { nsync::nsync_mu_rlock(&it); }
    void read_end() { nsync::nsync_mu_runlock(&it); }
    void write() { nsync::nsync_mu_lock(&it); }
    void write_end() { nsync::nsync_mu_unlock(&it); }
};
#endif

#ifdef WEFT_BENCH_ABSL
struct AbslMutex {
    static constexpr const char *NAME = "Abseil";
    absl::Mutex it;
    void read() { it.ReaderLock(); }
    void read_end() { it.ReaderUnlock(); }
    void write() { it.WriterLock(); }
    void write_end() { it.WriterUnlock(); }
};
#endif

#ifdef WEFT_BENCH_GLIB
struct GlibRwlock {
    static constexpr const char *NAME = "GLib";
    GRWLock it{};
    void read() { g_rw_lock_reader_lock(&it); }
    void read_end() { g_rw_lock_reader_unlock(&it); }
    void write() { g_rw_lock_writer_lock(&it); }
    void write_end() { g_rw_lock_writer_unlock(&it); }
};
#endif

#ifdef WEFT_BENCH_UV
struct UvRwlock {
    static constexpr const char *NAME = "libuv";
    uv_rwlock_t it;
    UvRwlock() { uv_rwlock_init(&it); }
    void read() { uv_rwlock_rdlock(&it); }
    void read_end() { uv_rwlock_rdunlock(&it); }
    void write() { uv_rwlock_wrlock(&it); }
    void write_end() { uv_rwlock_wrunlock(&it); }
};
#endif

#ifdef WEFT_BENCH_BOOST
struct BoostShared {
    static constexpr const char *NAME = "Boost";
    boost::shared_mutex it;
    void read() { it.lock_shared(); }
    void read_end() { it.unlock_shared(); }
    void write() { it.lock(); }
    void write_end() { it.unlock(); }
};
#endif

/* The two below never sleep. */

#ifdef WEFT_BENCH_CK
struct CkSpin {
    static constexpr const char *NAME = "limit: ck, spins";
    bench_ck it{};
    void read() { bench_ck_read(&it); }
    void read_end() { bench_ck_read_end(&it); }
    void write() { bench_ck_write(&it); }
    void write_end() { bench_ck_write_end(&it); }
};
#endif

#ifdef WEFT_BENCH_TBB
struct TbbSpin {
    static constexpr const char *NAME = "limit: oneTBB, spins";
    tbb::spin_rw_mutex it;
    void read() { it.lock_shared(); }
    void read_end() { it.unlock_shared(); }
    void write() { it.lock(); }
    void write_end() { it.unlock(); }
};
#endif

template <class Lock> struct Shared {
    Lock lock;
    volatile std::uint64_t word = 0;
};

template <class Lock> void read(Shared<Lock> &shared)
{
    shared.lock.read();
    benchmark::DoNotOptimize(shared.word);
    shared.lock.read_end();
}

template <class Lock> void write(Shared<Lock> &shared)
{
    shared.lock.write();
    shared.word = shared.word + 1;
    shared.lock.write_end();
}

template <class Lock, void visit(Shared<Lock> &)> void uncontended(benchmark::State &state)
{
    static Alone<Shared<Lock>> alone;
    for (auto _ : state)
        visit(alone.value);
}

/* One visit in `writes_every` writes; 0: none. */
template <class Lock> void crowd(benchmark::State &state, int writes_every)
{
    Alone<Shared<Lock>> alone;
    rounds(state, 4, [&shared = alone.value, writes_every](int index) {
        return [&shared, writes_every, left = 1 + index * 5]() mutable {
            if (writes_every != 0 && --left == 0) {
                left = writes_every;
                write(shared);
            } else {
                read(shared);
            }
        };
    });
}

template <class Lock> void enter_all()
{
    enter("rwlock/uncontended read", Lock::NAME, uncontended<Lock, read<Lock>>);
    enter("rwlock/uncontended write", Lock::NAME, uncontended<Lock, write<Lock>>);
    enter_crew("rwlock/4 readers", Lock::NAME,
               [](benchmark::State &state) { crowd<Lock>(state, 0); });
    enter_crew("rwlock/4 threads, 95 to 5", Lock::NAME,
               [](benchmark::State &state) { crowd<Lock>(state, 20); });
}

[[maybe_unused]] const int entered = [] {
    enter_all<WeftRwlock>();
    enter_all<PthreadRwlock>();
#ifdef WEFT_BENCH_NSYNC
    enter_all<NsyncMu>();
#endif
#ifdef WEFT_BENCH_ABSL
    enter_all<AbslMutex>();
#endif
#ifdef WEFT_BENCH_GLIB
    enter_all<GlibRwlock>();
#endif
#ifdef WEFT_BENCH_UV
    enter_all<UvRwlock>();
#endif
#ifdef WEFT_BENCH_BOOST
    enter_all<BoostShared>();
#endif
#ifdef WEFT_BENCH_CK
    enter_all<CkSpin>();
#endif
#ifdef WEFT_BENCH_TBB
    enter_all<TbbSpin>();
#endif
    return 0;
}();

} // namespace
} // namespace bench
