/* SPDX-License-Identifier: MIT */
/*
 * A wait that never ends is found when it begins. For that the waits of all tasks are entered, as
 * reasons (need.h), in `waits_for` of their futures. Before it no task is stuck; so if any is stuck
 * with it, so is the one that is about to wait, and only that is to be asked. What a wait needs does not
 * grow. It shrinks, without an end, if it is for a failure; then it is asked again.
 *
 *   a future                                        ends, if
 *   done, or completed by the program               always
 *   of a task that has not begun, or waits not      always, as far as is known
 *   of a task that waits                            each of its reasons ends
 *   composed of others, and not handed over         all of its sources end; when_any: one does
 *   of a task that was lost in a fork               never
 *
 * What is in question already does not end by itself: a circle needs a way out of it. The search goes
 * down to the leaves and comes back with what it has found, once to each need. One that was in question
 * when another was answered may be found to end later; so, if anything was found to end and the question
 * itself was not, it is asked anew, with what is known. It needs no stack, for needs are linked by `up`.
 *
 * All of it happens under the hooks' lock and the registry's: a reason that is entered, with what it
 * needs, is there, and so is a source that has a hook.
 */
#include "pool/circle.h"

#include "pool/compose.h"
#include "pool/state.h"
#include "pool/task.h"
#include "primitives/self.h"

static uint64_t searches; /* guarded by the hooks' lock */

uint64_t wefti_need_search(void)
{
    return ++searches;
}

/* ---- the search ---------------------------------------------------------------------------- */

enum answer { STUCK, ENDS, OPEN /* ask what it needs first */ };

struct question {
    uint64_t first;  /* the number of the first search for an answer, */
    uint64_t number; /* and of this one */
    bool found;      /* it has found one that ends */
};

static enum answer ask_need(struct question *question, struct wefti_need *need,
                            struct wefti_need **open)
{
    if (need->search >= question->first && need->ends)
        return ENDS;
    if (need->search == question->number) /* answered, or in question */
        return STUCK;
    need->search = question->number;
    need->ends = false;
    need->at = need->ended;
    *open = need;
    return OPEN;
}

static enum answer ask_future(struct question *question, struct weft_future *future,
                              struct wefti_need **open)
{
    uint32_t word = wefti_future_word(future);
    if (wefti_phase_of(word) == WEFT_TASK_RUNNING) {
        if (wefti_task_is_lost(future))
            return STUCK;
        if (future->waits_for != NULL)
            return ask_need(question, &future->waits_for->need, open);
    } else if (wefti_phase_of(word) == WEFT_TASK_PENDING && future->composed &&
               (word & WEFTI_TASK_QUEUED) == 0) {
        return ask_need(question, wefti_composition_need(future), open);
    }
    return ENDS;
}

/* Of its sources: whether all end, or one does. */
static enum answer ask_sources(struct question *question, struct wefti_need *need,
                               struct wefti_need **open)
{
    for (; need->at < need->count; need->at++) {
        struct weft_future *future = wefti_need_source(need, need->at);
        enum answer answer = STUCK;
        if (future != NULL)
            answer = ask_future(question, future, open);
        else if (need->composed || !need->any) /* the composition is about to take its step */
            answer = ENDS;
        if (answer == OPEN || (answer == ENDS) == need->any)
            return answer;
        need->ended += need->at == need->ended && (future == NULL || wefti_future_is_done(future));
    }
    return need->any ? STUCK : ENDS;
}

/* It is about to leave the wait, or to be told that it never ends. */
static bool goes_on(const struct wefti_reason *reason)
{
    /* Acquire: pairs with the release of who makes it ready. */
    return (reason->ready != NULL && wefti_load(reason->ready, ACQUIRE) != 0) ||
           wefti_load(&reason->shrunk, RELAXED) != 0; /* written under the lock */
}

static enum answer ask(struct question *question, struct wefti_need *need, struct wefti_need **open)
{
    const struct wefti_reason *reason = need->composed ? NULL : (struct wefti_reason *)need;
    enum answer answer = ENDS;
    if (reason == NULL || !goes_on(reason))
        answer = ask_sources(question, need, open);
    if (answer == ENDS && reason != NULL && reason->below != NULL)
        answer = ask_need(question, &reason->below->need, open);
    return answer;
}

static bool search(struct question *question, struct wefti_need *top)
{
    struct wefti_need *need = top;
    (void)ask_need(question, top, &need);
    need->up = NULL;
    while (need != NULL) {
        struct wefti_need *open = NULL;
        enum answer answer = ask(question, need, &open);
        if (answer == OPEN) {
            open->up = need;
            need = open;
            continue;
        }
        need->ends = answer == ENDS;
        question->found |= need->ends;
        need = need->up;
    }
    return top->ends;
}

static bool ends(struct wefti_reason *reason)
{
    struct question question = {.first = wefti_need_search(), .found = true};
    bool end = false;
    question.number = question.first;
    while (!end && question.found) {
        question.found = false;
        end = search(&question, &reason->need);
        question.number = wefti_need_search();
    }
    return end;
}

/* ---- the reasons of a task ----------------------------------------------------------------- */

static void lock(void)
{
    wefti_hooks_lock();
    wefti_registry_lock();
}

static void unlock(void)
{
    wefti_registry_unlock();
    wefti_hooks_unlock();
}

bool wefti_task_waits(struct wefti_reason *reason)
{
    struct weft_future *task = wefti_task_current();
    if (task == NULL && wefti_forks() == 0)
        return true;
    lock();
    reason->below = task != NULL ? task->waits_for : NULL;
    if (task != NULL)
        task->waits_for = reason;
    bool end = ends(reason);
    if (task != NULL && !end)
        task->waits_for = reason->below;
    unlock();
    return end;
}

void wefti_task_waited(const struct wefti_reason *reason)
{
    struct weft_future *task = wefti_task_current();
    if (task == NULL)
        return;
    wefti_registry_lock();
    task->waits_for = reason->below;
    wefti_registry_unlock();
}

bool wefti_task_may_wait_on(struct wefti_reason *reason)
{
    lock();
    wefti_store(&reason->shrunk, 0, RELAXED);
    bool end = ends(reason);
    wefti_store(&reason->shrunk, !end, RELAXED); /* if not, it leaves now */
    unlock();
    return end;
}
