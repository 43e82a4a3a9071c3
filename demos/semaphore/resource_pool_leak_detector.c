/* SPDX-License-Identifier: MIT */
// NEEDS: weft::patterns
/**
 * @file resource_pool_leak_detector.c
 * @brief Who has borrowed and never given back: find it, name it, take it back
 *
 * Each loan records who borrowed, where in the program and when. One of three workers forgets to
 * give its resource back, and the pool has one place less. A sweeper looks for loans that are
 * older than 0.5 s, reports the name and the line, and takes the resource back: all loans are
 * entered in a ledger for that. The forgetful worker may still remember: then its loan is stale,
 * and is refused, for the place is somebody else's now.
 *
 * Source: locks, section 4.3.
 *
 * Look for: the line of the report. It is the one where the worker borrows.
 *
 * Facts:
 * - without the sweeper three cannot borrow at once any more
 * - exactly one leak is found, with the right name and line, not before its time
 * - after it has been taken back three borrow at once
 * - the late return is refused, and changes nothing
 */
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "demo_patterns.h"
#include "demo_thread.h"

enum { CAPACITY = 3 };

static weft_resource_pool *pool;
static weft_loan ledger[CAPACITY]; /* what each of the three workers has borrowed */
static int forgetful_line;
static demo_rendezvous step = DEMO_RENDEZVOUS_INIT(2);

static void *make(void *arg)
{
    (void)arg;
    return demo_must(malloc(1));
}

static void destroy(void *resource, void *arg)
{
    (void)arg;
    free(resource);
}

static double story_time(void *arg)
{
    (void)arg;
    return demo_now();
}

static void *careful(void *arg)
{
    weft_loan *loan = arg;
    if (weft_resource_pool_borrow(pool, loan) == WEFT_OK) {
        demo_say("borrows, and gives back");
        demo_sleep(0.1);
        weft_resource_pool_give_back(pool, loan);
    }
    return arg;
}

static weft_status late_return;

static void *forgetful(void *arg)
{
    weft_loan *entry = arg;
    forgetful_line = __LINE__ + 1;
    weft_status status = weft_resource_pool_borrow(pool, entry);
    weft_loan mine = *entry;
    demo_say("borrows: %s; and turns to something else", weft_status_name(status));
    demo_rendezvous_meet(&step);
    demo_rendezvous_meet(&step); /* it has been taken away meanwhile */
    late_return = weft_resource_pool_give_back(pool, &mine);
    demo_say("remembers, and gives back: %s", weft_status_exception(late_return));
    return arg;
}

/* Borrows as many as it can at once; how many. */
static int borrow_all(weft_loan loans[CAPACITY])
{
    int have = 0;
    while (have < CAPACITY && weft_resource_pool_try_borrow(pool, &loans[have]) == WEFT_OK)
        have++;
    demo_say("%d of %d can be borrowed at once", have, CAPACITY);
    return have;
}

static int borrow_at_once(void)
{
    weft_loan loans[CAPACITY];
    int have = borrow_all(loans);
    for (int i = 0; i < have; i++)
        weft_resource_pool_give_back(pool, &loans[i]);
    return have;
}

static size_t leaks(weft_loan_info *infos)
{
    size_t count = 0;
    weft_resource_pool_loans(pool, 0.5, infos, CAPACITY, &count);
    return count;
}

static void take_back(const void *resource)
{
    for (int i = 0; i < CAPACITY; i++)
        if (ledger[i].resource == resource)
            weft_resource_pool_discard(pool, &ledger[i]);
}

static void sweep(void)
{
    demo_part("The sweeper");
    weft_loan_info infos[CAPACITY];
    DEMO_AWAIT(leaks(infos) > 0);
    size_t count = leaks(infos);
    const weft_loan_info *leak = &infos[0];
    demo_say("%s has held a resource for %.3f s", leak->thread_name, leak->seconds);
    demo_say("borrowed in line %d of %s", leak->line, strrchr(leak->file, '/') + 1);
    CHECK(count == 1, "exactly one leak is found");
    CHECK(strcmp(leak->thread_name, "forgetful") == 0 && leak->line == forgetful_line,
          "it has the right name and the right line");
    CHECK(demo_at_least(leak->seconds, 0.5), "it is not reported before its time");
    take_back(leak->resource);
    CHECK(demo_pool_stats(pool).out == 0 && borrow_at_once() == CAPACITY,
          "after it was taken back three borrow at once");
}

int main(void)
{
    demo_begin("Who has borrowed and never given back: find it, name it, take it back");
    pool = demo_must(
        weft_resource_pool_new(CAPACITY, .create = make, .destroy = destroy, .now = story_time));

    demo_part("One of three forgets");
    weft_thread *threads[] = {demo_spawn(careful, &ledger[0], "careful-1"),
                              demo_spawn(forgetful, &ledger[1], "forgetful"),
                              demo_spawn(careful, &ledger[2], "careful-2")};
    demo_rendezvous_meet(&step);
    DEMO_AWAIT(demo_pool_stats(pool).returned == 2);
    CHECK(borrow_at_once() == CAPACITY - 1, "the pool has a place less, and does not say why");
    sweep();

    demo_part("The late return, when all places are lent again");
    weft_loan loans[CAPACITY];
    int have = borrow_all(loans);
    demo_rendezvous_meet(&step);
    demo_join_all(3, threads);
    CHECK(late_return == WEFT_VALUE_ERROR && demo_pool_stats(pool).refused == 1,
          "the late return is refused: the loan is stale");
    int back = 0;
    for (int i = 0; i < have; i++)
        back += weft_resource_pool_give_back(pool, &loans[i]) == WEFT_OK;
    CHECK(have == CAPACITY && back == CAPACITY, "and who has the resources now still had them");
    CHECK(weft_resource_pool_close(pool) == WEFT_OK, "at the end nothing is out");
    weft_resource_pool_free(pool);
    return demo_end();
}
