/* SPDX-License-Identifier: MIT */
/**
 * @file recursive_directory_scan.c
 * @brief A recursive directory scan that re-enters one RLock and counts what it finds
 *
 * Two threads scan two directory trees and count what they find together. scan() holds the
 * scanner's lock, goes through a directory, and calls itself for each directory in it. That is
 * right with an RLock, and slow: the lock is held during the whole scan, so one thread scans after
 * the other. The second scanner reads directories without the lock and takes it only to count; both
 * threads are inside at once, and a Lock would do.
 *
 * The trees are real, made in a temporary directory: 3 directories and 5 files each. One directory
 * may not be read, and a symbolic link leads back to the top: neither may end the scan or make it
 * endless.
 *
 * Source: locks, section 2.2, lines 1329-1379.
 *
 * Look for: what the lock must protect is three counters. Reading a directory needs no lock.
 *
 * Facts:
 * - 10 files, 6 directories, 4500 bytes, as in a count by one thread alone
 * - a directory that may not be read is skipped, and counts as a directory
 * - with the lock held throughout one thread scans at a time; with short locks both do
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "demo.h"
#include "demo_thread.h"

enum { LONGEST = 512, ROOTS = 2 };

struct counts {
    long files;
    long directories;
    long bytes;
    long unreadable;
};

struct scanner {
    weft_rlock lock;
    bool coarse;          /* whether scan() holds the lock throughout */
    struct counts counts; /* guarded by lock */
    demo_crowd crowd;     /* how many scan at once */
    demo_rendezvous *inside;
};

/* ---- the scanner ---- */

static void count(struct scanner *scanner, struct counts more)
{
    WEFT_HOLD(&scanner->lock);
    scanner->counts.files += more.files;
    scanner->counts.directories += more.directories;
    scanner->counts.bytes += more.bytes;
    scanner->counts.unreadable += more.unreadable;
}

static void scan(struct scanner *scanner, const char *path);

/* What has vanished since it was listed is not there: that is no error. A link is not followed. */
static void scan_entry(struct scanner *scanner, const char *path) /* NOLINT(misc-no-recursion) */
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return;
    if (S_ISREG(status.st_mode)) {
        count(scanner, (struct counts){.files = 1, .bytes = (long)status.st_size});
    } else if (S_ISDIR(status.st_mode)) {
        count(scanner, (struct counts){.directories = 1});
        scan(scanner, path);
    }
}

static void scan_entries(struct scanner *scanner, const char *path) /* NOLINT(misc-no-recursion) */
{
    DIR *directory = opendir(path);
    if (directory == NULL) {
        count(scanner, (struct counts){.unreadable = errno == EACCES});
        return;
    }
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char inner[LONGEST];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int length = snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (length < LONGEST)
            scan_entry(scanner, inner);
    }
    closedir(directory);
}

static void scan(struct scanner *scanner, const char *path) /* NOLINT(misc-no-recursion) */
{
    if (!scanner->coarse) {
        scan_entries(scanner, path);
        return;
    }
    WEFT_WITH(&scanner->lock) {
        scan_entries(scanner, path);
    }
}

/* ---- the trees ---- */

static char top[LONGEST];

static const char *in_top(char buffer[LONGEST], const char *name)
{
    if (snprintf(buffer, LONGEST, "%s/%s", top, name) >= LONGEST)
        buffer[0] = '\0'; /* and nothing can be made there */
    return buffer;
}

static void make_file(const char *name, size_t bytes)
{
    static const char content[1000];
    char path[LONGEST];
    FILE *file = demo_must(fopen(in_top(path, name), "w"));
    fwrite(content, 1, bytes, file);
    fclose(file);
}

static void make_directory(const char *name)
{
    char path[LONGEST];
    mkdir(in_top(path, name), 0700);
}

/* The superuser may read everything, so it is nobody for the length of this demo. */
static bool act_as(uid_t user)
{
    bool done = seteuid(user) == 0;
    /* Or debuggers and sanitizers may not look at the process any more. */
    prctl(PR_SET_DUMPABLE, 1);
    return done;
}

static bool make_trees(void)
{
    char path[LONGEST];
    demo_temporary(top, sizeof top);
    if (mkdtemp(top) == NULL)
        return false;
    for (int root = 0; root < ROOTS; root++) {
        make_directory(demo_name("root%d", root));
        make_directory(demo_name("root%d/a", root));
        make_directory(demo_name("root%d/a/b", root));
        make_directory(demo_name("root%d/closed", root));
        make_file(demo_name("root%d/one", root), 1000);
        make_file(demo_name("root%d/two", root), 750);
        make_file(demo_name("root%d/a/three", root), 300);
        make_file(demo_name("root%d/a/b/four", root), 200);
        make_file(demo_name("root%d/a/b/empty", root), 0);
        make_file(demo_name("root%d/closed/unseen", root), 999);
        if (symlink(top, in_top(path, demo_name("root%d/a/b/back", root))) != 0)
            demo_say("there are no symbolic links here");
        chmod(in_top(path, demo_name("root%d/closed", root)), 0);
    }
    return true;
}

static void remove_trees(void)
{
    static const char *const files[] = {"one",       "two",      "a/three",      "a/b/four",
                                        "a/b/empty", "a/b/back", "closed/unseen"};
    static const char *const directories[] = {"a/b", "a", "closed", ""};
    char path[LONGEST];
    for (int root = 0; root < ROOTS; root++) {
        chmod(in_top(path, demo_name("root%d/closed", root)), 0700);
        for (size_t i = 0; i < sizeof files / sizeof *files; i++)
            unlink(in_top(path, demo_name("root%d/%s", root, files[i])));
        for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
            rmdir(in_top(path, demo_name("root%d/%s", root, directories[i])));
    }
    rmdir(top);
}

/* ---- the scans ---- */

struct job {
    struct scanner *scanner;
    char path[LONGEST];
};

static void *scan_root(void *arg)
{
    struct job *job = arg;
    struct scanner *scanner = job->scanner;
    if (scanner->coarse)
        weft_rlock_acquire(&scanner->lock);
    demo_crowd_enter(&scanner->crowd);
    demo_say("scans");
    if (scanner->inside != NULL)
        demo_rendezvous_meet(scanner->inside);
    demo_sleep(0.05);
    scan(scanner, job->path);
    demo_say("is done");
    demo_crowd_leave(&scanner->crowd);
    if (scanner->coarse)
        weft_rlock_release(&scanner->lock);
    return arg;
}

static void say_counts(const struct counts *counts)
{
    demo_say("%ld files, %ld directories, %ld bytes; %ld unreadable", counts->files,
             counts->directories, counts->bytes, counts->unreadable);
}

static void scan_together(struct scanner *scanner)
{
    struct job jobs[ROOTS];
    weft_thread *threads[ROOTS];
    for (int i = 0; i < ROOTS; i++) {
        jobs[i].scanner = scanner;
        in_top(jobs[i].path, demo_name("root%d", i));
        threads[i] = demo_spawn(scan_root, &jobs[i], "scanner-%d", i + 1);
    }
    demo_join_all(ROOTS, threads);
    say_counts(&scanner->counts);
}

static bool is_right(const struct counts *counts)
{
    return counts->files == 10 && counts->directories == 6 && counts->bytes == 4500;
}

int main(void)
{
    char path[LONGEST];
    demo_begin("A recursive directory scan that re-enters one RLock and counts what it finds");
    if (geteuid() == 0 && !act_as(65534))
        return demo_skip("nothing can be forbidden to this user");
    if (!make_trees())
        return demo_skip("there is no place for temporary files");

    demo_part("One thread, both trees");
    struct scanner alone = {.lock = WEFT_RLOCK_INIT, .coarse = true};
    for (int root = 0; root < ROOTS; root++)
        scan(&alone, in_top(path, demo_name("root%d", root)));
    say_counts(&alone.counts);
    CHECK(is_right(&alone.counts), "10 files, 6 directories, 4500 bytes");
    CHECK(alone.counts.unreadable == 2, "two directories could not be read and were skipped");

    demo_part("Two threads, the lock held during a whole scan");
    struct scanner coarse = {.lock = WEFT_RLOCK_INIT, .coarse = true};
    double start = demo_now();
    scan_together(&coarse);
    CHECK(memcmp(&coarse.counts, &alone.counts, sizeof alone.counts) == 0, "the same counts");
    CHECK(coarse.crowd.peak == 1 && demo_at_least(demo_now() - start, 0.1),
          "one thread has scanned after the other");

    demo_part("Two threads, the lock held only to count");
    demo_rendezvous both_inside = DEMO_RENDEZVOUS_INIT(ROOTS);
    struct scanner fine = {.lock = WEFT_RLOCK_INIT, .inside = &both_inside};
    scan_together(&fine);
    CHECK(memcmp(&fine.counts, &alone.counts, sizeof alone.counts) == 0, "the same counts again");
    CHECK(fine.crowd.peak == ROOTS, "both threads have scanned at once");
    CHECK(!weft_rlock_locked(&coarse.lock) && !weft_rlock_locked(&fine.lock), "the locks are free");
    remove_trees();
    act_as(getuid());
    return demo_end();
}
