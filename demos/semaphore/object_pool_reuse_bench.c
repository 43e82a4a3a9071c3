/* SPDX-License-Identifier: MIT */
/**
 * @file object_pool_reuse_bench.c
 * @brief Benchmark: buffers from calloc, from a pool, from a cache for each thread
 *
 * Four threads borrow, use and return a zeroed buffer of 4 KiB again and again. calloc makes each
 * anew. A pool has 64 made beforehand, and wipes what comes back, under a lock each time. A cache
 * of two in front of it, one for each thread, takes no lock at all as long as the thread has one
 * of its own.
 *
 * Source: locks, section 4.3.
 *
 * Look for: the last column. A lock that is not taken costs nothing.
 *
 * Facts:
 * - every buffer that is borrowed is zeroed; without the wipe, what one has written the next one
 *   reads
 * - the pool takes its lock twice for each use, the cache for one use in a hundred at most
 * - a second return of the same buffer is refused
 * - at the end all 64 are back
 */
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "demo_thread.h"

enum { BUFFERS = 64, SIZE = 4096, THREADS = 4, EACH = 10000, CACHED = 2 };

struct buffer {
    struct buffer *next;
    bool out;
    unsigned char bytes[SIZE];
};

static weft_lock lock = WEFT_LOCK_INIT; /* guards the next four */
static struct buffer *idle;
static int live; /* how many are out */
static long acquired;
static bool wipes = true;
static struct buffer *block; /* all of them */

static struct buffer *borrow(void)
{
    WEFT_HOLD(&lock);
    acquired++;
    struct buffer *buffer = idle;
    if (buffer == NULL)
        return NULL;
    idle = buffer->next;
    buffer->out = true;
    live++;
    return buffer;
}

static void wipe(struct buffer *buffer)
{
    if (wipes)
        memset(buffer->bytes, 0, SIZE);
}

static weft_status give_back(struct buffer *buffer)
{
    WEFT_HOLD(&lock);
    acquired++;
    if (!buffer->out)
        return WEFT_VALUE_ERROR;
    wipe(buffer);
    buffer->out = false;
    buffer->next = idle;
    idle = buffer;
    live--;
    return WEFT_OK;
}

/* ---- the three ways ---- */

static atomic_int dirty; /* buffers that were not zeroed */
static atomic_long hits;

static void use(unsigned char *bytes)
{
    dirty += bytes[0] != 0 || bytes[SIZE - 1] != 0 || memcmp(bytes, bytes + 1, SIZE - 1) != 0;
    bytes[0] = bytes[SIZE - 1] = 1;
}

static void *with_calloc(void *arg)
{
    for (int i = 0; i < EACH; i++) {
        unsigned char *bytes = demo_must(calloc(1, SIZE));
        use(bytes);
        free(bytes);
    }
    return arg;
}

static void *with_pool(void *arg)
{
    for (int i = 0; i < EACH; i++) {
        struct buffer *buffer = demo_must(borrow());
        use(buffer->bytes);
        give_back(buffer);
    }
    return arg;
}

static void *with_cache(void *arg)
{
    struct buffer *cache[CACHED];
    int cached = 0;
    long mine = 0;
    for (int i = 0; i < EACH; i++) {
        mine += cached > 0;
        struct buffer *buffer = cached > 0 ? cache[--cached] : demo_must(borrow());
        use(buffer->bytes);
        if (cached < CACHED) {
            wipe(buffer);
            cache[cached++] = buffer;
        } else {
            give_back(buffer);
        }
    }
    while (cached > 0)
        give_back(cache[--cached]);
    hits += mine;
    return arg;
}

/* Runs four threads; returns how often the lock was taken. */
static long run(const char *what, weft_target *way)
{
    weft_thread *threads[THREADS];
    acquired = 0;
    double start = weft_now();
    for (int i = 0; i < THREADS; i++)
        threads[i] = demo_spawn(way, NULL, "thread-%d", i);
    demo_join_all(THREADS, threads);
    double seconds = weft_now() - start;
    demo_line("    %-24s %8.1f ns a use, lock taken %6ld times", what,
              seconds / THREADS / EACH * 1e9, acquired);
    return acquired;
}

static void make_all(void)
{
    block = demo_must(calloc(BUFFERS, sizeof *block));
    for (int i = 0; i < BUFFERS; i++) {
        block[i].next = idle;
        idle = &block[i];
    }
}

static void mistakes(void)
{
    demo_part("Returned twice; not wiped");
    struct buffer *buffer = demo_must(borrow());
    weft_status once = give_back(buffer);
    weft_status twice = give_back(buffer);
    demo_say("returns the same buffer twice: %s", weft_status_exception(twice));
    CHECK(once == WEFT_OK && twice == WEFT_VALUE_ERROR, "the second return is refused");

    wipes = false;
    buffer = demo_must(borrow());
    memcpy(buffer->bytes, "secret", 7);
    give_back(buffer);
    buffer = demo_must(borrow());
    demo_say("the next borrower reads \"%s\"", (const char *)buffer->bytes);
    CHECK(strcmp((const char *)buffer->bytes, "secret") == 0,
          "without the wipe the next one reads what the last one has written");
    wipes = true;
    give_back(buffer);
}

int main(void)
{
    demo_begin("Benchmark: buffers from calloc, from a pool, from a cache for each thread");
    make_all();
    long never = run("calloc and free", with_calloc);
    long always = run("pool", with_pool);
    long seldom = run("pool and cache", with_cache);
    CHECK(dirty == 0, "every buffer was zeroed when it was borrowed");
    CHECK(never == 0 && always == 2L * THREADS * EACH,
          "the pool takes its lock twice for each use");
    CHECK(hits * 100 >= 99L * THREADS * EACH && seldom == 2L * THREADS,
          "of a hundred uses the cache serves 99 or more");
    mistakes();
    WEFT_WITH(&lock) {
        CHECK(live == 0, "at the end all are back");
    }
    free(block);
    return demo_end();
}
