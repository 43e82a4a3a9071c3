/* SPDX-License-Identifier: MIT */
// NEEDS: header uthash.h
/**
 * @file named_lock_manager.c
 * @brief A manager hands out locks by name, and takes several in one fixed order
 *
 * Who needs several locks names them; the manager sorts the names, leaves out those that come
 * twice, and takes the locks one by one within one deadline. If it cannot get all it gives back
 * those it has. So nobody can take them in a wrong order, and nobody keeps half of them. A lock
 * exists from the first time that its name is used; the registry has a lock of its own, or two
 * threads could make two locks for one name.
 *
 * Source: locks, section 1.4, lines 990-1038.
 *
 * Look for: the transfers name A and B in opposite orders, and take them in the same one.
 *
 * Facts:
 * - both transfers complete, both take A before B and release in the reverse order
 * - when B is held elsewhere, {A, B} within 200 ms times out and leaves A free
 * - {A, A} is taken once
 * - eight threads that ask for one name at once get the same lock
 */
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "demo.h"

enum { MOST = 8, SEEKERS = 8 };

/* ---- the manager ---- */

struct named_lock {
    weft_lock lock;
    UT_hash_handle hh;
    char name[32];
};

static weft_lock registry = WEFT_LOCK_INIT;
static struct named_lock *by_name; /* guarded by registry */
static int made;                   /* guarded by registry */

/* The locks that a thread has taken together, in that order. */
struct lock_set {
    struct named_lock *locks[MOST];
    size_t count;
};

static struct named_lock *get_lock(const char *name)
{
    WEFT_HOLD(&registry);
    struct named_lock *named;
    HASH_FIND_STR(by_name, name, named);
    if (named == NULL) {
        named = demo_must(calloc(1, sizeof *named));
        strncpy(named->name, name, sizeof named->name - 1);
        HASH_ADD_STR(by_name, name, named);
        made++;
    }
    return named;
}

static void free_locks(void)
{
    WEFT_HOLD(&registry);
    struct named_lock *named = by_name;
    HASH_CLEAR(hh, by_name);
    while (named != NULL) {
        struct named_lock *next = named->hh.next;
        free(named);
        named = next;
    }
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void release_all(struct lock_set *set) WEFT_NO_ANALYSIS
{
    while (set->count > 0) {
        struct named_lock *named = set->locks[--set->count];
        demo_say("releases %s", named->name);
        weft_lock_release(&named->lock);
    }
}

/* Takes all or none. One deadline for all: the whole takes `seconds`, not each lock. */
static weft_status acquire_all(struct lock_set *set, const char **names, size_t count,
                               double seconds) WEFT_NO_ANALYSIS
{
    double deadline = weft_now() + demo_seconds(seconds);
    qsort(names, count, sizeof *names, compare_names);
    set->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(names[i], names[i - 1]) == 0)
            continue;
        struct named_lock *named = get_lock(names[i]);
        weft_status status = weft_lock_acquire_until(&named->lock, deadline);
        if (status != WEFT_OK) {
            demo_say("cannot get %s: %s", named->name, weft_strerror(status));
            release_all(set);
            return status;
        }
        demo_say("takes %s", named->name);
        set->locks[set->count++] = named;
    }
    return WEFT_OK;
}

/* ---- its use ---- */

struct transfer {
    const char *from;
    const char *to;
    int amount;
    bool done;
};

static void *transfer(void *arg)
{
    struct transfer *order = arg;
    struct lock_set set;
    if (acquire_all(&set, (const char *[]){order->from, order->to}, 2, WEFT_FOREVER) == WEFT_OK) {
        demo_say("transfers %d from %s to %s", order->amount, order->from, order->to);
        order->done = true;
        release_all(&set);
    }
    return arg;
}

/* Holds B until `over`, which somebody else holds, is released. */
static void *hold_b(void *arg)
{
    weft_lock *over = arg;
    WEFT_WITH(&get_lock("B")->lock) {
        demo_say("holds B");
        WEFT_WITH(over) {
            demo_say("lets B go");
        }
    }
    return arg;
}

static demo_rendezvous all_here = DEMO_RENDEZVOUS_INIT(SEEKERS);

static void *seek(void *arg)
{
    demo_rendezvous_meet(&all_here);
    struct named_lock **found = arg;
    *found = get_lock("new");
    return arg;
}

static void join(weft_thread *thread)
{
    weft_thread_join(thread);
    weft_thread_free(thread);
}

static void transfer_both_ways(void)
{
    demo_part("Two transfers that name their accounts in opposite orders");
    struct transfer there = {"A", "B", 100, false};
    struct transfer back = {"B", "A", 50, false};
    weft_thread *one = demo_must(weft_thread_spawn(transfer, &there, .name = "clerk-1"));
    weft_thread *two = demo_must(weft_thread_spawn(transfer, &back, .name = "clerk-2"));
    join(one);
    join(two);
    CHECK(there.done && back.done, "both transfers are complete: no deadlock");
    CHECK(demo_in_order("clerk-1 takes A", "clerk-1 takes B", "clerk-1 transfers*",
                        "clerk-1 releases B", "clerk-1 releases A"),
          "clerk-1 takes A before B and releases in the reverse order");
    CHECK(demo_in_order("clerk-2 takes A", "clerk-2 takes B", "clerk-2 transfers*",
                        "clerk-2 releases B", "clerk-2 releases A"),
          "clerk-2, who named B first, does the same");
}

static void find_b_held(void)
{
    demo_part("B is held elsewhere");
    weft_lock over = WEFT_LOCK_INIT;
    weft_thread *holder = NULL;
    WEFT_WITH(&over) {
        holder = demo_must(weft_thread_spawn(hold_b, &over, .name = "holder"));
        DEMO_AWAIT(weft_lock_waiters(&over) == 1);
        double start = demo_now();
        struct lock_set set;
        weft_status status = acquire_all(&set, (const char *[]){"A", "B"}, 2, 0.2);
        CHECK(status == WEFT_TIMEOUT && demo_at_least(demo_now() - start, 0.2),
              "A and B within 200 ms: timed out");
        CHECK(!weft_lock_locked(&get_lock("A")->lock), "A is not kept after the time-out");
    }
    join(holder);
}

static void name_one_twice(void)
{
    demo_part("One name twice");
    struct lock_set set;
    weft_status status = acquire_all(&set, (const char *[]){"A", "A"}, 2, WEFT_FOREVER);
    CHECK(status == WEFT_OK && set.count == 1, "A and A: taken once");
    release_all(&set);
}

static void seek_together(void)
{
    demo_part("A new name, eight times at once");
    struct named_lock *found[SEEKERS];
    weft_thread *seekers[SEEKERS];
    for (int i = 0; i < SEEKERS; i++)
        seekers[i] =
            demo_must(weft_thread_spawn(seek, &found[i], .name = demo_name("seeker-%d", i + 1)));
    for (int i = 0; i < SEEKERS; i++)
        join(seekers[i]);
    bool same = true;
    for (int i = 1; i < SEEKERS; i++)
        same = same && found[i] == found[0];
    demo_say("%d locks exist: A, B and the new one", made);
    CHECK(same && made == 3, "eight threads get one and the same lock");
}

int main(void)
{
    demo_begin("A manager hands out locks by name, and takes several in one fixed order");
    transfer_both_ways();
    find_b_held();
    name_one_twice();
    seek_together();
    free_locks();
    return demo_end();
}
