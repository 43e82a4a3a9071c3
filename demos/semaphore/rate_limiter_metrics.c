/* SPDX-License-Identifier: MIT */
/**
 * @file rate_limiter_metrics.c
 * @brief What a limit does for those that it lets in
 *
 * A server takes 0.05 s for an answer, as long as it works on four requests at most; each one more
 * makes all of them slower. Twenty clients send ten requests each, all at the same moments.
 * Without a limit everybody is served, slowly; with a limit of four, most are turned away, and
 * those who are not have their answer as fast as the server can. An alarm tells when more than 30
 * % are turned away: the limit protects, but somebody should look.
 *
 * Source: locks, section 4.4.
 *
 * Look for: p95, what 95 of 100 answers take at most, in both tables.
 *
 * Facts:
 * - all requests are accounted for: 200 are those that were let in and those that were turned away
 * - without a limit the answers take five times as long, p50 and p95
 * - with it at most four are worked on at once, and p95 is what the server takes at its best
 * - the alarm is rung once, and not without a limit
 */
#include <stdlib.h>
#include <sys/resource.h>

#include "demo.h"
#include "demo_thread.h"

enum { CLIENTS = 20, ROUNDS = 10, REQUESTS = CLIENTS * ROUNDS, AT_BEST = 4 };
#define ANSWER 0.05

static weft_semaphore permits = WEFT_SEMAPHORE_INIT(AT_BEST);
static demo_rendezvous all_clients = DEMO_RENDEZVOUS_INIT(CLIENTS);
static bool limited;
static demo_crowd server;

static struct metrics {
    weft_lock lock; /* guards the rest */
    double answers[REQUESTS];
    int admitted;
    int limited;
    int alarms;
} metrics;

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double percentile(int percent)
{
    return metrics.answers[(metrics.admitted - 1) * percent / 100];
}

static void count_refusal(void)
{
    WEFT_HOLD(&metrics.lock);
    metrics.limited++;
    int total = metrics.limited + metrics.admitted;
    if (metrics.alarms == 0 && total >= CLIENTS && metrics.limited * 100 > 30 * total) {
        metrics.alarms++;
        demo_say("ALARM: %d of %d turned away", metrics.limited, total);
    }
}

static void count_answer(double seconds)
{
    WEFT_HOLD(&metrics.lock);
    metrics.answers[metrics.admitted++] = seconds;
}

/* One request of each client at the same moment: all are in before anybody is answered. */
static void round_of_requests(void)
{
    bool admitted = !limited || weft_semaphore_try_acquire(&permits) == WEFT_OK;
    if (admitted)
        demo_crowd_enter(&server);
    demo_rendezvous_meet(&all_clients);
    int at_once = server.inside;
    demo_rendezvous_meet(&all_clients);
    if (!admitted) {
        count_refusal();
        return;
    }
    double seconds = at_once > AT_BEST ? ANSWER * at_once / AT_BEST : ANSWER;
    demo_sleep(seconds);
    count_answer(seconds);
    demo_crowd_leave(&server);
    if (limited)
        weft_semaphore_release(&permits);
}

static void *client(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        round_of_requests();
        demo_rendezvous_meet(&all_clients);
    }
    return arg;
}

static void run(bool with_limit)
{
    weft_thread *clients[CLIENTS];
    limited = with_limit;
    server = (demo_crowd){.inside = 0};
    metrics = (struct metrics){.admitted = 0};
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = demo_spawn(client, NULL, "client-%02d", i);
    demo_join_all(CLIENTS, clients);
    qsort(metrics.answers, (size_t)metrics.admitted, sizeof *metrics.answers, compare);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    demo_line("    let in %3d, turned away %3d, at most %2d at once", metrics.admitted,
              metrics.limited, server.peak);
    demo_line("    answers: p50 %.3f s, p95 %.3f s, p99 %.3f s", percentile(50), percentile(95),
              percentile(99));
    demo_line("    processor time of this program so far: %ld ms",
              (long)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                  (long)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000);
}

int main(void)
{
    demo_begin("What a limit does for those that it lets in");

    demo_part("Without a limit");
    run(false);
    double slow50 = percentile(50);
    double slow95 = percentile(95);
    CHECK(metrics.admitted == REQUESTS && metrics.limited == 0 && server.peak == CLIENTS,
          "all 200 are let in, twenty at once");
    CHECK(metrics.alarms == 0, "no alarm");

    demo_part("At most four at once");
    run(true);
    CHECK(metrics.admitted + metrics.limited == REQUESTS && metrics.admitted == AT_BEST * ROUNDS,
          "200 requests: 40 let in, 160 turned away");
    CHECK(server.peak == AT_BEST, "at most four are worked on at once");
    double best = 1.001 * ANSWER; /* seconds are rounded */
    CHECK(percentile(95) <= best && slow95 >= 4.9 * best && slow50 >= 4.9 * best,
          "p95 is the server at its best; without the limit it was five times that");
    CHECK(metrics.alarms == 1, "more than 30 %% are turned away: the alarm is rung, once");
    return demo_end();
}
