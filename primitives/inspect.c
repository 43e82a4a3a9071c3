/* SPDX-License-Identifier: MIT */
#include "primitives/inspect.h"

#include <unistd.h>

#include <weft/inspect.h>
#include <weft/rlock.h>
#include <weft/rwlock.h>
#include <weft/thread.h>

#include "platform/clock.h"
#include "platform/signal.h"
#include "primitives/names.h"
#include "primitives/self.h"
#include "primitives/watch.h"

enum { LINE_BYTES = 256, NAME_WIDTH = 12, NUMBER_WIDTH = 5 };

void wefti_put_what(struct wefti_text *text, struct wefti_key key)
{
    static const char *const what[WEFTI_KINDS] = {
        [WEFTI_LOCK] = "a lock",
        [WEFTI_THREAD] = "the end of thread ",
        [WEFTI_SLEEP] = "a time",
        [WEFTI_WORKER] = "a task",
        [WEFTI_EXECUTOR] = "room in an executor's queue",
        [WEFTI_SEMAPHORE] = "a semaphore",
        [WEFTI_EVENT] = "an event",
        [WEFTI_LATCH] = "a latch",
        [WEFTI_BARRIER] = "a barrier",
        [WEFTI_BARRIER_TRIPPED] = "a barrier's action",
        [WEFTI_BARRIER_ENTRY] = "a barrier's entry",
        [WEFTI_RLOCK] = "an rlock",
        [WEFTI_CONDITION] = "a condition",
        [WEFTI_RWLOCK] = "an rwlock",
        [WEFTI_TIMER] = "due timers",
        [WEFTI_QUEUE] = "a queue's lock",
        [WEFTI_QUEUE_GET] = "an item of a queue",
        [WEFTI_QUEUE_PUT] = "room in a queue",
        [WEFTI_QUEUE_JOIN] = "the tasks of a queue",
        [WEFTI_LOCAL] = "the destructors of a local",
        [WEFTI_FUTURE] = "a future",
        [WEFTI_FUTURES] = "one of several futures",
    };
    char name[WEFTI_NAME_BYTES];
    if (key.kind <= 0 || key.kind >= WEFTI_KINDS)
        return;
    wefti_put(text, what[key.kind]);
    if (key.kind != WEFTI_THREAD && key.kind != WEFTI_SLEEP && key.kind != WEFTI_TIMER &&
        key.kind != WEFTI_WORKER) {
        if (wefti_name_of(key.address, name)) {
            wefti_put(text, " ");
            wefti_put(text, name);
        }
        wefti_put(text, " at ");
        wefti_put_address(text, key.address);
    }
}

void wefti_put_thread(struct wefti_text *text, const struct wefti_self *self)
{
    if (self->thread != NULL)
        wefti_put(text, weft_thread_name(self->thread));
    else
        wefti_put(text, self->helper != NULL ? self->helper : "(foreign)");
}

/* What only the object itself knows. */
struct look {
    struct wefti_key key;
    struct wefti_text *text;
    uint32_t owner;
};

/* While somebody waits for it: it is there. */
static void look_at(void *arg)
{
    struct look *look = arg;
    if (look->key.kind == WEFTI_THREAD) /* who joins it has a reference */
        wefti_put(look->text, weft_thread_name(look->key.address));
    else if (look->key.kind == WEFTI_RLOCK)
        look->owner = weft_rlock_owner(look->key.address);
    else if (look->key.kind == WEFTI_RWLOCK)
        look->owner = weft_rwlock_writer(look->key.address);
}

/* With the registry locked: who holds what another thread waits for, as far as anybody knows. */
static void put_holder(struct wefti_text *text, struct wefti_key key)
{
    struct look look = {.key = key, .text = text};
    bool sure = true;
    (void)wefti_if_waited(key, look_at, &look);
    uint32_t number = look.owner != 0 ? look.owner : wefti_watch_holder(key.address, &sure);
    const struct wefti_self *holder = number != 0 ? wefti_registry_after(number - 1) : NULL;
    if (holder == NULL || holder->number != number)
        return;
    wefti_put(text, ", held by ");
    wefti_put_thread(text, holder);
    if (!sure)
        wefti_put(text, ", probably");
}

/* With the registry locked: what is known of a thread. */
static void describe(struct wefti_text *text, const struct wefti_self *self)
{
    struct wefti_key key;
    int64_t since;
    wefti_put_number(text, self->number, NUMBER_WIDTH, ' ');
    wefti_put(text, " ");
    size_t start = text->length;
    wefti_put_thread(text, self);
    while (text->length - start < NAME_WIDTH)
        wefti_put_char(text, ' ');
    if (!wefti_waits(self, &key, &since)) {
        wefti_put(text, " runs");
        return;
    }
    wefti_put(text, " waits ");
    wefti_put_seconds(text, wefti_clock() - since);
    wefti_put(text, " for ");
    wefti_put_what(text, key);
    put_holder(text, key);
}

static bool write_line(int fd, struct wefti_text *line)
{
    wefti_text_end(line, '\n');
    return wefti_text_write(line, fd);
}

weft_status weft_dump(int fd)
{
    char bytes[LINE_BYTES];
    struct wefti_text title = WEFTI_TEXT(bytes);
    wefti_put(&title, "weft: threads of process ");
    wefti_put_number(&title, (uint64_t)getpid(), 1, '0');
    bool written = write_line(fd, &title);
    for (uint32_t number = 0; written;) {
        struct wefti_text line = WEFTI_TEXT(bytes);
        wefti_registry_lock();
        const struct wefti_self *self = wefti_registry_after(number);
        if (self != NULL) {
            number = self->number;
            describe(&line, self);
        }
        wefti_registry_unlock();
        if (self == NULL)
            return WEFT_OK;
        written = write_line(fd, &line);
    }
    return WEFT_RUNTIME;
}

static void dump_to_stderr(void)
{
    (void)weft_dump(STDERR_FILENO);
}

weft_status weft_dump_on_signal(int signal_number)
{
    return wefti_on_signal(signal_number, dump_to_stderr);
}

uint64_t weft_park_count(void)
{
    return wefti_self()->parks;
}
