/* SPDX-License-Identifier: MIT */
/*
 * Where Locals have their slots: a place is the same in every thread that has come so far.
 */
#ifndef WEFTI_LOCAL_PLACES_H
#define WEFTI_LOCAL_PLACES_H

#include <weft/local.h>

/*
 * Gives the Local a place, if it has none: in bytes, it is the low half of the key. The destructor,
 * if it is not NULL, becomes the Local's then. WEFT_NO_MEMORY; WEFT_OK.
 */
weft_status wefti_place_take(weft_local *local, void (*destructor)(void *value));

/* With the mutex held: gives it back. Returns memory to be freed when the mutex is not held. */
void *wefti_place_give_back(weft_local *local);

#endif
