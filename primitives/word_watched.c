/* SPDX-License-Identifier: MIT */
#include "primitives/word_watched.h"

weft_status wefti_word_acquire_watched(uint32_t *word, struct wefti_want *want, int64_t deadline,
                                       bool firm)
{
    weft_status status = WEFT_OK;
    want->timed = deadline != WEFTI_NEVER;
    want->interruptible = !firm;
    want->held = wefti_word_held(word);
    wefti_watch_asks(want);
    if (!wefti_word_take(word)) {
        wefti_watch_wants(want);
        status = wefti_word_wait(word, want->kind, deadline, firm);
    }
    wefti_watch_settles(want, status);
    return status;
}

void wefti_word_resume_watched(uint32_t *word, struct wefti_want *want,
                               const struct wefti_parked *parked)
{
    bool handed = wefti_word_handed(parked);
    bool watched = wefti_watched();
    if (watched) {
        want->held = !handed && wefti_word_held(word);
        wefti_watch_asks(want);
        if (!handed)
            wefti_watch_wants(want);
    }
    wefti_word_resume(word, want->kind, parked);
    if (watched)
        wefti_watch_took(want);
}
