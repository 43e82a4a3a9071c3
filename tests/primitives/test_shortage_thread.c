/* SPDX-License-Identifier: MIT */
/*
 * Every call of threads, timers and errors that wants memory or a thread of the system, with each of
 * these refused in turn.
 */
// LINK: -Wl,--wrap=malloc,--wrap=free,--wrap=mmap,--wrap=pthread_create,--wrap=pthread_attr_init
// LINK: -Wl,--wrap=pthread_attr_setstacksize,--wrap=sem_init
#include "shortage_help.h"

static char something;

/* ---- threads ------------------------------------------------------------------------------- */

static void *give_back(void *arg)
{
    return arg;
}

static weft_status join_and_free(weft_thread *thread)
{
    if (thread == NULL)
        return weft_last_status();
    WITNESS(weft_thread_join(thread) == WEFT_OK);
    WITNESS(weft_thread_value(thread) == &something);
    weft_thread_free(thread);
    return WEFT_OK;
}

NEW(new_thread, weft_thread, weft_thread_new(give_back, NULL))

static weft_status spawn(void)
{
    return join_and_free(weft_thread_spawn(give_back, &something, .name = "a thread with a name"));
}

static weft_status spawn_with_a_stack(void)
{
    return join_and_free(weft_thread_spawn(give_back, &something, .stack_size = 1U << 20));
}

/* A start that fails may be tried again. */
static weft_status start(void)
{
    atomic_store(&armed, false);
    weft_thread *thread = weft_thread_new(give_back, &something);
    atomic_store(&armed, true);
    weft_status status = weft_thread_start(thread);
    if (status != WEFT_OK) {
        WITNESS(!weft_thread_is_alive(thread));
        WITNESS(weft_thread_ident(thread) == 0);
        WITNESS(weft_thread_join(thread) == WEFT_RUNTIME);
        WITNESS(weft_thread_active_count() == 1);
        WITNESS(weft_thread_start(thread) == WEFT_OK);
    }
    (void)join_and_free(thread);
    return status;
}

static weft_status rename_thread(void)
{
    atomic_store(&armed, false);
    weft_thread *thread = weft_thread_new(give_back, NULL, .name = "before");
    atomic_store(&armed, true);
    weft_status status = weft_thread_set_name(thread, "after");
    WITNESS(strcmp(weft_thread_name(thread), status == WEFT_OK ? "after" : "before") == 0);
    weft_thread_free(thread);
    return status;
}

static weft_status enumerate(void)
{
    size_t count = 0;
    weft_thread **list = weft_thread_enumerate(&count);
    if (list == NULL)
        return weft_last_status();
    weft_thread_list_free(list);
    return WEFT_OK;
}

/* From a thread that the library has not started, which needs a handle first. */
static void *enumerate_as_a_stranger(void *status)
{
    weft_status *result = status;
    (void)weft_park_count(); /* from here on it is known */
    atomic_store(&armed, true);
    *result = weft_thread_current() != NULL ? enumerate() : weft_last_status();
    atomic_store(&armed, false);
    WITNESS(weft_thread_active_count() == 2); /* with or without a handle */
    return NULL;
}

static weft_status enumerate_strangers(void)
{
    pthread_t thread;
    weft_status status = WEFT_OK;
    atomic_store(&armed, false);
    WITNESS(pthread_create(&thread, NULL, enumerate_as_a_stranger, &status) == 0);
    WITNESS(pthread_join(thread, NULL) == 0);
    return status;
}

static void no_hook(weft_thread *thread, const weft_error *error, void *arg)
{
    (void)thread;
    (void)arg;
    WITNESS(error != NULL);
}

static void *raise_one(void *as_text)
{
    atomic_store(&armed, true);
    return as_text != NULL ? weft_raise_text(WEFT_USER, "a text")
                           : weft_raise(WEFT_USER, "a %s", "format");
}

/* The code that whoever joins is told. */
static weft_status raise_in_a_thread(void *as_text)
{
    atomic_store(&armed, false);
    weft_set_excepthook(no_hook, NULL);
    weft_thread *thread = weft_thread_spawn(raise_one, as_text);
    WITNESS(weft_thread_join(thread) == WEFT_FAILED);
    const weft_error *error = weft_thread_error(thread);
    WITNESS(error != NULL && strlen(error->message) > 0);
    weft_status code = error->code == WEFT_USER ? WEFT_OK : error->code;
    weft_thread_free(thread);
    return code;
}

static weft_status raise_a_format(void)
{
    return raise_in_a_thread(NULL);
}

static weft_status raise_a_text(void)
{
    return raise_in_a_thread(&something);
}

#define HANDLE                                                                                     \
    {                                                                                              \
        MEMORY, WEFT_NO_MEMORY, "thread_facts.c:make"                                              \
    }
#define START                                                                                      \
    {                                                                                              \
        THREAD, WEFT_NO_THREAD, "thread.c:weft_thread_start thread_pthread.c:create"               \
    }
#define SPAWN                                                                                      \
    {                                                                                              \
        THREAD, WEFT_NO_THREAD,                                                                    \
            "thread.c:weft_thread_spawn_with thread.c:weft_thread_start thread_pthread.c:create"   \
    }
#define RAISE                                                                                      \
    {                                                                                              \
        {                                                                                          \
            MEMORY, WEFT_NO_MEMORY, "error.c:make"                                                 \
        }                                                                                          \
    }

static const struct row threads[] = {
    {"a thread", new_thread, {HANDLE}},
    {"a spawn", spawn, {HANDLE, SPAWN}},
    {"a spawn with a stack",
     spawn_with_a_stack,
     {HANDLE,
      {ATTRIBUTES, WEFT_NO_MEMORY, "thread_pthread.c:wefti_os_thread_create"},
      {STACK_SIZE, WEFT_NO_THREAD, "thread_pthread.c:wefti_os_thread_create"},
      START}},
    {"a start", start, {START}},
    {"a name", rename_thread, {{MEMORY, WEFT_NO_MEMORY, "thread_facts.c:weft_thread_set_name"}}},
    {"a list", enumerate, {{MEMORY, WEFT_NO_MEMORY, "threads.c:weft_thread_enumerate"}}},
    {"a list with a foreign thread",
     enumerate_strangers,
     {HANDLE, {MEMORY, WEFT_NO_MEMORY, "threads.c:weft_thread_enumerate"}}},
    {"an error", raise_a_format, RAISE},
    {"an error of a text", raise_a_text, RAISE},
};

/* ---- timers -------------------------------------------------------------------------------- */

static weft_status await_timer(weft_timer *timer)
{
    if (timer == NULL)
        return weft_last_status();
    WITNESS(weft_timer_join(timer) == WEFT_OK);
    WITNESS(weft_timer_value(timer) == &something);
    weft_timer_free(timer);
    return WEFT_OK;
}

NEW(new_timer, weft_timer, weft_timer_new(1.0, give_back, NULL))

static weft_status spawn_timer(void)
{
    return await_timer(weft_timer_spawn(0.0, give_back, &something));
}

static weft_status start_timer(void)
{
    atomic_store(&armed, false);
    weft_timer *timer = weft_timer_new(0.0, give_back, &something);
    atomic_store(&armed, true);
    weft_status status = weft_timer_start(timer);
    if (status != WEFT_OK) {
        WITNESS(!weft_thread_is_alive(weft_timer_thread(timer)));
        WITNESS(weft_timer_join(timer) == WEFT_RUNTIME);
        WITNESS(weft_timer_start(timer) == WEFT_OK);
    }
    (void)await_timer(timer);
    return status;
}

#define WAITER                                                                                     \
    {ATTRIBUTES, WEFT_NO_MEMORY, HELPER "timer_wait.c:start_waiting"},                             \
    {                                                                                              \
        THREAD, WEFT_NO_THREAD, "thread_pthread.c:create timer_wait.c:start_waiting"               \
    }
/* Without a worker it fires later. */
#define WORKER                                                                                     \
    {ATTRIBUTES, WEFT_OK, HELPER "timer_workers.c:wefti_timer_hand"},                              \
    {                                                                                              \
        THREAD, WEFT_OK, "thread_pthread.c:create timer_workers.c:wefti_timer_hand"                \
    }

static const struct row timers[] = {
    {"a timer", new_timer, {HANDLE}},
    {"a timer's spawn", spawn_timer, {HANDLE, WAITER, WORKER}},
    {"a timer's start", start_timer, {WAITER, WORKER}},
};

/* ---- the table ----------------------------------------------------------------------------- */

static const struct part parts[] = {PART(threads), PART(timers)};

PROGRAM(sweeps)
{
    return sweep_named(parts, sizeof parts / sizeof parts[0]);
}

TEST(threads_survive_every_shortage)
{
    sweep_part(&parts[0]);
}

TEST(timers_survive_every_shortage)
{
    sweep_part(&parts[1]);
}
