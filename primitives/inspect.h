/* SPDX-License-Identifier: MIT */
/*
 * How the dump and the reports call things.
 */
#ifndef WEFTI_PRIMITIVES_INSPECT_H
#define WEFTI_PRIMITIVES_INSPECT_H

#include "primitives/park.h"
#include "primitives/text.h"

/* What a thread waits for: its kind, and its name and address; of a thread, nothing but that. */
void wefti_put_what(struct wefti_text *text, struct wefti_key key);

/* With the registry locked: the name of a thread. */
void wefti_put_thread(struct wefti_text *text, const struct wefti_self *self);

#endif
