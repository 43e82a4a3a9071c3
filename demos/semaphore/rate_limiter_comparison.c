/* SPDX-License-Identifier: MIT */
/**
 * @file rate_limiter_comparison.c
 * @brief Four rate limiters, the same twenty requests
 *
 * Ten requests at 900 to 990 ms, ten at 1000 to 1090 ms; the limit is ten a second, for all four.
 * The fixed window starts anew at 1000 ms, the sliding window does not, the token bucket has got
 * one more token by then, and the leaky bucket takes in what fits, and lets it out 100 ms apart.
 * Which one is right depends on what the limit is for.
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
 */
#include <stdint.h>

#include "demo.h"
#include "demo_limiter.h"

enum { LIMIT = 10, REQUESTS = 2 * LIMIT, SECOND = 1000 };

static demo_fixed_window fixed = {.limit = LIMIT, .length = 1000000000};
static demo_sliding_window sliding = {.limit = LIMIT, .length = 1000000000};
static demo_token_bucket tokens;
static demo_leaky_bucket leaky = {.capacity = LIMIT, .interval = 100000000};

/* Each sets *out, the time at which the request is let out, and returns whether it is. */
static bool by_nobody(int64_t now, int64_t *out)
{
    *out = now;
    return true;
}

static bool by_fixed_window(int64_t now, int64_t *out)
{
    *out = now;
    return demo_fixed_window_admit(&fixed, now);
}

static bool by_sliding_window(int64_t now, int64_t *out)
{
    *out = now;
    return demo_sliding_window_admit(&sliding, now);
}

static bool by_token_bucket(int64_t now, int64_t *out)
{
    *out = now;
    return demo_token_bucket_admit(&tokens, 1, now);
}

static bool by_leaky_bucket(int64_t now, int64_t *out)
{
    return demo_leaky_bucket_admit(&leaky, now, out);
}

static struct method {
    const char *name;
    bool (*admit)(int64_t now, int64_t *out);
    size_t state; /* bytes for each key */
    int64_t out[REQUESTS];
    int admitted;
    int most; /* in any second */
} methods[] = {
    {.name = "none", .admit = by_nobody, .state = 0},
    {.name = "fixed window", .admit = by_fixed_window, .state = sizeof(int64_t) + sizeof(int)},
    {.name = "sliding window", .admit = by_sliding_window, .state = LIMIT * sizeof(int64_t)},
    {.name = "token bucket", .admit = by_token_bucket, .state = 2 * sizeof(int64_t)},
    {.name = "leaky bucket", .admit = by_leaky_bucket, .state = sizeof(int64_t)},
};

static void run(struct method *method)
{
    for (int i = 0; i < REQUESTS; i++) {
        int64_t out;
        if (method->admit(demo_ms(i < LIMIT ? 900 + 10 * i : 1000 + 10 * (i - LIMIT)), &out))
            method->out[method->admitted++] = out;
    }
    for (int first = 0; first < method->admitted; first++) {
        int last = first;
        while (last < method->admitted && method->out[last] - method->out[first] < demo_ms(SECOND))
            last++;
        method->most = last - first > method->most ? last - first : method->most;
    }
    demo_line("    %-16s %8d %8d %12d %8zu", method->name, method->admitted,
              REQUESTS - method->admitted, method->most, method->state);
    demo_sleep(0.5);
}

int main(void)
{
    demo_begin("Four rate limiters, the same twenty requests");
    tokens = demo_token_bucket_full(LIMIT, LIMIT);
    demo_line("    %-16s %8s %8s %12s %8s", "limiter", "let in", "refused", "in a second", "bytes");
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        run(&methods[i]);
    CHECK(methods[0].admitted == 20 && methods[0].most == 20, "without a limiter all twenty pass");
    CHECK(methods[1].admitted == 20 && methods[1].most == 20,
          "fixed window: all twenty, within 190 ms");
    CHECK(methods[2].admitted == 10 && methods[2].most == 10, "sliding window: ten");
    CHECK(methods[3].admitted == 11 && methods[3].out[10] == demo_ms(1000),
          "token bucket: eleven, the eleventh at 1000 ms");
    const struct method *smooth = &methods[4];
    bool even = true;
    for (int i = 1; i < smooth->admitted; i++)
        even = even && smooth->out[i] - smooth->out[i - 1] == demo_ms(100);
    CHECK(even && smooth->most == 10, "leaky bucket: each leaves exactly 100 ms after the last");
    return demo_end();
}
