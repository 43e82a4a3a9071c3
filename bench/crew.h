/* SPDX-License-Identifier: MIT */
/*
 * Several threads at one work. The time that counts runs from when all of them are there until the last
 * one has ended: the mean of what each of them took would be kind to who lets one finish before the others.
 */
#ifndef WEFT_BENCH_CREW_H
#define WEFT_BENCH_CREW_H

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "bench.h"

namespace bench
{

/* Nanoseconds. */
struct Took {
    std::int64_t wall;
    std::int64_t cpu; /* of the whole process */
};

/* Runs body(index) in so many threads at once; `meanwhile` in the caller. */
Took together(
    int threads, const std::function<void(int)> &body,
    const std::function<void()> &meanwhile = [] {});

/* How long a repetition lasts that is measured by time: WEFT_BENCH_SECONDS. */
std::int64_t duration();

void sleep_for(std::int64_t nanoseconds);

/* Says what a repetition took for so many items. */
void report(benchmark::State &state, Took took, std::int64_t items);

/*
 * As much as can be done in a while. Each thread makes its own round with make(index), and calls it
 * again and again.
 */
template <class Make> void rounds(benchmark::State &state, int threads, Make make)
{
    for (auto _ : state) {
        Alone<std::atomic<bool>> over;
        std::vector<Alone<std::int64_t>> counts(static_cast<std::size_t>(threads));
        Took took = together(
            threads,
            [&](int index) {
                auto round = make(index);
                std::int64_t count = 0;
                do {
                    round();
                    count++;
                } while (!over.value.load(std::memory_order_relaxed));
                counts[static_cast<std::size_t>(index)].value = count;
            },
            [&] {
                sleep_for(duration());
                over.value.store(true);
            });
        std::int64_t items = 0;
        for (const auto &count : counts)
            items += count.value;
        state.SetIterationTime(static_cast<double>(took.wall) * 1e-9);
        report(state, took, items);
    }
}

/*
 * A given amount of work: body(index, count) does something `count` times; that makes `items` for each
 * count. Google Benchmark finds the count that lasts long enough.
 */
template <class Body>
void amount(benchmark::State &state, int threads, std::int64_t items, Body body)
{
    const std::int64_t count = static_cast<std::int64_t>(state.max_iterations);
    Took took{};
    while (state.KeepRunningBatch(count)) {
        took = together(threads, [&](int index) { body(index, count); });
        state.SetIterationTime(static_cast<double>(took.wall) * 1e-9);
    }
    report(state, took, count * items);
}

/* Registers one that times itself, as those above do. */
template <class Function>
benchmark::internal::Benchmark *enter_crew(const std::string &table, const std::string &name,
                                           Function function)
{
    return benchmark::RegisterBenchmark((table + "/" + name).c_str(), function)->UseManualTime();
}

} // namespace bench

#endif
