/* SPDX-License-Identifier: MIT */
#include "primitives/startup.h"

#include <stdlib.h>

#include <weft/inspect.h>

#include "platform/environment.h"
#include "platform/signal.h"
#include "platform/thread.h"
#include "primitives/error.h"
#include "primitives/park.h"
#include "primitives/self.h"
#include "primitives/thread.h"
#include "primitives/timer.h"
#include "primitives/watch.h"

/* In the order of the locks: the registry's, the timers', the watcher's. */
static void before_fork(void)
{
    wefti_self_before_fork();
    wefti_timers_before_fork();
    wefti_watch_before_fork();
}

static void after_fork_parent(void)
{
    wefti_watch_after_fork_parent();
    wefti_timers_after_fork_parent();
    wefti_self_after_fork_parent();
}

static void after_fork_child(void)
{
    wefti_park_after_fork_child();
    wefti_signal_forked();
    wefti_self_after_fork_child();
    wefti_watch_after_fork_child();
    wefti_timers_after_fork_child();
    wefti_threads_after_fork_child();
}

static void at_exit(void)
{
    do /* what ends may have started more */
        (void)wefti_timers_join_all();
    while (wefti_threads_join_all());
    wefti_self_end_values();
    wefti_error_drop();
}

void wefti_startup(void)
{
    wefti_watch_startup();
    wefti_self_startup();
    wefti_threads_startup();
    wefti_timers_startup();
    wefti_os_at_fork(before_fork, after_fork_parent, after_fork_child);
    atexit(at_exit);

    const char *dump_on = wefti_environment("WEFT_DUMP_ON");
    if (dump_on != NULL)
        weft_dump_on_signal(wefti_signal_number(dump_on));
}
