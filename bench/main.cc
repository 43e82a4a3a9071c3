/* SPDX-License-Identifier: MIT */
/*
 * Runs the tables. bench/run says how; the options are Google Benchmark's.
 */
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <thread>

#include "bench.h"

namespace bench
{

std::int64_t now()
{
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

/* A chain of multiplications: the same number of them on every core at every moment. */
static void spin(std::int64_t turns)
{
    std::uint64_t x = 1;
    for (std::int64_t i = 0; i < turns; i++) {
        x = x * 6364136223846793005U + 1;
        benchmark::DoNotOptimize(x);
    }
}

static double turns_a_nanosecond()
{
    constexpr std::int64_t TURNS = 2000000;
    double best = 0;
    for (int i = 0; i < 5; i++) {
        std::int64_t start = now();
        spin(TURNS);
        best = std::fmax(best, static_cast<double>(TURNS) / static_cast<double>(now() - start));
    }
    return best;
}

void work(int nanoseconds)
{
    static const double rate = turns_a_nanosecond();
    spin(static_cast<std::int64_t>(rate * nanoseconds));
}

} // namespace bench

int main(int argc, char **argv)
{
    setenv("UV_THREADPOOL_SIZE", "2", 1); /* libuv's pool has as many workers as the others */
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    benchmark::AddCustomContext("missing", WEFT_BENCH_MISSING);
    benchmark::AddCustomContext("compiler", WEFT_BENCH_COMPILER);
    bench::work(1);
    /* A second thread for as long as it runs: before there is one, glibc leaves out what makes its
     * own operations atomic, and would compare with nobody. */
    std::mutex mutex;
    std::condition_variable end;
    bool ended = false;
    std::thread second([&] {
        std::unique_lock<std::mutex> lock(mutex);
        end.wait(lock, [&] { return ended; });
    });
    benchmark::RunSpecifiedBenchmarks();
    {
        std::lock_guard<std::mutex> lock(mutex);
        ended = true;
    }
    end.notify_one();
    second.join();
    return 0;
}
