/* SPDX-License-Identifier: MIT */
#include "crew.h"

#include <barrier>
#include <cerrno>
#include <cmath>
#include <ctime>
#include <thread>

namespace bench
{

static std::int64_t read_clock(clockid_t clock)
{
    timespec time{};
    clock_gettime(clock, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

std::int64_t now()
{
    return read_clock(CLOCK_MONOTONIC);
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

Took together(int threads, const std::function<void(int)> &body,
              const std::function<void()> &meanwhile)
{
    std::int64_t begin = 0, cpu_begin = 0, end = 0, cpu_end = 0;
    std::atomic<int> left{threads};
    std::barrier start(threads + 1, [&]() noexcept {
        cpu_begin = read_clock(CLOCK_PROCESS_CPUTIME_ID);
        begin = now();
    });
    std::vector<std::thread> crew;
    for (int index = 0; index < threads; index++)
        crew.emplace_back([&, index] {
            start.arrive_and_wait();
            body(index);
            if (left.fetch_sub(1) == 1) {
                end = now();
                cpu_end = read_clock(CLOCK_PROCESS_CPUTIME_ID);
            }
        });
    start.arrive_and_wait();
    meanwhile();
    for (std::thread &thread : crew)
        thread.join();
    return {end - begin, cpu_end - cpu_begin};
}

std::int64_t duration()
{
    static const std::int64_t nanoseconds = [] {
        const char *seconds = std::getenv("WEFT_BENCH_SECONDS");
        return static_cast<std::int64_t>((seconds != nullptr ? std::atof(seconds) : 0.05) * 1e9);
    }();
    return nanoseconds;
}

void sleep_for(std::int64_t nanoseconds)
{
    timespec left{static_cast<std::time_t>(nanoseconds / 1000000000),
                  static_cast<long>(nanoseconds % 1000000000)};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

void report(benchmark::State &state, Took took, std::int64_t items)
{
    state.SetItemsProcessed(items);
    state.counters["cpu"] = static_cast<double>(took.cpu) / static_cast<double>(items);
}

} // namespace bench
