/* SPDX-License-Identifier: MIT */
/*
 * What is done once, when the library is loaded, and around each fork.
 */
#ifndef WEFTI_PRIMITIVES_STARTUP_H
#define WEFTI_PRIMITIVES_STARTUP_H

/* Makes the loading thread the main one, reads the environment, registers for fork and exit. */
void wefti_startup(void);

#endif
