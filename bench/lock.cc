/* SPDX-License-Identifier: MIT */
/*
 * Lock: alone, contended with an empty section and with one of 100 ns, how long waits take, who is
 * overtaken, and what waiting costs in CPU time while a holder takes long.
 */
#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "locks.h"

namespace bench
{
namespace
{

template <class Lock> struct Shared {
    Lock lock;
    volatile std::uint64_t word = 0;
};

template <class Lock, int NANOSECONDS> void pair(benchmark::State &state)
{
    static Alone<Shared<Lock>> alone;
    Shared<Lock> &shared = alone.value;
    for (auto _ : state) {
        shared.lock.lock();
        shared.word = shared.word + 1;
        if (NANOSECONDS != 0)
            work(NANOSECONDS);
        shared.lock.unlock();
    }
    state.SetItemsProcessed(state.iterations());
}

struct Visit {
    std::int64_t came;
    std::int64_t entered;
};

/*
 * How often a thread that had come later got the lock before one whose millisecond was over. By the
 * times that the threads note themselves, before they ask and once they have it.
 */
double overtakings(std::vector<Visit> visits)
{
    constexpr std::int64_t PATIENCE = 1000000;
    double count = 0;
    std::sort(visits.begin(), visits.end(),
              [](const Visit &a, const Visit &b) { return a.entered < b.entered; });
    for (std::size_t i = 0; i < visits.size(); i++) {
        std::int64_t due = visits[i].came + PATIENCE;
        for (std::size_t k = i; k-- > 0 && visits[k].entered > due;)
            count += visits[k].came > due;
    }
    return count;
}

/* Several threads for a twentieth of a second; each notes how long it waited. */
template <class Lock> void waits(benchmark::State &state, int threads)
{
    constexpr std::int64_t RUN = 50000000;
    double quantile = 0, longest = 0, overtaken = 0, visits = 0;
    for (auto _ : state) {
        Alone<Shared<Lock>> alone;
        std::vector<std::vector<Visit>> notes(threads);
        std::vector<std::thread> crew;
        std::int64_t end = now() + RUN;
        for (int i = 0; i < threads; i++)
            crew.emplace_back([&alone, &mine = notes[i], end] {
                for (Visit visit{}; (visit.came = now()) < end; mine.push_back(visit)) {
                    alone.value.lock.lock();
                    visit.entered = now();
                    work(100);
                    alone.value.lock.unlock();
                }
            });
        Waits all;
        std::vector<Visit> every;
        for (int i = 0; i < threads; i++) {
            crew[i].join();
            for (const Visit &visit : notes[i])
                all.add(visit.entered - visit.came);
            every.insert(every.end(), notes[i].begin(), notes[i].end());
        }
        state.SetIterationTime(1);
        quantile = all.quantile(0.999);
        longest = all.longest();
        visits = static_cast<double>(every.size());
        overtaken = overtakings(std::move(every));
    }
    state.counters["p99.9"] = quantile;
    state.counters["longest"] = longest;
    state.counters["overtakings"] = overtaken;
    state.counters["visits"] = visits;
}

/* One thread holds the lock for 2 ms at a time, the others want it for a moment. */
template <class Lock> void long_holder(benchmark::State &state)
{
    static Alone<Shared<Lock>> alone;
    for (auto _ : state) {
        alone.value.lock.lock();
        if (state.thread_index() == 0)
            work(2000000);
        alone.value.lock.unlock();
    }
}

[[maybe_unused]] const int entered = [] {
    for_each_lock([](auto type) {
        using Lock = typename decltype(type)::type;
        const std::string name = Lock::NAME;
        enter("lock/uncontended", name, pair<Lock, 0>);
        for (int threads : {2, 4, 8}) {
            const std::string crowd = "lock/" + std::to_string(threads) + " threads";
            enter(crowd + ", empty section", name, pair<Lock, 0>)->Threads(threads);
            enter(crowd + ", 100 ns section", name, pair<Lock, 100>)->Threads(threads);
            benchmark::RegisterBenchmark(
                (crowd + ", waits/" + name).c_str(),
                [threads](benchmark::State &state) { waits<Lock>(state, threads); })
                ->UseManualTime()
                ->Iterations(1);
        }
        enter("lock/4 threads, a holder of 2 ms", name, long_holder<Lock>)
            ->Threads(4)
            ->Iterations(10);
    });
    return 0;
}();

} // namespace
} // namespace bench
