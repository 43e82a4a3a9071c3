/* SPDX-License-Identifier: MIT */
/* Every call of executors and futures that wants memory or a thread, with each refused in turn. */
// LINK: -Wl,--wrap=malloc,--wrap=free,--wrap=mmap,--wrap=pthread_create,--wrap=pthread_attr_init
// LINK: -Wl,--wrap=pthread_attr_setstacksize,--wrap=sem_init
#include "shortage_help.h"

enum { MANY = WEFT_FUTURES_INLINE + 1 };

static char something;

static void *same(void *arg)
{
    return arg;
}

static void *follow(weft_future *future, void *arg)
{
    (void)future;
    return arg;
}

NEW(new_executor, weft_executor, weft_executor_new(1))
NEW(new_future, weft_future, weft_future_new())

/* What the act needs, and is not its subject. */
static weft_executor *executor_unseen(void)
{
    atomic_store(&armed, false);
    weft_executor *executor = weft_executor_new(1);
    atomic_store(&armed, true);
    WITNESS(executor != NULL);
    return executor;
}

static void fill(weft_future **futures, size_t count)
{
    atomic_store(&armed, false);
    for (size_t i = 0; i < count; i++) {
        futures[i] = weft_future_new();
        WITNESS(futures[i] != NULL);
    }
    atomic_store(&armed, true);
}

static void empty(weft_future **futures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        weft_future_free(futures[i]);
}

static void finish(weft_executor *executor)
{
    WITNESS(weft_executor_shutdown(executor) == WEFT_OK);
    weft_executor_free(executor);
}

/* ---- executors ----------------------------------------------------------------------------- */

static weft_status submit(void)
{
    void *value = NULL;
    weft_executor *executor = executor_unseen();
    weft_future *future = weft_executor_submit(executor, same, &something);
    weft_status status = future != NULL ? WEFT_OK : weft_last_status();
    if (future != NULL)
        WITNESS(weft_future_result(future, &value) == WEFT_OK && value == &something);
    weft_future_free(future);
    finish(executor);
    return status;
}

static atomic_int ran;

static void *count(void *arg)
{
    atomic_fetch_add(&ran, 1);
    return arg;
}

static weft_status post(void)
{
    weft_executor *executor = executor_unseen();
    atomic_store(&ran, 0);
    weft_status status = weft_executor_post(executor, count, NULL);
    finish(executor);
    WITNESS(atomic_load(&ran) == (status == WEFT_OK));
    return status;
}

static weft_status map(void)
{
    void *items[] = {&something};
    void *value = NULL;
    weft_executor *executor = executor_unseen();
    weft_map *map = weft_executor_map(executor, same, items, 1);
    weft_status status = map != NULL ? WEFT_OK : weft_last_status();
    if (map != NULL)
        WITNESS(weft_map_next(map, &value) == WEFT_OK && value == &something);
    weft_map_free(map);
    finish(executor);
    return status;
}

/* ---- futures ------------------------------------------------------------------------------- */

static weft_status add_a_callback(void)
{
    weft_future *future;
    fill(&future, 1);
    weft_status status = weft_future_add_done_callback(future, follow, NULL);
    WITNESS(weft_future_set_result(future, &something) == WEFT_OK);
    weft_future_free(future);
    return status;
}

/* Nothing hangs on the source of what could not be made. */
static weft_status then(void)
{
    weft_future *source;
    void *value = NULL;
    fill(&source, 1);
    weft_future *next = weft_future_then(source, same);
    weft_status status = next != NULL ? WEFT_OK : weft_last_status();
    WITNESS(weft_future_set_result(source, &something) == WEFT_OK);
    if (next != NULL)
        WITNESS(weft_future_result(next, &value) == WEFT_OK && value == &something);
    weft_future_free(next);
    weft_future_free(source);
    return status;
}

static weft_status compose(weft_future *(*make)(size_t count, weft_future *const *futures))
{
    weft_future *sources[MANY];
    fill(sources, MANY);
    weft_future *all = make(MANY, sources);
    weft_status status = all != NULL ? WEFT_OK : weft_last_status();
    for (size_t i = 0; i < MANY; i++)
        WITNESS(weft_future_set_result(sources[i], &something) == WEFT_OK);
    WITNESS(all == NULL || weft_future_result(all, NULL) == WEFT_OK);
    weft_future_free(all);
    empty(sources, MANY);
    return status;
}

static weft_status wait_for_all_of_many(void)
{
    return compose(weft_when_all);
}

static weft_status wait_for_any_of_many(void)
{
    return compose(weft_when_any);
}

static weft_status wait_for_the_first_of_many(void)
{
    weft_future *futures[MANY];
    size_t done = 0;
    fill(futures, MANY);
    WITNESS(weft_future_set_result(futures[MANY - 1], &something) == WEFT_OK);
    weft_status status =
        weft_wait_futures(MANY, futures, WEFT_FIRST_COMPLETED, &done, WEFT_FOREVER);
    WITNESS(done == 1);
    empty(futures, MANY);
    return status;
}

static weft_status walk_over_many(void)
{
    weft_future *futures[MANY];
    weft_future *future = NULL;
    weft_status status = WEFT_OK;
    size_t came = 0;
    fill(futures, MANY);
    for (size_t i = 0; i < MANY; i++)
        WITNESS(weft_future_set_result(futures[i], &something) == WEFT_OK);
    WEFT_AS_COMPLETED(future, MANY, futures, WEFT_FOREVER, status) {
        came++;
    }
    WITNESS(came == (status == WEFT_OK ? MANY : 0));
    empty(futures, MANY);
    return status;
}

/* ---- the table ----------------------------------------------------------------------------- */

#define TASK                                                                                       \
    {                                                                                              \
        MEMORY, WEFT_NO_MEMORY, "task_memory.c:wefti_task_allocate"                                \
    }
/* A worker, its name, its thread's handle, and the thread. */
#define WORKER                                                                                     \
    {MEMORY, WEFT_NO_MEMORY, "worker.c:wefti_worker_new"},                                         \
        {MEMORY, WEFT_NO_MEMORY, "worker.c:wefti_worker_new"},                                     \
        {MEMORY, WEFT_NO_MEMORY, "worker.c:wefti_worker_new thread_facts.c:make"},                 \
    {                                                                                              \
        THREAD, WEFT_NO_THREAD,                                                                    \
            "worker.c:wefti_worker_start thread.c:weft_thread_start thread_pthread.c:create"       \
    }
#define FUTURE                                                                                     \
    {                                                                                              \
        MEMORY, WEFT_NO_MEMORY, "future.c:wefti_future_new"                                        \
    }
#define COMPOSITION                                                                                \
    {                                                                                              \
        {MEMORY, WEFT_NO_MEMORY, "compose.c:wefti_compose self.c:wefti_self_allocate"}, FUTURE     \
    }

static const struct row executors[] = {
    {"an executor", new_executor, {{MEMORY, WEFT_NO_MEMORY, "executor.c:weft_executor_new_with"}}},
    {"a submit", submit, {TASK, WORKER}},
    {"a post", post, {TASK, WORKER}},
    {"a map", map, {{MEMORY, WEFT_NO_MEMORY, "map.c:weft_executor_map_with"}, TASK, WORKER}},
};

static const struct row futures[] = {
    {"a future", new_future, {FUTURE}},
    {"a callback",
     add_a_callback,
     {{MEMORY, WEFT_NO_MEMORY, "hooks.c:weft_future_add_done_callback"}}},
    {"a continuation", then, COMPOSITION},
    {"a future for all of many", wait_for_all_of_many, COMPOSITION},
    {"a future for any of many", wait_for_any_of_many, COMPOSITION},
    {"a wait for the first of many",
     wait_for_the_first_of_many,
     {{MEMORY, WEFT_NO_MEMORY, "wait_futures.c:wait_for_first"}}},
    {"a walk over many", walk_over_many, {{MEMORY, WEFT_NO_MEMORY, "as_completed.c:begin"}}},
};

static const struct part parts[] = {PART(executors), PART(futures)};

PROGRAM(sweeps)
{
    return sweep_named(parts, sizeof parts / sizeof parts[0]);
}

TEST(executors_survive_every_shortage)
{
    sweep_part(&parts[0]);
}

TEST(futures_survive_every_shortage)
{
    sweep_part(&parts[1]);
}
