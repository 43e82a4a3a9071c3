/* SPDX-License-Identifier: MIT */
/*
 * Lock: alone, contended with an empty section and with one of 100 ns, how long waits take, who is
 * overtaken, and what waiting costs in CPU time while a holder takes long.
 */
#include <algorithm>
#include <vector>

#include "crew.h"
#include "locks.h"
#include "visits.h"

namespace bench
{
namespace
{

template <class Lock> struct Shared {
    Lock lock;
    volatile std::uint64_t word = 0;
};

template <class Lock> void uncontended(benchmark::State &state)
{
    static Alone<Shared<Lock>> alone;
    Shared<Lock> &shared = alone.value;
    for (auto _ : state) {
        shared.lock.lock();
        shared.word = shared.word + 1;
        shared.lock.unlock();
    }
}

template <class Lock> void contended(benchmark::State &state, int threads, int nanoseconds)
{
    Alone<Shared<Lock>> alone;
    rounds(state, threads, [&shared = alone.value, nanoseconds](int) {
        return [&shared, nanoseconds] {
            shared.lock.lock();
            shared.word = shared.word + 1;
            if (nanoseconds != 0)
                work(nanoseconds);
            shared.lock.unlock();
        };
    });
}

template <class Lock> void watched(benchmark::State &state, int threads)
{
    for (auto _ : state) {
        Alone<Lock> alone;
        const Visits visits = watched_visits(threads, [&lock = alone.value](int) {
            lock.lock();
            const std::int64_t entered = now();
            work(100);
            lock.unlock();
            return entered;
        });
        std::vector<Wait> waits; /* as far as one knows who sees the lock from outside */
        std::vector<std::int64_t> times;
        for (const Visit &visit : visits.all) {
            times.push_back(visit.entered - visit.came);
            if (times.back() > PATIENCE)
                waits.push_back({visit.came + PATIENCE, visit.came, visit.entered});
        }
        std::sort(times.begin(), times.end());
        state.counters["p99.9"] = static_cast<double>(times[times.size() * 999 / 1000]);
        state.counters["longest"] = static_cast<double>(times.back());
        state.counters["visits"] = static_cast<double>(visits.all.size());
        state.counters["overtakings"] = overtakings(visits, waits);
        state.SetIterationTime(static_cast<double>(visits.took.wall) * 1e-9);
        report(state, visits.took, static_cast<std::int64_t>(visits.all.size()));
    }
}

/* One thread holds the lock for 2 ms ten times, the others want it for a moment as often. */
template <class Lock> void long_holder(benchmark::State &state)
{
    constexpr int VISITS = 10;
    Alone<Shared<Lock>> alone;
    for (auto _ : state) {
        Took took = together(4, [&](int index) {
            for (int i = 0; i < VISITS; i++) {
                alone.value.lock.lock();
                if (index == 0)
                    work(2000000);
                alone.value.lock.unlock();
            }
        });
        state.SetIterationTime(static_cast<double>(took.wall) * 1e-9);
        report(state, took, VISITS);
    }
}

[[maybe_unused]] const int entered = [] {
    for_each_lock([](auto type) {
        using Lock = typename decltype(type)::type;
        const std::string name = Lock::NAME;
        enter("lock/uncontended", name, uncontended<Lock>);
        for (int threads : {2, 4, 8}) {
            const std::string crowd = "lock/" + std::to_string(threads) + " threads";
            for (int nanoseconds : {0, 100})
                enter_crew(
                    crowd + (nanoseconds == 0 ? ", empty section" : ", 100 ns section"), name,
                    [=](benchmark::State &state) { contended<Lock>(state, threads, nanoseconds); });
            enter_crew(crowd + ", waits", name, [=](benchmark::State &state) {
                watched<Lock>(state, threads);
            })->Iterations(1);
        }
        enter_crew("lock/4 threads, a holder of 2 ms", name, long_holder<Lock>)->Iterations(1);
    });
    return 0;
}();

} // namespace
} // namespace bench
