/* SPDX-License-Identifier: MIT */
/**
 * @file thread_attributes.c
 * @brief What a thread is called and known by: name, number, native id, daemon, alive
 *
 * Three threads are looked at before they start, while they wait at an event, and after they have
 * ended: one without a name, one with, one daemon. Then the main thread looks at itself, and at the
 * list of all. At last two hundred short threads come and go.
 *
 * Source: threads, section 1.1.
 *
 * Look for: two kinds of number. `ident` is the library's: it is given once and never again, so it
 * may be a key in a table. What pthread_self() gives, and Python's ident, is taken over by the next
 * thread when one has ended. `native_id` is the system's, as in ps and gdb; that one is reused,
 * too.
 *
 * Facts:
 * - before the start there is no number and no native id; after the end they can still be read
 * - names that were given are kept, the others are Thread-N and differ
 * - the native id is what the kernel calls the thread, and is in /proc only while it lives
 * - all threads are in the list, and only while they live
 * - the flag daemon is inherited, and cannot be changed after the start
 * - 200 threads one after the other have 200 different numbers
 * - they do not have 200 different values of pthread_self(): as a key it mixes threads up
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"
#include "demo_thread.h"

enum { UNNAMED, LOADER, DAEMON, THREADS, MANY = 200 };

struct inside {
    uint64_t kernels_id;    /* what gettid() says in the thread */
    bool child_is_a_daemon; /* whether a thread that this one makes would be */
};

static weft_event go = WEFT_EVENT_INIT;
static weft_thread *threads[THREADS];
static struct inside insides[THREADS];

static void *do_nothing(void *arg)
{
    return arg;
}

static void *wait_at_event(void *arg)
{
    struct inside *inside = arg;
    inside->kernels_id = (uint64_t)gettid();
    weft_thread *child = demo_must(weft_thread_new(do_nothing, NULL));
    inside->child_is_a_daemon = weft_thread_is_daemon(child);
    weft_thread_free(child);
    weft_event_wait(&go);
    return arg;
}

static bool kernel_has(uint64_t native_id)
{
    return access(demo_name("/proc/self/task/%" PRIu64, native_id), F_OK) == 0;
}

/* The name that the system shows, without the newline. */
static void read_system_name(const weft_thread *thread, char name[32])
{
    name[0] = '\0';
    FILE *file =
        fopen(demo_name("/proc/self/task/%" PRIu64 "/comm", weft_thread_native_id(thread)), "r");
    if (file == NULL)
        return;
    if (fgets(name, 32, file) != NULL)
        name[strcspn(name, "\n")] = '\0';
    fclose(file);
}

static void print_table(void)
{
    demo_line("    name        ident  native id  daemon  alive");
    for (int i = 0; i < THREADS; i++)
        demo_line("    %-10s  %5" PRIu32 "  %9" PRIu64 "  %-6s  %s", weft_thread_name(threads[i]),
                  weft_thread_ident(threads[i]), weft_thread_native_id(threads[i]),
                  weft_thread_is_daemon(threads[i]) ? "yes" : "no",
                  weft_thread_is_alive(threads[i]) ? "yes" : "no");
}

static void look_before(void)
{
    demo_part("Before the start");
    threads[UNNAMED] = demo_must(weft_thread_new(wait_at_event, &insides[UNNAMED]));
    threads[LOADER] = demo_must(weft_thread_new(wait_at_event, &insides[LOADER], .name = "loader"));
    threads[DAEMON] = demo_must(weft_thread_new(wait_at_event, &insides[DAEMON], .daemon = true));
    print_table();
    bool unborn = true;
    for (int i = 0; i < THREADS; i++)
        unborn = unborn && weft_thread_ident(threads[i]) == 0 &&
                 weft_thread_native_id(threads[i]) == 0 && !weft_thread_is_alive(threads[i]);
    CHECK(unborn, "none has a number or a native id, none is alive");
    CHECK(strcmp(weft_thread_name(threads[LOADER]), "loader") == 0, "the given name is kept");
    CHECK(strncmp(weft_thread_name(threads[UNNAMED]), "Thread-", 7) == 0 &&
              strncmp(weft_thread_name(threads[DAEMON]), "Thread-", 7) == 0 &&
              strcmp(weft_thread_name(threads[UNNAMED]), weft_thread_name(threads[DAEMON])) != 0,
          "the others are called Thread-N, and differ");
}

static void look_inside(void)
{
    char name[32];
    demo_part("While they wait");
    bool started = true;
    for (int i = 0; i < THREADS; i++)
        started = started && weft_thread_start(threads[i]) == WEFT_OK;
    DEMO_AWAIT(weft_event_waiters(&go) == THREADS);
    print_table();
    bool alive = started;
    bool known = true;
    for (int i = 0; i < THREADS; i++) {
        uint64_t native_id = weft_thread_native_id(threads[i]);
        alive = alive && weft_thread_is_alive(threads[i]) && weft_thread_ident(threads[i]) != 0;
        known = known && native_id == insides[i].kernels_id && kernel_has(native_id);
    }
    CHECK(alive, "all are alive and have a number");
    CHECK(known, "the native id is what gettid() says inside, and /proc has it");
    CHECK(insides[DAEMON].child_is_a_daemon && !insides[LOADER].child_is_a_daemon,
          "a thread that a daemon makes is a daemon");
    CHECK(weft_thread_set_daemon(threads[LOADER], true) == WEFT_RUNTIME &&
              !weft_thread_is_daemon(threads[LOADER]),
          "after the start the flag cannot be changed");

    weft_thread_set_name(threads[LOADER], "unloader");
    read_system_name(threads[LOADER], name);
    demo_say("renames the loader; the system calls it %s", name);
    CHECK(strcmp(weft_thread_name(threads[LOADER]), "unloader") == 0 &&
              strcmp(name, "unloader") == 0,
          "a thread can be renamed while it runs, and the system follows");
}

static void look_at_all(void)
{
    demo_part("The main thread and the list");
    size_t count = 0;
    weft_thread **all = demo_must(weft_thread_enumerate(&count));
    for (size_t i = 0; i < count; i++)
        demo_line("    %s", weft_thread_name(all[i]));
    CHECK(count == 4 && weft_thread_active_count() == 4 && all[0] == weft_thread_main(),
          "the list has four threads, the main thread is the first");
    weft_thread_list_free(all);
    CHECK(weft_thread_current() == weft_thread_main() && weft_thread_ident(weft_thread_main()) == 1,
          "the calling thread is the main thread, and its number is 1");
    CHECK(weft_thread_native_id(weft_thread_main()) == (uint64_t)getpid(),
          "its native id is that of the process");
}

static void look_after(void)
{
    demo_part("After the end");
    weft_event_set(&go);
    for (int i = 0; i < THREADS; i++)
        weft_thread_join(threads[i]);
    print_table();
    bool ended = true;
    for (int i = 0; i < THREADS; i++) {
        DEMO_AWAIT(!kernel_has(insides[i].kernels_id));
        ended = ended && !weft_thread_is_alive(threads[i]) && weft_thread_ident(threads[i]) != 0 &&
                weft_thread_native_id(threads[i]) == insides[i].kernels_id;
        weft_thread_free(threads[i]);
    }
    CHECK(ended, "none is alive or in /proc; number and native id can still be read");
    CHECK(weft_thread_active_count() == 1, "the list has the main thread only");
}

/* ---- numbers ---- */

struct numbers {
    uint32_t ident;
    pthread_t pthread;
};

static void *note_numbers(void *arg)
{
    struct numbers *numbers = arg;
    numbers->ident = weft_thread_ident(weft_thread_current());
    numbers->pthread = pthread_self();
    return arg;
}

static void count_numbers(void)
{
    static struct numbers numbers[MANY];
    int idents = 0;
    int pthreads = 0;
    demo_part("Two hundred threads, one after the other");
    for (int i = 0; i < MANY; i++) {
        demo_join(demo_spawn(note_numbers, &numbers[i], "short"));
        bool new_ident = true;
        bool new_pthread = true;
        for (int j = 0; j < i; j++) {
            new_ident = new_ident && numbers[j].ident != numbers[i].ident;
            new_pthread = new_pthread && !pthread_equal(numbers[j].pthread, numbers[i].pthread);
        }
        idents += new_ident;
        pthreads += new_pthread;
    }
    demo_say("%d different idents; %d different values of pthread_self()", idents, pthreads);
    CHECK(idents == MANY, "200 threads have 200 different numbers: none is given twice");
    CHECK(pthreads < MANY, "what pthread_self() gives is taken over by a later thread");
}

int main(void)
{
    demo_begin("What a thread is called and known by: name, number, native id, daemon, alive");
    look_before();
    look_inside();
    look_at_all();
    look_after();
    count_numbers();
    return demo_end();
}
