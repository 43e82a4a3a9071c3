/* SPDX-License-Identifier: MIT */
/*
 * Mistakes that no status can report, since only a watcher knows who holds what.
 */
#ifndef WEFTI_PRIMITIVES_MISUSE_H
#define WEFTI_PRIMITIVES_MISUSE_H

#include "primitives/held.h"

enum wefti_mistake {
    WEFTI_FOREIGN_SHARE, /* a thread gives up a share of an RWLock that another one has */
    WEFTI_HELD_AT_END,   /* a thread ends and holds what nobody else may release */
};

enum { WEFTI_HOLDINGS_MOST = 8 };

struct wefti_misuse {
    enum wefti_mistake mistake;
    uint32_t thread;
    struct wefti_want want; /* FOREIGN_SHARE: what it gives up, and where */
    size_t count;           /* may be more than fit */
    struct wefti_holding holdings[WEFTI_HOLDINGS_MOST]; /* of the object, or of the thread */
};

/*
 * With the tables locked: whether a thread that has no hold of an object, which it is about to give
 * up as a reader, cannot have had one.
 */
bool wefti_share_is_foreign(const struct wefti_object *object, const struct wefti_self *self,
                            const struct wefti_want *want, struct wefti_misuse *misuse);

/* With the tables locked: whether the thread holds anything that it alone can release. */
bool wefti_holds_at_end(const struct wefti_self *self, struct wefti_misuse *misuse);

#endif
