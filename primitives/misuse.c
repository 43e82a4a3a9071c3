/* SPDX-License-Identifier: MIT */
#include "primitives/misuse.h"

#include <weft/rwlock.h>

#include "primitives/self.h"

static void note(struct wefti_misuse *misuse, const struct wefti_hold *hold)
{
    if (misuse->count < WEFTI_HOLDINGS_MOST)
        misuse->holdings[misuse->count] = wefti_hold_copy(hold);
    misuse->count++;
}

/*
 * Every hold in the table counts in the lock's state, and so does the share that the thread gives
 * up, if it has one: it was taken unseen then, and the state counts more shares than the table.
 */
bool wefti_share_is_foreign(const struct wefti_object *object, const struct wefti_self *self,
                            const struct wefti_want *want, struct wefti_misuse *misuse)
{
    uint32_t known = 0;
    if (want->kind != WEFTI_RWLOCK)
        return false;
    uint32_t shares = weft_rwlock_readers(want->object) + want->gone;
    misuse->mistake = WEFTI_FOREIGN_SHARE;
    misuse->thread = self->number;
    misuse->want = *want;
    misuse->count = 0;
    for (const struct wefti_hold *hold = object->holds; hold != NULL; hold = hold->next_of_object) {
        known += hold->depth;
        note(misuse, hold);
    }
    return known >= shares;
}

bool wefti_holds_at_end(const struct wefti_self *self, struct wefti_misuse *misuse)
{
    misuse->mistake = WEFTI_HELD_AT_END;
    misuse->thread = self->number;
    misuse->count = 0;
    for (const struct wefti_hold *hold = self->hands.holds; hold != NULL;
         hold = hold->next_of_thread)
        if (hold->want.ownership == WEFTI_OWNER)
            note(misuse, hold);
    return misuse->count > 0;
}
