/* SPDX-License-Identifier: MIT */
/*
 * What the tables share. A benchmark is called "part/work/contestant": those that differ in the last
 * word only form one table. Ours are called weft...; limits of the machine, "limit ...", are shown
 * but are nobody's peer.
 */
#ifndef WEFT_BENCH_H
#define WEFT_BENCH_H

#include <cstdint>
#include <cstdlib>
#include <string>

#include <benchmark/benchmark.h>
#include <weft/weft.h>

namespace bench
{

/* On lines of its own, so that contestants do not share any. */
template <class T> struct alignas(128) Alone {
    T value{};
    char rest[64];
};

/* A contestant's type, as an argument. */
template <class T> struct Type {
    using type = T;
};

/* Registers a contestant; the result takes Threads() and the like. */
template <class Function>
benchmark::internal::Benchmark *enter(const std::string &table, const std::string &name,
                                      Function function)
{
    return benchmark::RegisterBenchmark((table + "/" + name).c_str(), function)
        ->UseRealTime()
        ->MeasureProcessCPUTime();
}

/* A call that cannot fail here. */
inline void must(weft_status status)
{
    if (__builtin_expect(status != WEFT_OK, 0))
        std::abort();
}

/* Keeps a core busy for about so many nanoseconds. */
void work(int nanoseconds);

/* Nanoseconds on the monotonic clock. */
std::int64_t now();

} // namespace bench

#endif
