/* SPDX-License-Identifier: MIT */
/**
 * @file resource_pool_failover.c
 * @brief A server fails, a standby takes over, and the server comes back step by step
 *
 * The primary fails from its fifth call on, for a while. After three failures in a row it is
 * quarantined (the circuit breaker opens) and the standby serves. Then it is given another chance,
 * carefully: one probe, then two, then four; a probe that fails is answered by the standby, too,
 * and the quarantine begins anew. Time is a counter of calls, so the sequence is always the same.
 * And an operation of two steps that fails in the second one must leave nothing of the first
 * behind.
 *
 * Source: locks, section 4.3.
 *
 * Look for: the states: closed, open, half-open, open again, half-open, closed.
 *
 * Facts:
 * - without a standby the client sees every failure of the primary
 * - with it the client sees three failures, those that led to the switch, and none after it
 * - the states follow each other exactly so; probes come in groups of 1, 2 and 4
 * - a two-step operation that fails leaves what was there before; without a snapshot it does not
 */
#include <string.h>

#include "demo.h"

enum { CALLS = 40, TOLERATED = 3, QUARANTINE = 5, FAILS_FROM = 5, FAILS_TO = 12 };
enum state { CLOSED, OPEN, HALF_OPEN };

static const char *const state_names[] = {"closed", "open", "half-open"};

/* The primary counts its own time: it fails for a while, whether it is asked or not. */
static bool primary_answers(int call)
{
    return call < FAILS_FROM || call > FAILS_TO;
}

struct breaker {
    weft_lock lock; /* guards the rest */
    enum state state;
    int failures; /* in a row */
    int until;    /* the call at which the quarantine ends */
    int group;    /* of probes: 1, 2, 4 */
    int probes;   /* that are left of the group */
    int groups;   /* that have been passed */
    int states;   /* that have been seen */
    enum state seen[16];
    int probed[8]; /* the size of each group */
};

static void enter(struct breaker *breaker, enum state state, int call) WEFT_REQUIRES(breaker->lock)
{
    breaker->state = state;
    breaker->seen[breaker->states++] = state;
    demo_say("call %2d: %s", call, state_names[state]);
    demo_sleep(0.3);
}

static void begin_group(struct breaker *breaker, int size) WEFT_REQUIRES(breaker->lock)
{
    breaker->group = breaker->probes = size;
    breaker->probed[breaker->groups++] = size;
}

/* Whether this call may go to the primary. */
static bool ask_primary(struct breaker *breaker, int call)
{
    WEFT_HOLD(&breaker->lock);
    if (breaker->state == OPEN && call >= breaker->until) {
        enter(breaker, HALF_OPEN, call);
        begin_group(breaker, 1);
    }
    return breaker->state != OPEN;
}

/* Returns whether it was a probe. */
static bool tell_failure(struct breaker *breaker, int call)
{
    WEFT_HOLD(&breaker->lock);
    bool probe = breaker->state == HALF_OPEN;
    breaker->failures++;
    if (probe || breaker->failures == TOLERATED) {
        breaker->until = call + QUARANTINE;
        enter(breaker, OPEN, call);
    }
    return probe;
}

static void tell_success(struct breaker *breaker, int call)
{
    WEFT_HOLD(&breaker->lock);
    breaker->failures = 0;
    if (breaker->state != HALF_OPEN || --breaker->probes > 0)
        return;
    if (breaker->group == 4)
        enter(breaker, CLOSED, call);
    else
        begin_group(breaker, breaker->group * 2);
}

/* Whether the client gets an answer. A probe that fails is answered by the standby. */
static bool serve(struct breaker *breaker, int call)
{
    if (!ask_primary(breaker, call))
        return true; /* the standby */
    if (primary_answers(call)) {
        tell_success(breaker, call);
        return true;
    }
    return tell_failure(breaker, call);
}

static void failover(void)
{
    demo_part("Forty calls, the primary fails from 5 to 12");
    static const enum state right[] = {OPEN, HALF_OPEN, OPEN, HALF_OPEN, CLOSED};
    struct breaker breaker = {.state = CLOSED};
    int without = 0;
    int failed = 0;
    int failed_after_switch = 0;
    for (int call = 1; call <= CALLS; call++) {
        without += !primary_answers(call);
        bool switched = breaker.states > 0;
        bool answered = serve(&breaker, call);
        failed += !answered;
        failed_after_switch += switched && !answered;
    }
    demo_say("the client sees %d failures without a standby, %d with one", without, failed);
    CHECK(without == FAILS_TO - FAILS_FROM + 1, "without a standby the client sees all eight");
    CHECK(failed == TOLERATED && failed_after_switch == 0,
          "with it three, those that led to the switch, and none after it");
    CHECK(breaker.states == 5 && memcmp(breaker.seen, right, sizeof right) == 0,
          "closed, open, half-open, open, half-open, closed");
    static const int groups[] = {1, 1, 2, 4};
    CHECK(breaker.groups == 4 && memcmp(breaker.probed, groups, sizeof groups) == 0,
          "one probe that fails; then one, two, four that do not");
}

/* ---- two steps, or none ---- */

struct accounts {
    int from;
    int to;
};

static bool second_step(struct accounts *accounts, int amount, bool fails)
{
    if (fails)
        return false;
    accounts->to += amount;
    return true;
}

static bool move_carelessly(struct accounts *accounts, int amount, bool fails)
{
    accounts->from -= amount;
    return second_step(accounts, amount, fails);
}

static bool move(struct accounts *accounts, int amount, bool fails)
{
    struct accounts snapshot = *accounts;
    accounts->from -= amount;
    if (second_step(accounts, amount, fails))
        return true;
    *accounts = snapshot;
    return false;
}

static void transaction(void)
{
    demo_part("Two steps, and the second one fails");
    struct accounts careless = {100, 0};
    struct accounts careful = {100, 0};
    move_carelessly(&careless, 30, true);
    demo_say("without a snapshot: %d and %d", careless.from, careless.to);
    CHECK(careless.from + careless.to == 70, "without a snapshot 30 are gone");
    bool moved = move(&careful, 30, true);
    demo_say("with a snapshot: %d and %d", careful.from, careful.to);
    CHECK(!moved && careful.from == 100 && careful.to == 0, "with one all is as it was before");
    CHECK(move(&careful, 30, false) && careful.from == 70 && careful.to == 30,
          "and the next try does both steps");
}

int main(void)
{
    demo_begin("A server fails, a standby takes over, and the server comes back step by step");
    failover();
    transaction();
    return demo_end();
}
