/* SPDX-License-Identifier: MIT */
/* A pool counts words, and watches until it is asked to stop. */
#include <stdio.h>
#include <string.h>

#include <weft/weft.h>

struct text {
    const char *words;
    size_t count;
};

/* [target] */
static void *count_words(void *arg)
{
    struct text *text = arg;
    if (text->words == NULL)
        return weft_raise(WEFT_USER + 1, "there is no text");
    for (const char *at = text->words; *at != '\0'; at++)
        text->count += *at == ' ';
    text->count++;
    return text;
}
/* [target] */

/* [submit] */
static int count_one(weft_executor *pool)
{
    struct text text = {.words = "warp and weft"};
    void *counted;
    weft_future *future = weft_executor_submit(pool, count_words, &text);
    if (future == NULL)
        return weft_last_status();
    weft_status status = weft_future_result(future, &counted);
    if (status == WEFT_OK)
        printf("%zu words\n", ((struct text *)counted)->count);
    weft_future_free(future);
    return status;
}
/* [submit] */

/* [map] */
static size_t count_all(weft_executor *pool, struct text *texts, size_t count)
{
    size_t sum = 0;
    void *value;
    weft_status status;
    weft_map *map = weft_executor_map(pool, count_words, texts, count, .item_size = sizeof *texts);
    while ((status = weft_map_next(map, &value)) == WEFT_OK)
        sum += ((struct text *)value)->count;
    if (status == WEFT_FAILED)
        printf("after %zu words: %s\n", sum, weft_map_error(map)->message);
    (void)weft_map_join(map); /* no task uses the texts any more */
    weft_map_free(map);
    return sum;
}
/* [map] */

/* [cancel] */
static void *watch(void *arg)
{
    unsigned *looks = arg;
    while (!weft_cancel_requested()) {
        ++*looks;
        if (weft_sleep(1000) == WEFT_INTERRUPTED)
            continue; /* somebody wants something: look what */
    }
    return weft_raise(WEFT_CANCELLED, "asked to end");
}

static weft_status watch_for_a_while(weft_executor *pool)
{
    unsigned looks = 0;
    weft_future *future = weft_executor_submit(pool, watch, &looks);
    if (future == NULL)
        return weft_last_status();
    while (!weft_future_running(future))
        (void)weft_sleep(0.001);
    (void)weft_future_request_cancel(future);
    weft_status status = weft_future_result(future, NULL);
    weft_future_free(future);
    return status;
}
/* [cancel] */

int main(void)
{
    struct text texts[] = {{"one", 0}, {"two three", 0}, {NULL, 0}, {"never counted", 0}};
    size_t sum = 0;
    weft_status counted = WEFT_FAILED;
    weft_status watched = WEFT_FAILED;
    /* [scope] */
    WEFT_WITH_EXECUTOR(pool, 2, .thread_name_prefix = "counter") {
        counted = count_one(pool);
        sum = count_all(pool, texts, 4);
        watched = watch_for_a_while(pool);
    } /* all tasks are done, and the workers have ended */
    /* [scope] */
    return counted == WEFT_OK && sum == 3 && watched == WEFT_CANCELLED ? 0 : 1;
}
