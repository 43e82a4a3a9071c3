/* SPDX-License-Identifier: MIT */
/**
 * @file bounded_vs_plain_semaphore.c
 * @brief What a BoundedSemaphore protects from, and what it cannot
 *
 * Two permits, and a thread that gives its own back twice. A plain semaphore has three from then
 * on, and three threads get in where two should. A bounded one refuses the second release, in one
 * step with the addition, so that no race lets it pass. But permits have no names: while somebody
 * else holds one, the second release looks like theirs, and it is their own, correct one that is
 * refused later.
 *
 * Source: locks, section 4.2.
 *
 * Look for: the third part. The error is reported, but to the innocent.
 *
 * Facts:
 * - plain: after a double release three are inside at once
 * - bounded: the double release is refused, and two are inside, never more
 * - bounded, while B holds a permit: A's double release passes, B's release is refused
 * - 8 threads and one that releases too often: never more than two permits, each refusal counted
 */
#include "demo.h"
#include "demo_thread.h"

enum { PERMITS = 2, VISITORS = 3, THREADS = 8, PAIRS = 2000, TRIES = 200 };

static weft_semaphore plain = WEFT_SEMAPHORE_INIT(PERMITS);
static weft_bounded_semaphore bounded = WEFT_BOUNDED_SEMAPHORE_INIT(PERMITS);
static demo_crowd room;
static int expected;

static void stay(void)
{
    demo_crowd_enter(&room);
    demo_say("is inside");
    DEMO_AWAIT(room.peak >= expected);
    demo_sleep(0.3);
    demo_crowd_leave(&room);
}

static void *visit_plain(void *arg)
{
    WEFT_WITH(&plain) {
        stay();
    }
    return arg;
}

static void *visit_bounded(void *arg)
{
    WEFT_WITH(&bounded) {
        stay();
    }
    return arg;
}

static void visit_all(weft_target *visit, int at_once)
{
    weft_thread *visitors[VISITORS];
    room = (demo_crowd){.inside = 0};
    expected = at_once;
    for (int i = 0; i < VISITORS; i++)
        visitors[i] = demo_spawn(visit, NULL, "visitor-%d", i);
    demo_join_all(VISITORS, visitors);
}

static void double_release_of_a_plain_one(void)
{
    demo_part("Plain: acquired once, released twice");
    weft_semaphore_acquire(&plain);
    weft_semaphore_release(&plain);
    weft_semaphore_release(&plain);
    demo_say("nobody complains; %d permits", weft_semaphore_value(&plain));
    visit_all(visit_plain, PERMITS + 1);
    CHECK(room.peak == PERMITS + 1, "three are inside at once, one too many");
}

static void double_release_of_a_bounded_one(void)
{
    demo_part("Bounded: acquired once, released twice");
    weft_bounded_semaphore_acquire(&bounded);
    weft_bounded_semaphore_release(&bounded);
    weft_status second = weft_bounded_semaphore_release(&bounded);
    demo_say("second release: %s", weft_status_exception(second));
    visit_all(visit_bounded, PERMITS);
    CHECK(second == WEFT_VALUE_ERROR, "the second release is refused");
    CHECK(room.peak == PERMITS, "two are inside, never more");
}

/* ---- the limit of the protection ---- */

static demo_rendezvous step = DEMO_RENDEZVOUS_INIT(2);
static weft_status releases_of_a[2];
static weft_status release_of_b;

static void *a_releases_twice(void *arg)
{
    weft_bounded_semaphore_acquire(&bounded);
    demo_rendezvous_meet(&step); /* both hold one */
    releases_of_a[0] = weft_bounded_semaphore_release(&bounded);
    releases_of_a[1] = weft_bounded_semaphore_release(&bounded);
    demo_say("has released twice, and nobody complains");
    demo_rendezvous_meet(&step);
    return arg;
}

static void *b_releases_once(void *arg)
{
    weft_bounded_semaphore_acquire(&bounded);
    demo_rendezvous_meet(&step);
    demo_rendezvous_meet(&step); /* A has released */
    release_of_b = weft_bounded_semaphore_release(&bounded);
    demo_say("releases once, as it should: %s", weft_status_exception(release_of_b));
    return arg;
}

static void innocent(void)
{
    demo_part("Bounded: A releases twice while B holds a permit");
    weft_thread *threads[] = {demo_spawn(a_releases_twice, NULL, "A"),
                              demo_spawn(b_releases_once, NULL, "B")};
    demo_join_all(2, threads);
    CHECK(releases_of_a[0] == WEFT_OK && releases_of_a[1] == WEFT_OK,
          "A's double release is not noticed");
    CHECK(release_of_b == WEFT_VALUE_ERROR, "B, who did nothing wrong, gets the error");
}

/* ---- under load ---- */

static atomic_bool too_many;
static atomic_int taken;
static atomic_int refused;
static atomic_int accepted;
static atomic_bool culprit_is_done;

static void *take_and_give_back(void *arg)
{
    for (int i = 0; i < PAIRS || !culprit_is_done; i++) {
        weft_bounded_semaphore_acquire(&bounded);
        taken++;
        if (weft_bounded_semaphore_value(&bounded) > PERMITS)
            too_many = true;
        /* The other one's surplus may have taken the place of this release. */
        if (weft_bounded_semaphore_release(&bounded) == WEFT_OK)
            accepted++;
        else
            refused++;
    }
    return arg;
}

static void *release_too_often(void *arg)
{
    for (int i = 0; i < TRIES; i++) {
        if (weft_bounded_semaphore_release(&bounded) == WEFT_OK)
            accepted++;
        else
            refused++;
        demo_pause();
    }
    culprit_is_done = true;
    return arg;
}

static void under_load(void)
{
    demo_part("Bounded: eight threads, and one that only releases");
    weft_thread *threads[THREADS];
    weft_thread *culprit = demo_spawn(release_too_often, NULL, "culprit");
    for (int i = 0; i < THREADS; i++)
        threads[i] = demo_spawn(take_and_give_back, NULL, "worker-%d", i);
    demo_join_all(THREADS, threads);
    demo_join(culprit);
    demo_say("%d taken; releases: %d accepted, %d refused", taken, accepted, refused);
    CHECK(!too_many, "there were never more than two permits");
    CHECK(taken >= THREADS * PAIRS && accepted == taken && refused == TRIES,
          "as many came back as were taken; each one too many was refused");
    CHECK(weft_bounded_semaphore_value(&bounded) == PERMITS, "at the end there are two");
}

int main(void)
{
    demo_begin("What a BoundedSemaphore protects from, and what it cannot");
    double_release_of_a_plain_one();
    double_release_of_a_bounded_one();
    innocent();
    under_load();
    return demo_end();
}
