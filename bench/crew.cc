/* SPDX-License-Identifier: MIT */
#include "crew.h"

#include <barrier>
#include <cerrno>
#include <ctime>
#include <thread>

namespace bench
{

static std::int64_t cpu_time()
{
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

Took together(int threads, const std::function<void(int)> &body,
              const std::function<void()> &meanwhile)
{
    std::int64_t begin = 0, cpu_begin = 0, end = 0, cpu_end = 0;
    std::atomic<int> left{threads};
    std::barrier start(threads + 1, [&]() noexcept {
        cpu_begin = cpu_time();
        begin = now();
    });
    std::vector<std::thread> crew;
    for (int index = 0; index < threads; index++)
        crew.emplace_back([&, index] {
            start.arrive_and_wait();
            body(index);
            if (left.fetch_sub(1) == 1) {
                end = now();
                cpu_end = cpu_time();
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
