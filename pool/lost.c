/* SPDX-License-Identifier: MIT */
#include "pool/lost.h"

#include "pool/future.h"
#include "pool/state.h"
#include "primitives/self.h"

static void fail(struct weft_future *future)
{
    future->lent = false; /* who was completing it may have said so */
    future->result = (struct wefti_result){
        .error = wefti_error_new(WEFT_RUNTIME, "its thread is not in the child of the fork")};
    wefti_future_tell(future, wefti_future_settle(future, WEFT_TASK_FINISHED));
}

void wefti_future_lose(struct weft_future *future)
{
    uint32_t phase = wefti_future_phase(future);
    if (phase == WEFT_TASK_PENDING)
        (void)weft_future_cancel(future);
    else if (phase == WEFTI_TASK_COMPLETING ||
             (phase == WEFT_TASK_RUNNING && future->runner != wefti_self()->number))
        fail(future);
}
