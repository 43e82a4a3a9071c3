/* SPDX-License-Identifier: MIT */
#include <weft/inspect.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <weft/thread.h>

#include "platform/clock.h"
#include "platform/signal.h"
#include "primitives/park.h"
#include "primitives/self.h"

enum { LINE_BYTES = 256, NAME_WIDTH = 12, NUMBER_WIDTH = 5, DECIMAL = 10, HEXADECIMAL = 16 };

/* A line being built; what does not fit is cut. */
struct line {
    char text[LINE_BYTES];
    size_t length;
};

static void put_char(struct line *line, char c)
{
    if (line->length < sizeof line->text - 1) /* one is kept for the newline */
        line->text[line->length++] = c;
}

static void put(struct line *line, const char *text)
{
    while (*text != '\0')
        put_char(line, *text++);
}

/* A number in `base`, at least `width` wide, filled with `fill`. */
static void put_number(struct line *line, uint64_t number, unsigned base, size_t width, char fill)
{
    char digits[2 * DECIMAL + 1];
    size_t length = 0;
    do
        digits[length++] = "0123456789abcdef"[number % base];
    while ((number /= base) != 0);
    for (size_t i = length; i < width; i++)
        put_char(line, fill);
    while (length > 0)
        put_char(line, digits[--length]);
}

static bool write_line(int fd, struct line *line)
{
    const char *rest = line->text;
    line->text[line->length++] = '\n';
    while (line->length > 0) {
        ssize_t written = write(fd, rest, line->length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            rest += written;
            line->length -= (size_t)written;
        }
    }
    return true;
}

static void put_what(struct line *line, struct wefti_key key)
{
    static const char *const what[WEFTI_KINDS] = {
        [WEFTI_LOCK] = "a lock",
        [WEFTI_THREAD] = "the end of thread ",
        [WEFTI_SLEEP] = "a time",
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
    };
    if (key.kind <= 0 || key.kind >= WEFTI_KINDS)
        return;
    put(line, what[key.kind]);
    if (key.kind == WEFTI_THREAD) {
        put(line, weft_thread_name(key.address)); /* who joins it has a reference */
    } else if (key.kind != WEFTI_SLEEP && key.kind != WEFTI_TIMER) {
        put(line, " at 0x");
        put_number(line, (uintptr_t)key.address, HEXADECIMAL, 1, '0');
    }
}

/* With the registry locked: what is known of a thread. */
static void describe(struct line *line, const struct wefti_self *self)
{
    struct wefti_key key;
    int64_t since;
    put_number(line, self->number, DECIMAL, NUMBER_WIDTH, ' ');
    put(line, " ");
    size_t start = line->length;
    if (self->thread != NULL)
        put(line, weft_thread_name(self->thread));
    else
        put(line, self->helper != NULL ? self->helper : "(foreign)");
    while (line->length - start < NAME_WIDTH)
        put_char(line, ' ');
    if (!wefti_waits(self, &key, &since)) {
        put(line, " runs");
        return;
    }
    int64_t waited = wefti_clock() - since;
    put(line, " waits ");
    put_number(line, (uint64_t)(waited / WEFTI_SECOND), DECIMAL, 1, '0');
    put(line, ".");
    put_number(line, (uint64_t)(waited % WEFTI_SECOND / WEFTI_MILLISECOND), DECIMAL, 3, '0');
    put(line, " s for ");
    put_what(line, key);
}

weft_status weft_dump(int fd)
{
    struct line title = {.length = 0};
    put(&title, "weft: threads of process ");
    put_number(&title, (uint64_t)getpid(), DECIMAL, 1, '0');
    bool written = write_line(fd, &title);
    for (uint32_t number = 0; written;) {
        struct line line = {.length = 0};
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
