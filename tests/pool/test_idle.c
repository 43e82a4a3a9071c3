/* SPDX-License-Identifier: MIT */
/*
 * At rest: an executor whose workers have nothing to do, timers that are armed, and a thread that is
 * blocked in each way there is. None of them uses the processor or wakes up for ten seconds, as the
 * system counts, and none enters the system, as strace sees it.
 */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "idle_help.h"

enum { LOOK_SECONDS = 10, TIMERS = 100, WORKERS = 3 };

/* ---- what rests ---------------------------------------------------------------------------- */

struct rest {
    weft_lock lock;
    weft_rlock rlock;
    weft_semaphore semaphore;
    weft_bounded_semaphore bounded;
    weft_condition condition;
    weft_event event;
    weft_latch latch;
    weft_barrier barrier;
    weft_rwlock written, read;
    weft_queue empty, full, unfinished;
    weft_event never;
    weft_timer *timers[TIMERS];
    weft_executor *pool;
    weft_future *future; /* of a task that waits for `never` */
    struct crew crew;
    weft_thread *joined; /* a reference of its own: crew_join gives the crew's up */
};

static void *wait_for_lock(void *arg)
{
    struct rest *rest = arg;
    WITNESS(weft_lock_acquire(&rest->lock) == WEFT_OK);
    WITNESS(weft_lock_release(&rest->lock) == WEFT_OK);
    return NULL;
}

static void *wait_for_rlock(void *arg)
{
    struct rest *rest = arg;
    WITNESS(weft_rlock_acquire(&rest->rlock) == WEFT_OK);
    WITNESS(weft_rlock_release(&rest->rlock) == WEFT_OK);
    return NULL;
}

static void *wait_for_semaphore(void *arg)
{
    WITNESS(weft_semaphore_acquire(&((struct rest *)arg)->semaphore) == WEFT_OK);
    return NULL;
}

static void *wait_for_bounded(void *arg)
{
    WITNESS(weft_bounded_semaphore_acquire(&((struct rest *)arg)->bounded) == WEFT_OK);
    return NULL;
}

static void *wait_for_condition(void *arg)
{
    struct rest *rest = arg;
    WITNESS(weft_condition_acquire(&rest->condition) == WEFT_OK);
    WITNESS(weft_condition_wait(&rest->condition) == WEFT_OK);
    WITNESS(weft_condition_release(&rest->condition) == WEFT_OK);
    return NULL;
}

static void *wait_for_event(void *arg)
{
    WITNESS(weft_event_wait(&((struct rest *)arg)->event) == WEFT_OK);
    return NULL;
}

static void *wait_an_hour_for_event(void *arg)
{
    WITNESS(weft_event_wait_for(&((struct rest *)arg)->event, 3600) == WEFT_OK);
    return NULL;
}

static void *wait_for_latch(void *arg)
{
    WITNESS(weft_latch_wait(&((struct rest *)arg)->latch) == WEFT_OK);
    return NULL;
}

static void *wait_at_barrier(void *arg)
{
    WITNESS(weft_barrier_wait(&((struct rest *)arg)->barrier, NULL) == WEFT_OK);
    return NULL;
}

static void *wait_to_read(void *arg)
{
    struct rest *rest = arg;
    WITNESS(weft_rwlock_acquire_read(&rest->written) == WEFT_OK);
    WITNESS(weft_rwlock_release_read(&rest->written) == WEFT_OK);
    return NULL;
}

static void *wait_to_write(void *arg)
{
    struct rest *rest = arg;
    WITNESS(weft_rwlock_acquire_write(&rest->read) == WEFT_OK);
    WITNESS(weft_rwlock_release_write(&rest->read) == WEFT_OK);
    return NULL;
}

static void *wait_to_get(void *arg)
{
    int item = 0;
    WITNESS(weft_queue_get(&((struct rest *)arg)->empty, &item) == WEFT_OK);
    return NULL;
}

static void *wait_to_put(void *arg)
{
    int item = 0;
    WITNESS(weft_queue_put(&((struct rest *)arg)->full, &item) == WEFT_OK);
    return NULL;
}

static void *wait_for_tasks(void *arg)
{
    WITNESS(weft_queue_join(&((struct rest *)arg)->unfinished) == WEFT_OK);
    return NULL;
}

static void *wait_for_one_of_two(void *arg)
{
    struct rest *rest = arg;
    const weft_waitable both[] = {weft_event_waitable(&rest->event),
                                  weft_latch_waitable(&rest->latch)};
    size_t index = 0;
    WITNESS(weft_wait_any(2, both, &index, WEFT_FOREVER) == WEFT_OK);
    return NULL;
}

static void *wait_for_result(void *arg)
{
    WITNESS(weft_future_result(((struct rest *)arg)->future, NULL) == WEFT_OK);
    return NULL;
}

static void *wait_for_timer(void *arg)
{
    WITNESS(weft_timer_join(((struct rest *)arg)->timers[0]) == WEFT_OK);
    return NULL;
}

static void *wait_for_thread(void *arg)
{
    WITNESS(weft_thread_join(((struct rest *)arg)->joined) == WEFT_OK);
    return NULL;
}

static void *wait_for_time(void *arg)
{
    (void)arg;
    WITNESS(weft_sleep(3600) == WEFT_INTERRUPTED);
    return NULL;
}

/* The first is the one that another joins, the last the one that is interrupted at the end. */
static weft_target *const ways[] = {
    wait_for_lock,   wait_for_rlock,  wait_for_semaphore,     wait_for_bounded,
    wait_for_event,  wait_for_latch,  wait_an_hour_for_event, wait_for_condition,
    wait_at_barrier, wait_to_read,    wait_to_write,          wait_to_get,
    wait_to_put,     wait_for_tasks,  wait_for_one_of_two,    wait_for_result,
    wait_for_timer,  wait_for_thread, wait_for_time,
};
enum { WAYS = sizeof ways / sizeof ways[0] };

/* ---- the scene ----------------------------------------------------------------------------- */

static void *wait_for_never(void *arg)
{
    WITNESS(weft_event_wait(arg) == WEFT_OK);
    return NULL;
}

static void *meet(void *arg)
{
    WITNESS(weft_barrier_wait(arg, NULL) == WEFT_OK);
    return NULL;
}

static void *nothing(void *arg)
{
    return arg;
}

/* Workers that all have had a task once; the first has one that does not end. */
static void start_executor(struct rest *rest)
{
    weft_barrier all = WEFT_BARRIER_INIT(WORKERS);
    weft_future *meeting[WORKERS];
    rest->pool = weft_executor_new(WORKERS);
    assert_non_null(rest->pool);
    for (int i = 0; i < WORKERS; i++)
        assert_non_null(meeting[i] = weft_executor_submit(rest->pool, meet, &all));
    for (int i = 0; i < WORKERS; i++) {
        assert_int_equal(weft_future_result(meeting[i], NULL), WEFT_OK);
        weft_future_free(meeting[i]);
    }
    rest->future = weft_executor_submit(rest->pool, wait_for_never, &rest->never);
    assert_non_null(rest->future);
}

/* Everything waits from here on; `others` are threads that have nothing to do with it. */
static void begin(struct rest *rest, struct tasks *others)
{
    int item = 0;
    struct crew first = crew_start(1, nothing, NULL); /* ThreadSanitizer's own is there with it */
    crew_join(&first);
    *rest = (struct rest){.latch = WEFT_LATCH_INIT(1),
                          .barrier = WEFT_BARRIER_INIT(2),
                          .bounded = WEFT_BOUNDED_SEMAPHORE_INIT(1)};
    *others = look(NULL);
    assert_int_equal(weft_lock_acquire(&rest->lock), WEFT_OK);
    assert_int_equal(weft_rlock_acquire(&rest->rlock), WEFT_OK);
    assert_int_equal(weft_bounded_semaphore_acquire(&rest->bounded), WEFT_OK);
    assert_int_equal(weft_rwlock_acquire_write(&rest->written), WEFT_OK);
    assert_int_equal(weft_rwlock_acquire_read(&rest->read), WEFT_OK);
    assert_int_equal(weft_queue_init(&rest->empty, sizeof item), WEFT_OK);
    assert_int_equal(weft_queue_init(&rest->full, sizeof item, .maxsize = 1), WEFT_OK);
    assert_int_equal(weft_queue_put(&rest->full, &item), WEFT_OK);
    assert_int_equal(weft_queue_init(&rest->unfinished, sizeof item), WEFT_OK);
    assert_int_equal(weft_queue_put(&rest->unfinished, &item), WEFT_OK);
    for (int i = 0; i < TIMERS; i++) {
        rest->timers[i] = weft_timer_spawn(3600.0 + i, nothing, NULL, .daemon = true);
        assert_non_null(rest->timers[i]);
    }
    start_executor(rest);
    for (size_t i = 0; i < WAYS; i++) {
        struct crew one = crew_start(1, ways[i], rest);
        rest->crew.threads[i] = one.threads[0];
        rest->crew.size = i + 1;
        if (i == 0)
            rest->joined = weft_thread_ref(one.threads[0]);
    }
}

static void end(struct rest *rest)
{
    int item = 0;
    assert_int_equal(weft_lock_release(&rest->lock), WEFT_OK);
    assert_int_equal(weft_rlock_release(&rest->rlock), WEFT_OK);
    assert_int_equal(weft_semaphore_release(&rest->semaphore), WEFT_OK);
    assert_int_equal(weft_bounded_semaphore_release(&rest->bounded), WEFT_OK);
    assert_int_equal(weft_condition_acquire(&rest->condition), WEFT_OK);
    assert_int_equal(weft_condition_notify(&rest->condition, 1), WEFT_OK);
    assert_int_equal(weft_condition_release(&rest->condition), WEFT_OK);
    assert_int_equal(weft_event_set(&rest->event), WEFT_OK);
    assert_int_equal(weft_latch_count_down(&rest->latch), WEFT_OK);
    assert_int_equal(weft_barrier_wait(&rest->barrier, NULL), WEFT_OK);
    assert_int_equal(weft_rwlock_release_write(&rest->written), WEFT_OK);
    assert_int_equal(weft_rwlock_release_read(&rest->read), WEFT_OK);
    assert_int_equal(weft_queue_put(&rest->empty, &item), WEFT_OK);
    assert_int_equal(weft_queue_get(&rest->full, &item), WEFT_OK);
    assert_int_equal(weft_queue_task_done(&rest->unfinished), WEFT_OK);
    assert_int_equal(weft_event_set(&rest->never), WEFT_OK);
    assert_int_equal(weft_thread_interrupt(rest->crew.threads[WAYS - 1]), WEFT_OK);
    for (int i = 0; i < TIMERS; i++)
        assert_int_equal(weft_timer_cancel(rest->timers[i]), WEFT_OK);
    crew_join(&rest->crew);
    weft_thread_free(rest->joined);
    for (int i = 0; i < TIMERS; i++)
        weft_timer_free(rest->timers[i]);
    weft_future_free(rest->future);
    assert_int_equal(weft_executor_shutdown(rest->pool), WEFT_OK);
    weft_executor_free(rest->pool);
    weft_queue_destroy(&rest->empty);
    weft_queue_destroy(&rest->full);
    weft_queue_destroy(&rest->unfinished);
}

/* ---- the cases ----------------------------------------------------------------------------- */

TEST(threads_at_rest_use_no_processor_and_do_not_wake_up)
{
    struct rest rest;
    struct tasks others;
    struct tasks before = {0};
    begin(&rest, &others);
    EVENTUALLY(quiet(&others, &before));
    assert_int_equal(before.count, WAYS + WORKERS + 1); /* and who waits for the timers */
    pause_for(LOOK_SECONDS);
    struct tasks after = look(&others);
    if (!same_tasks(&after, &before))
        weft_dump(STDERR_FILENO);
    assert_true(same_tasks(&after, &before));
    end(&rest);
}

/* strace on this very process; its output goes to the file. */
static pid_t start_strace(const char *file)
{
    char process[16];
    snprintf(process, sizeof process, "%d", getpid());
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    pid_t strace = fork();
    if (strace == 0) {
        execlp("strace", "strace", "-f", "-qq", "-o", file, "-p", process, (char *)NULL);
        _exit(127);
    }
    return strace;
}

static bool traced(uint32_t id)
{
    char path[64];
    char line[128];
    bool is = false;
    snprintf(path, sizeof path, "/proc/self/task/%u/status", id);
    FILE *status = fopen(path, "r");
    assert_non_null(status);
    while (fgets(line, sizeof line, status) != NULL)
        is |= strncmp(line, "TracerPid:", 10) == 0 && strtoul(line + 10, NULL, 10) != 0;
    fclose(status);
    return is;
}

static bool all_traced(const struct tasks *tasks)
{
    for (size_t i = 0; i < tasks->count; i++)
        if (!traced(tasks->each[i].id))
            return false;
    return true;
}

/* The lines of the file on which one of these threads has come back from a call, or made a new one. */
static int calls(const char *file, const struct tasks *tasks)
{
    char line[512];
    int count = 0;
    FILE *trace = fopen(file, "r");
    assert_non_null(trace);
    while (fgets(line, sizeof line, trace) != NULL)
        for (size_t i = 0; i < tasks->count; i++)
            if (strtoul(line, NULL, 10) == tasks->each[i].id && strstr(line, "resumed>") != NULL) {
                fprintf(stderr, "%s", line);
                count++;
            }
    fclose(trace);
    return count;
}

TEST(strace_sees_no_thread_at_rest_come_back_from_the_system)
{
    char file[] = "/tmp/weft-idle-XXXXXX";
    struct rest rest;
    struct tasks others;
    struct tasks tasks = {0};
    int status = 0;
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    close(fd);
    begin(&rest, &others);
    EVENTUALLY(quiet(&others, &tasks));
    pid_t strace = start_strace(file);
    pid_t gone = 0;
    EVENTUALLY(all_traced(&tasks) || (gone = waitpid(strace, &status, WNOHANG)) != 0);
    if (gone == 0) {
        pause_for(LOOK_SECONDS);
        kill(strace, SIGINT);
        waitpid(strace, &status, 0);
        assert_int_equal(calls(file, &tasks), 0);
    }
    end(&rest);
    unlink(file);
    if (gone != 0) {
        puts("there is no strace, or it may not look on");
        skip();
    }
}
