/* SPDX-License-Identifier: MIT */
/*
 * A helper walks down what it needs, once, and leaves the number of its walk at each composition.
 * From then on it need not walk again: of one that is queued later, the number there says who needs it.
 *
 *   the number is     the helper
 *   its walk's        needs it, and is offered it
 *   smaller           does not: it would have come there
 *   greater           may: another one has walked there since. It walks anew
 *
 * A walk ends early when it has found two that can be run. Then the helper is unsure, and walks again
 * before it parks: it may not have come everywhere. So the cost is that of one walk and of what is run,
 * unless several tasks wait for the same. When something is let go that was needed (when_any has its
 * first), offers may be needed no more, and the helper walks anew, too.
 *
 * No offer is lost: who hands over sets QUEUED before it locks. Who walks later sees the bit; who has
 * walked already is called, and parks only if it has not been since it found nothing to run.
 */
#include "pool/helpers.h"

#include "pool/circle.h"
#include "pool/compose.h"
#include "pool/hooks.h"
#include "pool/state.h"
#include "pool/task.h"
#include "primitives/self.h"

static struct wefti_helper *first; /* all that are in the list */

/* ---- the walk ------------------------------------------------------------------------------ */

struct walk {
    uint64_t number;
    const struct wefti_owners *owners;
    struct wefti_need *open; /* to be gone through, linked by `up` */
    struct weft_future *found;
    bool more;
};

/* It is done, or runs, or is the program's, or another executor's: nothing there waits to be started. */
static bool is_started(const struct weft_future *future, const struct wefti_owners *owners)
{
    uint32_t word = wefti_future_word(future);
    if (wefti_phase_of(word) != WEFT_TASK_PENDING || (word & WEFTI_TASK_TAKEN) != 0)
        return true;
    if (future->composed)
        return false;
    return owners != NULL ? !wefti_owners_have(owners, future->owner) : future->owner == NULL;
}

static void look_at(struct walk *walk, struct weft_future *future)
{
    uint32_t word = wefti_future_word(future);
    if (wefti_phase_of(word) != WEFT_TASK_PENDING || future == walk->found)
        return;
    if (future->composed && (word & WEFTI_TASK_QUEUED) == 0) {
        struct wefti_need *need = wefti_composition_need(future);
        if (need->search == walk->number)
            return;
        need->search = walk->number;
        need->up = walk->open;
        walk->open = need;
    } else if (wefti_owners_have(walk->owners, future->owner) && (word & WEFTI_TASK_TAKEN) == 0) {
        walk->more = walk->found != NULL;
        if (walk->found == NULL && wefti_future_try_ref(future))
            walk->found = future;
    }
}

static void look_through(struct walk *walk, struct wefti_need *need)
{
    /* A composition is for helpers of all executors. */
    const struct wefti_owners *owners = need->composed ? NULL : walk->owners;
    for (size_t i = need->started; i < need->count && !walk->more; i++) {
        struct weft_future *future = wefti_need_source(need, i);
        if (i == need->started && (future == NULL || is_started(future, owners)))
            need->started++;
        else if (future != NULL)
            look_at(walk, future);
    }
}

/* With the lock: one that can be run, with a reference; NULL: there is none, and it is sure of that. */
static struct weft_future *walk_down(struct wefti_helper *helper)
{
    struct walk walk = {.number = wefti_need_search(), .owners = &helper->owners};
    look_through(&walk, &helper->reason.need);
    while (walk.open != NULL && !walk.more) {
        struct wefti_need *need = walk.open;
        walk.open = need->up;
        look_through(&walk, need);
    }
    helper->walk = walk.number;
    helper->losses = wefti_hooks_losses();
    helper->unsure = walk.more;
    return walk.found;
}

/* ---- the list ------------------------------------------------------------------------------ */

/* With the lock: takes the first offer, with its reference; NULL: there is none. */
static struct weft_future *take_offer(struct wefti_helper *helper)
{
    struct wefti_composition *composition = helper->offered;
    if (composition == NULL)
        return NULL;
    helper->offered = composition->offered;
    return composition->future;
}

/* Gives the references up of a list that is in no helper any more. */
static void decline(struct wefti_composition *offered)
{
    while (offered != NULL) {
        struct wefti_composition *next = offered->offered;
        weft_future_free(offered->future);
        offered = next;
    }
}

bool wefti_helper_begin(struct wefti_helper *helper, struct wefti_key key)
{
    helper->owners = wefti_task_owners();
    helper->waits = wefti_task_waits(&helper->reason);
    helper->listed =
        helper->waits && (helper->owners.owners[0] != NULL || helper->owners.owners[1] != NULL);
    if (!helper->listed)
        return helper->waits;
    helper->key = key;
    helper->thread = wefti_self()->number;
    helper->unsure = true;
    wefti_hooks_lock();
    helper->next = first;
    if (first != NULL)
        first->previous = helper;
    first = helper;
    wefti_hooks_unlock();
    return true;
}

/* With the lock. */
static void leave(struct wefti_helper *helper)
{
    *(helper->previous != NULL ? &helper->previous->next : &first) = helper->next;
    if (helper->next != NULL)
        helper->next->previous = helper->previous;
}

void wefti_helper_end(struct wefti_helper *helper)
{
    if (helper->listed) {
        wefti_hooks_lock();
        leave(helper);
        wefti_hooks_unlock();
        decline(helper->offered);
    }
    if (helper->waits)
        wefti_task_waited(&helper->reason);
}

void wefti_helper_move(struct wefti_helper *helper, struct wefti_key key)
{
    if (!helper->listed)
        return;
    wefti_hooks_lock();
    helper->key = key;
    wefti_hooks_unlock();
}

/* Their memory, on other threads' stacks, is still there, but will be used anew. */
void wefti_helpers_after_fork_child(void)
{
    uint32_t own = wefti_self()->number;
    for (struct wefti_helper *next, *helper = first; helper != NULL; helper = next) {
        next = helper->next;
        if (helper->thread != own)
            leave(helper);
    }
}

/* ---- what it runs -------------------------------------------------------------------------- */

/* One that may stand in the queue, with a reference; NULL: there is none now. */
static struct weft_future *choose(struct wefti_helper *helper)
{
    struct wefti_composition *outdated = NULL;
    wefti_hooks_lock();
    if (helper->offered != NULL && helper->losses != wefti_hooks_losses()) {
        outdated = helper->offered;
        helper->offered = NULL;
        helper->unsure = true;
    }
    struct weft_future *future = take_offer(helper);
    if (future == NULL && helper->unsure)
        future = walk_down(helper);
    if (future == NULL) /* Relaxed: it is set under the lock, too. */
        wefti_store(&helper->called, 0, RELAXED);
    wefti_hooks_unlock();
    decline(outdated);
    return future;
}

bool wefti_helper_run(struct wefti_helper *helper)
{
    while (helper->listed) {
        struct weft_future *future __attribute__((cleanup(wefti_future_drop))) = choose(helper);
        if (future == NULL)
            return false;
        if (wefti_task_run_here(future))
            return true;
        /* It is not there, and does not come back. */
        (void)wefti_future_announce(future, WEFTI_TASK_TAKEN);
    }
    return false;
}

/* ---- what it is offered -------------------------------------------------------------------- */

static enum wefti_verdict is_helper(uintptr_t request, void *helper)
{
    return request == (uintptr_t)helper ? WEFTI_TAKE : WEFTI_SKIP;
}

static void call(struct wefti_helper *helper)
{
    /* Release: pairs with the acquire in wefti_helper_called. */
    wefti_store(&helper->called, 1, RELEASE);
    wefti_unpark(helper->key, &(struct wefti_unparking){.choose = is_helper, .arg = helper});
}

static void offer(struct wefti_helper *helper, struct wefti_composition *composition)
{
    weft_future_ref(composition->future);
    composition->offered = NULL;
    *(helper->offered != NULL ? &helper->last_offered->offered : &helper->offered) = composition;
    helper->last_offered = composition;
}

void wefti_helpers_offer(struct weft_future *future)
{
    struct wefti_composition *composition = future->arg;
    wefti_hooks_lock();
    for (struct wefti_helper *helper = first; helper != NULL; helper = helper->next) {
        if (!wefti_owners_have(&helper->owners, future->owner) || helper->walk == 0 ||
            composition->need.search < helper->walk)
            continue;
        if (composition->need.search == helper->walk)
            offer(helper, composition);
        else
            helper->unsure = true;
        call(helper);
    }
    wefti_hooks_unlock();
}
