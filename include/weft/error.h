/* SPDX-License-Identifier: MIT */
/**
 * @file error.h
 * @brief How a target says that it has failed.
 */
#ifndef WEFT_ERROR_H
#define WEFT_ERROR_H

#include <weft/status.h>

WEFT_BEGIN_DECLS

/** What a failed target returns: a pointer that nothing else returns. */
#define WEFT_RAISED weft_raised()

/** The function behind #WEFT_RAISED. */
WEFT_API void *weft_raised(void);

WEFT_END_DECLS

#endif
