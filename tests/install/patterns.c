/* SPDX-License-Identifier: MIT */
/* A program that uses weft::patterns as it finds it installed. */
#include <stdio.h>

#include <weft/patterns/patterns.h>

static void *make(void *arg)
{
    return arg;
}

int main(void)
{
    int thing = 0;
    weft_loan loan = {0};
    weft_rate_limiter *limiter = weft_rate_limiter_new(WEFT_TOKEN_BUCKET, 1, .period = 1000);
    weft_resource_pool *pool = weft_resource_pool_new(1, .create = make, .arg = &thing);
    int as_promised =
        limiter != NULL && pool != NULL && weft_rate_limiter_try_acquire(limiter) == WEFT_OK &&
        weft_rate_limiter_try_acquire(limiter) == WEFT_TIMEOUT &&
        weft_resource_pool_borrow(pool, &loan) == WEFT_OK && loan.resource == &thing &&
        weft_resource_pool_give_back(pool, &loan) == WEFT_OK;
    weft_rate_limiter_free(limiter);
    weft_resource_pool_free(pool);
    printf("weft::patterns: %s\n", as_promised ? "ok" : "wrong");
    return as_promised ? 0 : 1;
}
