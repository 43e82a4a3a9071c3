/* SPDX-License-Identifier: MIT */
/**
 * @file thread_resource_costs.c
 * @brief What a thread costs: address space, a little memory, and no file descriptor
 *
 * Threads that only wait are started, 1, 10, 100 and then more, with stacks of 8 MiB and of 256
 * KiB. The system tells what that takes: the address space grows by the stacks, the memory in use
 * only by what the threads have touched, the number of open files not at all. Then a child process
 * gives itself room for three stacks and asks for eight threads. Who counts on eight is let down;
 * who looks at what a start returns hears of it; and a pool that cannot have eight workers works
 * with fewer.
 *
 * Source: threads, section 3.4. It says that each thread takes a file descriptor on Linux; none
 * does.
 *
 * Look for: VmSize against VmRSS. A stack is a promise of memory, which is only kept where it is
 * used.
 *
 * Facts:
 * - the number of open files does not change with the number of threads
 * - the address space grows by the size of the stack for each thread, or more
 * - the memory in use grows by much less than that
 * - where there is no room for a thread, its start says so: WEFT_NO_THREAD
 * - eight that wait for each other wait in vain; a pool with fewer workers does all its tasks
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "demo.h"
#include "demo_child.h"
#include "demo_future.h"
#include "demo_thread.h"

enum { STEPS = 3, WANTED = 8 };
static const size_t KIB = 1024;
static const size_t MIB = (size_t)1024 * 1024;
static const int counts[STEPS] = {1, 10, 100};

/* ---- what the system says ---- */

/* A line of /proc/self/status, in kilobytes or pieces; 0: there is none. */
static long status_of(const char *what)
{
    char line[256];
    long value = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, what, strlen(what)) == 0)
            sscanf(line + strlen(what), ": %ld", &value);
    if (file != NULL)
        fclose(file);
    return value;
}

static int open_files(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        closedir(folder);
    return count;
}

/* ---- threads that wait ---- */

static weft_event may_end = WEFT_EVENT_INIT;
static atomic_int here;

static void *wait_here(void *arg)
{
    here++;
    weft_event_wait(&may_end);
    return arg;
}

/* Starts `count` threads and prints what they cost; returns whether it is what the facts say. */
static bool start_some(int count, size_t stack)
{
    static weft_thread *threads[128];
    int files = open_files();
    long address_space = status_of("VmSize");
    long memory = status_of("VmRSS");
    long before = status_of("Threads");
    double start = weft_now();
    for (int i = 0; i < count; i++)
        threads[i] = demo_must(weft_thread_spawn(wait_here, NULL, .stack_size = stack));
    double each = (weft_now() - start) / count;
    DEMO_AWAIT(here == count);
    long space_each = (status_of("VmSize") - address_space) / count;
    long memory_each = (status_of("VmRSS") - memory) / count;
    demo_line("%8ld %9zu kB %9ld kB %9ld kB %8d %10.0f us", status_of("Threads") - before,
              stack / KIB, space_each, memory_each, open_files() - files, each * 1e6);
    bool right = open_files() == files && space_each >= (long)(stack / KIB) &&
                 (stack < MIB || memory_each < space_each / 2);
    weft_event_set(&may_end);
    demo_join_all((size_t)count, threads);
    return right;
}

/* In a process of its own: no stack is there from before. */
static int measure(void *arg)
{
    const int *step = arg;
    bool right = start_some(counts[*step % STEPS], *step < STEPS ? 8 * MIB : 256 * KIB);
    return right ? 0 : 1;
}

static void measure_all(void)
{
    bool right = true;
    demo_line("%8s %12s %12s %12s %8s %13s", "threads", "stack", "space each", "used each", "files",
              "start of one");
    for (int step = 0; step < 2 * STEPS; step++)
        right = demo_child_run(measure, &step, WEFT_FOREVER).exit_status == 0 && right;
    CHECK(right, "no file more; the space of a stack each or more; of 8 MiB little is used");
}

/* ---- no room ---- */

/* Room for three stacks of 256 MiB and something, but not for four. */
static void leave_room_for_three(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = (rlim_t)status_of("VmSize") * KIB + (rlim_t)(3 * 256 + 192) * MIB;
    setrlimit(RLIMIT_AS, &limit);
}

static int count_on_start(void *arg)
{
    weft_thread *threads[WANTED];
    int running = 0;
    weft_status status = WEFT_OK;
    leave_room_for_three();
    while (running < WANTED && status == WEFT_OK) {
        threads[running] = weft_thread_spawn(wait_here, NULL, .stack_size = 256 * MIB);
        if (threads[running] == NULL)
            status = weft_last_status();
        else
            running++;
    }
    demo_say("thread number %d: %s", running + 1, weft_strerror(status));
    CHECK(running > 0 && running < WANTED && status == WEFT_NO_THREAD,
          "the start of a thread for which there is no room says so");
    weft_event_set(&may_end);
    demo_join_all((size_t)running, threads);
    (void)arg;
    return 0;
}

static weft_barrier all_eight = WEFT_BARRIER_INIT(WANTED);

/* Takes for granted that there are eight. */
static void *wait_for_eight(void *arg)
{
    weft_status status = weft_barrier_wait_for(&all_eight, NULL, demo_seconds(0.5));
    return status == WEFT_OK ? arg : weft_raise(status, "not all eight came");
}

static void *count_task(void *arg)
{
    here++;
    return arg;
}

static int degrade(void *arg)
{
    weft_future *futures[WANTED];
    int failed = 0;
    leave_room_for_three();
    weft_executor *pool = demo_must(weft_executor_new(WANTED, .stack_size = 256 * MIB));
    for (int i = 0; i < WANTED; i++)
        futures[i] = demo_must(weft_executor_submit(pool, wait_for_eight, NULL));
    for (int i = 0; i < WANTED; i++)
        failed += weft_future_result(futures[i], NULL) == WEFT_FAILED;
    demo_free_futures(WANTED, futures);
    unsigned workers = demo_stats(pool).workers;
    demo_say("%u workers instead of %d; %d tasks waited in vain", workers, WANTED, failed);
    CHECK(failed == WANTED, "eight tasks that count on eight threads wait in vain");
    for (int i = 0; i < 50; i++)
        demo_posted(weft_executor_post(pool, count_task, NULL));
    weft_executor_shutdown(pool);
    demo_say("%d of 50 other tasks are done", here);
    CHECK(workers > 0 && workers < WANTED && here == 50,
          "a pool with fewer workers does all tasks that do not");
    weft_executor_free(pool);
    (void)arg;
    return 0;
}

int main(void)
{
    demo_begin("What a thread costs: address space, a little memory, and no file descriptor");
    if (status_of("VmSize") == 0)
        return demo_skip("the system does not tell what a process uses");
    demo_part("Threads that wait");
    measure_all();
    demo_part("Room for three threads, in a child process");
    demo_child child = demo_child_run(count_on_start, NULL, WEFT_FOREVER);
    CHECK(child.exit_status == 0, "the process has survived it");
    demo_part("A pool in such a process");
    child = demo_child_run(degrade, NULL, WEFT_FOREVER);
    CHECK(child.exit_status == 0, "so has this one");
    return demo_end();
}
