/* SPDX-License-Identifier: MIT */
/**
 * @file distributed_rate_limiter.c
 * @brief One limit for four machines: a central counter, quotas, leases
 *
 * Four nodes, four processes here, share a limit of 100 requests in a window. One gets 110
 * requests, the others 8 each. If each keeps a limit of 100 for itself, 124 pass. A central
 * counter is exact, and is asked 134 times. A quota of 25 each needs no counter, and wastes what
 * the idle ones do not use. A lease is between the two: a node fetches ten at a time, and
 * remembers when there are no more. If the counter is down, nodes fall back to their quota.
 *
 * Source: locks, section 4.4.
 *
 * Look for: the questions to the counter, 134 of them or at most 14.
 *
 * Facts:
 * - without coordination 124 pass, with a central counter exactly 100
 * - with quotas 49: 25 and three times 8
 * - with leases 94 to 100, never more, and the counter is asked at most 14 times
 * - while the counter is down 49 pass, and when it is back exactly 100 again
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demo.h"

enum { NODES = 4, LIMIT = 100, QUOTA = LIMIT / NODES, LEASE = 10 };

static const int demands[NODES] = {110, 8, 8, 8};

/* In memory that all processes share: weft's objects are for one process, atomics are for all. */
static struct central {
    atomic_bool down;
    atomic_int left;
    atomic_int asked;
    atomic_int admitted;
} * central;

/* Asks for so many; gets as many as there are; -1: the counter does not answer. */
static int ask_central(int want)
{
    if (central->down)
        return -1;
    central->asked++;
    int left = central->left;
    int got;
    do
        got = left < want ? left : want;
    while (!atomic_compare_exchange_weak(&central->left, &left, left - got));
    return got;
}

static int node_alone(int demand)
{
    return demand < LIMIT ? demand : LIMIT; /* it does not know of the others */
}

static int node_with_quota(int demand)
{
    return demand < QUOTA ? demand : QUOTA;
}

static int node_with_counter(int demand)
{
    int admitted = 0;
    for (int i = 0; i < demand; i++) {
        int got = ask_central(1);
        if (got < 0)
            return node_with_quota(demand);
        admitted += got;
    }
    return admitted;
}

static int node_with_leases(int demand)
{
    int admitted = 0;
    int leased = 0;
    bool no_more = false; /* until the window ends */
    for (int i = 0; i < demand; i++) {
        if (leased == 0 && !no_more) {
            leased = ask_central(LEASE);
            no_more = leased == 0;
        }
        if (leased > 0) {
            leased--;
            admitted++;
        }
    }
    return admitted;
}

/* Runs all nodes at once in a new window; how many requests passed, or -1 if a node failed. */
static int window(const char *what, int (*node)(int demand))
{
    pid_t pids[NODES];
    bool failed = false;
    central->left = LIMIT;
    central->asked = 0;
    central->admitted = 0;
    for (int i = 0; i < NODES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            central->admitted += node(demands[i]);
            _exit(0);
        }
    }
    for (int i = 0; i < NODES; i++) {
        int status = -1;
        while (pids[i] > 0 && waitpid(pids[i], &status, 0) < 0 && errno == EINTR) {
        }
        failed = failed || status != 0;
    }
    demo_line("    %-22s %7d of 134 %15d times", what, central->admitted, central->asked);
    demo_sleep(0.5);
    return failed ? -1 : central->admitted;
}

int main(void)
{
    demo_begin("One limit for four machines: a central counter, quotas, leases");
    void *shared =
        mmap(NULL, sizeof *central, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return demo_skip("no memory that processes can share");
    central = shared;

    demo_part("Four nodes, 110, 8, 8 and 8 requests, a limit of 100");
    demo_line("    %-22s %14s %21s", "", "pass", "the counter was asked");
    CHECK(window("each for itself", node_alone) == 124, "each for itself: 124, above the limit");
    CHECK(window("central counter", node_with_counter) == LIMIT && central->asked == 134,
          "central counter: exactly 100, and it was asked for each of the 134");
    CHECK(window("quota of 25 each", node_with_quota) == 49,
          "quotas: 49, for what the idle nodes do not use is wasted");
    int admitted = window("leases of ten", node_with_leases);
    CHECK(admitted >= 94 && admitted <= LIMIT, "leases: 94 to 100, never more");
    CHECK(central->asked <= 14, "and the counter was asked at most 14 times");

    demo_part("The counter is down, and comes back");
    central->down = true;
    CHECK(window("central counter, down", node_with_counter) == 49,
          "while it is down each node keeps its quota: 49");
    central->down = false;
    CHECK(window("central counter, back", node_with_counter) == LIMIT,
          "when it is back exactly 100 pass again");
    munmap(shared, sizeof *central);
    return demo_end();
}
