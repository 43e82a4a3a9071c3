/* SPDX-License-Identifier: MIT */
#include "cancel.h"

#include <pthread.h>
#include <stddef.h>

/* AddressSanitizer's, NULL without it: the frames of this thread are about to be left. */
void __asan_handle_no_return(void) __attribute__((weak));

void test_cancel_here(void)
{
    /* It knows of pthread_exit by itself, but not of a cancellation, and would take the frames that
     * the cancellation leaves for ones that still stand. */
    if (__asan_handle_no_return != NULL)
        __asan_handle_no_return();
    pthread_testcancel();
}
