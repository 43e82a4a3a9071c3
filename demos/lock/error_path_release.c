/* SPDX-License-Identifier: MIT */
/**
 * @file error_path_release.c
 * @brief A critical section that fails still releases its lock
 *
 * Two threads append to one list under a lock; the list takes no negative numbers. The thread that
 * brings 10 succeeds, the one that brings -5 fails in the middle of the critical section. Both go
 * out by the same door: Python's finally is a label in C, and every error jumps to it.
 *
 * Source: locks, section 1.2, lines 275-311.
 *
 * Look for: the function has one acquire, one release and one return.
 *
 * Facts:
 * - the list is [10] at the end
 * - the call with -5 reports the error and appends nothing
 * - the lock is released exactly twice
 * - it is free at the end
 */
#include <stdlib.h>

#include "demo.h"

struct list {
    int *items;
    size_t length;
    size_t capacity;
};

struct job {
    int value;
    const char *error; /* NULL: none */
};

static weft_lock lock = WEFT_LOCK_INIT;
static struct list shared_list; /* guarded by lock */

static bool list_append(struct list *list, int value)
{
    if (list->length == list->capacity) {
        size_t capacity = list->capacity > 0 ? 2 * list->capacity : 4;
        int *items = realloc(list->items, capacity * sizeof *items);
        if (items == NULL)
            return false;
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->length++] = value;
    return true;
}

static const char *safe_append(int value)
{
    const char *error = NULL;
    weft_lock_acquire(&lock);
    if (value < 0) {
        error = "the value must not be negative";
        goto out;
    }
    if (!list_append(&shared_list, value)) {
        error = "out of memory";
        goto out;
    }
    demo_say("appends %d", value);
out:
    if (error != NULL)
        demo_say("error with %d: %s", value, error);
    demo_say("releases the lock");
    weft_lock_release(&lock);
    return error;
}

static void *append(void *arg)
{
    struct job *job = arg;
    job->error = safe_append(job->value);
    return arg;
}

int main(void)
{
    struct job good = {.value = 10};
    struct job bad = {.value = -5};
    demo_begin("A critical section that fails still releases its lock");

    weft_thread *first = demo_must(weft_thread_spawn(append, &good, .name = "appender-1"));
    weft_thread *second = demo_must(weft_thread_spawn(append, &bad, .name = "appender-2"));
    weft_thread_join(first);
    weft_thread_join(second);
    weft_thread_free(first);
    weft_thread_free(second);

    demo_say("the list has %zu item", shared_list.length);
    CHECK(good.error == NULL, "10 is appended without an error");
    CHECK(bad.error != NULL && demo_count("appender-2 error with -5: the value must not be*") == 1,
          "-5 is refused, and the error says why");
    CHECK(shared_list.length == 1 && shared_list.items[0] == 10, "the list is [10]");
    CHECK(demo_count("* releases the lock") == 2, "the lock has been released exactly twice");
    CHECK(!weft_lock_locked(&lock), "the lock is free at the end");
    free(shared_list.items);
    return demo_end();
}
