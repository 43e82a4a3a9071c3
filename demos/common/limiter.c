/* SPDX-License-Identifier: MIT */
/**
 * @file
 * @brief Four rate limiters. All is whole nanoseconds: nothing is rounded.
 */
#include "demo_limiter.h"

bool demo_fixed_window_admit(demo_fixed_window *limiter, int64_t now)
{
    WEFT_HOLD(&limiter->lock);
    int64_t window = now / limiter->length;
    if (window > limiter->window) {
        limiter->window = window;
        limiter->used = 0;
    }
    if (limiter->used == limiter->limit)
        return false;
    limiter->used++;
    return true;
}

bool demo_sliding_window_admit(demo_sliding_window *limiter, int64_t now)
{
    WEFT_HOLD(&limiter->lock);
    long count = limiter->admitted;
    if (count > 0 && now < limiter->times[(count - 1) % limiter->limit])
        now = limiter->times[(count - 1) % limiter->limit];
    int64_t *oldest = &limiter->times[count % limiter->limit];
    if (count >= limiter->limit && now - *oldest < limiter->length)
        return false;
    *oldest = now;
    limiter->admitted++;
    return true;
}

demo_token_bucket demo_token_bucket_full(int rate, int capacity)
{
    int64_t interval = 1000000000 / rate;
    return (demo_token_bucket){
        .interval = interval, .capacity = interval * capacity, .level = interval * capacity};
}

static void refill(demo_token_bucket *limiter, int64_t now) WEFT_REQUIRES(limiter->lock)
{
    if (now <= limiter->last)
        return;
    limiter->level += now - limiter->last;
    if (limiter->level > limiter->capacity)
        limiter->level = limiter->capacity;
    limiter->last = now;
}

bool demo_token_bucket_admit(demo_token_bucket *limiter, int tokens, int64_t now)
{
    WEFT_HOLD(&limiter->lock);
    refill(limiter, now);
    if (limiter->level < tokens * limiter->interval)
        return false;
    limiter->level -= tokens * limiter->interval;
    return true;
}

int64_t demo_token_bucket_wait(demo_token_bucket *limiter, int tokens, int64_t now)
{
    WEFT_HOLD(&limiter->lock);
    refill(limiter, now);
    int64_t missing = tokens * limiter->interval - limiter->level;
    return missing > 0 ? missing : 0;
}

bool demo_leaky_bucket_admit(demo_leaky_bucket *limiter, int64_t now, int64_t *departure)
{
    WEFT_HOLD(&limiter->lock);
    int64_t begin = limiter->departure > now ? limiter->departure : now;
    if (begin - now > (limiter->capacity - 1) * limiter->interval)
        return false;
    limiter->departure = begin + limiter->interval;
    *departure = limiter->departure;
    return true;
}
