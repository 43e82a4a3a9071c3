/* SPDX-License-Identifier: MIT */
/*
 * Executor: empty tasks for two workers. Ten thousand are submitted and then all results are asked;
 * one is submitted and its result is asked, again and again; and tasks that nobody asks about. Then
 * the same for eight.
 */
#include <atomic>
#include <future>
#include <vector>

#include "bench.h"

#ifdef WEFT_BENCH_BOOST
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#endif
#ifdef WEFT_BENCH_TBB
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_group.h>
#endif
#ifdef WEFT_BENCH_GLIB
#include <glib.h>
#endif
#ifdef WEFT_BENCH_UV
#include <uv.h>
#endif
#ifdef WEFT_BENCH_APR
#include <apr_pools.h>
#include <apr_thread_pool.h>
#endif

namespace bench
{
namespace
{

constexpr int TASKS = 10000;

const char *const BULK = "executor/10000 tasks, then their results";
const char *const SINGLE = "executor/one task, its result, the next";
const char *const POSTED = "executor/fire and forget";
/* More than the machine has processors for. */
const char *const CROWDED_BULK = "executor/8 workers, 10000 tasks, then their results";
const char *const CROWDED_POSTED = "executor/8 workers, fire and forget";

/* How many of the posted tasks have run; the last one says so. */
struct Count {
    std::atomic<int> left{0};
    std::atomic<bool> over{false};
    void start()
    {
        over.store(false);
        left.store(TASKS);
    }
    void one()
    {
        if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            over.store(true);
            over.notify_all();
        }
    }
    void wait() { over.wait(false); }
};

Count &count()
{
    static Alone<Count> alone;
    return alone.value;
}

void *nothing(void *arg)
{
    return arg;
}

void *count_one(void *)
{
    count().one();
    return nullptr;
}

/* ---- weft ----------------------------------------------------------------------------------- */

template <int WORKERS> weft_executor *weft_pool()
{
    static weft_executor *pool = [] {
        weft_executor_options options{};
        options.struct_size = sizeof options;
        options.max_workers = WORKERS;
        return weft_executor_new_with(&options);
    }();
    return pool;
}

template <int WORKERS> weft_submit_options weft_task(weft_target *target)
{
    weft_submit_options options{};
    options.struct_size = sizeof options;
    options.executor = weft_pool<WORKERS>();
    options.target = target;
    return options;
}

template <int WORKERS> void weft_bulk(benchmark::State &state)
{
    std::vector<weft_future *> futures(TASKS);
    const weft_submit_options task = weft_task<WORKERS>(nothing);
    for (auto _ : state) {
        for (weft_future *&future : futures)
            future = weft_executor_submit_with(&task);
        for (weft_future *future : futures) {
            weft_future_result(future, nullptr);
            weft_future_free(future);
        }
    }
    state.SetItemsProcessed(state.iterations() * TASKS);
}

void weft_single(benchmark::State &state)
{
    const weft_submit_options task = weft_task<2>(nothing);
    for (auto _ : state) {
        weft_future *future = weft_executor_submit_with(&task);
        weft_future_result(future, nullptr);
        weft_future_free(future);
    }
}

template <int WORKERS> void weft_posted(benchmark::State &state)
{
    const weft_submit_options task = weft_task<WORKERS>(count_one);
    for (auto _ : state) {
        count().start();
        for (int i = 0; i < TASKS; i++)
            must(weft_executor_post_with(&task));
        count().wait();
    }
    state.SetItemsProcessed(state.iterations() * TASKS);
}

/* ---- Asio with std::packaged_task ----------------------------------------------------------- */

#ifdef WEFT_BENCH_BOOST
template <int WORKERS> boost::asio::thread_pool &asio_pool()
{
    static auto *pool = new boost::asio::thread_pool(WORKERS);
    return *pool;
}

template <int WORKERS> std::future<void *> asio_submit()
{
    std::packaged_task<void *()> task([] { return nothing(nullptr); });
    std::future<void *> future = task.get_future();
    boost::asio::post(asio_pool<WORKERS>(), std::move(task));
    return future;
}

template <int WORKERS> void asio_bulk(benchmark::State &state)
{
    std::vector<std::future<void *>> futures(TASKS);
    for (auto _ : state) {
        for (auto &future : futures)
            future = asio_submit<WORKERS>();
        for (auto &future : futures)
            future.get();
    }
    state.SetItemsProcessed(state.iterations() * TASKS);
}

void asio_single(benchmark::State &state)
{
    for (auto _ : state)
        asio_submit<2>().get();
}

template <int WORKERS> void asio_posted(benchmark::State &state)
{
    for (auto _ : state) {
        count().start();
        for (int i = 0; i < TASKS; i++)
            boost::asio::post(asio_pool<WORKERS>(), [] { count().one(); });
        count().wait();
    }
    state.SetItemsProcessed(state.iterations() * TASKS);
}
#endif

/* ---- those without results ------------------------------------------------------------------ */

#ifdef WEFT_BENCH_TBB
/* The thread that waits for a task group is one of its workers. */
template <int WORKERS> void tbb_posted(benchmark::State &state)
{
    tbb::global_control limit(tbb::global_control::max_allowed_parallelism, WORKERS);
    tbb::task_group group;
    for (auto _ : state) {
        count().start();
        for (int i = 0; i < TASKS; i++)
            group.run([] { count().one(); });
        group.wait();
    }
    state.SetItemsProcessed(state.iterations() * TASKS);
}
#endif

#ifdef WEFT_BENCH_GLIB
template <int WORKERS> void glib_posted(benchmark::State &state)
{
    static GThreadPool *pool = g_thread_pool_new([](gpointer, gpointer) { count().one(); }, nullptr,
                                                 WORKERS, TRUE, nullptr);
    static int task;
    for (auto _ : state) {
        count().start();
        for (int i = 0; i < TASKS; i++)
            g_thread_pool_push(pool, &task, nullptr);
        count().wait();
    }
    state.SetItemsProcessed(state.iterations() * TASKS);
}
#endif

#ifdef WEFT_BENCH_UV
/* UV_THREADPOOL_SIZE is set by main. */
void uv_posted(benchmark::State &state)
{
    static std::vector<uv_work_t> tasks(TASKS);
    uv_loop_t loop;
    uv_loop_init(&loop);
    for (auto _ : state) {
        count().start();
        for (uv_work_t &task : tasks)
            uv_queue_work(
                &loop, &task, [](uv_work_t *) { count().one(); }, nullptr);
        uv_run(&loop, UV_RUN_DEFAULT);
    }
    uv_loop_close(&loop);
    state.SetItemsProcessed(state.iterations() * TASKS);
}
#endif

#ifdef WEFT_BENCH_APR
template <int WORKERS> void apr_posted(benchmark::State &state)
{
    static apr_thread_pool_t *pool = [] {
        apr_pool_t *memory = nullptr;
        apr_thread_pool_t *made = nullptr;
        apr_initialize();
        apr_pool_create(&memory, nullptr);
        apr_thread_pool_create(&made, WORKERS, WORKERS, memory);
        return made;
    }();
    for (auto _ : state) {
        count().start();
        for (int i = 0; i < TASKS; i++)
            apr_thread_pool_push(
                pool, [](apr_thread_t *, void *arg) -> void * { return count_one(arg); }, nullptr,
                0, nullptr);
        count().wait();
    }
    state.SetItemsProcessed(state.iterations() * TASKS);
}
#endif

void async_single(benchmark::State &state)
{
    for (auto _ : state)
        std::async(std::launch::async, nothing, nullptr).get();
}

template <int WORKERS> void enter_posted(const char *table)
{
    enter(table, "weft", weft_posted<WORKERS>);
#ifdef WEFT_BENCH_BOOST
    enter(table, "Asio", asio_posted<WORKERS>);
#endif
#ifdef WEFT_BENCH_TBB
    enter(table, "oneTBB", tbb_posted<WORKERS>);
#endif
#ifdef WEFT_BENCH_GLIB
    enter(table, "GLib", glib_posted<WORKERS>);
#endif
#ifdef WEFT_BENCH_APR
    enter(table, "APR", apr_posted<WORKERS>);
#endif
}

[[maybe_unused]] const int entered = [] {
    enter_posted<2>(POSTED);
    enter_posted<8>(CROWDED_POSTED);
#ifdef WEFT_BENCH_UV
    enter(POSTED, "libuv", uv_posted);
#endif
    enter(BULK, "weft", weft_bulk<2>);
    enter(CROWDED_BULK, "weft", weft_bulk<8>);
    enter(SINGLE, "weft", weft_single);
    enter(SINGLE, "std::async", async_single);
#ifdef WEFT_BENCH_BOOST
    enter(BULK, "Asio", asio_bulk<2>);
    enter(CROWDED_BULK, "Asio", asio_bulk<8>);
    enter(SINGLE, "Asio", asio_single);
#endif
    return 0;
}();

} // namespace
} // namespace bench
