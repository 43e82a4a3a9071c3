/* SPDX-License-Identifier: MIT */
/* The library's own threads in a dump: there, since they wait, but no threads of the program. */
#include "test.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static char text[4096];

/* Whether a dump says that the thread of this name waits for this. */
static bool dumped(const char *name, const char *what)
{
    int ends[2];
    size_t length = 0;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(weft_dump(ends[1]), WEFT_OK);
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], text + length, sizeof text - 1 - length)) > 0;)
        length += (size_t)got;
    text[length] = '\0';
    close(ends[0]);
    char *line = strstr(text, name);
    if (line == NULL)
        return false;
    line[strcspn(line, "\n")] = '\0';
    return strstr(line, what) != NULL;
}

static void *count_up(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
    return NULL;
}

TEST(the_timers_thread_waits_for_due_timers)
{
    atomic_int fired = 0;
    assert_false(dumped("(timers)", ""));
    weft_timer *timer = weft_timer_spawn(3600, count_up, &fired, .daemon = true);
    assert_non_null(timer);
    EVENTUALLY(dumped("(timers)", " for due timers"));
    assert_int_equal(weft_thread_active_count(), 1);
    assert_int_equal(weft_timer_cancel(timer), WEFT_OK);
    weft_timer_free(timer);
    assert_int_equal(atomic_load(&fired), 0);
}
