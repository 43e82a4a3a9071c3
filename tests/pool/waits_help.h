/* SPDX-License-Identifier: MIT */
/*
 * Every way in which a task waits for futures without a deadline.
 */
#ifndef TESTS_POOL_WAITS_HELP_H
#define TESTS_POOL_WAITS_HELP_H

#include "test.h"

enum way {
    RESULT,
    EXCEPTION,
    ALL_COMPLETED,
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    AS_COMPLETED,
    WAYS,
};

static inline weft_status walk_all(size_t count, weft_future **futures)
{
    weft_future *future;
    weft_status status;
    size_t came = 0;
    WEFT_AS_COMPLETED(future, count, futures, WEFT_FOREVER, status)
        came++;
    WITNESS(status != WEFT_OK || came == count);
    return status;
}

/* For several; a result is asked of what is composed of them all. */
static inline weft_status wait_in(enum way way, size_t count, weft_future **futures)
{
    static const weft_return_when when[] = {[ALL_COMPLETED] = WEFT_ALL_COMPLETED,
                                            [FIRST_COMPLETED] = WEFT_FIRST_COMPLETED,
                                            [FIRST_EXCEPTION] = WEFT_FIRST_EXCEPTION};
    weft_status status;
    weft_future *all;
    switch (way) {
    case RESULT:
    case EXCEPTION:
        all = weft_when_all(count, futures);
        status = way == RESULT ? weft_future_result(all, NULL) : weft_future_exception(all, NULL);
        weft_future_free(all);
        return status;
    case AS_COMPLETED:
        return walk_all(count, futures);
    default:
        return weft_wait_futures(count, futures, when[way], NULL, WEFT_FOREVER);
    }
}

#endif
