/* SPDX-License-Identifier: MIT */
/* Thread from new to end: start, names, numbers, daemon, and failures of the system. */
// LINK: -Wl,--wrap=wefti_os_thread_create -Wl,--wrap=wefti_os_thread_rename
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "faulty_memory.h"
#include "platform/atomic.h"
#include "platform/thread.h"
#include "primitives/park.h"
#include "primitives/self.h"
#include "primitives/thread.h"
#include "program.h"

weft_status __real_wefti_os_thread_create(void *(*run)(void *), void *arg, size_t stack_size);
weft_status __wrap_wefti_os_thread_create(void *(*run)(void *), void *arg, size_t stack_size);

static atomic_int refuse; /* so many creations */
static void (*meanwhile)(weft_thread *thread);

weft_status __wrap_wefti_os_thread_create(void *(*run)(void *), void *arg, size_t stack_size)
{
    if (meanwhile != NULL)
        meanwhile(arg);
    if (atomic_fetch_sub(&refuse, 1) > 0)
        return WEFT_NO_THREAD;
    return __real_wefti_os_thread_create(run, arg, stack_size);
}

void __real_wefti_os_thread_rename(wefti_os_thread thread, const char *name);
void __wrap_wefti_os_thread_rename(wefti_os_thread thread, const char *name);

static atomic_int named;      /* threads, as they began */
static atomic_int named_late; /* those whose number others could know before */

void __wrap_wefti_os_thread_rename(wefti_os_thread thread, const char *name)
{
    const struct weft_thread *own = wefti_self()->thread; /* the registry is locked */
    atomic_fetch_add(&named, 1);
    if (own != NULL && wefti_load(&own->native, RELAXED) != 0)
        atomic_fetch_add(&named_late, 1);
    __real_wefti_os_thread_rename(thread, name);
}

static void *return_it(void *arg)
{
    return arg;
}

static void *wait_for_gate(void *gate)
{
    while (!atomic_load((atomic_bool *)gate))
        test_yield();
    return gate;
}

static void finish(weft_thread *thread)
{
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    weft_thread_free(thread);
}

/* ---- new and start ------------------------------------------------------------------------- */

TEST(a_new_thread_is_started_once)
{
    int value = 0;
    weft_thread *thread = weft_thread_new(return_it, &value, .name = "later");
    assert_non_null(thread);
    assert_false(weft_thread_is_alive(thread));
    assert_int_equal(weft_thread_ident(thread), 0);
    assert_true(weft_thread_native_id(thread) == 0);
    assert_int_equal(weft_thread_active_count(), 1);
    assert_int_equal(weft_thread_start(thread), WEFT_OK);
    assert_int_equal(weft_thread_start(thread), WEFT_RUNTIME);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    assert_int_equal(weft_thread_start(thread), WEFT_RUNTIME);
    assert_ptr_equal(weft_thread_value(thread), &value);
    assert_int_equal(weft_thread_start(weft_thread_main()), WEFT_RUNTIME);
    assert_int_equal(weft_thread_start(NULL), WEFT_VALUE_ERROR);
    weft_thread_free(thread);
}

TEST(a_thread_that_is_not_started_cannot_be_joined)
{
    weft_thread *thread = weft_thread_new(return_it, NULL);
    assert_int_equal(weft_thread_join(thread), WEFT_RUNTIME);
    assert_int_equal(weft_thread_join_for(thread, 0), WEFT_RUNTIME);
    assert_int_equal(weft_thread_join_for(thread, 1), WEFT_RUNTIME);
    assert_int_equal(weft_thread_start(thread), WEFT_OK);
    finish(thread);
}

static void never(void *value)
{
    WITNESS(value == NULL); /* and for NULL it is not called */
}

TEST(a_thread_that_is_never_started_leaves_nothing)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    weft_thread *thread = weft_thread_new(return_it, &memory, .free_value = never);
    assert_int_equal(weft_thread_set_name(thread, "unused"), WEFT_OK);
    weft_thread_free(thread);
    faulty_memory_end(&memory);
}

static void *start_it(void *thread)
{
    weft_status status = weft_thread_start(thread);
    WITNESS(status == WEFT_OK || status == WEFT_RUNTIME);
    return status == WEFT_OK ? thread : NULL;
}

static atomic_int runs;

static void *count_run(void *arg)
{
    atomic_fetch_add(&runs, 1);
    return arg;
}

TEST(of_many_who_start_a_thread_one_does)
{
    enum { ROUNDS = 50, STARTERS = 4 };
    for (int round = 0; round < ROUNDS; round++) {
        int starts = 0;
        weft_thread *thread = weft_thread_new(count_run, NULL);
        struct crew crew = crew_start(STARTERS, start_it, thread);
        for (size_t i = 0; i < STARTERS; i++) {
            assert_int_equal(weft_thread_join(crew.threads[i]), WEFT_OK);
            starts += weft_thread_value(crew.threads[i]) != NULL;
        }
        crew_join(&crew);
        assert_int_equal(starts, 1);
        finish(thread);
        assert_int_equal(atomic_load(&runs), round + 1);
    }
}

/* ---- the system refuses -------------------------------------------------------------------- */

static void *join_early(void *thread)
{
    WITNESS(weft_thread_join(thread) == WEFT_RUNTIME);
    return NULL;
}

static weft_thread *early_joiner;

static void let_another_join(weft_thread *thread)
{
    meanwhile = NULL;
    early_joiner = weft_thread_spawn(join_early, thread);
    EVENTUALLY(wefti_waiters((struct wefti_key){thread, WEFTI_THREAD}) == 1);
    atomic_store(&refuse, 1);
}

TEST(a_start_that_fails_may_be_tried_again)
{
    weft_thread *thread = weft_thread_new(return_it, &refuse);
    for (int i = 0; i < 3; i++) {
        atomic_store(&refuse, 1);
        assert_int_equal(weft_thread_start(thread), WEFT_NO_THREAD);
        assert_false(weft_thread_is_alive(thread));
        assert_int_equal(weft_thread_ident(thread), 0);
        assert_int_equal(weft_thread_active_count(), 1);
        assert_int_equal(weft_thread_set_daemon(thread, false), WEFT_OK);
    }
    assert_int_equal(weft_thread_start(thread), WEFT_OK);
    finish(thread);
}

TEST(who_joins_a_thread_that_cannot_start_is_told)
{
    weft_thread *thread = weft_thread_new(return_it, NULL);
    meanwhile = let_another_join;
    assert_int_equal(weft_thread_start(thread), WEFT_NO_THREAD);
    finish(early_joiner);
    weft_thread_free(thread);
}

TEST(a_new_thread_without_memory_leaves_nothing)
{
    struct faulty_memory memory = {.fail_at = 1};
    faulty_memory_begin(&memory);
    assert_null(weft_thread_new(return_it, NULL));
    assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
    faulty_memory_end(&memory);
    assert_null(weft_thread_new(NULL, NULL));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    assert_null(weft_thread_new_with(NULL));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
}

/* ---- names --------------------------------------------------------------------------------- */

TEST(names_are_generated_where_there_is_none)
{
    unsigned first = 0;
    unsigned second = 0;
    weft_thread *a = weft_thread_new(return_it, NULL);
    weft_thread *b = weft_thread_new(return_it, NULL, .name = "");
    weft_thread *c = weft_thread_new(return_it, NULL, .name = "myname1");
    assert_int_equal(sscanf(weft_thread_name(a), "Thread-%u", &first), 1);
    assert_int_equal(sscanf(weft_thread_name(b), "Thread-%u", &second), 1);
    assert_int_equal(second, first + 1);
    assert_string_equal(weft_thread_name(c), "myname1");
    weft_thread_free(a);
    weft_thread_free(b);
    weft_thread_free(c);
}

TEST(a_name_once_returned_stays_valid)
{
    weft_thread *thread = weft_thread_new(return_it, NULL, .name = "one");
    const char *one = weft_thread_name(thread);
    char text[] = "two";
    assert_int_equal(weft_thread_set_name(thread, text), WEFT_OK);
    const char *two = weft_thread_name(thread);
    text[0] = 'x';
    assert_int_equal(weft_thread_set_name(thread, "three"), WEFT_OK);
    assert_string_equal(one, "one");
    assert_string_equal(two, "two");
    assert_string_equal(weft_thread_name(thread), "three");
    assert_int_equal(weft_thread_set_name(thread, "two"), WEFT_OK);
    assert_ptr_equal(weft_thread_name(thread), two); /* going to and fro needs no more memory */
    assert_int_equal(weft_thread_set_name(thread, ""), WEFT_OK);
    assert_string_equal(weft_thread_name(thread), "");
    weft_thread_free(thread);
}

TEST(a_rename_without_memory_changes_nothing)
{
    struct faulty_memory memory = {.fail_at = 2};
    faulty_memory_begin(&memory);
    weft_thread *thread = weft_thread_new(return_it, NULL, .name = "one");
    assert_int_equal(weft_thread_set_name(thread, "two"), WEFT_NO_MEMORY);
    assert_string_equal(weft_thread_name(thread), "one");
    assert_int_equal(weft_thread_set_name(thread, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_thread_set_name(NULL, "x"), WEFT_VALUE_ERROR);
    weft_thread_free(thread);
    faulty_memory_end(&memory);
}

static void os_name(uint64_t native, char *name, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%llu/comm", (unsigned long long)native);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(name, (int)size, file));
    fclose(file);
    name[strcspn(name, "\n")] = '\0';
}

static void *rename_itself(void *gate)
{
    WITNESS(weft_thread_set_name(weft_thread_current(), "by itself") == WEFT_OK);
    return wait_for_gate(gate);
}

TEST(the_systems_name_follows)
{
    char name[64];
    atomic_bool gate = false;
    weft_thread *thread = weft_thread_new(wait_for_gate, &gate, .name = "one");
    weft_thread *other = weft_thread_spawn(rename_itself, &gate);
    assert_int_equal(weft_thread_set_name(thread, "before start"), WEFT_OK);
    assert_int_equal(weft_thread_start(thread), WEFT_OK);
    uint64_t native = weft_thread_native_id(thread);
    os_name(native, name, sizeof name);
    assert_string_equal(name, "before start");
    assert_int_equal(weft_thread_set_name(thread, "longer than the kernel's 15"), WEFT_OK);
    os_name(native, name, sizeof name);
    assert_string_equal(name, "longer than the");
    EVENTUALLY(strcmp(weft_thread_name(other), "by itself") == 0);
    do
        os_name(weft_thread_native_id(other), name, sizeof name);
    while (strcmp(name, "by itself") != 0 && test_yield());
    atomic_store(&gate, true);
    finish(thread);
    finish(other);
}

TEST(the_main_thread_can_be_renamed)
{
    weft_thread *self = weft_thread_main();
    assert_string_equal(weft_thread_name(self), "MainThread");
    assert_int_equal(weft_thread_set_name(self, "boss"), WEFT_OK);
    assert_string_equal(weft_thread_name(weft_thread_current()), "boss");
}

/* ---- numbers ------------------------------------------------------------------------------- */

static void *tell_native(void *native)
{
    *(uint64_t *)native = (uint64_t)syscall(SYS_gettid);
    return NULL;
}

TEST(the_native_id_is_the_kernels)
{
    enum { THREADS = 20 };
    assert_true(weft_thread_native_id(weft_thread_main()) == (uint64_t)getpid());
    for (int i = 0; i < THREADS; i++) {
        uint64_t native = 0;
        weft_thread *thread = weft_thread_spawn(tell_native, &native);
        uint64_t told = weft_thread_native_id(thread); /* known as soon as it has been started */
        assert_int_equal(weft_thread_join(thread), WEFT_OK);
        assert_true(told != 0 && told == native);
        assert_true(weft_thread_native_id(thread) == told);
        weft_thread_free(thread);
    }
    assert_true(weft_thread_native_id(NULL) == 0);
}

TEST(who_knows_the_native_id_finds_the_systems_name)
{
    finish(weft_thread_spawn(return_it, NULL));
    assert_int_equal(atomic_load(&named), 1);
    assert_int_equal(atomic_load(&named_late), 0);
}

static void *use_library(void *gate)
{
    (void)weft_now();
    (void)weft_park_count();
    atomic_fetch_add(&runs, 1);
    return wait_for_gate(gate);
}

TEST(the_active_count_is_the_length_of_the_list)
{
    enum { OURS = 3 };
    atomic_bool gate = false;
    size_t length = 0;
    pthread_t foreign;
    struct crew crew = crew_start(OURS, use_library, &gate);
    assert_int_equal(pthread_create(&foreign, NULL, use_library, &gate), 0);
    EVENTUALLY(atomic_load(&runs) == OURS + 1);
    assert_int_equal(weft_thread_active_count(), OURS + 2);
    weft_thread_list_free(weft_thread_enumerate(&length));
    assert_int_equal(length, OURS + 2);
    assert_int_equal(weft_thread_active_count(), OURS + 2);
    atomic_store(&gate, true);
    assert_int_equal(pthread_join(foreign, NULL), 0);
    for (size_t i = 0; i < OURS; i++) /* ended, but not freed */
        assert_int_equal(weft_thread_join(crew.threads[i]), WEFT_OK);
    assert_int_equal(weft_thread_active_count(), 1);
    crew_join(&crew);
}

TEST(a_thread_that_has_ended_is_not_listed)
{
    enum { ROUNDS = 100 };
    for (int i = 0; i < ROUNDS; i++) {
        size_t length = 0;
        weft_thread *thread = weft_thread_spawn(return_it, NULL);
        EVENTUALLY(
            !weft_thread_is_alive(thread)); /* not joined: the system's thread may be there */
        weft_thread **list = weft_thread_enumerate(&length);
        assert_int_equal(length, 1);
        assert_ptr_equal(list[0], weft_thread_main());
        weft_thread_list_free(list);
        finish(thread);
    }
}

/* ---- daemon -------------------------------------------------------------------------------- */

TEST(daemon_is_said_before_the_start)
{
    atomic_bool gate = false;
    weft_thread *thread = weft_thread_new(wait_for_gate, &gate);
    assert_false(weft_thread_is_daemon(thread));
    assert_int_equal(weft_thread_set_daemon(thread, true), WEFT_OK);
    assert_true(weft_thread_is_daemon(thread));
    assert_int_equal(weft_thread_set_daemon(thread, false), WEFT_OK);
    assert_int_equal(weft_thread_start(thread), WEFT_OK);
    assert_int_equal(weft_thread_set_daemon(thread, true), WEFT_RUNTIME);
    assert_false(weft_thread_is_daemon(thread));
    atomic_store(&gate, true);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    assert_int_equal(weft_thread_set_daemon(thread, true), WEFT_RUNTIME);
    assert_int_equal(weft_thread_set_daemon(weft_thread_main(), true), WEFT_RUNTIME);
    assert_int_equal(weft_thread_set_daemon(NULL, true), WEFT_VALUE_ERROR);
    weft_thread_free(thread);
}

static void *make_child(void *arg)
{
    weft_thread *child = weft_thread_new(return_it, NULL);
    WITNESS(weft_thread_is_daemon(child));
    WITNESS(weft_thread_set_daemon(child, false) == WEFT_OK);
    WITNESS(!weft_thread_is_daemon(child));
    weft_thread_free(child);
    return arg;
}

TEST(a_daemons_new_thread_is_a_daemon_unless_it_says_no)
{
    weft_thread *thread = weft_thread_spawn(make_child, NULL, .daemon = true);
    finish(thread);
}

/* ---- exit ---------------------------------------------------------------------------------- */

static pthread_key_t key;

static void say_done(void *arg)
{
    (void)arg;
    (void)weft_sleep(0.05);
    printf("destructor done\n");
    fflush(stdout);
}

static void *end_slowly(void *ended)
{
    pthread_setspecific(key, ended);
    return NULL;
}

PROGRAM(exits_while_a_destructor_runs)
{
    WITNESS(pthread_key_create(&key, say_done) == 0);
    weft_thread *thread = weft_thread_spawn(end_slowly, &key);
    EVENTUALLY(!weft_thread_is_alive(thread));
    return 0;
}

TEST(exit_waits_for_the_systems_thread_of_one_that_has_ended)
{
    struct program program = program_start("exits_while_a_destructor_runs");
    assert_int_equal(program_end(&program), 0);
    assert_non_null(strstr(program.text, "destructor done"));
}

static void *spawn_next(void *arg)
{
    int rest = *(int *)arg;
    static int counts[8];
    (void)weft_sleep(0.01);
    printf("%d\n", rest);
    fflush(stdout);
    counts[rest] = rest - 1;
    if (rest > 0)
        weft_thread_free(weft_thread_spawn(spawn_next, &counts[rest]));
    return NULL;
}

PROGRAM(exits_with_threads_that_start_threads)
{
    static int four = 4;
    weft_thread_free(weft_thread_spawn(spawn_next, &four));
    return 0;
}

TEST(exit_waits_for_threads_that_threads_start_meanwhile)
{
    struct program program = program_start("exits_with_threads_that_start_threads");
    assert_int_equal(program_end(&program), 0);
    assert_string_equal(program.text, "4\n3\n2\n1\n0\n");
}
