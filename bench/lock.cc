/* SPDX-License-Identifier: MIT */
/*
 * Lock: alone, contended with an empty section and with one of 100 ns, how long waits take, who is
 * overtaken, and what waiting costs in CPU time while a holder takes long.
 */
#include <algorithm>
#include <vector>

#include "crew.h"
#include "locks.h"

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

/* Each thread notes when it came and when it had the lock. */
template <class Lock> std::vector<Visit> watched_visits(int threads)
{
    constexpr std::size_t ROOM = 1 << 20; /* so that nobody copies what it has noted */
    Alone<Shared<Lock>> alone;
    std::vector<std::vector<Visit>> notes(static_cast<std::size_t>(threads));
    for (auto &mine : notes)
        mine.reserve(ROOM);
    const std::int64_t end = now() + 2 * duration();
    together(threads, [&](int index) {
        std::vector<Visit> &mine = notes[static_cast<std::size_t>(index)];
        for (Visit visit{}; (visit.came = now()) < end; mine.push_back(visit)) {
            alone.value.lock.lock();
            visit.entered = now();
            work(100);
            alone.value.lock.unlock();
        }
    });
    std::vector<Visit> all;
    for (const auto &mine : notes)
        all.insert(all.end(), mine.begin(), mine.end());
    return all;
}

template <class Lock> void waits(benchmark::State &state, int threads)
{
    for (auto _ : state) {
        std::vector<Visit> visits = watched_visits<Lock>(threads);
        std::vector<std::int64_t> times;
        for (const Visit &visit : visits)
            times.push_back(visit.entered - visit.came);
        std::sort(times.begin(), times.end());
        state.counters["p99.9"] = static_cast<double>(times[times.size() * 999 / 1000]);
        state.counters["longest"] = static_cast<double>(times.back());
        state.counters["visits"] = static_cast<double>(visits.size());
        state.counters["overtakings"] = overtakings(std::move(visits));
        state.SetIterationTime(1);
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
                waits<Lock>(state, threads);
            })->Iterations(1);
        }
        enter_crew("lock/4 threads, a holder of 2 ms", name, long_holder<Lock>)->Iterations(1);
    });
    return 0;
}();

} // namespace
} // namespace bench
