/* SPDX-License-Identifier: MIT */
/*
 * Three suppliers are asked for a price, each by a thread of its own; one has none. The answers are
 * shown as they come, the cheapest is found when all are there, and nobody waits longer than he must.
 */
#include <stdio.h>
#include <stdlib.h>
#include <weft/weft.h>

enum { SUPPLIERS = 3, NO_PRICE = WEFT_USER + 1 };

struct offer {
    const char *supplier;
    int price; /* 0: it does not sell that */
};

static struct offer offers[SUPPLIERS] = {{"north", 17}, {"south", 0}, {"west", 12}};

/* ---- the side that has the answer ------------------------------------------------------------- */

/* A future and what is asked for; the future's maker and its completer have a reference each. */
struct question {
    weft_future *answer;
    const struct offer *offer;
};

static void *ask(void *arg)
{
    struct question *question = arg;
    if (weft_future_set_running_or_notify_cancel(question->answer) == WEFT_OK) {
        if (question->offer->price == 0)
            weft_future_set_error(question->answer, NO_PRICE, "%s has none",
                                  question->offer->supplier);
        else
            weft_future_set_result(question->answer, (void *)question->offer);
    }
    weft_future_free(question->answer);
    return NULL;
}

/* ---- the side that waits for it --------------------------------------------------------------- */

/* Runs when all are done, however they ended, in the thread that completes the last one. */
static void *find_cheapest(weft_future *all, void *answers)
{
    weft_future *const *answer = answers;
    const struct offer *cheapest = NULL;
    (void)all;
    for (int i = 0; i < SUPPLIERS; i++) {
        const struct offer *offer = weft_future_value(answer[i]);
        if (offer != NULL && (cheapest == NULL || offer->price < cheapest->price))
            cheapest = offer;
    }
    return cheapest != NULL ? (void *)cheapest : weft_raise_text(NO_PRICE, "nobody sells it");
}

int main(void)
{
    weft_future *answers[SUPPLIERS];
    struct question questions[SUPPLIERS];
    weft_thread *threads[SUPPLIERS];
    for (int i = 0; i < SUPPLIERS; i++) {
        answers[i] = weft_future_new();
        if (answers[i] == NULL)
            return EXIT_FAILURE;
        questions[i] = (struct question){weft_future_ref(answers[i]), &offers[i]};
    }

    weft_future *all = weft_when_all(SUPPLIERS, answers);
    weft_future *cheapest = weft_future_then(all, .always = find_cheapest, .arg = answers);

    for (int i = 0; i < SUPPLIERS; i++)
        threads[i] = weft_thread_spawn(ask, &questions[i]);

    weft_future *answer;
    weft_status status;
    int shown = 0;
    WEFT_AS_COMPLETED(answer, SUPPLIERS, answers, 5.0, status) {
        const struct offer *offer = weft_future_value(answer);
        if (offer != NULL)
            printf("%s: %d\n", offer->supplier, offer->price);
        else
            printf("%s\n", weft_future_error(answer)->message);
        shown++;
    }
    if (status != WEFT_OK)
        printf("and then: %s\n", weft_strerror(status));

    void *best = NULL;
    status = weft_future_result_for(cheapest, &best, 5.0);
    if (status == WEFT_OK)
        printf("the cheapest is %s\n", ((const struct offer *)best)->supplier);

    for (int i = 0; i < SUPPLIERS; i++) {
        weft_thread_join(threads[i]);
        weft_thread_free(threads[i]);
        weft_future_free(answers[i]);
    }
    weft_future_free(all);
    weft_future_free(cheapest);
    return status == WEFT_OK && shown == SUPPLIERS && best == &offers[2] ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
