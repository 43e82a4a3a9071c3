/* SPDX-License-Identifier: MIT */
/*
 * Visits to a lock: when each thread came and when it had the lock, and who was overtaken.
 */
#ifndef WEFT_BENCH_VISITS_H
#define WEFT_BENCH_VISITS_H

#include <algorithm>
#include <vector>

#include "crew.h"

namespace bench
{

struct Visit {
    std::int64_t came;    /* before it asked */
    std::int64_t entered; /* noted while it holds the lock, so their order is that of the visits */
};

/* A wait, or a part of one: who comes after `due` is not to enter from `from` to `to`. */
struct Wait {
    std::int64_t due, from, to;
};

constexpr std::int64_t PATIENCE = 1000000; /* a waiter's millisecond */

struct Visits {
    std::vector<Visit> all; /* in the order in which they entered */
    Took took;
};

/* pass(index) takes the lock, notes the time, and lets the lock go, again and again. */
template <class Pass> Visits watched_visits(int threads, Pass pass)
{
    constexpr std::size_t ROOM = 1 << 20; /* so that nobody copies what it has noted */
    std::vector<std::vector<Visit>> notes(static_cast<std::size_t>(threads));
    for (auto &mine : notes)
        mine.reserve(ROOM);
    Alone<std::atomic<bool>> over;
    Visits visits;
    visits.took = together(
        threads,
        [&](int index) {
            std::vector<Visit> &mine = notes[static_cast<std::size_t>(index)];
            do {
                const std::int64_t came = now();
                mine.push_back({came, pass(index)});
            } while (!over.value.load(std::memory_order_relaxed));
        },
        [&] {
            sleep_for(duration());
            over.value.store(true);
        });
    for (const auto &mine : notes)
        visits.all.insert(visits.all.end(), mine.begin(), mine.end());
    std::sort(visits.all.begin(), visits.all.end(),
              [](const Visit &a, const Visit &b) { return a.entered < b.entered; });
    return visits;
}

/* How often somebody entered who was not to. */
inline double overtakings(const Visits &visits, const std::vector<Wait> &waits)
{
    double count = 0;
    for (const Wait &wait : waits) {
        auto visit = std::upper_bound(
            visits.all.begin(), visits.all.end(), std::max(wait.due, wait.from),
            [](std::int64_t time, const Visit &each) { return time < each.entered; });
        for (; visit != visits.all.end() && visit->entered < wait.to; ++visit)
            count += visit->came > wait.due;
    }
    return count;
}

} // namespace bench

#endif
