/* SPDX-License-Identifier: MIT */
/*
 * Semaphore and BoundedSemaphore: a permit taken and given back, alone and by many.
 */
#include <semaphore.h>

#include "crew.h"

#ifdef WEFT_BENCH_UV
#include <uv.h>
#endif

namespace bench
{
namespace
{

constexpr int PERMITS = 2;

struct WeftSemaphore {
    static constexpr const char *NAME = "weft";
    weft_semaphore it = WEFT_SEMAPHORE_INIT(PERMITS);
    void acquire() { weft_semaphore_acquire(&it); }
    void release() { weft_semaphore_release(&it); }
};

struct WeftBounded {
    static constexpr const char *NAME = "weft, bounded";
    weft_bounded_semaphore it = WEFT_BOUNDED_SEMAPHORE_INIT(PERMITS);
    void acquire() { weft_bounded_semaphore_acquire(&it); }
    void release() { weft_bounded_semaphore_release(&it); }
};

struct Posix {
    static constexpr const char *NAME = "sem_t";
    sem_t it;
    Posix() { sem_init(&it, 0, PERMITS); }
    void acquire() { sem_wait(&it); }
    void release() { sem_post(&it); }
};

#ifdef WEFT_BENCH_UV
struct Uv {
    static constexpr const char *NAME = "libuv";
    uv_sem_t it;
    Uv() { uv_sem_init(&it, PERMITS); }
    void acquire() { uv_sem_wait(&it); }
    void release() { uv_sem_post(&it); }
};
#endif

template <class Semaphore> void pair(benchmark::State &state)
{
    static Alone<Semaphore> alone;
    for (auto _ : state) {
        alone.value.acquire();
        alone.value.release();
    }
}

template <class Semaphore> void crowd(benchmark::State &state)
{
    Alone<Semaphore> alone;
    rounds(state, 4, [&semaphore = alone.value](int) {
        return [&semaphore] {
            semaphore.acquire();
            semaphore.release();
        };
    });
}

template <class Semaphore> void enter_all()
{
    enter("semaphore/uncontended", Semaphore::NAME, pair<Semaphore>);
    enter_crew("semaphore/4 threads for 2 permits", Semaphore::NAME, crowd<Semaphore>);
}

[[maybe_unused]] const int entered = [] {
    enter_all<WeftSemaphore>();
    enter_all<WeftBounded>();
    enter_all<Posix>();
#ifdef WEFT_BENCH_UV
    enter_all<Uv>();
#endif
    return 0;
}();

} // namespace
} // namespace bench
