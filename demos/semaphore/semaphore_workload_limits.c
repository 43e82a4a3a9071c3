/* SPDX-License-Identifier: MIT */
/**
 * @file semaphore_workload_limits.c
 * @brief Open files, calls, memory, transfers: one semaphore each
 *
 * Four things of which there must not be too many at once, and four times the same two lines around
 * them. The files, the memory and the pipes are real; the calls only take their time.
 *
 * Source: locks, section 4.1.
 *
 * Look for: the first part. Without a limit every worker has a file open.
 *
 * Facts:
 * - without a limit 12 workers have 12 files open; with four permits 4, and never more
 * - 10 calls of 0.5 s, two at a time, take 2.5 s at least
 * - 8 batches of 1 MiB under three permits never take more than 3 MiB
 * - 6 transfers of 64 KiB, two at a time: all arrive whole
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"
#include "demo_thread.h"

enum { MOST_WORKERS = 12, MIB = 1024 * 1024, TRANSFER = 64 * 1024, CHUNK = 4096 };

static demo_crowd busy;
static int limit; /* how many are to be seen at once */
static atomic_int right;

static double run(int workers, weft_target *work, int at_once)
{
    static int numbers[MOST_WORKERS];
    weft_thread *threads[MOST_WORKERS];
    busy = (demo_crowd){.inside = 0};
    right = 0;
    limit = at_once;
    double start = demo_now();
    for (int i = 0; i < workers; i++) {
        numbers[i] = i;
        threads[i] = demo_spawn(work, &numbers[i], "worker-%d", i);
    }
    demo_join_all((size_t)workers, threads);
    return demo_now() - start;
}

static void be_busy(double seconds)
{
    demo_crowd_enter(&busy);
    DEMO_AWAIT(busy.peak >= limit);
    demo_sleep(seconds);
}

/* ---- open files ---- */

static weft_semaphore file_slots = WEFT_SEMAPHORE_INIT(4);

static void *use_file(void *number)
{
    char back[32] = "";
    FILE *file = demo_must(tmpfile());
    be_busy(0.1);
    fprintf(file, "line %d", *(int *)number);
    rewind(file);
    const char *line = demo_name("line %d", *(int *)number);
    right += fgets(back, sizeof back, file) != NULL && strcmp(back, line) == 0;
    demo_crowd_leave(&busy);
    fclose(file);
    return number;
}

static void *use_file_with_a_permit(void *number)
{
    WEFT_WITH(&file_slots) {
        use_file(number);
    }
    return number;
}

static void open_files(void)
{
    demo_part("Open files");
    run(12, use_file, 12);
    demo_say("without a limit: at most %d open", busy.peak);
    CHECK(busy.peak == 12, "without a limit all 12 workers have a file open");
    run(12, use_file_with_a_permit, 4);
    demo_say("with four permits: at most %d open", busy.peak);
    CHECK(busy.peak == 4 && right == 12, "with four permits four, and 12 lines are read back");
}

/* ---- calls ---- */

static weft_semaphore call_slots = WEFT_SEMAPHORE_INIT(2);

static void *call(void *number)
{
    WEFT_WITH(&call_slots) {
        be_busy(0.5);
        demo_say("call %d is answered", *(int *)number);
        demo_crowd_leave(&busy);
    }
    return number;
}

static void calls(void)
{
    demo_part("Calls of 0.5 s");
    double elapsed = run(10, call, 2);
    CHECK(busy.peak == 2 && demo_at_least(elapsed, 2.5),
          "10 calls, two at a time, take 2.5 s at least");
}

/* ---- memory ---- */

static weft_semaphore memory_slots = WEFT_SEMAPHORE_INIT(3);
static atomic_int mib;
static atomic_int mib_peak;

static void *work_on_batch(void *number)
{
    WEFT_WITH(&memory_slots) {
        unsigned char *batch = demo_must(malloc(MIB));
        int now = ++mib;
        for (int peak = mib_peak; now > peak;)
            if (atomic_compare_exchange_weak(&mib_peak, &peak, now))
                break;
        memset(batch, *(int *)number, MIB);
        be_busy(0.1);
        right += batch[MIB - 1] == *(int *)number;
        demo_crowd_leave(&busy);
        mib--;
        free(batch);
    }
    return number;
}

static void batches(void)
{
    demo_part("Batches of 1 MiB");
    run(8, work_on_batch, 3);
    demo_say("at most %d MiB", mib_peak);
    CHECK(mib_peak == 3 && right == 8, "8 batches of 1 MiB never took more than 3 MiB");
}

/* ---- transfers ---- */

static weft_semaphore transfer_slots = WEFT_SEMAPHORE_INIT(2);

/* Sends a chunk through a pipe and returns the sum of its bytes at the other end. */
static unsigned long send_chunk(const int ends[2], const uint8_t *chunk)
{
    uint8_t arrived[CHUNK];
    size_t length = 0;
    if (write(ends[1], chunk, CHUNK) != CHUNK)
        return 0;
    while (length < CHUNK) {
        ssize_t got = read(ends[0], arrived + length, CHUNK - length);
        if (got <= 0)
            return 0;
        length += (size_t)got;
    }
    unsigned long sum = 0;
    for (size_t i = 0; i < CHUNK; i++)
        sum += arrived[i];
    return sum;
}

static void *transfer(void *number)
{
    int ends[2];
    uint8_t chunk[CHUNK];
    memset(chunk, *(int *)number + 1, CHUNK);
    WEFT_HOLD(&transfer_slots);
    if (pipe(ends) != 0)
        return NULL;
    be_busy(0.1);
    unsigned long sum = 0;
    for (int i = 0; i < TRANSFER / CHUNK; i++)
        sum += send_chunk(ends, chunk);
    right += sum == (unsigned long)TRANSFER * (unsigned)(*(int *)number + 1);
    close(ends[0]);
    close(ends[1]);
    demo_crowd_leave(&busy);
    return number;
}

static void transfers(void)
{
    demo_part("Transfers of 64 KiB through pipes");
    run(6, transfer, 2);
    demo_say("%d transfers are whole, at most %d at once", right, busy.peak);
    CHECK(busy.peak == 2 && right == 6, "six transfers, two at a time, all sums are right");
}

int main(void)
{
    demo_begin("Open files, calls, memory, transfers: one semaphore each");
    open_files();
    calls();
    batches();
    transfers();
    return demo_end();
}
