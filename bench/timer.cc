/* SPDX-License-Identifier: MIT */
/*
 * Timer: so many are armed, far in the future, and cancelled in another order. The time is one
 * timer's: it shows how it grows with their number.
 */
#include <memory>
#include <vector>

#include "bench.h"

#ifdef WEFT_BENCH_UV
#include <uv.h>
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

void *nothing(void *arg)
{
    return arg;
}

void weft(benchmark::State &state)
{
    std::size_t count = static_cast<std::size_t>(state.range(0));
    std::vector<weft_timer *> timers(count);
    for (auto _ : state) {
        for (std::size_t i = 0; i < count; i++) {
            weft_timer_options options{};
            options.struct_size = sizeof options;
            options.interval = 1000 + static_cast<double>(shuffled(i, count));
            options.target = nothing;
            timers[i] = weft_timer_spawn_with(&options);
        }
        for (std::size_t i = 0; i < count; i++) {
            weft_timer *timer = timers[shuffled(i, count)];
            weft_timer_cancel(timer);
            weft_timer_free(timer);
        }
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

#ifdef WEFT_BENCH_UV
/* All in one thread, and without an allocation: no other thread may touch them. */
void uv(benchmark::State &state)
{
    std::size_t count = static_cast<std::size_t>(state.range(0));
    std::vector<uv_timer_t> timers(count);
    uv_loop_t loop;
    uv_loop_init(&loop);
    for (uv_timer_t &timer : timers)
        uv_timer_init(&loop, &timer);
    for (auto _ : state) {
        for (std::size_t i = 0; i < count; i++)
            uv_timer_start(
                &timers[i], [](uv_timer_t *) {}, 1000000 + shuffled(i, count), 0);
        for (std::size_t i = 0; i < count; i++)
            uv_timer_stop(&timers[shuffled(i, count)]);
    }
    for (uv_timer_t &timer : timers)
        uv_close(reinterpret_cast<uv_handle_t *>(&timer), nullptr);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
#endif

void enter_all(int count)
{
    const std::string table = "timer/" + std::to_string(count) + " armed and cancelled";
    enter(table, "weft", weft)->Arg(count);
#ifdef WEFT_BENCH_UV
    enter(table, "limit: libuv, in one thread", uv)->Arg(count);
#endif
}

[[maybe_unused]] const int entered = [] {
    for (int count : {100, 10000, 100000})
        enter_all(count);
    return 0;
}();

} // namespace
} // namespace bench
