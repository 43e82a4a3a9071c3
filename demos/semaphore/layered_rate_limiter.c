/* SPDX-License-Identifier: MIT */
// NEEDS: header uthash.h
/**
 * @file layered_rate_limiter.c
 * @brief Three limits for each request: user, address, all together
 *
 * A user may send three requests in a window, an address five, all together ten. A request must
 * pass all three layers, and counts in all of them or in none: one that the address layer refuses
 * must not use up what its user has left. The counters are in hash tables, one lock guards them
 * all.
 *
 * Source: locks, section 4.4.
 *
 * Look for: user B. Its third request fails because of its address, so it still has one left.
 *
 * Facts:
 * - of sixteen requests ten pass; one is refused by the user layer, three by the address layer, two
 *   by the layer of all
 * - a refused request has used up nothing: B has used two of three
 * - a limiter that counts layer by layer has B at three, and blames the wrong layer
 * - the same sixteen by eight threads at once: never more than a limit allows, all that pass
 *   counted
 */
#include <stdlib.h>
#include <uthash.h>

#include "demo.h"
#include "demo_thread.h"

enum { USER_LIMIT = 3, ADDRESS_LIMIT = 5, ALL_LIMIT = 10, REQUESTS = 16, THREADS = 8 };
enum layer { PASSED, BY_USER, BY_ADDRESS, BY_ALL };

struct counter {
    const char *key;
    int used;
    UT_hash_handle hh;
};

struct limiter {
    weft_lock lock; /* guards the rest */
    struct counter *users;
    struct counter *addresses;
    int all;
    int results[BY_ALL + 1];
};

struct request {
    const char *user;
    const char *address;
};

static const struct request requests[REQUESTS] = {
    {"A", "ip1"}, {"A", "ip1"}, {"A", "ip1"}, {"A", "ip1"}, {"B", "ip1"}, {"B", "ip1"},
    {"B", "ip1"}, {"B", "ip1"}, {"C", "ip2"}, {"C", "ip2"}, {"C", "ip2"}, {"D", "ip2"},
    {"D", "ip2"}, {"D", "ip2"}, {"E", "ip3"}, {"E", "ip3"}};

static struct counter *counter_of(struct counter **table, const char *key)
{
    struct counter *counter;
    HASH_FIND_STR(*table, key, counter);
    if (counter == NULL) {
        counter = demo_must(calloc(1, sizeof *counter));
        counter->key = key;
        HASH_ADD_KEYPTR(hh, *table, counter->key, strlen(counter->key), counter);
    }
    return counter;
}

static void clear(struct counter **table)
{
    struct counter *counter;
    struct counter *next;
    HASH_ITER(hh, *table, counter, next)
    {
        HASH_DEL(*table, counter);
        free(counter);
    }
}

/* Looks at all layers first, then counts in all. */
static enum layer admit(struct limiter *limiter, const struct request *request)
{
    WEFT_HOLD(&limiter->lock);
    struct counter *user = counter_of(&limiter->users, request->user);
    struct counter *address = counter_of(&limiter->addresses, request->address);
    enum layer result = user->used >= USER_LIMIT         ? BY_USER
                        : address->used >= ADDRESS_LIMIT ? BY_ADDRESS
                        : limiter->all >= ALL_LIMIT      ? BY_ALL
                                                         : PASSED;
    limiter->results[result]++;
    if (result == PASSED) {
        user->used++;
        address->used++;
        limiter->all++;
    }
    return result;
}

/* Counts in each layer as it passes it, and forgets to take that back. */
static enum layer admit_layer_by_layer(struct limiter *limiter, const struct request *request)
{
    WEFT_HOLD(&limiter->lock);
    struct counter *user = counter_of(&limiter->users, request->user);
    struct counter *address = counter_of(&limiter->addresses, request->address);
    enum layer result = PASSED;
    if (user->used >= USER_LIMIT)
        result = BY_USER;
    else if (user->used++, address->used >= ADDRESS_LIMIT)
        result = BY_ADDRESS;
    else if (address->used++, limiter->all >= ALL_LIMIT)
        result = BY_ALL;
    else
        limiter->all++;
    limiter->results[result]++;
    return result;
}

static void run(struct limiter *limiter,
                enum layer (*method)(struct limiter *, const struct request *))
{
    static const char *const words[] = {"passes", "refused: user", "refused: address",
                                        "refused: all"};
    for (int i = 0; i < REQUESTS; i++) {
        demo_line("    %s from %s  %s", requests[i].user, requests[i].address,
                  words[method(limiter, &requests[i])]);
        demo_sleep(0.05);
    }
}

static void all_or_none(void)
{
    demo_part("Counted in all layers or in none");
    struct limiter limiter = {.all = 0};
    run(&limiter, admit);
    const int *results = limiter.results;
    CHECK(results[PASSED] == 10, "ten pass");
    CHECK(results[BY_USER] == 1 && results[BY_ADDRESS] == 3 && results[BY_ALL] == 2,
          "refused: one by the user layer, three by the address layer, two by all");
    CHECK(counter_of(&limiter.users, "B")->used == 2, "user B has used two of its three");
    clear(&limiter.users);
    clear(&limiter.addresses);
}

static void layer_by_layer(void)
{
    demo_part("Counted layer by layer, nothing taken back");
    struct limiter limiter = {.all = 0};
    run(&limiter, admit_layer_by_layer);
    CHECK(counter_of(&limiter.users, "B")->used == 3 && limiter.results[BY_USER] == 2,
          "B has used all three, though two passed: its fourth is called its own fault");
    clear(&limiter.users);
    clear(&limiter.addresses);
}

/* ---- threads ---- */

static struct limiter shared;
static demo_rendezvous together = DEMO_RENDEZVOUS_INIT(THREADS);

static void *send_two(void *first)
{
    const struct request *mine = first;
    demo_rendezvous_meet(&together);
    admit(&shared, &mine[0]);
    admit(&shared, &mine[1]);
    return NULL;
}

static void threads_send(void)
{
    demo_part("The same sixteen, eight threads at once");
    weft_thread *threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        threads[i] = demo_spawn(send_two, (void *)&requests[2 * i], "thread-%zu", i);
    demo_join_all(THREADS, threads);
    int by_user = 0;
    bool within = true;
    struct counter *counter;
    for (counter = shared.users; counter != NULL; counter = counter->hh.next) {
        by_user += counter->used;
        within = within && counter->used <= USER_LIMIT;
    }
    for (counter = shared.addresses; counter != NULL; counter = counter->hh.next)
        within = within && counter->used <= ADDRESS_LIMIT;
    demo_say("%d passed", shared.results[PASSED]);
    CHECK(within && shared.all <= ALL_LIMIT, "no counter is above its limit");
    CHECK(by_user == shared.results[PASSED] && shared.all == by_user,
          "each request that passed is counted in all layers, no other in any");
    clear(&shared.users);
    clear(&shared.addresses);
}

int main(void)
{
    demo_begin("Three limits for each request: user, address, all together");
    all_or_none();
    layer_by_layer();
    threads_send();
    return demo_end();
}
