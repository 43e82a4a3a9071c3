/* SPDX-License-Identifier: MIT */
/*
 * Timer: so many are armed, far in the future, and cancelled in another order. The time is one
 * timer's: it shows how it grows with their number.
 */
#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include "bench.h"

#ifdef WEFT_BENCH_UV
#include <uv.h>
#endif
#ifdef WEFT_BENCH_GLIB
#include <glib.h>
#endif
#ifdef WEFT_BENCH_BOOST
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#endif

namespace bench
{
namespace
{

/* Visits 0 .. count-1 in an order that jumps about; the step has no factor in common with any count. */
std::size_t shuffled(std::size_t i, std::size_t count)
{
    return i * 7919 % count;
}

/* The first timer is due after so many milliseconds: never, here. */
constexpr std::size_t SOONEST = 1000000;

double threads_of_process()
{
    namespace fs = std::filesystem;
    return static_cast<double>(std::distance(fs::directory_iterator("/proc/self/task"), {}));
}

/* arm(i, milliseconds) and cancel(i) for each of so many timers; the threads there are while all wait. */
template <class Arm, class Cancel> double timers(benchmark::State &state, Arm arm, Cancel cancel)
{
    const std::size_t count = static_cast<std::size_t>(state.range(0));
    double threads = 0;
    for (auto _ : state) {
        for (std::size_t i = 0; i < count; i++)
            arm(i, SOONEST + shuffled(i, count));
        state.PauseTiming();
        threads = threads_of_process();
        state.ResumeTiming();
        for (std::size_t i = 0; i < count; i++)
            cancel(shuffled(i, count));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    return threads;
}

void *nothing(void *arg)
{
    return arg;
}

void weft(benchmark::State &state)
{
    std::vector<weft_timer *> its(static_cast<std::size_t>(state.range(0)));
    const double threads = timers(
        state,
        [&](std::size_t i, std::size_t milliseconds) {
            weft_timer_options options{};
            options.struct_size = sizeof options;
            options.interval = static_cast<double>(milliseconds) * 1e-3;
            options.target = nothing;
            its[i] = weft_timer_spawn_with(&options);
        },
        [&](std::size_t i) {
            weft_timer_cancel(its[i]);
            weft_timer_free(its[i]);
        });
    state.counters["helpers"] = threads - 2; /* not those of main.cc */
}

#ifdef WEFT_BENCH_UV
/* All in one thread, and without an allocation: no other thread may touch them. */
void uv(benchmark::State &state)
{
    std::vector<uv_timer_t> its(static_cast<std::size_t>(state.range(0)));
    uv_loop_t loop;
    uv_loop_init(&loop);
    for (uv_timer_t &timer : its)
        uv_timer_init(&loop, &timer);
    timers(
        state,
        [&](std::size_t i, std::size_t milliseconds) {
            uv_timer_start(
                &its[i], [](uv_timer_t *) {}, milliseconds, 0);
        },
        [&](std::size_t i) { uv_timer_stop(&its[i]); });
    for (uv_timer_t &timer : its)
        uv_close(reinterpret_cast<uv_handle_t *>(&timer), nullptr);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}
#endif

#ifdef WEFT_BENCH_BOOST
/* One thread waits for them, as for ours. */
void asio(benchmark::State &state)
{
    boost::asio::io_context context;
    auto guard = boost::asio::make_work_guard(context);
    std::thread thread([&context] { context.run(); });
    std::vector<std::optional<boost::asio::steady_timer>> its(
        static_cast<std::size_t>(state.range(0)));
    timers(
        state,
        [&](std::size_t i, std::size_t milliseconds) {
            its[i].emplace(context, std::chrono::milliseconds(milliseconds));
            its[i]->async_wait([](const boost::system::error_code &) {});
        },
        [&](std::size_t i) { its[i].reset(); });
    guard.reset();
    thread.join();
}
#endif

#ifdef WEFT_BENCH_GLIB
/* In a context that nobody runs: no thread waits for them. */
void glib(benchmark::State &state)
{
    GMainContext *context = g_main_context_new();
    std::vector<GSource *> its(static_cast<std::size_t>(state.range(0)));
    timers(
        state,
        [&](std::size_t i, std::size_t milliseconds) {
            its[i] = g_timeout_source_new(static_cast<guint>(milliseconds));
            g_source_attach(its[i], context);
        },
        [&](std::size_t i) {
            g_source_destroy(its[i]);
            g_source_unref(its[i]);
        });
    g_main_context_unref(context);
}
#endif

void enter_timers(const std::string &name, void (*function)(benchmark::State &))
{
    for (int count : {1000, 10000, 100000})
        enter("timer/armed and cancelled", name + ", " + std::to_string(count), function)
            ->Arg(count);
}

[[maybe_unused]] const int entered = [] {
    enter_timers("weft", weft);
#ifdef WEFT_BENCH_UV
    enter_timers("limit: libuv, in one thread", uv);
#endif
#ifdef WEFT_BENCH_BOOST
    enter_timers("Asio", asio);
#endif
#ifdef WEFT_BENCH_GLIB
    enter_timers("limit: GLib, nobody waits", glib);
#endif
    return 0;
}();

} // namespace
} // namespace bench
