/* SPDX-License-Identifier: MIT */
/**
 * @file lock_rlock_scope_nested_bench.c
 * @brief Benchmark: scoped locking on Lock and RLock, and three nested RLock scopes
 *
 * `WEFT_WITH(&lock)` on a Lock and on an RLock, half a million times each, beside the same by plain
 * calls; then three scopes of one RLock inside each other, a hundred thousand times. A scope is the
 * two calls and the promise that the second one is made.
 *
 * Source: locks, section 2.4, lines 1794-1838.
 *
 * Look for: the cost of an acquire in the nested scopes. The inner two only count.
 *
 * Facts:
 * - every scope of every loop has run its block
 * - the nested scopes were at depth 3 each time
 * - both locks are free at the end
 */
#include "demo.h"
#include "demo_bench.h"
#include "demo_thread.h"

enum { SCOPES = 500000, NESTS = 100000 };

static weft_lock lock = WEFT_LOCK_INIT;
static weft_rlock rlock = WEFT_RLOCK_INIT;
static long blocks;  /* that have run; one thread counts */
static int complete; /* loops of which all blocks have run */

static void lock_calls(void *arg, long count)
{
    (void)arg;
    for (long i = 0; i < count; i++) {
        weft_lock_acquire(&lock);
        blocks++;
        weft_lock_release(&lock);
    }
}

static void lock_scopes(void *arg, long count)
{
    (void)arg;
    for (long i = 0; i < count; i++)
        WEFT_WITH(&lock) {
            blocks++;
        }
}

static void rlock_calls(void *arg, long count)
{
    (void)arg;
    for (long i = 0; i < count; i++) {
        weft_rlock_acquire(&rlock);
        blocks++;
        weft_rlock_release(&rlock);
    }
}

static void rlock_scopes(void *arg, long count)
{
    (void)arg;
    for (long i = 0; i < count; i++)
        WEFT_WITH(&rlock) {
            blocks++;
        }
}

/* clang before version 21 does not know of locks that are taken again. */
static void nested_scopes(void *arg, long count) WEFT_NO_ANALYSIS
{
    (void)arg;
    for (long i = 0; i < count; i++)
        WEFT_WITH(&rlock) {
            WEFT_WITH(&rlock) {
                WEFT_WITH(&rlock) {
                    blocks += weft_rlock_depth(&rlock) == 3;
                }
            }
        }
}

/* `times` pairs of acquire and release in all, `each` of them in one turn of the loop. */
static double measure(const char *what, void (*round)(void *arg, long count), long times, long each)
{
    long count = times / DEMO_BENCH_ROUNDS;
    blocks = 0;
    double seconds = demo_bench(round, NULL, count) * DEMO_BENCH_ROUNDS;
    double pair = seconds / (double)(times * each) * 1e9;
    demo_line("    %-22s %8.4f s %8.1f ns an acquire and its release", what, seconds, pair);
    complete += blocks == times + count;
    return pair;
}

int main(void)
{
    demo_begin("Benchmark: scoped locking on Lock and RLock, and three nested RLock scopes");
    measure("Lock, calls", lock_calls, SCOPES, 1);
    double simple = measure("Lock, scopes", lock_scopes, SCOPES, 1);
    measure("RLock, calls", rlock_calls, SCOPES, 1);
    double reentrant = measure("RLock, scopes", rlock_scopes, SCOPES, 1);
    double nested = measure("RLock, three scopes", nested_scopes, NESTS, 3);
    demo_line("    here and now: RLock %+.1f %% beside Lock; nested %+.1f %% beside simple\n",
              (reentrant / simple - 1) * 100, (nested / reentrant - 1) * 100);
    CHECK(complete == 5, "all blocks of all loops have run, the nested ones at depth 3");
    CHECK(!weft_lock_locked(&lock), "the Lock is free");
    CHECK(demo_others_can_take(&rlock), "the RLock is free");
    return demo_end();
}
