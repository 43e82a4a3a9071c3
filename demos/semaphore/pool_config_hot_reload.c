/* SPDX-License-Identifier: MIT */
/**
 * @file pool_config_hot_reload.c
 * @brief A pool whose configuration changes while it is in use
 *
 * The capacity of a pool, how long a borrow waits, and how long a resource may be idle stand in a
 * file, a real one. A watcher reads it again when it is told to. What is wrong is rejected as a
 * whole, with the reason, and the old configuration stays: half of a configuration is worse than an
 * old one. A larger capacity lets those in who wait at that moment.
 *
 * Source: locks, section 4.3.
 *
 * Look for: "capacity 4". The two that wait come in at once, nothing is started anew.
 *
 * Facts:
 * - with capacity 2 two are inside and two wait; after the reload all four are inside
 * - capacity 0, a negative time, an unknown key, no number: each is rejected for its reason
 * - after each of them the old configuration holds, also for the lines before the wrong one
 * - a reader that takes over line by line has half of the wrong file
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"
#include "demo_pool.h"
#include "demo_thread.h"

struct config {
    double capacity;
    double borrow_timeout;
    double idle_timeout;
};

static char path[256];
static demo_pool pool;

static struct {
    weft_lock lock; /* guards the rest */
    struct config config;
    int version;
    char rejected[80]; /* why the last one was; "": it was not */
} current;

/* ---- reading ---- */

static bool parse_line(const char *line, struct config *config, char *why, size_t size)
{
    char key[32];
    char text[32];
    char *end;
    if (sscanf(line, "%31[a-z_] = %31s", key, text) != 2) {
        snprintf(why, size, "not \"key = number\": %.20s", line);
        return false;
    }
    double number = strtod(text, &end);
    double *value = strcmp(key, "capacity") == 0         ? &config->capacity
                    : strcmp(key, "borrow_timeout") == 0 ? &config->borrow_timeout
                    : strcmp(key, "idle_timeout") == 0   ? &config->idle_timeout
                                                         : NULL;
    if (value == NULL)
        snprintf(why, size, "unknown key: %s", key);
    else if (*end != '\0')
        snprintf(why, size, "%s is no number: %s", key, text);
    else if (value == &config->capacity && !(number >= 1 && number <= DEMO_POOL_MOST))
        snprintf(why, size, "capacity must be 1 to %d", DEMO_POOL_MOST);
    else if (!(number >= 0))
        snprintf(why, size, "%s must not be negative", key);
    else
        *value = number;
    return *why == '\0';
}

/* Reads the file into *config; what is wrong is said in `why`. */
static bool read_config(struct config *config, char *why, size_t size)
{
    char line[80];
    *why = '\0';
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        snprintf(why, size, "%s", strerror(errno));
        return false;
    }
    while (*why == '\0' && fgets(line, sizeof line, file) != NULL)
        parse_line(line, config, why, size);
    fclose(file);
    return *why == '\0';
}

static void reload(void)
{
    char why[sizeof current.rejected];
    WEFT_HOLD(&current.lock);
    struct config config = current.config; /* what the file does not name stays */
    bool good = read_config(&config, why, sizeof why);
    if (good) {
        current.config = config;
        current.version++;
        demo_pool_resize(&pool, (int)config.capacity);
        demo_say("capacity %d, borrow timeout %g s, idle timeout %g s", (int)config.capacity,
                 config.borrow_timeout, config.idle_timeout);
    } else {
        demo_say("rejected: %s", why);
    }
    memcpy(current.rejected, why, sizeof why);
}

/* ---- the watcher ---- */

static weft_semaphore changed = WEFT_SEMAPHORE_INIT(0);
static weft_semaphore has_read = WEFT_SEMAPHORE_INIT(0);
static atomic_bool stop;

static void *watch(void *arg)
{
    for (;;) {
        weft_semaphore_acquire(&changed);
        if (stop)
            return arg;
        reload();
        weft_semaphore_release(&has_read);
    }
}

static void write_file(const char *text)
{
    FILE *file = demo_must(fopen(path, "w"));
    fputs(text, file);
    fclose(file);
}

/* Writes a new file, has it read, and returns the version then. */
static int configure(const char *text)
{
    demo_sleep(0.3);
    write_file(text);
    weft_semaphore_release(&changed);
    weft_semaphore_acquire(&has_read);
    WEFT_HOLD(&current.lock);
    return current.version;
}

static bool was_rejected_for(const char *why)
{
    WEFT_HOLD(&current.lock);
    return strncmp(current.rejected, why, strlen(why)) == 0;
}

/* ---- the users ---- */

static demo_crowd users;
static weft_semaphore may_leave = WEFT_SEMAPHORE_INIT(0);

static void *make(void *arg)
{
    (void)arg;
    return demo_must(malloc(1));
}

static void destroy(void *arg, void *resource)
{
    (void)arg;
    free(resource);
}

static void *use(void *arg)
{
    demo_loan loan;
    if (demo_pool_borrow(&pool, DEMO_PATIENCE, &loan) != WEFT_OK)
        return arg;
    demo_crowd_enter(&users);
    demo_say("comes in");
    weft_semaphore_acquire(&may_leave);
    demo_crowd_leave(&users);
    demo_pool_give_back(&pool, loan);
    return arg;
}

static void grow(void)
{
    demo_part("Capacity 2, then 4");
    weft_thread *threads[4];
    CHECK(configure("capacity = 2\nborrow_timeout = 1.5\nidle_timeout = 60\n") == 1,
          "the first configuration is taken over");
    for (int i = 0; i < 4; i++)
        threads[i] = demo_spawn(use, NULL, "user-%d", i);
    DEMO_AWAIT(users.inside == 2 && weft_bounded_semaphore_waiters(&pool.permits) == 2);
    CHECK(users.peak == 2, "two are inside, two wait");
    configure("capacity = 4\n");
    DEMO_AWAIT(users.inside == 4);
    CHECK(users.peak == 4, "the two that waited came in, and nobody had left");
    weft_semaphore_release_n(&may_leave, 4);
    demo_join_all(4, threads);
}

static void reject(void)
{
    demo_part("Wrong files");
    CHECK(configure("capacity = 0\n") == 2 && was_rejected_for("capacity must be"),
          "capacity 0 is rejected");
    CHECK(configure("borrow_timeout = -1\n") == 2 &&
              was_rejected_for("borrow_timeout must not be negative"),
          "a negative time is rejected");
    CHECK(configure("colour = 3\n") == 2 && was_rejected_for("unknown key: colour"),
          "an unknown key is rejected");
    const char *half_wrong = "capacity = 8\nidle_timeout = soon\n";
    CHECK(configure(half_wrong) == 2 && was_rejected_for("idle_timeout is no number: soon"),
          "so is what is no number");
    struct config line_by_line = {.capacity = 4};
    char why[80];
    bool good = read_config(&line_by_line, why, sizeof why);
    demo_say("read line by line into what is in use: capacity %g", line_by_line.capacity);
    CHECK(!good && line_by_line.capacity > 4, "who takes over line by line has half of that file");
    WEFT_HOLD(&current.lock);
    CHECK(current.config.capacity <= 4 && weft_bounded_semaphore_limit(&pool.permits) == 4,
          "here the old configuration holds, as a whole: capacity 4");
}

int main(void)
{
    demo_begin("A pool whose configuration changes while it is in use");
    demo_temporary(path, sizeof path);
    int file = mkstemp(path);
    if (file < 0)
        return demo_skip("no temporary file");
    close(file);
    demo_pool_init(&pool, &(demo_pool_kind){.create = make, .destroy = destroy}, 1);
    weft_thread *watcher = demo_spawn(watch, NULL, "watcher");
    grow();
    reject();
    stop = true;
    weft_semaphore_release(&changed);
    demo_join(watcher);
    if (demo_pool_close(&pool) != WEFT_OK)
        demo_say("something is still out");
    unlink(path);
    return demo_end();
}
