/* SPDX-License-Identifier: MIT */
/**
 * @file weft.h
 * @brief Everything: Python's `threading` and `queue` for C.
 *
 * One header per idea; this one includes them all.
 * @code
 *     #include <weft/weft.h>
 * @endcode
 */
#ifndef WEFT_WEFT_H
#define WEFT_WEFT_H

#include <weft/attributes.h>
#include <weft/barrier.h>
#include <weft/clock.h>
#include <weft/compose.h>
#include <weft/condition.h>
#include <weft/context.h>
#include <weft/error.h>
#include <weft/event.h>
#include <weft/executor.h>
#include <weft/executor_stats.h>
#include <weft/future.h>
#include <weft/futures.h>
#include <weft/inspect.h>
#include <weft/latch.h>
#include <weft/local.h>
#include <weft/local_with.h>
#include <weft/lock.h>
#include <weft/map.h>
#include <weft/memory.h>
#include <weft/namespace.h>
#include <weft/queue.h>
#include <weft/queue_more.h>
#include <weft/rlock.h>
#include <weft/rwlock.h>
#include <weft/semaphore.h>
#include <weft/status.h>
#include <weft/thread.h>
#include <weft/timer.h>
#include <weft/version.h>
#include <weft/wait.h>
#include <weft/watch.h>
#include <weft/weft.h>
#include <weft/with.h>
#include <weft/with_all.h>

#endif
