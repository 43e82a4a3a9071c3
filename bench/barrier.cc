/* SPDX-License-Identifier: MIT */
/*
 * Barrier: a meeting of two threads, which have a core each, and of four.
 */
#include <pthread.h>

#include "bench.h"

#ifdef WEFT_BENCH_UV
#include <uv.h>
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

#ifdef WEFT_BENCH_BOOST
template <int N> struct BoostBarrier {
    static constexpr const char *NAME = "Boost";
    boost::barrier it{N};
    void wait() { it.wait(); }
};
#endif

template <class Barrier> void meetings(benchmark::State &state)
{
    static Alone<Barrier> alone;
    for (auto _ : state)
        alone.value.wait();
    if (state.thread_index() == 0)
        state.SetItemsProcessed(state.iterations());
}

template <template <int> class Barrier> void enter_all()
{
    enter("barrier/2 threads", Barrier<2>::NAME, meetings<Barrier<2>>)->Threads(2);
    enter("barrier/4 threads", Barrier<4>::NAME, meetings<Barrier<4>>)->Threads(4);
}

[[maybe_unused]] const int entered = [] {
    enter_all<WeftBarrier>();
    enter_all<PthreadBarrier>();
#ifdef WEFT_BENCH_UV
    enter_all<UvBarrier>();
#endif
#ifdef WEFT_BENCH_BOOST
    enter_all<BoostBarrier>();
#endif
    return 0;
}();

} // namespace
} // namespace bench
