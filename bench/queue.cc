/* SPDX-License-Identifier: MIT */
/*
 * Queue: items of 16 bytes through a queue of 1024, from producers to consumers; and batches of 32.
 */
#include <condition_variable>
#include <deque>
#include <mutex>

#include "crew.h"

#ifdef WEFT_BENCH_CK
#include "ck.h"
#endif
#ifdef WEFT_BENCH_GLIB
#include <glib.h>
#endif
#ifdef WEFT_BENCH_APR
#include <apr_pools.h>
#include <apr_queue.h>
#endif
#ifdef WEFT_BENCH_TBB
#include <oneapi/tbb/concurrent_queue.h>
#endif
#ifdef WEFT_BENCH_BOOST
#include <boost/thread/sync_bounded_queue.hpp>
#endif
#ifdef WEFT_BENCH_MOODYCAMEL
#include <concurrentqueue/blockingconcurrentqueue.h>
#endif

namespace bench
{
namespace
{

constexpr int MAXSIZE = 1024;
constexpr int BATCH = 32;

struct Item {
    std::uint64_t number;
    void *what;
};

struct Weft {
    static constexpr const char *NAME = "weft";
    weft_queue it{};
    Weft()
    {
        weft_queue_options options{};
        options.struct_size = sizeof options;
        options.item_size = sizeof(Item);
        options.maxsize = MAXSIZE;
        must(weft_queue_init_with(&it, WEFT_QUEUE_FIFO, &options));
    }
    void put(const Item &item) { weft_queue_put(&it, &item); }
    void get(Item &item) { weft_queue_get(&it, &item); }
};

/* What one writes by hand. */
struct Std {
    static constexpr const char *NAME = "std::mutex and deque";
    std::mutex mutex;
    std::condition_variable not_full, not_empty;
    std::deque<Item> items;
    void put(const Item &item)
    {
        std::unique_lock<std::mutex> lock(mutex);
        not_full.wait(lock, [this] { return items.size() < MAXSIZE; });
        items.push_back(item);
        not_empty.notify_one();
    }
    void get(Item &item)
    {
        std::unique_lock<std::mutex> lock(mutex);
        not_empty.wait(lock, [this] { return !items.empty(); });
        item = items.front();
        items.pop_front();
        not_full.notify_one();
    }
};

/* The two below take pointers: an item is allocated, as it would have to be. */

#ifdef WEFT_BENCH_GLIB
/* Without a bound. */
struct Glib {
    static constexpr const char *NAME = "GLib";
    GAsyncQueue *it = g_async_queue_new();
    void put(const Item &item) { g_async_queue_push(it, new Item(item)); }
    void get(Item &item)
    {
        Item *got = static_cast<Item *>(g_async_queue_pop(it));
        item = *got;
        delete got;
    }
};
#endif

#ifdef WEFT_BENCH_APR
struct Apr {
    static constexpr const char *NAME = "APR";
    apr_pool_t *pool = nullptr;
    apr_queue_t *it = nullptr;
    Apr()
    {
        apr_initialize();
        apr_pool_create(&pool, nullptr);
        apr_queue_create(&it, MAXSIZE, pool);
    }
    /* Both may end for nothing (APR_EINTR). */
    void put(const Item &item)
    {
        Item *copy = new Item(item);
        while (apr_queue_push(it, copy) != APR_SUCCESS) {
        }
    }
    void get(Item &item)
    {
        void *got = nullptr;
        while (apr_queue_pop(it, &got) != APR_SUCCESS) {
        }
        item = *static_cast<Item *>(got);
        delete static_cast<Item *>(got);
    }
};
#endif

#ifdef WEFT_BENCH_TBB
struct Tbb {
    static constexpr const char *NAME = "oneTBB";
    tbb::concurrent_bounded_queue<Item> it;
    Tbb() { it.set_capacity(MAXSIZE); }
    void put(const Item &item) { it.push(item); }
    void get(Item &item) { it.pop(item); }
};
#endif

#ifdef WEFT_BENCH_BOOST
struct Boost {
    static constexpr const char *NAME = "Boost";
    boost::sync_bounded_queue<Item> it{MAXSIZE};
    void put(const Item &item) { it.push_back(item); }
    void get(Item &item) { it.pull_front(item); }
};
#endif

#ifdef WEFT_BENCH_MOODYCAMEL
/* Without a bound, and in no order between producers. */
struct Moodycamel {
    static constexpr const char *NAME = "moodycamel";
    moodycamel::BlockingConcurrentQueue<Item> it{MAXSIZE};
    void put(const Item &item) { it.enqueue(item); }
    void get(Item &item) { it.wait_dequeue(item); }
};
#endif

#ifdef WEFT_BENCH_CK
/* Never sleeps, and is for one producer and one consumer only. */
struct Ck {
    static constexpr const char *NAME = "limit: ck, spins";
    bench_ck_ring *it = bench_ck_ring_new(MAXSIZE);
    void put(const Item &item)
    {
        const bench_ck_item copy{item.number, item.what};
        bench_ck_put(it, &copy);
    }
    void get(Item &item)
    {
        bench_ck_item got;
        bench_ck_get(it, &got);
        item = {got.number, got.what};
    }
};
#endif

/* Half of the threads put, the other half get. The time ends with the last item that is got. */
template <class Queue> void traffic(benchmark::State &state, int pairs)
{
    static Queue *queue = new Queue;
    amount(state, 2 * pairs, pairs, [](int index, std::int64_t count) {
        Item item{};
        for (; count > 0; count--)
            if (index % 2 == 0) {
                item.number++;
                queue->put(item);
            } else {
                queue->get(item);
            }
        benchmark::DoNotOptimize(item);
    });
}

/* batch(index, items) puts or gets a batch. */
template <class Batch> void batches(benchmark::State &state, Batch batch)
{
    amount(state, 2, BATCH, [&](int index, std::int64_t count) {
        Item items[BATCH] = {};
        while (count-- > 0)
            batch(index, items);
    });
}

void weft_batches(benchmark::State &state)
{
    static Weft *queue = new Weft;
    batches(state, [](int index, Item *items) {
        std::size_t done = 0;
        for (std::size_t left = BATCH; left > 0; left -= done)
            must(index == 0
                     ? weft_queue_put_many_with(&queue->it, items, sizeof *items, left, &done)
                     : weft_queue_get_many_with(&queue->it, items, sizeof *items, left, &done));
    });
}

#ifdef WEFT_BENCH_MOODYCAMEL
void moodycamel_batches(benchmark::State &state)
{
    static auto *queue = new moodycamel::BlockingConcurrentQueue<Item>(MAXSIZE);
    batches(state, [](int index, Item *items) {
        if (index == 0)
            queue->enqueue_bulk(items, BATCH);
        else
            for (std::size_t left = BATCH; left > 0;)
                left -= queue->wait_dequeue_bulk(items, left);
    });
}
#endif

template <class Queue> void enter_for(int pairs)
{
    const std::string n = std::to_string(pairs), s = pairs > 1 ? "s" : "";
    enter_crew("queue/" + n + " producer" + s + ", " + n + " consumer" + s, Queue::NAME,
               [pairs](benchmark::State &state) { traffic<Queue>(state, pairs); });
}

template <class Queue> void enter_all()
{
    for (int pairs : {1, 2, 4})
        enter_for<Queue>(pairs);
}

[[maybe_unused]] const int entered = [] {
    enter_all<Weft>();
    enter_all<Std>();
#ifdef WEFT_BENCH_GLIB
    enter_all<Glib>();
#endif
#ifdef WEFT_BENCH_APR
    enter_all<Apr>();
#endif
#ifdef WEFT_BENCH_TBB
    enter_all<Tbb>();
#endif
#ifdef WEFT_BENCH_BOOST
    enter_all<Boost>();
#endif
#ifdef WEFT_BENCH_CK
    enter_for<Ck>(1);
#endif
    enter_crew("queue/batches of 32", "weft", weft_batches);
#ifdef WEFT_BENCH_MOODYCAMEL
    enter_all<Moodycamel>();
    enter_crew("queue/batches of 32", Moodycamel::NAME, moodycamel_batches);
#endif
    return 0;
}();

} // namespace
} // namespace bench
