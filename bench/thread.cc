/* SPDX-License-Identifier: MIT */
/*
 * Thread: one that is started and joined.
 */
#include <pthread.h>
#include <thread>
#include <threads.h>

#include "bench.h"

#ifdef WEFT_BENCH_GLIB
#include <glib.h>
#endif
#ifdef WEFT_BENCH_UV
#include <uv.h>
#endif
#ifdef WEFT_BENCH_BOOST
#include <boost/thread/thread.hpp>
#endif

namespace bench
{
namespace
{

void *nothing(void *arg)
{
    return arg;
}

void weft(benchmark::State &state)
{
    for (auto _ : state) {
        weft_thread_options options{};
        options.struct_size = sizeof options;
        options.target = nothing;
        weft_thread *thread = weft_thread_spawn_with(&options);
        weft_thread_join(thread);
        weft_thread_free(thread);
    }
}

void pthreads(benchmark::State &state)
{
    for (auto _ : state) {
        pthread_t thread;
        pthread_create(&thread, nullptr, nothing, nullptr);
        pthread_join(thread, nullptr);
    }
}

void c11(benchmark::State &state)
{
    for (auto _ : state) {
        thrd_t thread;
        thrd_create(
            &thread, [](void *) { return 0; }, nullptr);
        thrd_join(thread, nullptr);
    }
}

void cxx(benchmark::State &state)
{
    for (auto _ : state)
        std::thread(nothing, nullptr).join();
}

#ifdef WEFT_BENCH_GLIB
void glib(benchmark::State &state)
{
    for (auto _ : state)
        g_thread_join(g_thread_new("", nothing, nullptr));
}
#endif

#ifdef WEFT_BENCH_UV
void uv(benchmark::State &state)
{
    for (auto _ : state) {
        uv_thread_t thread;
        uv_thread_create(
            &thread, [](void *) {}, nullptr);
        uv_thread_join(&thread);
    }
}
#endif

#ifdef WEFT_BENCH_BOOST
void boost_thread(benchmark::State &state)
{
    for (auto _ : state)
        boost::thread([] {}).join();
}
#endif

[[maybe_unused]] const int entered = [] {
    const std::string table = "thread/start and join";
    enter(table, "weft", weft);
    enter(table, "pthread", pthreads);
    enter(table, "C11", c11);
    enter(table, "std::thread", cxx);
#ifdef WEFT_BENCH_GLIB
    enter(table, "GLib", glib);
#endif
#ifdef WEFT_BENCH_UV
    enter(table, "libuv", uv);
#endif
#ifdef WEFT_BENCH_BOOST
    enter(table, "Boost", boost_thread);
#endif
    return 0;
}();

} // namespace
} // namespace bench
