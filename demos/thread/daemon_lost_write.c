/* SPDX-License-Identifier: MIT */
/**
 * @file daemon_lost_write.c
 * @brief A daemon is cut off in the middle of a file
 *
 * A thread writes a thousand records of 64 bytes to a file, in chunks that end anywhere. In a child
 * process it is a daemon, and main returns while it writes: the file ends in the middle of a
 * record. As a thread that is no daemon it is waited for, and the file is whole. What a daemon can
 * do is to write another file and rename it when that is complete. Whoever reads finds the old one
 * or the new one, never a part.
 *
 * Source: threads, section 1.4.
 *
 * Look for: the size of the first file. It is no multiple of 64.
 *
 * Facts:
 * - a daemon that is cut off leaves less than 64000 bytes, and a part of a record
 * - a thread that is no daemon leaves 64000 bytes, and the checksum is right
 * - a daemon that renames leaves the old file whole if it is cut off, else the new one whole
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"
#include "demo_child.h"
#include "demo_thread.h"

enum { RECORDS = 1000, RECORD = 64, SIZE = RECORDS * RECORD, CHUNK = 1000, CUT_AT = 10 };

static char folder[256];

static const char *path_of(const char *name)
{
    return demo_name("%s/%s", folder, name);
}

/* The content: each record is its number and dots, 64 bytes. */
static void fill(char content[SIZE + 1])
{
    for (size_t i = 0; i < RECORDS; i++)
        snprintf(content + i * RECORD, RECORD + 1, "record %04zu%.*s\n", i, RECORD - 12,
                 "............................................................");
}

static unsigned checksum(const char *content, size_t size)
{
    unsigned sum = 1;
    for (size_t i = 0; i < size; i++)
        sum = sum * 31 + (unsigned char)content[i];
    return sum;
}

static int open_to_write(const char *name)
{
    return open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

/* ---- what a child does ---- */

struct plan {
    bool daemon;
    bool rename;  /* write another file, and rename it when it is complete */
    bool cut_off; /* main returns while the thread is in the middle */
};

static atomic_int chunks; /* that have been written */

static bool write_all(int file, const struct plan *plan)
{
    static char content[SIZE + 1];
    fill(content);
    for (size_t at = 0; at < SIZE; at += CHUNK) {
        if (write(file, content + at, CHUNK) != CHUNK)
            return false;
        chunks++;
        if (plan->cut_off && chunks == CUT_AT)
            weft_sleep(WEFT_FOREVER); /* a slow disk */
        demo_sleep(0.002);
    }
    return true;
}

static void *save(void *arg)
{
    const struct plan *plan = arg;
    const char *name = plan->rename ? "data.new" : "data";
    int file = open_to_write(name);
    bool written = file >= 0 && write_all(file, plan);
    close(file);
    if (!written)
        return weft_raise(WEFT_USER, "cannot write %s", name);
    if (plan->rename) {
        char from[sizeof folder + 16];
        snprintf(from, sizeof from, "%s/%s", folder, name);
        if (rename(from, path_of("data")) != 0)
            return weft_raise(WEFT_USER, "cannot rename %s", name);
    }
    demo_say("has saved everything");
    return arg;
}

static int run_plan(void *arg)
{
    const struct plan *plan = arg;
    weft_thread *writer =
        demo_must(weft_thread_spawn(save, arg, .name = "writer", .daemon = plan->daemon));
    DEMO_AWAIT(chunks >= CUT_AT);
    if (plan->daemon && !plan->cut_off)
        weft_thread_join(writer);
    weft_thread_free(writer);
    demo_say("returns from main");
    return 0;
}

/* ---- what is found afterwards ---- */

/* Returns the size, and the checksum of what is there. */
static size_t read_data(unsigned *sum)
{
    static char content[SIZE + 1];
    FILE *file = fopen(path_of("data"), "r");
    size_t size = file != NULL ? fread(content, 1, sizeof content, file) : 0;
    if (file != NULL)
        fclose(file);
    *sum = checksum(content, size);
    demo_say("finds %zu bytes: %zu records and %zu bytes of another", size, size / RECORD,
             size % RECORD);
    return size;
}

static bool run(struct plan plan)
{
    demo_child child = demo_child_run(run_plan, &plan, WEFT_FOREVER);
    return !child.killed && child.exit_status == 0;
}

static void save_old(const char *content)
{
    int file = open_to_write("data");
    if (write(file, content, strlen(content)) < 0)
        demo_say("cannot write the old file");
    close(file);
}

int main(void)
{
    static char content[SIZE + 1];
    unsigned sum;
    demo_begin("A daemon is cut off in the middle of a file");
    demo_temporary(folder, sizeof folder);
    if (mkdtemp(folder) == NULL)
        return demo_skip("there is no place for temporary files");
    fill(content);
    unsigned right = checksum(content, SIZE);

    demo_part("A daemon writes, main returns");
    bool ended = run((struct plan){.daemon = true, .cut_off = true});
    size_t size = read_data(&sum);
    CHECK(ended && size < SIZE, "the file has less than 64000 bytes: the daemon was cut off");
    CHECK(size % RECORD != 0, "it ends in the middle of a record");

    demo_part("A thread that is no daemon writes, main returns");
    ended = run((struct plan){.daemon = false});
    size = read_data(&sum);
    CHECK(ended && size == SIZE && sum == right, "the file has 64000 bytes, the checksum is right");

    demo_part("A daemon writes another file and renames it");
    save_old("the old content\n");
    ended = run((struct plan){.daemon = true, .rename = true, .cut_off = true});
    size = read_data(&sum);
    CHECK(ended && size == 16 && sum == checksum("the old content\n", 16),
          "cut off, it leaves the old file, whole");
    ended = run((struct plan){.daemon = true, .rename = true});
    size = read_data(&sum);
    CHECK(ended && size == SIZE && sum == right, "not cut off, it leaves the new one, whole");

    unlink(path_of("data"));
    unlink(path_of("data.new"));
    rmdir(folder);
    return demo_end();
}
