/* SPDX-License-Identifier: MIT */
/*
 * The waiting room under random use: every wait, every token, every move and every interruption is
 * accounted for, on both sides. WEFT_STRESS_SECONDS says how long, WEFT_STRESS_SEED repeats a run.
 *
 * The keys are in three groups:
 *   sources  waiters come here, and are moved to targets
 *   targets  others come here too; nobody is moved on, so each move is one unpark with its request
 *   meadow   waiters are moved from any to any
 */
#include "tests/primitives/park_help.h"

#include "storm.h"

enum { SLEEPERS = 10, WAKERS = 3 };
enum { SOURCES = 4, TARGETS = 4, MEADOW = 6, KEYS = SOURCES + TARGETS + MEADOW };
enum { ANY_MOST = 4 };

/* What a waiter wants; a mover puts MOVED in its place. */
enum { WAITS = 1, MOVED = 2 };

struct account {
    uint64_t parks;
    uint64_t outcomes[WEFTI_INVALID + 1];
    uint64_t unparked; /* counted by the wakers */
    uint64_t tokens;   /* how many were given, or got */
    uint64_t token_sum;
    uint64_t moves; /* from sources to targets: counted when moved; and when they are unparked */
    uint64_t moved_unparked;
    uint64_t meadow_moves;
    uint64_t interrupts;
};

struct sleeping {
    struct wefti_self *self;
    uint64_t heard;  /* interruptions */
    uint64_t called; /* the same, guarded by the registry */
    uint32_t home;
};

struct world {
    char places[KEYS];
    uint32_t stop;        /* sleepers go home after their present wait */
    uint32_t all_home;    /* and wakers after them */
    uint32_t next_number; /* of a thread */
    struct sleeping sleepers[SLEEPERS];
    struct account accounts[SLEEPERS + WAKERS];
};

static struct world world;

static struct wefti_key key_at(size_t i)
{
    /* Two kinds at each address, so that some keys differ in the kind alone. */
    return (struct wefti_key){&world.places[i / 2], i % 2 ? WEFTI_SLEEP : WEFTI_LOCK};
}

/* Mixes a token, so that a sum of tokens tells whether each came exactly once. */
static uint64_t mix(uint64_t token)
{
    token = (token ^ (token >> 30)) * UINT64_C(0xbf58476d1ce4e5b9); /* splitmix64, S. Vigna */
    token = (token ^ (token >> 27)) * UINT64_C(0x94d049bb133111eb);
    return token ^ (token >> 31);
}

/* ---- sleepers ------------------------------------------------------------------------------- */

struct doubt {
    uint64_t *random;
    bool refused;
};

static bool validate_sometimes(void *arg)
{
    struct doubt *doubt = arg;
    doubt->refused = test_random(doubt->random) % 16 == 0;
    return !doubt->refused;
}

static struct wefti_patience random_patience(uint64_t *random)
{
    struct wefti_patience patience = {.request = WAITS};
    uint64_t way = test_random(random) % 8;
    if (way < 4)
        patience.deadline = wefti_clock() + (int64_t)(test_random(random) % 100000);
    else if (way == 4)
        patience.deadline = test_random(random) % 2 ? INT64_MIN : 1;
    else if (way == 5)
        patience.firm = true;
    patience.front = test_random(random) % 4 == 0;
    return patience;
}

/* One wait, for one key or for several. */
static struct wefti_parked wait_at_random(struct wefti_patience *patience, uint64_t *random)
{
    struct doubt doubts[ANY_MOST];
    struct wefti_waiter waiters[ANY_MOST];
    size_t count = test_random(random) % 3 == 0 ? 2 + test_random(random) % (ANY_MOST - 1) : 1;
    for (size_t i = 0; i < count; i++) {
        doubts[i] = (struct doubt){random, false};
        waiters[i] = (struct wefti_waiter){.key = key_at(test_random(random) % KEYS),
                                           .validate = validate_sometimes,
                                           .arg = &doubts[i],
                                           .request = WAITS};
    }
    patience->validate = validate_sometimes;
    patience->arg = &doubts[0];
    struct wefti_parked parked = count == 1 ? wefti_park(waiters[0].key, patience)
                                            : wefti_park_any(waiters, count, patience);
    if (parked.outcome == WEFTI_UNPARKED)
        WITNESS(parked.index < count && !doubts[parked.index].refused);
    if (parked.outcome == WEFTI_INVALID)
        WITNESS(parked.index < count && doubts[parked.index].refused);
    return parked;
}

static void account_for(struct account *account, struct sleeping *me, struct wefti_parked parked,
                        const struct wefti_patience *patience)
{
    account->parks++;
    account->outcomes[parked.outcome]++;
    switch (parked.outcome) {
    case WEFTI_UNPARKED:
        account->tokens++;
        account->token_sum += mix(parked.token);
        break;
    case WEFTI_TIMED_OUT:
        WITNESS(patience->deadline != 0 && wefti_clock() >= patience->deadline);
        break;
    case WEFTI_INTERRUPTED:
        WITNESS(!patience->firm);
        WITNESS(wefti_load(&me->called, RELAXED) > me->heard);
        wefti_store(&me->heard, me->heard + 1, RELEASE);
        break;
    case WEFTI_INVALID:
        break;
    }
}

static void *sleep_at_random(void *arg)
{
    uint32_t number = wefti_fetch_add(&world.next_number, 1, RELAXED);
    struct sleeping *me = &world.sleepers[number];
    struct account *account = &world.accounts[number];
    uint64_t random = test_stress_random();
    (void)arg;
    wefti_store(&me->self, wefti_self(), RELEASE);
    while (!wefti_load(&world.stop, RELAXED)) {
        struct wefti_patience patience = random_patience(&random);
        struct wefti_parked parked = wait_at_random(&patience, &random);
        account_for(account, me, parked, &patience);
    }
    /* Nobody interrupts any more once this is taken away; what has been called is heard. */
    wefti_registry_lock();
    wefti_store(&me->self, NULL, RELAXED);
    wefti_registry_unlock();
    while (me->heard < me->called) {
        const struct wefti_patience patience = {.deadline = 1, .request = WAITS};
        struct wefti_parked parked = wefti_park(key_at(0), &patience);
        account_for(account, me, parked, &patience);
        WITNESS(parked.outcome != WEFTI_TIMED_OUT); /* else an interruption is lost */
        if (parked.outcome == WEFTI_TIMED_OUT)
            break;
    }
    wefti_store(&me->home, 1, RELEASE);
    return NULL;
}

/* ---- wakers --------------------------------------------------------------------------------- */

struct waking {
    struct account *account;
    uint64_t *random;
    uint64_t token; /* the last one given */
    size_t taken;   /* by the present unpark */
    bool finished;
};

static enum wefti_verdict choose_at_random(uintptr_t request, void *arg)
{
    struct waking *waking = arg;
    uint64_t way = test_random(waking->random) % 8;
    WITNESS(request == WAITS || request == MOVED);
    return way == 0 ? WEFTI_STOP : way == 1 ? WEFTI_SKIP : WEFTI_TAKE;
}

static uintptr_t give_next_token(uintptr_t request, int64_t since, void *arg)
{
    struct waking *waking = arg;
    struct account *account = waking->account;
    WITNESS(since != 0);
    WITNESS(!waking->finished);
    waking->taken++;
    account->tokens++;
    account->token_sum += mix((uintptr_t)++waking->token); /* as the waiter gets it */
    account->moved_unparked += request == MOVED;
    return (uintptr_t)waking->token;
}

static void note_finish(size_t taken, bool more, void *arg)
{
    struct waking *waking = arg;
    (void)more;
    WITNESS(!waking->finished && taken == waking->taken);
    waking->finished = true;
}

static void unpark_some(struct waking *waking, struct wefti_key key, size_t limit, bool choosy)
{
    const struct wefti_unparking how = {.limit = limit,
                                        .choose = choosy ? choose_at_random : NULL,
                                        .take = give_next_token,
                                        .finish = note_finish,
                                        .arg = waking};
    waking->taken = 0;
    waking->finished = false;
    size_t taken = wefti_unpark(key, &how);
    WITNESS(waking->finished && taken == waking->taken && (limit == 0 || taken <= limit));
    waking->account->unparked += taken;
}

static void move_some(struct waking *waking)
{
    uint64_t *random = waking->random;
    size_t limit = test_random(random) % 3;
    if (test_random(random) % 2) {
        size_t source = test_random(random) % SOURCES;
        size_t target = SOURCES + test_random(random) % TARGETS;
        size_t moved = wefti_move(key_at(source), key_at(target), limit, MOVED, NULL, NULL);
        WITNESS(limit == 0 || moved <= limit);
        waking->account->moves += moved;
        return;
    }
    /* In the meadow nobody counts how often a waiter is moved before it is unparked. */
    size_t from = test_random(random) % MEADOW;
    size_t to = (from + 1 + test_random(random) % (MEADOW - 1)) % MEADOW;
    waking->account->meadow_moves += wefti_move(
        key_at(SOURCES + TARGETS + from), key_at(SOURCES + TARGETS + to), limit, WAITS, NULL, NULL);
}

/* Interrupts a sleeper that has heard the one before; more than one at a time need not be heard. */
static void interrupt_one(struct waking *waking)
{
    struct sleeping *sleeper = &world.sleepers[test_random(waking->random) % SLEEPERS];
    wefti_registry_lock();
    struct wefti_self *self = wefti_load(&sleeper->self, ACQUIRE);
    if (self != NULL && wefti_load(&sleeper->heard, ACQUIRE) == sleeper->called) {
        wefti_store(&sleeper->called, sleeper->called + 1, RELAXED);
        waking->account->interrupts++;
        wefti_interrupt(self);
    }
    wefti_registry_unlock();
}

static void *wake_at_random(void *arg)
{
    uint32_t number = wefti_fetch_add(&world.next_number, 1, RELAXED);
    uint64_t random = test_stress_random();
    struct waking waking = {
        .account = &world.accounts[number], .random = &random, .token = (uint64_t)number << 40};
    (void)arg;
    while (!wefti_load(&world.all_home, ACQUIRE)) {
        uint64_t way = test_random(&random) % 16;
        if (way < 8)
            unpark_some(&waking, key_at(test_random(&random) % KEYS), test_random(&random) % 4,
                        way < 4);
        else if (way < 15)
            move_some(&waking);
        else
            interrupt_one(&waking);
        if (way == 0)
            test_yield();
    }
    return NULL;
}

/* ---- the books ------------------------------------------------------------------------------ */

static struct account sum_of(size_t first, size_t count)
{
    struct account sum = {.parks = 0};
    for (const struct account *one = &world.accounts[first]; count > 0; one++, count--) {
        sum.parks += one->parks;
        for (size_t i = 0; i <= WEFTI_INVALID; i++)
            sum.outcomes[i] += one->outcomes[i];
        sum.unparked += one->unparked;
        sum.tokens += one->tokens;
        sum.token_sum += one->token_sum;
        sum.moves += one->moves;
        sum.moved_unparked += one->moved_unparked;
        sum.meadow_moves += one->meadow_moves;
        sum.interrupts += one->interrupts;
    }
    return sum;
}

static void check_the_books(void)
{
    struct account asleep = sum_of(0, SLEEPERS);
    struct account awake = sum_of(SLEEPERS, WAKERS);
    print_message("%llu waits: %llu unparked, %llu timed out, %llu interrupted, %llu invalid; "
                  "%llu moves, %llu in the meadow\n",
                  (unsigned long long)asleep.parks,
                  (unsigned long long)asleep.outcomes[WEFTI_UNPARKED],
                  (unsigned long long)asleep.outcomes[WEFTI_TIMED_OUT],
                  (unsigned long long)asleep.outcomes[WEFTI_INTERRUPTED],
                  (unsigned long long)asleep.outcomes[WEFTI_INVALID],
                  (unsigned long long)awake.moves, (unsigned long long)awake.meadow_moves);
    assert_true(asleep.outcomes[WEFTI_UNPARKED] == awake.unparked);
    assert_true(asleep.tokens == awake.tokens);
    assert_true(asleep.token_sum == awake.token_sum);
    assert_true(asleep.outcomes[WEFTI_INTERRUPTED] == awake.interrupts);
    assert_true(awake.moved_unparked == awake.moves);
    for (size_t i = 0; i < KEYS; i++)
        assert_int_equal(wefti_waiters(key_at(i)), 0);
    /* All of it has happened, or this test tests less than it says. */
    for (size_t i = 0; i <= WEFTI_INVALID; i++)
        assert_true(asleep.outcomes[i] > 0);
    assert_true(awake.moves > 0 && awake.meadow_moves > 0);
}

static void run_world(void)
{
    int64_t end = test_clock() + test_stress_time();
    struct crew sleepers = crew_start(SLEEPERS, sleep_at_random, NULL);
    EVENTUALLY(wefti_load(&world.next_number, ACQUIRE) == SLEEPERS);
    struct crew wakers = crew_start(WAKERS, wake_at_random, NULL);
    EVENTUALLY(test_clock() >= end);
    wefti_store(&world.stop, 1, RELAXED);
    crew_join(&sleepers);
    wefti_store(&world.all_home, 1, RELEASE);
    crew_join(&wakers);
    check_the_books();
}

TEST(every_wait_is_accounted_for)
{
    run_world();
}

TEST(every_wait_is_accounted_for_in_a_storm_of_signals)
{
    storm_begin();
    run_world();
    storm_end();
}
