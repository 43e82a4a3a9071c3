/* SPDX-License-Identifier: MIT */
// LINK: -Wl,--wrap=wefti_os_helper_create
/* A due timer for which the system has no thread, and that is cancelled before it has one. */
#include "test.h"

#include <stdatomic.h>

#include "faulty_memory.h"
#include "platform/thread.h"

/* The linker's names. NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
weft_status __real_wefti_os_helper_create(void *(*run)(void *), void *arg);
weft_status __wrap_wefti_os_helper_create(void *(*run)(void *), void *arg);

static weft_timer *timer;
static atomic_int asked; /* for helpers: the first waits for all timers, the second would work */

weft_status __wrap_wefti_os_helper_create(void *(*run)(void *), void *arg)
{
    if (timer == NULL || atomic_fetch_add(&asked, 1) == 0)
        return __real_wefti_os_helper_create(run, arg);
    WITNESS(weft_timer_cancel(timer) == WEFT_OK);
    return WEFT_NO_THREAD;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static void *must_not_run(void *arg)
{
    WITNESS(!"a cancelled timer fires");
    return arg;
}

TEST(a_timer_cancelled_while_it_looks_for_a_worker_is_over)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    timer = weft_timer_new(0.001, must_not_run, NULL);
    assert_non_null(timer);
    assert_int_equal(weft_timer_start(timer), WEFT_OK);
    assert_int_equal(weft_timer_join(timer), WEFT_OK);
    weft_timer_free(timer);
    EVENTUALLY(atomic_load(&memory.blocks) == 0);
    assert_int_equal(atomic_load(&asked), 2); /* it is not tried again */
    faulty_memory_end(&memory);
}
