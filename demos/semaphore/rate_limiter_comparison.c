/* SPDX-License-Identifier: MIT */
// NEEDS: weft::patterns
/**
 * @file rate_limiter_comparison.c
 * @brief Four rate limiters, the same twenty requests
 *
 * Ten requests at 900 to 990 ms, ten at 1000 to 1090 ms; the limit is ten a second, for all four.
 * The fixed window starts anew at 1000 ms, the sliding window does not, the token bucket has got
 * one more token by then, and the leaky bucket takes in what fits, and lets it out 100 ms apart:
 * there the time at which a request is let out is when its service begins. Which one is right
 * depends on what the limit is for.
 *
 * Source: locks, section 4.4.
 *
 * Look for: the last column but one. Only two of them keep what "ten a second" promises.
 *
 * Facts:
 * - without a limiter all twenty are let out, within 190 ms
 * - fixed window: 20 pass; sliding window: 10; token bucket: 11, the eleventh at 1000 ms
 * - leaky bucket: what is taken in leaves exactly 100 ms apart
 * - the most in any second: 20, 10, 11, 10
 * - the sliding window takes more memory than each of the others
 */
#include <stdlib.h>

#include <weft/patterns/rate_limiter.h>

#include "demo.h"
#include "demo_clock.h"

enum { LIMIT = 10, REQUESTS = 2 * LIMIT, SECOND = 1000, GAP = SECOND / LIMIT };

static demo_clock now;

static struct method {
    const char *name;
    weft_rate_algorithm algorithm;
    size_t bytes;
    int out[REQUESTS]; /* when each that was admitted is let out, in ms */
    int admitted;
    int most; /* in any second */
} none = {.name = "none"}, methods[] = {
                               {.name = "fixed window", .algorithm = WEFT_FIXED_WINDOW},
                               {.name = "sliding window", .algorithm = WEFT_SLIDING_WINDOW},
                               {.name = "token bucket", .algorithm = WEFT_TOKEN_BUCKET},
                               {.name = "leaky bucket", .algorithm = WEFT_LEAKY_BUCKET},
};

/* ---- what a limiter takes: weft gets its memory here ---- */

static void *allocate(size_t size, void *bytes)
{
    *(size_t *)bytes += size;
    return malloc(size);
}

static void release(void *memory, void *bytes)
{
    (void)bytes;
    free(memory);
}

static weft_rate_limiter *ten_a_second(struct method *method)
{
    weft_set_allocator(&(weft_allocator){allocate, release, &method->bytes});
    return demo_must(
        weft_rate_limiter_new(method->algorithm, LIMIT, .now = demo_clock_seconds, .arg = &now));
}

/* ---- the twenty requests ---- */

/* Whether a request that comes now is let out, at once or, from a leaky bucket, in its turn. */
static bool admits(weft_rate_limiter *limiter, struct method *method)
{
    double wait = 0;
    if (limiter != NULL &&
        weft_rate_limiter_reserve(limiter, 1,
                                  method->algorithm == WEFT_LEAKY_BUCKET ? WEFT_FOREVER : 0,
                                  &wait) != WEFT_OK)
        return false;
    method->out[method->admitted++] = now.ms + (int)(wait * 1000 + 0.5);
    return true;
}

static int most_in_a_second(const struct method *method)
{
    int most = 0;
    for (int first = 0; first < method->admitted; first++) {
        int last = first;
        while (last < method->admitted && method->out[last] - method->out[first] < SECOND)
            last++;
        most = last - first > most ? last - first : most;
    }
    return most;
}

static void run(struct method *method, weft_rate_limiter *limiter)
{
    for (int i = 0; i < REQUESTS; i++) {
        now.ms = i < LIMIT ? 900 + 10 * i : 1000 + 10 * (i - LIMIT);
        (void)admits(limiter, method);
    }
    weft_rate_limiter_free(limiter);
    method->most = most_in_a_second(method);
    demo_line("    %-16s %8d %8d %12d %8zu", method->name, method->admitted,
              REQUESTS - method->admitted, method->most, method->bytes);
    demo_sleep(0.5);
}

int main(void)
{
    demo_begin("Four rate limiters, the same twenty requests");
    demo_line("    %-16s %8s %8s %12s %8s", "limiter", "let in", "refused", "in a second", "bytes");
    run(&none, NULL);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        run(&methods[i], ten_a_second(&methods[i]));
    const struct method *fixed = &methods[WEFT_FIXED_WINDOW];
    const struct method *sliding = &methods[WEFT_SLIDING_WINDOW];
    const struct method *token = &methods[WEFT_TOKEN_BUCKET];
    const struct method *leaky = &methods[WEFT_LEAKY_BUCKET];
    CHECK(none.admitted == 20 && none.most == 20, "without a limiter all twenty pass");
    CHECK(fixed->admitted == 20 && fixed->most == 20, "fixed window: all twenty, within 190 ms");
    CHECK(sliding->admitted == 10 && sliding->most == 10, "sliding window: ten");
    CHECK(token->admitted == 11 && token->out[10] == 1000 && token->most == 11,
          "token bucket: eleven, the eleventh at 1000 ms");
    bool even = leaky->admitted > LIMIT;
    for (int i = 1; i < leaky->admitted; i++)
        even = even && leaky->out[i] - leaky->out[i - 1] == GAP;
    CHECK(even && leaky->most == 10, "leaky bucket: each is let out exactly 100 ms after the last");
    CHECK(sliding->bytes > fixed->bytes && sliding->bytes > token->bytes &&
              sliding->bytes > leaky->bytes,
          "the sliding window takes most memory: it remembers ten times");
    return demo_end();
}
