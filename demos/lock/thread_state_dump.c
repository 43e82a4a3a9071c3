/* SPDX-License-Identifier: MIT */
/**
 * @file thread_state_dump.c
 * @brief A dump of the threads shows who is alive and which lock each waits for
 *
 * Threads that make no progress look alike from outside. The library can tell them apart: a handle
 * knows its thread's name, its number and whether it is alive, and weft_dump() writes what each
 * living thread waits for. Here a reader has finished, a sleeper sleeps for ever, and a writer
 * wants the ledger, which the main thread keeps, along with the archive that nobody wants. The
 * main thread reads the dump through a pipe and makes a table of both sources. Then it ends what
 * the table shows: it releases the lock and interrupts the sleep.
 *
 * Source: locks, section 1.4.
 *
 * Look for: the address in the writer's row. It is the ledger's, and that is what one needs to know
 * to find who holds it. Python's threading can tell names, numbers and who is alive, but not what
 * a thread waits for.
 *
 * Facts:
 * - of three threads exactly two are alive, and the dump has a line for exactly these two
 * - the sleeper waits for a time, the writer for the ledger's lock
 * - once the ledger is free and the sleeper interrupted, both end
 * - then none is alive, and the dump has no line for any of them
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"

enum { READER, SLEEPER, WRITER, THREADS };

/* What is known of a thread; the last three are from the dump. */
struct row {
    weft_thread *thread;
    bool listed;     /* the dump has a line for it */
    char reason[64]; /* what it waits for; "": for nothing */
    uintptr_t lock;  /* the address of the lock it waits for; 0: for no lock */
};

static weft_lock ledger = WEFT_LOCK_INIT;
static weft_lock archive = WEFT_LOCK_INIT;

static void *read_ledger(void *arg)
{
    demo_say("has read everything, is done");
    return arg;
}

static void *sleep_for_ever(void *status)
{
    demo_say("goes to sleep");
    *(weft_status *)status = weft_sleep(WEFT_FOREVER);
    demo_say("is awake: %s", weft_strerror(*(weft_status *)status));
    return NULL;
}

static void *write_ledger(void *arg)
{
    demo_say("wants the ledger");
    WEFT_WITH(&ledger) {
        demo_say("has the ledger, writes");
    }
    return arg;
}

/* A line is "    3 writer       waits 0.102 s for a lock at 0x55d0bf9c1044" or "    1 x  runs". */
static void read_line(const char *line, struct row rows[THREADS])
{
    uint32_t id;
    char name[32];
    char reason[sizeof rows->reason] = "";
    if (sscanf(line, "%" SCNu32 " %31s waits %*f s for %63[^\n]", &id, name, reason) < 2)
        return; /* the title */
    for (int i = 0; i < THREADS; i++) {
        if (weft_thread_ident(rows[i].thread) != id)
            continue;
        rows[i].listed = strcmp(weft_thread_name(rows[i].thread), name) == 0;
        memcpy(rows[i].reason, reason, sizeof reason);
        if (sscanf(reason, "a lock at 0x%" SCNxPTR, &rows[i].lock) != 1)
            rows[i].lock = 0;
    }
}

/* Fills the rows with what the dump says now. A pipe holds far more than these few lines. */
static bool read_dump(struct row rows[THREADS])
{
    char line[256];
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    bool written = weft_dump(ends[1]) == WEFT_OK;
    close(ends[1]);
    FILE *dump = demo_must(fdopen(ends[0], "r"));
    for (int i = 0; i < THREADS; i++)
        rows[i] = (struct row){.thread = rows[i].thread};
    while (fgets(line, sizeof line, dump) != NULL)
        read_line(line, rows);
    fclose(dump);
    return written;
}

static bool is_asleep(const struct row *row)
{
    return strcmp(row->reason, "a time") == 0;
}

static int count_alive(const struct row rows[THREADS])
{
    int alive = 0;
    for (int i = 0; i < THREADS; i++)
        alive += weft_thread_is_alive(rows[i].thread);
    return alive;
}

static const char *name_of_lock(uintptr_t address)
{
    if (address == (uintptr_t)&ledger)
        return ": the ledger's";
    return address == (uintptr_t)&archive ? ": the archive's" : "";
}

static void print_table(const struct row rows[THREADS])
{
    demo_line("             | name      id  alive  waits for");
    for (int i = 0; i < THREADS; i++) {
        weft_thread *thread = rows[i].thread;
        demo_line("             | %-8s  %2" PRIu32 "  %-5s  %s%s", weft_thread_name(thread),
                  weft_thread_ident(thread), weft_thread_is_alive(thread) ? "yes" : "no",
                  rows[i].reason[0] != '\0' ? rows[i].reason : "-", name_of_lock(rows[i].lock));
    }
}

static void check_states(struct row rows[THREADS])
{
    demo_say("looks at the threads");
    bool dumped = read_dump(rows);
    print_table(rows);
    CHECK(count_alive(rows) == 2 && !weft_thread_is_alive(rows[READER].thread),
          "exactly two of three are alive, all but the reader");
    CHECK(dumped && !rows[READER].listed && rows[SLEEPER].listed && rows[WRITER].listed,
          "the dump has a line for each of these two, and none for the reader");
    CHECK(is_asleep(&rows[SLEEPER]), "the sleeper waits for a time, not for a lock");
    CHECK(rows[WRITER].lock == (uintptr_t)&ledger,
          "the writer waits for the ledger, not for the archive, which is held as well");
}

static void check_ends(struct row rows[THREADS])
{
    demo_say("looks once more");
    bool dumped = read_dump(rows);
    print_table(rows);
    CHECK(count_alive(rows) == 0, "none is alive");
    CHECK(dumped && !rows[READER].listed && !rows[SLEEPER].listed && !rows[WRITER].listed,
          "the dump has a line for none of them");
    CHECK(!weft_lock_locked(&ledger) && !weft_lock_locked(&archive), "both locks are free");
}

int main(void)
{
    struct row rows[THREADS] = {0};
    weft_status slept = WEFT_OK;
    demo_begin("A dump of the threads shows who is alive and which lock each waits for");
    weft_lock_acquire(&ledger);
    weft_lock_acquire(&archive);
    rows[READER].thread = demo_must(weft_thread_spawn(read_ledger, NULL, .name = "reader"));
    rows[SLEEPER].thread = demo_must(weft_thread_spawn(sleep_for_ever, &slept, .name = "sleeper"));
    rows[WRITER].thread = demo_must(weft_thread_spawn(write_ledger, NULL, .name = "writer"));
    weft_thread_join(rows[READER].thread);
    DEMO_AWAIT(weft_lock_waiters(&ledger) == 1);
    DEMO_AWAIT(!read_dump(rows) || is_asleep(&rows[SLEEPER])); /* a failure shows in the facts */
    demo_sleep(0.1);
    check_states(rows);

    demo_say("releases both locks, interrupts the sleeper");
    weft_lock_release(&archive);
    weft_lock_release(&ledger);
    weft_status interrupted = weft_thread_interrupt(rows[SLEEPER].thread);
    weft_thread_join(rows[WRITER].thread);
    weft_thread_join(rows[SLEEPER].thread);
    CHECK(interrupted == WEFT_OK && slept == WEFT_INTERRUPTED, "the sleep was interrupted");
    CHECK(demo_in_order("MainThread releases both locks*", "writer has the ledger, writes"),
          "the writer got the ledger once it was free");
    check_ends(rows);
    for (int i = 0; i < THREADS; i++)
        weft_thread_free(rows[i].thread);
    return demo_end();
}
