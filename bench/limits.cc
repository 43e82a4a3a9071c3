/* SPDX-License-Identifier: MIT */
/*
 * What the machine itself allows: nothing that synchronises can cost less.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

namespace bench
{
namespace
{

void compare_and_swap_pair(benchmark::State &state)
{
    static Alone<std::uint32_t> word;
    for (auto _ : state) {
        std::uint32_t expected = 0;
        __atomic_compare_exchange_n(&word.value, &expected, 1, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED);
        expected = 1;
        __atomic_compare_exchange_n(&word.value, &expected, 0, false, __ATOMIC_RELEASE,
                                    __ATOMIC_RELAXED);
    }
}

void compare_and_swap_then_store(benchmark::State &state)
{
    static Alone<std::uint32_t> word;
    for (auto _ : state) {
        std::uint32_t expected = 0;
        __atomic_compare_exchange_n(&word.value, &expected, 1, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED);
        __atomic_store_n(&word.value, 0, __ATOMIC_RELEASE);
    }
}

/* Two threads that never sleep hand a line to each other. */
void cache_line(benchmark::State &state)
{
    static Alone<std::uint32_t> turn;
    std::uint32_t mine = static_cast<std::uint32_t>(state.thread_index());
    for (auto _ : state) {
        while (__atomic_load_n(&turn.value, __ATOMIC_ACQUIRE) != mine) {
        }
        __atomic_store_n(&turn.value, 1 - mine, __ATOMIC_RELEASE);
    }
    if (mine == 0)
        state.SetItemsProcessed(state.iterations());
}

/* Two threads that always sleep. */
void futex(benchmark::State &state)
{
    static Alone<std::uint32_t> turn;
    std::uint32_t mine = static_cast<std::uint32_t>(state.thread_index());
    for (auto _ : state) {
        while (__atomic_load_n(&turn.value, __ATOMIC_ACQUIRE) != mine)
            syscall(SYS_futex, &turn.value, FUTEX_WAIT_PRIVATE, 1 - mine, nullptr, nullptr, 0);
        __atomic_store_n(&turn.value, 1 - mine, __ATOMIC_RELEASE);
        syscall(SYS_futex, &turn.value, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    }
    if (mine == 0)
        state.SetItemsProcessed(state.iterations());
}

void system_call(benchmark::State &state)
{
    for (auto _ : state)
        benchmark::DoNotOptimize(syscall(SYS_getppid));
}

[[maybe_unused]] const int entered = [] {
    enter("limits/of the machine", "limit: two compare-and-swaps", compare_and_swap_pair);
    enter("limits/of the machine", "limit: a compare-and-swap and a store",
          compare_and_swap_then_store);
    enter("limits/of the machine", "limit: a cache line there and back", cache_line)->Threads(2);
    enter("limits/of the machine", "limit: a futex there and back", futex)->Threads(2);
    enter("limits/of the machine", "limit: a system call", system_call);
    return 0;
}();

} // namespace
} // namespace bench
