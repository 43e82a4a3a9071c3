/* SPDX-License-Identifier: MIT */
/**
 * @file resource_pool_leak_detector.c
 * @brief Who has borrowed and never given back: find it, name it, take it back
 *
 * Each loan records who borrowed, where in the program and when. One of three workers forgets to
 * give its resource back, and the pool has one place less. A sweeper looks for loans that are older
 * than 0.5 s, reports the name and the line, and takes the resource back. The forgetful worker may
 * still remember: then its loan is stale, and is refused, for the resource is somebody else's now.
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
#include "demo_pool.h"
#include "demo_thread.h"

enum { CAPACITY = 3 };

static demo_pool pool;
static int forgetful_line;
static demo_loan forgotten;
static demo_rendezvous step = DEMO_RENDEZVOUS_INIT(2);

static void *make(void *arg)
{
    (void)arg;
    return demo_must(malloc(1));
}

static void destroy(void *arg, void *resource)
{
    (void)arg;
    free(resource);
}

static void *careful(void *arg)
{
    demo_loan loan;
    if (demo_pool_borrow(&pool, DEMO_PATIENCE, &loan) == WEFT_OK) {
        demo_say("borrows, and gives back");
        demo_sleep(0.1);
        demo_pool_give_back(&pool, loan);
    }
    return arg;
}

static void *forgetful(void *late_return)
{
    forgetful_line = __LINE__ + 1;
    weft_status status = demo_pool_borrow(&pool, DEMO_PATIENCE, &forgotten);
    demo_say("borrows: %s; and turns to something else", weft_status_name(status));
    demo_rendezvous_meet(&step);
    demo_rendezvous_meet(&step); /* it has been taken away meanwhile */
    *(weft_status *)late_return = demo_pool_give_back(&pool, forgotten);
    demo_say("remembers: %s", weft_status_exception(*(weft_status *)late_return));
    return late_return;
}

/* Borrows as many as it can at once, gives them back, and returns how many. */
static int borrow_at_once(void)
{
    demo_loan loans[CAPACITY];
    int have = 0;
    while (have < CAPACITY && demo_pool_borrow(&pool, 0, &loans[have]) == WEFT_OK)
        have++;
    for (int i = 0; i < have; i++)
        demo_pool_give_back(&pool, loans[i]);
    return have;
}

static int sweep(void)
{
    int found = 0;
    demo_pool_leak leak;
    DEMO_AWAIT(demo_pool_find_leak(&pool, 0.5, &leak));
    while (demo_pool_find_leak(&pool, 0.5, &leak)) {
        found++;
        demo_say("%s has held a resource for %.3f s", leak.borrower, leak.age);
        demo_say("borrowed in line %d of %s", leak.line, strrchr(leak.file, '/') + 1);
        CHECK(strcmp(leak.borrower, "forgetful") == 0 && leak.line == forgetful_line,
              "the leak has the right name and the right line");
        CHECK(demo_at_least(leak.age, 0.5), "it is not reported before its time");
        demo_pool_discard(&pool, leak.loan);
    }
    return found;
}

int main(void)
{
    demo_begin("Who has borrowed and never given back: find it, name it, take it back");
    demo_pool_init(&pool, &(demo_pool_kind){.create = make, .destroy = destroy}, CAPACITY);

    demo_part("One of three forgets");
    weft_status late_return = WEFT_OK;
    weft_thread *threads[] = {demo_spawn(careful, NULL, "careful-1"),
                              demo_spawn(forgetful, &late_return, "forgetful"),
                              demo_spawn(careful, NULL, "careful-2")};
    demo_rendezvous_meet(&step);
    DEMO_AWAIT(demo_pool_count(&pool).returned == 2);
    int without = borrow_at_once();
    demo_say("%d of %d can be borrowed at once", without, CAPACITY);
    CHECK(without == CAPACITY - 1, "the pool has a place less, and does not say why");

    demo_part("The sweeper");
    CHECK(sweep() == 1, "exactly one leak is found");
    int with = borrow_at_once();
    demo_say("%d of %d can be borrowed at once", with, CAPACITY);
    CHECK(with == CAPACITY, "after it was taken back three borrow at once");

    demo_part("The late return");
    demo_rendezvous_meet(&step);
    demo_join_all(3, threads);
    CHECK(late_return == WEFT_VALUE_ERROR && demo_pool_count(&pool).stale == 1,
          "the late return is refused: the loan is stale");
    CHECK(weft_bounded_semaphore_value(&pool.permits) == CAPACITY && borrow_at_once() == CAPACITY,
          "and has changed nothing");
    if (demo_pool_close(&pool) != WEFT_OK)
        demo_say("something is still out");
    return demo_end();
}
