/* SPDX-License-Identifier: MIT */
/*
 * Runs the tables. bench/run says how; the options are Google Benchmark's.
 */
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "bench.h"

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
