/* SPDX-License-Identifier: MIT */
/**
 * @file semaphore_acquire_contract.c
 * @brief What a Semaphore promises: creation, three ways to acquire, release, scopes
 *
 * The whole contract, a clause at a time. An acquire waits as long as it takes, or not at all, or
 * for some time. A release adds a permit, whoever calls it and however many there are: a semaphore
 * does not know what it began with. A scope gives its permit back however it is left.
 *
 * Source: locks, section 4.1.
 *
 * Look for: the third permit of a semaphore that was made with two. Nobody complains.
 *
 * Facts:
 * - 0 permits are allowed, -1 is refused
 * - without a permit a try fails at once, and a timed acquire not before its time
 * - a release by another thread ends a wait
 * - one release too many makes one permit more; n at once make n; n = 0 is refused
 * - a body that fails half-way keeps its permit if it releases by hand, and not if it uses a scope
 */
#include "demo.h"
#include "demo_thread.h"

static void create(void)
{
    demo_part("Creation");
    weft_semaphore one = WEFT_SEMAPHORE_INIT(1); /* Python's default; here it is always written */
    weft_semaphore none = WEFT_SEMAPHORE_INIT(0);
    weft_semaphore wrong;
    weft_semaphore written = WEFT_SEMAPHORE_INIT(-1);
    demo_say("one is made with %d permit, one with %d", weft_semaphore_value(&one),
             weft_semaphore_value(&none));
    CHECK(weft_semaphore_value(&one) == 1 && weft_semaphore_value(&none) == 0,
          "one permit is there, or none");
    CHECK(weft_semaphore_try_acquire(&none) == WEFT_TIMEOUT, "a try on none fails at once");
    weft_status refused = weft_semaphore_init(&wrong, -1);
    demo_say("-1 permits: %s", weft_status_exception(refused));
    CHECK(refused == WEFT_VALUE_ERROR, "-1 is refused");
    CHECK(weft_semaphore_try_acquire(&written) == WEFT_VALUE_ERROR &&
              weft_semaphore_release(&written) == WEFT_VALUE_ERROR,
          "an initializer cannot refuse: such a semaphore refuses every call");
}

static weft_semaphore single = WEFT_SEMAPHORE_INIT(1);

static void *release_later(void *arg)
{
    DEMO_AWAIT(weft_semaphore_waiters(&single) == 1);
    demo_sleep(0.2);
    demo_say("releases what it has never acquired");
    weft_semaphore_release(&single);
    return arg;
}

static void acquire(void)
{
    demo_part("Three ways to acquire");
    weft_status taken = weft_semaphore_acquire(&single);
    demo_say("takes the only permit: %s", weft_status_name(taken));
    CHECK(taken == WEFT_OK, "the permit is there, acquire takes it");
    weft_status second = weft_semaphore_try_acquire(&single);
    demo_say("tries for another: %s", weft_status_name(second));
    CHECK(second == WEFT_TIMEOUT, "a try finds none");
    double start = demo_now();
    weft_status status = weft_semaphore_acquire_for(&single, demo_seconds(0.3));
    double waited = demo_now() - start;
    demo_say("a timed acquire: %s", weft_strerror(status));
    CHECK(status == WEFT_TIMEOUT && demo_at_least(waited, 0.3),
          "an acquire with a time limit of 0.3 s gives up, not before 0.3 s");

    weft_thread *helper = demo_spawn(release_later, NULL, "helper");
    start = demo_now();
    status = weft_semaphore_acquire_for(&single, DEMO_PATIENCE);
    waited = demo_now() - start;
    demo_say("has got the permit");
    demo_join(helper);
    CHECK(status == WEFT_OK && demo_at_least(waited, 0.2),
          "a release by another thread, 0.2 s later, ends the wait");
}

static void release(void)
{
    demo_part("Release has no upper limit");
    weft_semaphore two = WEFT_SEMAPHORE_INIT(2);
    weft_semaphore_release(&two);
    demo_say("made with 2, released once: %d permits", weft_semaphore_value(&two));
    int taken = 0;
    while (weft_semaphore_try_acquire(&two) == WEFT_OK)
        taken++;
    CHECK(taken == 3, "three tries succeed, the fourth fails");
    CHECK(weft_semaphore_release_n(&two, 3) == WEFT_OK && weft_semaphore_value(&two) == 3,
          "release(3) adds three");
    CHECK(weft_semaphore_release_n(&two, 0) == WEFT_VALUE_ERROR && weft_semaphore_value(&two) == 3,
          "release(0) is refused and changes nothing");
}

/* ---- a body that fails half-way ---- */

static weft_semaphore slots = WEFT_SEMAPHORE_INIT(2);

static weft_status work(bool fail)
{
    return fail ? WEFT_FAILED : WEFT_OK;
}

static weft_status by_hand(bool fail)
{
    weft_semaphore_acquire(&slots);
    weft_status status = work(fail);
    if (status != WEFT_OK)
        return status; /* and the permit stays out */
    weft_semaphore_release(&slots);
    return WEFT_OK;
}

static weft_status in_a_scope(bool fail)
{
    WEFT_HOLD(&slots);
    return work(fail);
}

static void leave(void)
{
    demo_part("A body that fails half-way");
    weft_status failed = by_hand(true);
    demo_say("by hand: %d of 2 permits are left", weft_semaphore_value(&slots));
    CHECK(failed == WEFT_FAILED && weft_semaphore_value(&slots) == 1,
          "released by hand: the permit is lost");
    weft_semaphore_release(&slots);
    failed = in_a_scope(true);
    demo_say("in a scope: %d of 2 permits are left", weft_semaphore_value(&slots));
    CHECK(failed == WEFT_FAILED && weft_semaphore_value(&slots) == 2,
          "in a scope: the permit is back");
}

int main(void)
{
    demo_begin("What a Semaphore promises: creation, three ways to acquire, release, scopes");
    create();
    acquire();
    release();
    leave();
    return demo_end();
}
