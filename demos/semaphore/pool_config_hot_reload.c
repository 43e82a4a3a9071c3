/* SPDX-License-Identifier: MIT */
// NEEDS: weft::patterns
/**
 * @file pool_config_hot_reload.c
 * @brief A pool whose configuration changes while it is in use
 *
 * The capacity of a pool, how long a borrow waits, and how long a resource may be idle stand in a
 * file, a real one. A watcher reads it again when it is told to. What is wrong is rejected as a
 * whole, with the reason, and the old configuration stays: half of a configuration is worse than
 * an old one. A larger capacity lets those in who wait at that moment.
 *
 * Source: locks, section 4.3.
 *
 * Look for: "capacity 4". The two that wait come in at once, nothing is started anew.
 *
 * Facts:
 * - with capacity 2 two are inside and two wait; after the reload all four are inside
 * - a new borrow timeout and a new idle timeout hold from then on, for what is there already
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
#include "demo_patterns.h"
#include "demo_thread.h"

enum { MOST = 16 /* connections; more are a mistake in the file */ };

struct config {
    double capacity;
    double borrow_timeout;
    double idle_timeout;
};

static char path[256];
static weft_resource_pool *pool;

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
    else if (value == &config->capacity && !(number >= 1 && number <= MOST))
        snprintf(why, size, "capacity must be 1 to %d", MOST);
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
        weft_resource_pool_resize(pool, (int)config.capacity);
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

static struct config now(void)
{
    WEFT_HOLD(&current.lock);
    return current.config;
}

static void *make(void *arg)
{
    (void)arg;
    double *last_use = demo_must(malloc(sizeof *last_use));
    *last_use = demo_now();
    return last_use;
}

static void destroy(void *last_use, void *arg)
{
    (void)arg;
    free(last_use);
}

/* Asked before one is lent again; by the configuration of that moment. */
static bool is_fresh(void *last_use, void *arg)
{
    (void)arg;
    return demo_now() - *(double *)last_use < now().idle_timeout;
}

static weft_status borrow(weft_loan *loan)
{
    return weft_resource_pool_borrow_for(pool, loan, demo_seconds(now().borrow_timeout));
}

static void give_back(weft_loan *loan)
{
    *(double *)loan->resource = demo_now();
    weft_resource_pool_give_back(pool, loan);
}

static void *use(void *arg)
{
    weft_loan loan;
    if (weft_resource_pool_borrow_for(pool, &loan, DEMO_PATIENCE) != WEFT_OK)
        return arg;
    demo_crowd_enter(&users);
    demo_say("comes in");
    weft_semaphore_acquire(&may_leave);
    demo_crowd_leave(&users);
    give_back(&loan);
    return arg;
}

/* ---- good files ---- */

static void grow(void)
{
    demo_part("Capacity 2, then 4");
    weft_thread *threads[4];
    CHECK(configure("capacity = 2\nborrow_timeout = 1.5\nidle_timeout = 60\n") == 1,
          "the first configuration is taken over");
    for (int i = 0; i < 4; i++)
        threads[i] = demo_spawn(use, NULL, "user-%d", i);
    DEMO_AWAIT(users.inside == 2 && demo_pool_stats(pool).waiting == 2);
    CHECK(users.peak == 2, "two are inside, two wait");
    configure("capacity = 4\nborrow_timeout = 0.3\n");
    DEMO_AWAIT(users.inside == 4);
    CHECK(users.peak == 4, "the two that waited came in, and nobody had left");
    weft_loan loan;
    double start = demo_now();
    weft_status status = borrow(&loan);
    demo_say("a fifth one gives up after %.3f s", demo_now() - start);
    CHECK(status == WEFT_TIMEOUT && demo_at_least(demo_now() - start, 0.3),
          "a fifth one gives up, not before the new borrow timeout, 0.3 s");
    weft_semaphore_release_n(&may_leave, 4);
    demo_join_all(4, threads);
}

static void grow_stale(void)
{
    demo_part("Idle timeout 0.2 s");
    CHECK(configure("idle_timeout = 0.2\n") == 3, "what the file does not name stays as it was");
    weft_loan loan;
    demo_sleep(0.3);
    bool lent = borrow(&loan) == WEFT_OK;
    demo_say("of the four that were idle %d are too old", (int)demo_pool_stats(pool).invalid);
    CHECK(lent && demo_pool_stats(pool).invalid == 4 && demo_pool_stats(pool).created == 5,
          "none of them is lent: they are destroyed, and a new one is made");
    give_back(&loan);
}

/* ---- wrong files ---- */

static void reject(void)
{
    demo_part("Wrong files");
    CHECK(configure("capacity = 0\n") == 3 && was_rejected_for("capacity must be"),
          "capacity 0 is rejected");
    CHECK(configure("borrow_timeout = -1\n") == 3 &&
              was_rejected_for("borrow_timeout must not be negative"),
          "a negative time is rejected");
    CHECK(configure("colour = 3\n") == 3 && was_rejected_for("unknown key: colour"),
          "an unknown key is rejected");
    const char *half_wrong = "capacity = 8\nidle_timeout = soon\n";
    CHECK(configure(half_wrong) == 3 && was_rejected_for("idle_timeout is no number: soon"),
          "so is what is no number");
    struct config line_by_line = {.capacity = 4};
    char why[80];
    bool good = read_config(&line_by_line, why, sizeof why);
    demo_say("read line by line into what is in use: capacity %g", line_by_line.capacity);
    CHECK(!good && line_by_line.capacity > 4, "who takes over line by line has half of that file");
    CHECK(now().capacity <= 4 && demo_pool_stats(pool).max_size == 4,
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
    pool = demo_must(
        weft_resource_pool_new(1, .create = make, .destroy = destroy, .validate = is_fresh));
    weft_thread *watcher = demo_spawn(watch, NULL, "watcher");
    grow();
    grow_stale();
    reject();
    stop = true;
    weft_semaphore_release(&changed);
    demo_join(watcher);
    CHECK(weft_resource_pool_close(pool) == WEFT_OK, "at the end nothing is out");
    weft_resource_pool_free(pool);
    unlink(path);
    return demo_end();
}
