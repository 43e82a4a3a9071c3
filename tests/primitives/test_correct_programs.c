/* SPDX-License-Identifier: MIT */
/* Programs that are right, watched: each makes no report. */
#include "watch_help.h"

enum { ROUNDS = 200, WORKERS = 4 };

/* ---- 1: hand-over locks ---------------------------------------------------------------------- */

struct node {
    weft_lock lock;
    int visits;
    struct node *next;
};

static void *walk_hand_over_hand(void *first)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct node *node = first;
        WITNESS(weft_lock_acquire(&node->lock) == WEFT_OK);
        while (node->next != NULL) {
            struct node *next = node->next;
            node->visits++;
            WITNESS(weft_lock_acquire(&next->lock) == WEFT_OK);
            WITNESS(weft_lock_release(&node->lock) == WEFT_OK);
            node = next;
        }
        WITNESS(weft_lock_release(&node->lock) == WEFT_OK);
    }
    return NULL;
}

TEST(locks_taken_hand_over_hand_along_a_list)
{
    static struct node nodes[5];
    watch();
    /* Not in the order of their addresses. */
    nodes[3].next = &nodes[1];
    nodes[1].next = &nodes[4];
    nodes[4].next = &nodes[0];
    nodes[0].next = &nodes[2];
    struct crew crew = crew_start(WORKERS, walk_hand_over_hand, &nodes[3]);
    crew_join(&crew);
    assert_int_equal(nodes[3].visits, WORKERS * ROUNDS);
    assert_no_reports();
}

/* ---- 2: a lock as a semaphore ---------------------------------------------------------------- */

static weft_lock full = WEFT_LOCK_INIT;
static weft_lock empty = WEFT_LOCK_INIT;

static void *release_what_is_handed(void *lock)
{
    WITNESS(weft_lock_release(lock) == WEFT_OK);
    return NULL;
}

static void *produce(void *slot)
{
    for (int i = 0; i < ROUNDS; i++) {
        WITNESS(weft_lock_acquire(&empty) == WEFT_OK);
        *(int *)slot = i;
        WITNESS(weft_lock_release(&full) == WEFT_OK);
    }
    return NULL;
}

TEST(locks_used_as_semaphores)
{
    int slot = -1;
    watch();
    assert_int_equal(weft_lock_acquire(&full), WEFT_OK); /* nothing there yet */
    assert_int_equal(weft_lock_acquire(&empty), WEFT_OK);
    /* Until another thread releases it for the first time, a Lock passes for a lock: who takes it
     * twice might be waiting for itself. */
    struct crew setup = crew_start(1, release_what_is_handed, &empty);
    crew_join(&setup);
    struct crew crew = crew_start(1, produce, &slot);
    for (int i = 0; i < ROUNDS; i++) {
        EVENTUALLY(i > 0 || !weft_lock_locked(&full));
        assert_int_equal(weft_lock_acquire(&full), WEFT_OK);
        assert_int_equal(slot, i);
        assert_int_equal(weft_lock_release(&empty), WEFT_OK);
    }
    crew_join(&crew);
    assert_no_reports();
}

/* ---- 3: timed retries ------------------------------------------------------------------------ */

static weft_lock forks[2];

static void *eat_with_patience(void *arg)
{
    size_t first = arg != NULL;
    for (int i = 0; i < ROUNDS; i++) {
        for (bool eaten = false; !eaten;) {
            WITNESS(weft_lock_acquire(&forks[first]) == WEFT_OK);
            eaten = weft_lock_acquire_for(&forks[1 - first], 0.0001) == WEFT_OK;
            if (eaten)
                WITNESS(weft_lock_release(&forks[1 - first]) == WEFT_OK);
            WITNESS(weft_lock_release(&forks[first]) == WEFT_OK);
        }
    }
    return NULL;
}

TEST(two_locks_in_both_orders_with_timed_retries)
{
    watch();
    assert_int_equal(weft_name(&forks[0], "left fork"), WEFT_OK);
    assert_int_equal(weft_name(&forks[1], "right fork"), WEFT_OK);
    struct crew some = crew_start(1, eat_with_patience, NULL);
    struct crew others = crew_start(1, eat_with_patience, forks);
    crew_join(&some);
    crew_join(&others);
    assert_no_reports();
}

/* ---- 4: try and back off --------------------------------------------------------------------- */

static void *eat_politely(void *arg)
{
    size_t first = arg != NULL;
    for (int i = 0; i < ROUNDS; i++) {
        for (bool eaten = false; !eaten; test_yield()) {
            WITNESS(weft_lock_acquire(&forks[first]) == WEFT_OK);
            eaten = weft_lock_try_acquire(&forks[1 - first]) == WEFT_OK;
            if (eaten)
                WITNESS(weft_lock_release(&forks[1 - first]) == WEFT_OK);
            WITNESS(weft_lock_release(&forks[first]) == WEFT_OK);
        }
    }
    return NULL;
}

TEST(two_locks_in_both_orders_with_tries)
{
    watch();
    assert_int_equal(weft_name(&forks[0], "left fork"), WEFT_OK);
    assert_int_equal(weft_name(&forks[1], "right fork"), WEFT_OK);
    struct crew some = crew_start(1, eat_politely, NULL);
    struct crew others = crew_start(1, eat_politely, forks);
    crew_join(&some);
    crew_join(&others);
    assert_no_reports();
}

/* ---- 5: pairs in the order of their addresses ------------------------------------------------ */

enum { ACCOUNTS = 6 };

static weft_lock accounts[ACCOUNTS];

static void *transfer(void *seed)
{
    uint64_t state = (uint64_t)(uintptr_t)seed;
    for (int i = 0; i < ROUNDS; i++) {
        size_t from = test_random(&state) % ACCOUNTS;
        size_t to = test_random(&state) % ACCOUNTS;
        if (from == to)
            continue;
        weft_lock *low = &accounts[from < to ? from : to];
        weft_lock *high = &accounts[from < to ? to : from];
        WITNESS(weft_lock_acquire(low) == WEFT_OK);
        WITNESS(weft_lock_acquire(high) == WEFT_OK);
        WITNESS(weft_lock_release(from < to ? low : high) == WEFT_OK);
        WITNESS(weft_lock_release(from < to ? high : low) == WEFT_OK);
    }
    return NULL;
}

TEST(pairs_of_one_class_in_the_order_of_their_addresses)
{
    watch();
    for (int i = 0; i < ACCOUNTS; i++)
        assert_int_equal(weft_name(&accounts[i], "account"), WEFT_OK);
    struct crew crew = crew_start(WORKERS, transfer, accounts);
    crew_join(&crew);
    assert_no_reports();
}

/* ---- 6: released in another order than taken ------------------------------------------------- */

static void *release_crosswise(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        WITNESS(weft_lock_acquire(&accounts[0]) == WEFT_OK);
        WITNESS(weft_lock_acquire(&accounts[1]) == WEFT_OK);
        WITNESS(weft_lock_release(&accounts[0]) == WEFT_OK);
        WITNESS(weft_lock_acquire(&accounts[2]) == WEFT_OK);
        WITNESS(weft_lock_release(&accounts[1]) == WEFT_OK);
        WITNESS(weft_lock_release(&accounts[2]) == WEFT_OK);
        WITNESS(weft_lock_acquire(&accounts[0]) == WEFT_OK); /* holds nothing else by now */
        WITNESS(weft_lock_release(&accounts[0]) == WEFT_OK);
    }
    return NULL;
}

TEST(locks_released_in_another_order_than_taken)
{
    watch();
    assert_int_equal(weft_name(&accounts[0], "a"), WEFT_OK);
    assert_int_equal(weft_name(&accounts[1], "b"), WEFT_OK);
    assert_int_equal(weft_name(&accounts[2], "c"), WEFT_OK);
    struct crew crew = crew_start(WORKERS, release_crosswise, NULL);
    crew_join(&crew);
    assert_no_reports();
}

/* ---- 7: handed to another thread for release ------------------------------------------------- */

TEST(a_lock_handed_to_another_thread_for_release)
{
    weft_lock buffer = WEFT_LOCK_INIT;
    weft_lock journal = WEFT_LOCK_INIT;
    watch();
    assert_int_equal(weft_name(&buffer, "buffer"), WEFT_OK);
    assert_int_equal(weft_name(&journal, "journal"), WEFT_OK);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(weft_lock_acquire(&buffer), WEFT_OK);
        struct crew crew = crew_start(1, release_what_is_handed, &buffer);
        /* Not held by this thread any more, as far as orders go; and the other order below. */
        crew_join(&crew);
        WEFT_WITH(&journal) {
            WEFT_WITH(&buffer) {
            }
        }
        WEFT_WITH(&buffer) {
            WEFT_WITH(&journal) {
            }
        }
    }
    assert_no_reports();
}

/* ---- 8: chains without cycles ---------------------------------------------------------------- */

TEST(chains_of_waiters_without_a_cycle)
{
    static struct owned locks[WORKERS];
    static struct actor actors[WORKERS];
    watch();
    for (int i = 0; i < WORKERS; i++) {
        actor_enters(&actors[i], "link");
        does(&actors[i], owned_acquire, &locks[i]);
    }
    for (int i = 0; i + 1 < WORKERS; i++)
        waits_for_owned(&actors[i], owned_acquire, &locks[i + 1]);
    assert_no_reports();
    for (int i = WORKERS; i-- > 0;) {
        does(&actors[i], owned_release, &locks[i]);
        if (i > 0) {
            assert_int_equal(ends(&actors[i - 1]), WEFT_OK);
            does(&actors[i - 1], owned_release, &locks[i]);
        }
    }
    for (int i = 0; i < WORKERS; i++)
        actor_leaves(&actors[i]);
    assert_no_reports();
}

/* ---- 9: many threads through one lock -------------------------------------------------------- */

static int counter;

static void *count_up(void *lock)
{
    for (int i = 0; i < ROUNDS; i++)
        WEFT_WITH((weft_lock *)lock) {
            counter++;
        }
    return NULL;
}

TEST(many_threads_through_one_lock)
{
    enum { MANY = 32 };
    weft_lock lock = WEFT_LOCK_INIT;
    watch();
    struct crew crew = crew_start(MANY, count_up, &lock);
    crew_join(&crew);
    assert_int_equal(counter, MANY * ROUNDS);
    assert_no_reports();
}

/* ---- 10: made anew where another one was ----------------------------------------------------- */

TEST(a_lock_made_anew_at_the_same_address)
{
    weft_lock place = WEFT_LOCK_INIT;
    weft_lock journal = WEFT_LOCK_INIT;
    watch();
    assert_int_equal(weft_name(&journal, "journal"), WEFT_OK);
    WEFT_WITH(&place) {
        WEFT_WITH(&journal) {
        }
    }
    assert_int_equal(weft_lock_done(&place), WEFT_OK);
    place = (weft_lock)WEFT_LOCK_INIT;
    WEFT_WITH(&journal) {
        WEFT_WITH(&place) {
        }
    }
    /* A signal at first, a lock in its next life. */
    assert_int_equal(weft_lock_done(&place), WEFT_OK);
    assert_no_reports();
}
