/* SPDX-License-Identifier: MIT */
/**
 * @file daemon_background_services.c
 * @brief Four services in the background: monitor, sweeper, log rotator, heartbeat
 *
 * While the main thread does its job, four daemons do small things again and again: one looks at
 * the number of threads and the memory, one drops old entries from a cache, one starts a new log
 * file when the old one is full, one checks whether all is well. What makes a good daemon: what it
 * does may be done twice, it may be cut off at any moment, a failure is counted and does not end
 * it, it rests most of the time, and its rest can be ended or changed.
 *
 * Source: threads, section 1.4.
 *
 * Look for: one loop serves all four. It rests at an event with a time limit; the event says that
 * the interval has changed, or that it is over.
 *
 * Facts:
 * - each service has worked all the time, never more often than its interval allows
 * - after a sweep no entry is older than 300 ms, and sweeping again changes nothing
 * - the log files together have every line exactly once, none is larger than 4 KiB
 * - every fourth heartbeat fails, all are counted, and the service goes on
 * - a new interval counts at once
 * - a heartbeat that does not survive a failure ends with the first one
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "demo.h"
#include "demo_thread.h"

enum { ENTRIES = 50, LOG_SIZE = 4096, LINE = 32, MOST_LOGS = 64, LINES = 600 };

/* ---- a service: a step, an interval, a rest that can be ended ---- */

struct service {
    const char *name;
    bool (*step)(void); /* whether it went well */
    weft_event wake;
    weft_lock lock;  /* guards the next two */
    double interval; /* of the story */
    bool over;
    atomic_int steps;
    atomic_int failures;
    double processor; /* seconds that its thread has used */
    double lasted;    /* of the story */
    double shortest;  /* the shortest interval it ever had */
    bool fragile;     /* it ends with its first failure */
};

static double interval_of(struct service *service)
{
    WEFT_HOLD(&service->lock);
    return service->over ? -1 : service->interval;
}

static double processor_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
}

static void *serve(void *arg)
{
    struct service *service = arg;
    double start = demo_now();
    for (double interval; (interval = interval_of(service)) >= 0;) {
        if (weft_event_wait_for(&service->wake, demo_seconds(interval)) == WEFT_OK) {
            weft_event_clear(&service->wake);
            continue; /* told of something new */
        }
        service->steps++;
        bool well = service->step();
        service->failures += !well;
        if (!well && service->fragile)
            break;
    }
    service->lasted = demo_now() - start;
    service->processor = processor_seconds();
    return arg;
}

static void set_interval(struct service *service, double interval)
{
    WEFT_WITH(&service->lock) {
        service->interval = interval;
    }
    weft_event_set(&service->wake);
}

static void end_service(struct service *service)
{
    WEFT_WITH(&service->lock) {
        service->over = true;
    }
    weft_event_set(&service->wake);
}

/* ---- the monitor ---- */

static atomic_long most_threads;

static bool monitor(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL)
        return false;
    bool read = fscanf(file, "%*d %ld", &pages) == 1;
    fclose(file);
    long threads = (long)weft_thread_active_count();
    if (threads > most_threads)
        most_threads = threads;
    return read && pages > 0;
}

/* ---- the cache and its sweeper ---- */

static weft_lock cache_lock = WEFT_LOCK_INIT; /* guards the cache */
static struct entry {
    bool used;
    double since;
} cache[ENTRIES];
static int swept; /* entries, in all */

static int sweep_older(double now)
{
    int dropped = 0;
    WEFT_HOLD(&cache_lock);
    for (int i = 0; i < ENTRIES; i++) {
        if (cache[i].used && now - cache[i].since > 0.3) {
            cache[i].used = false;
            dropped++;
        }
    }
    swept += dropped;
    return dropped;
}

static bool sweep(void)
{
    sweep_older(demo_now());
    return true;
}

static void use_entry(int number)
{
    WEFT_HOLD(&cache_lock);
    cache[number % ENTRIES] = (struct entry){true, demo_now()};
}

static double oldest(double now)
{
    double age = 0;
    WEFT_HOLD(&cache_lock);
    for (int i = 0; i < ENTRIES; i++)
        if (cache[i].used && now - cache[i].since > age)
            age = now - cache[i].since;
    return age;
}

/* ---- the log and its rotator ---- */

static char folder[256];
static weft_lock log_lock = WEFT_LOCK_INIT; /* guards the log */
static FILE *log_file;
static int log_bytes;
static int log_number;

static void close_log(void) WEFT_REQUIRES(log_lock)
{
    char from[sizeof folder + 32];
    fclose(log_file);
    log_file = NULL;
    snprintf(from, sizeof from, "%s/log", folder);
    if (rename(from, demo_name("%s/log.%d", folder, log_number)) == 0)
        log_number++;
}

static void open_log(void) WEFT_REQUIRES(log_lock)
{
    log_file = demo_must(fopen(demo_name("%s/log", folder), "w"));
    log_bytes = 0;
}

/* At three quarters: what is written until the next look has to fit, too. */
static bool rotate(void)
{
    WEFT_HOLD(&log_lock);
    if (log_bytes < LOG_SIZE * 3 / 4)
        return true;
    close_log();
    open_log();
    return true;
}

/* Waits for the rotator rather than write a file that is too large. */
static void log_line(int number)
{
    for (bool written = false; !written;) {
        WEFT_WITH(&log_lock) {
            if (log_bytes + LINE <= LOG_SIZE) {
                fprintf(log_file, "%*d\n", LINE - 1, number);
                log_bytes += LINE;
                written = true;
            }
        }
        if (!written)
            demo_sleep(0.01);
    }
}

static bool logs_are_whole(void)
{
    static int seen[LINES];
    bool whole = true;
    for (int i = 0; i < log_number; i++) {
        int number;
        FILE *file = demo_must(fopen(demo_name("%s/log.%d", folder, i), "r"));
        while (fscanf(file, "%d", &number) == 1)
            if (number >= 0 && number < LINES)
                seen[number]++;
        whole = whole && ftell(file) <= LOG_SIZE;
        fclose(file);
    }
    for (int i = 0; i < LINES; i++)
        whole = whole && seen[i] == 1;
    return whole;
}

/* ---- the heartbeat: every fourth fails ---- */

static bool beat(void)
{
    static int beats;
    return ++beats % 4 != 0;
}

/* ---- all together ---- */

enum { MONITOR, SWEEPER, ROTATOR, HEARTBEAT, SERVICES };

static struct service services[SERVICES] = {
    {.name = "monitor", .step = monitor, .interval = 0.1, .shortest = 0.1},
    {.name = "sweeper", .step = sweep, .interval = 0.1, .shortest = 0.1},
    {.name = "rotator", .step = rotate, .interval = 0.05, .shortest = 0.05},
    {.name = "heartbeat", .step = beat, .interval = 0.05, .shortest = 0.05}};

/* Two seconds of work that use the cache and write to the log. */
static void do_the_job(void)
{
    for (int i = 0; i < LINES; i++) {
        use_entry(i);
        log_line(i);
        if (i % 3 == 0)
            demo_sleep(0.01);
    }
    for (int i = 0; i < SERVICES; i++)
        DEMO_AWAIT(services[i].steps >= 4);
}

static void change_an_interval(void)
{
    demo_part("The heartbeat gets slower, then faster again");
    set_interval(&services[HEARTBEAT], 1e6);
    DEMO_AWAIT(!weft_event_is_set(&services[HEARTBEAT].wake) &&
               weft_event_waiters(&services[HEARTBEAT].wake) == 1);
    int before = services[HEARTBEAT].steps;
    demo_say("%d beats; the next one in a million seconds", before);
    demo_sleep(0.2);
    CHECK(services[HEARTBEAT].steps == before,
          "with an interval of days there is no beat in 0.2 s");
    demo_say("or rather every 0.05 s");
    double start = demo_now();
    set_interval(&services[HEARTBEAT], 0.05);
    DEMO_AWAIT(services[HEARTBEAT].steps >= before + 2);
    demo_say("%d beats", services[HEARTBEAT].steps);
    CHECK(demo_at_least(demo_now() - start, 0.1),
          "with 0.05 s again it beats: it did not finish its rest of days first");
}

static void report(void)
{
    double used = 0;
    demo_line("    service    steps  failures   processor");
    bool often_enough = true;
    for (int i = 0; i < SERVICES; i++) {
        struct service *service = &services[i];
        demo_line("    %-9s  %5d  %8d  %8.4f s", service->name, service->steps, service->failures,
                  service->processor);
        used += service->processor;
        often_enough = often_enough && service->steps >= 4 &&
                       demo_at_least(service->lasted, service->steps * service->shortest);
    }
    demo_line("    all four have used %.1f ms of processor time\n", used * 1e3);
    CHECK(often_enough, "each has worked, never more often than its interval allows");
    CHECK(most_threads == 1 + SERVICES, "the monitor has seen five threads");
    CHECK(services[HEARTBEAT].failures == services[HEARTBEAT].steps / 4,
          "every fourth heartbeat has failed and was counted, and the service went on");
}

static bool beat_for_the_fragile(void)
{
    static int beats;
    return ++beats % 4 != 0;
}

static void run_fragile(void)
{
    demo_part("A heartbeat that does not survive a failure");
    struct service service = {
        .step = beat_for_the_fragile, .interval = 0.02, .shortest = 0.02, .fragile = true};
    demo_join(demo_spawn(serve, &service, "fragile"));
    demo_say("has ended after %d beats, and nobody was told", service.steps);
    CHECK(service.steps == 4 && service.failures == 1, "it ends with its first failure");
}

static void remove_logs(void)
{
    for (int i = 0; i < log_number; i++)
        unlink(demo_name("%s/log.%d", folder, i));
    rmdir(folder);
}

int main(void)
{
    weft_thread *threads[SERVICES];
    demo_begin("Four services in the background: monitor, sweeper, log rotator, heartbeat");
    demo_temporary(folder, sizeof folder);
    if (mkdtemp(folder) == NULL)
        return demo_skip("there is no place for temporary files");
    WEFT_WITH(&log_lock) {
        open_log();
    }
    for (int i = 0; i < SERVICES; i++)
        threads[i] = demo_must(
            weft_thread_spawn(serve, &services[i], .name = services[i].name, .daemon = true));

    demo_part("A job of two seconds");
    do_the_job();
    demo_say("has done its job: %d lines", LINES);
    change_an_interval();

    demo_part("The end");
    for (int i = 0; i < SERVICES; i++)
        end_service(&services[i]);
    demo_join_all(SERVICES, threads);
    WEFT_WITH(&log_lock) {
        close_log();
    }
    report();
    double now = demo_now();
    sweep_older(now);
    CHECK(oldest(now) <= 0.3, "after a sweep no entry is older than 300 ms");
    CHECK(sweep_older(now) == 0, "sweeping again changes nothing");
    CHECK(logs_are_whole() && log_number > 1,
          "%d log files have every line exactly once, none is larger than 4 KiB", log_number);
    remove_logs();
    run_fragile();
    return demo_end();
}
