/* SPDX-License-Identifier: MIT */
/*
 * Barrier: a meeting of two threads, which have a core each, of four and of eight.
 */
#include <pthread.h>

#include "crew.h"

#ifdef WEFT_BENCH_CK
#include "ck.h"
#endif
#ifdef WEFT_BENCH_UV
#include <uv.h>
#endif
#ifdef WEFT_BENCH_ABSL
#include <absl/synchronization/barrier.h>
#endif
#ifdef WEFT_BENCH_BOOST
#include <boost/thread/barrier.hpp>
#endif

namespace bench
{
namespace
{

template <int N> struct WeftBarrier {
    static constexpr const char *NAME = "weft";
    weft_barrier it = WEFT_BARRIER_INIT(N);
    void wait() { must(weft_barrier_wait(&it, nullptr)); }
};

template <int N> struct PthreadBarrier {
    static constexpr const char *NAME = "pthread";
    pthread_barrier_t it;
    PthreadBarrier() { pthread_barrier_init(&it, nullptr, N); }
    void wait() { pthread_barrier_wait(&it); }
};

#ifdef WEFT_BENCH_UV
template <int N> struct UvBarrier {
    static constexpr const char *NAME = "libuv";
    uv_barrier_t it;
    UvBarrier() { uv_barrier_init(&it, N); }
    void wait() { uv_barrier_wait(&it); }
};
#endif

#ifdef WEFT_BENCH_ABSL
/* Serves once: who leaves it last makes the next but one. */
template <int N> struct AbslBarrier {
    static constexpr const char *NAME = "Abseil";
    absl::Barrier *its[2] = {new absl::Barrier(N), new absl::Barrier(N)};
    void wait()
    {
        static thread_local std::int64_t round = 0; /* all its threads are new */
        absl::Barrier *&mine = its[round++ % 2];
        if (mine->Block()) {
            delete mine;
            mine = new absl::Barrier(N);
        }
    }
    ~AbslBarrier()
    {
        delete its[0];
        delete its[1];
    }
};
#endif

#ifdef WEFT_BENCH_CK
/* Never sleeps. */
template <int N> struct CkBarrier {
    static constexpr const char *NAME = "limit: ck, spins";
    bench_ck it{};
    void wait()
    {
        static thread_local unsigned state = 0; /* all its threads are new */
        bench_ck_wait(&it, &state, N);
    }
};
#endif

#ifdef WEFT_BENCH_BOOST
template <int N> struct BoostBarrier {
    static constexpr const char *NAME = "Boost";
    boost::barrier it{N};
    void wait() { it.wait(); }
};
#endif

template <template <int> class Barrier, int N> void enter_for()
{
    enter_crew("barrier/" + std::to_string(N) + " threads", Barrier<N>::NAME,
               [](benchmark::State &state) {
                   Alone<Barrier<N>> alone;
                   amount(state, N, 1, [&](int, std::int64_t count) {
                       while (count-- > 0)
                           alone.value.wait();
                   });
               });
}

template <template <int> class Barrier> void enter_all()
{
    enter_for<Barrier, 2>();
    enter_for<Barrier, 4>();
    enter_for<Barrier, 8>();
}

[[maybe_unused]] const int entered = [] {
    enter_all<WeftBarrier>();
    enter_all<PthreadBarrier>();
#ifdef WEFT_BENCH_UV
    enter_all<UvBarrier>();
#endif
#ifdef WEFT_BENCH_ABSL
    enter_all<AbslBarrier>();
#endif
#ifdef WEFT_BENCH_CK
    enter_for<CkBarrier, 2>();
#endif
#ifdef WEFT_BENCH_BOOST
    enter_all<BoostBarrier>();
#endif
    return 0;
}();

} // namespace
} // namespace bench
