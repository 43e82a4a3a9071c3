/* SPDX-License-Identifier: MIT */
/*
 * The state is the value, in units of ONE, and one bit:
 *
 *   WAITED  the room may have threads that wait, or a thread is inside it on the state's behalf
 *
 *   state           means
 *   value           so many permits are free (negative: owed), nobody waits
 *   value | WAITED  others wait, or may; the state changes under the bucket's lock only
 *   INVALID         a negative number has been given to the initializer; refuses every call
 *
 *   from            to              by                                     in
 *   value           value - n       who finds enough permits               acquire_now
 *   value           value + n       who releases                           wefti_semaphore_release
 *   value           value | WAITED  who is going to wait: not enough       must_wait, in the room
 *   any but INVALID value | WAITED  who changes it while others wait       begin, in the room
 *   value | WAITED  value           the same, when nobody is left waiting  finish, in the room
 *
 * A pass through the room makes one change, then gives those at the head of the queue what they
 * wait for as long as there is enough, and never looks behind one that must wait on: that is the order
 * of arrival, for big requests too. An unparked thread has its permits already.
 *
 * No wake-up is lost: a thread parks only if, under the bucket's lock, it has left WAITED in the
 * state, and then every change is a pass. A waiter that goes without its permits may have held up
 * others that want fewer: when it has left the queue, it makes a pass for them. A pass may leave
 * WAITED on behalf of one that is just leaving; that one's own pass comes later.
 *
 * The semaphore's memory may be freed by whoever gets a permit: a release does not touch it after
 * its compare-and-swap or after finish, which comes before any thread is woken.
 */
#include "primitives/semaphore_pass.h"

enum { WAITED = WEFTI_PERMIT_WAITED, ONE = WEFTI_PERMIT };

static void begin(struct wefti_pass *pass)
{
    if (pass->begun)
        return;
    pass->begun = true;
    /*
     * Acquire: pairs with the release of whoever put permits in; finish passes it on to those who
     * get them. From here on the fast paths of others find WAITED, and keep off.
     */
    pass->value = wefti_permits(wefti_fetch_or(&pass->semaphore->state, WAITED, ACQUIRE));
    pass->status = pass->change != NULL ? pass->change(pass) : WEFT_TIMEOUT;
}

static enum wefti_verdict choose(uintptr_t request, void *arg)
{
    struct wefti_pass *pass = arg;
    begin(pass);
    return pass->value >= (int64_t)request ? WEFTI_TAKE : WEFTI_STOP;
}

static uintptr_t give(uintptr_t request, int64_t since, void *arg)
{
    struct wefti_pass *pass = arg;
    (void)since;
    pass->value -= (int64_t)request;
    return 0;
}

static void finish(size_t taken, bool more, void *arg)
{
    struct wefti_pass *pass = arg;
    (void)taken;
    begin(pass);
    if (pass->wanted != 0 && !more && pass->value >= pass->wanted) {
        pass->value -= pass->wanted;
        pass->status = WEFT_OK;
    }
    uint32_t state = (uint32_t)(pass->value * ONE) | (more ? WAITED : 0U);
    /* Release: pairs with the acquire in begin and acquire_now. */
    wefti_store(&pass->semaphore->state, state, RELEASE);
}

weft_status wefti_pass_run(struct wefti_pass *pass)
{
    const struct wefti_unparking how = {
        .arg = pass, .choose = choose, .take = give, .finish = finish};
    wefti_unpark(wefti_semaphore_key(pass->semaphore), &how);
    return pass->status;
}
