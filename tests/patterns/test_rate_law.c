/* SPDX-License-Identifier: MIT */
/*
 * What each limiter promises of every sequence: random requests at random moments, and then each
 * interval between two of those that passed is looked at. The same sequence is not refused more than
 * it must be: whoever is told a delay passes then, and not a nanosecond earlier.
 */
#include "test.h"

#include "patterns/rate.h"

enum { REQUESTS = 400, ROUNDS = 60 };

static int64_t times[64];

struct history {
    int64_t at[REQUESTS];
    int count;
};

/* So many who have passed before `end`, from `first` on. */
static int between(const struct history *history, int first, int64_t end)
{
    int count = 0;
    for (int i = first; i < history->count && history->at[i] < end; i++)
        count++;
    return count;
}

static void obeys(const struct wefti_rate *rate, const struct history *history)
{
    for (int i = 0; i < history->count; i++) {
        int64_t at = history->at[i];
        switch (rate->algorithm) {
        case WEFT_FIXED_WINDOW:
            assert_true(between(history, i, at - at % rate->period + rate->period) <= rate->limit);
            break;
        case WEFT_SLIDING_WINDOW:
            assert_true(between(history, i, at + rate->period) <= rate->limit);
            break;
        case WEFT_TOKEN_BUCKET: /* no interval has more than the burst and what came meanwhile */
            for (int j = i; j < history->count; j++)
                assert_true((j - i + 1 - rate->burst) * rate->period <=
                            (history->at[j] - at) * rate->limit);
            break;
        case WEFT_LEAKY_BUCKET: /* a burst of one, but for the rounding up to whole nanoseconds */
            for (int j = i; j < history->count; j++)
                assert_true((j - i) * rate->period < (history->at[j] - at + 1) * rate->limit);
            break;
        }
    }
}

static void try_a_sequence(weft_rate_algorithm algorithm, uint64_t *random)
{
    struct history history = {.count = 0};
    struct wefti_rate rate = {.algorithm = algorithm,
                              .limit = 1 + (int)(test_random(random) % 20),
                              .period = 1 + test_random(random) % 1000};
    bool bucket = algorithm >= WEFT_TOKEN_BUCKET;
    rate.burst = bucket ? 1 + (int)(test_random(random) % 20) : rate.limit;
    if (algorithm == WEFT_SLIDING_WINDOW)
        rate.of.log.times = times;
    assert_true(wefti_rate_is_valid(&rate));
    int64_t now = test_random(random) % 5000;
    while (history.count < REQUESTS) {
        int n = algorithm == WEFT_LEAKY_BUCKET
                    ? 1
                    : 1 + (int)(test_random(random) % (unsigned)wefti_rate_most(&rate));
        if (history.count + n > REQUESTS)
            break;
        int64_t at = wefti_rate_earliest(&rate, n, now);
        now += test_random(random) % 3 == 0 ? test_random(random) % 300 : 0;
        if (at == WEFTI_RATE_FULL) {
            now++;
            continue;
        }
        if (at > now) /* neither sooner nor later than it was told */
            assert_true(wefti_rate_earliest(&rate, n, at - 1) == at);
        at = wefti_rate_earliest(&rate, n, now);
        if (at == WEFTI_RATE_FULL || (at > now && test_random(random) % 2 == 0))
            continue;
        wefti_rate_take(&rate, n, at);
        for (int i = 0; i < n; i++)
            history.at[history.count++] = at;
    }
    obeys(&rate, &history);
}

static void try_sequences(weft_rate_algorithm algorithm)
{
    uint64_t random = test_stress_random();
    for (int i = 0; i < ROUNDS; i++)
        try_a_sequence(algorithm, &random);
}

TEST(no_window_has_more_than_the_limit)
{
    try_sequences(WEFT_FIXED_WINDOW);
}

TEST(no_period_has_more_than_the_limit)
{
    try_sequences(WEFT_SLIDING_WINDOW);
}

TEST(no_interval_has_more_than_its_tokens)
{
    try_sequences(WEFT_TOKEN_BUCKET);
}

TEST(no_two_are_nearer_than_the_interval)
{
    try_sequences(WEFT_LEAKY_BUCKET);
}

/* Who always comes as soon as possible passes at exactly the rate, after any number of periods. */
TEST(nothing_is_lost_by_rounding)
{
    for (int i = WEFT_FIXED_WINDOW; i <= WEFT_LEAKY_BUCKET; i++) {
        struct wefti_rate rate = {
            .algorithm = (weft_rate_algorithm)i, .limit = 7, .burst = 7, .period = 1000};
        if (i == WEFT_SLIDING_WINDOW)
            rate.of.log.times = times;
        int64_t now = 0;
        for (int k = 0; k < 7 * 1000; k++) {
            now = wefti_rate_earliest(&rate, 1, now);
            wefti_rate_take(&rate, 1, now);
        }
        int64_t first_of_next = i == WEFT_LEAKY_BUCKET ? 1000 * 1000 : 1000 * 1000 - 1000;
        if (i == WEFT_TOKEN_BUCKET)
            first_of_next += 143; /* the whole burst at once, then one each 1000 / 7 */
        assert_int_equal(wefti_rate_earliest(&rate, 1, now),
                         i <= WEFT_SLIDING_WINDOW ? 1000 * 1000 : first_of_next);
    }
}
