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

void Waits::add(std::int64_t nanoseconds)
{
    double place = nanoseconds <= 1 ? 0 : std::log2(static_cast<double>(nanoseconds)) * 8;
    counts_[place < BUCKETS - 1 ? static_cast<int>(place) : BUCKETS - 1]++;
    if (nanoseconds > longest_)
        longest_ = nanoseconds;
}

void Waits::add(const Waits &other)
{
    for (int i = 0; i < BUCKETS; i++)
        counts_[i] += other.counts_[i];
    if (other.longest_ > longest_)
        longest_ = other.longest_;
}

double Waits::quantile(double share) const
{
    std::uint64_t all = 0;
    for (std::uint64_t count : counts_)
        all += count;
    std::uint64_t wanted = static_cast<std::uint64_t>(share * static_cast<double>(all));
    std::uint64_t seen = 0;
    for (int i = 0; i < BUCKETS; i++) {
        seen += counts_[i];
        if (seen > wanted)
            return std::exp2((i + 1) / 8.0);
    }
    return longest();
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
