/* SPDX-License-Identifier: MIT */
/**
 * @file bounded_semaphore_resource_guard.c
 * @brief Four ways to answer a release too many: log, slow down, recover, raise the alarm
 *
 * Nine workers share three file descriptors. Two of them have a bug: they give theirs back twice.
 * A bounded semaphore alone would blame whoever releases last, so each loan has a token that is
 * good for one return: the second return of the same token is an error, and one knows whose. What
 * the program does about it is its policy.
 *
 * Source: locks, section 4.2.
 *
 * Look for: the names in the errors. They are those of the two that have the bug.
 *
 * Facts:
 * - without tokens a double return while others hold a permit goes unnoticed, and lets one too many
 *   in
 * - with tokens exactly the two double returns are errors, and they name the culprits
 * - never more than three descriptors are open, whatever the policy
 * - degrade: after the first error one at a time; recover: permits counted anew from who is inside;
 *   alarm: rung once, at the second error
 * - at the end there are three permits
 */
#include <stdio.h>
#include <string.h>

#include "demo.h"
#include "demo_thread.h"

enum { DESCRIPTORS = 3, WORKERS = 9 };

enum policy { LOG_ONLY, DEGRADE, RECOVER, ALARM };

static struct guard {
    weft_bounded_semaphore permits;
    weft_lock lock; /* guards the rest */
    bool out[WORKERS];
    int holders;
    int errors;
    int alarms;
    bool recount;
    enum policy policy;
    char culprits[64];
} guard;

static demo_crowd descriptors;

static void guard_reset(enum policy policy)
{
    memset(&guard, 0, sizeof guard);
    guard.policy = policy;
    weft_bounded_semaphore_init(&guard.permits, DESCRIPTORS);
    descriptors = (demo_crowd){.inside = 0};
}

static void guard_take(int token)
{
    weft_bounded_semaphore_acquire(&guard.permits);
    WEFT_HOLD(&guard.lock);
    guard.out[token] = true;
    guard.holders++;
}

static void answer(int token) WEFT_REQUIRES(guard.lock)
{
    size_t used = strlen(guard.culprits);
    snprintf(guard.culprits + used, sizeof guard.culprits - used, "%d ", token);
    demo_say("returns twice: error %d", ++guard.errors);
    switch (guard.policy) {
    case LOG_ONLY:
        break;
    case DEGRADE:
        weft_bounded_semaphore_resize(&guard.permits, 1);
        demo_say("from now on one at a time");
        break;
    case RECOVER:
        guard.recount = true;
        demo_say("the permits will be counted when nobody comes or goes");
        break;
    case ALARM:
        if (guard.errors == 2) {
            guard.alarms++;
            demo_say("ALARM: two double returns");
        }
        break;
    }
}

static void guard_give_back(int token)
{
    WEFT_HOLD(&guard.lock);
    if (!guard.out[token]) {
        answer(token);
        return;
    }
    guard.out[token] = false;
    guard.holders--;
    weft_bounded_semaphore_release(&guard.permits);
}

static bool has_the_bug(int worker)
{
    return worker == 2 || worker == 5;
}

static void *work(void *number)
{
    int me = *(int *)number;
    guard_take(me);
    demo_crowd_enter(&descriptors);
    FILE *file = demo_must(tmpfile());
    fprintf(file, "%d", me);
    demo_sleep(0.1);
    fclose(file);
    demo_crowd_leave(&descriptors);
    guard_give_back(me);
    if (has_the_bug(me))
        guard_give_back(me);
    return number;
}

static void run(enum policy policy)
{
    static int numbers[WORKERS];
    weft_thread *workers[WORKERS];
    guard_reset(policy);
    for (int i = 0; i < WORKERS; i++) {
        numbers[i] = i;
        workers[i] = demo_spawn(work, &numbers[i], "worker-%d", i);
    }
    demo_join_all(WORKERS, workers);
    bool right = strcmp(guard.culprits, "2 5 ") == 0 || strcmp(guard.culprits, "5 2 ") == 0;
    CHECK(guard.errors == 2 && right, "two errors, and they name workers 2 and 5");
    CHECK(descriptors.peak <= DESCRIPTORS, "never more than three descriptors were open");
}

static void without_tokens(void)
{
    demo_part("Without tokens");
    weft_bounded_semaphore permits = WEFT_BOUNDED_SEMAPHORE_INIT(DESCRIPTORS);
    weft_bounded_semaphore_acquire_n(&permits, DESCRIPTORS); /* three are inside */
    weft_status first = weft_bounded_semaphore_release(&permits);
    weft_status second = weft_bounded_semaphore_release(&permits); /* one has left, twice */
    int inside = 2;
    while (weft_bounded_semaphore_try_acquire(&permits) == WEFT_OK)
        inside++;
    demo_say("one of three has left, released twice: %d are inside now", inside);
    CHECK(first == WEFT_OK && second == WEFT_OK && inside == DESCRIPTORS + 1,
          "while others are inside it goes unnoticed, and lets one too many in");
}

static void with_tokens(void)
{
    demo_part("Policy: only log");
    run(LOG_ONLY);
    CHECK(weft_bounded_semaphore_value(&guard.permits) == DESCRIPTORS, "three permits are there");

    demo_part("Policy: one at a time after the first error");
    run(DEGRADE);
    weft_status first = weft_bounded_semaphore_try_acquire(&guard.permits);
    weft_status second = weft_bounded_semaphore_try_acquire(&guard.permits);
    demo_say("one comes: %s; a second one: %s", first == WEFT_OK ? "enters" : "does not",
             second == WEFT_OK ? "enters" : "does not");
    CHECK(first == WEFT_OK && second == WEFT_TIMEOUT, "one may enter, a second one may not");
    weft_bounded_semaphore_release(&guard.permits);
    weft_bounded_semaphore_resize(&guard.permits, DESCRIPTORS);
    CHECK(weft_bounded_semaphore_value(&guard.permits) == DESCRIPTORS,
          "raised again, all three permits are there: none was lost on the way");

    demo_part("Policy: recover, with a permit that somebody has lost");
    run(RECOVER);
    weft_bounded_semaphore_acquire(&guard.permits); /* and forgets it: no token, no holder */
    int lost = DESCRIPTORS - guard.holders - weft_bounded_semaphore_value(&guard.permits);
    demo_say("%d holders, %d permits: %d is lost", guard.holders,
             weft_bounded_semaphore_value(&guard.permits), lost);
    weft_bounded_semaphore_release_n(&guard.permits, lost);
    CHECK(guard.recount && lost == 1 && weft_bounded_semaphore_value(&guard.permits) == DESCRIPTORS,
          "counted from who is inside, the lost permit is found and put back");

    demo_part("Policy: alarm at the second error");
    run(ALARM);
    CHECK(guard.alarms == 1, "the alarm has been rung, once");
    CHECK(weft_bounded_semaphore_value(&guard.permits) == DESCRIPTORS, "three permits are there");
}

int main(void)
{
    demo_begin("Four ways to answer a release too many: log, slow down, recover, raise the alarm");
    without_tokens();
    with_tokens();
    return demo_end();
}
