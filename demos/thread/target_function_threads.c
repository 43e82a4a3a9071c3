/* SPDX-License-Identifier: MIT */
/**
 * @file target_function_threads.c
 * @brief A thread runs a function: arguments, many at once, a shared variable, a failure
 *
 * A target gets one pointer. A struct behind it stands for Python's arguments: named fields are
 * keywords, and those that are left out are zero. One function can run in many threads, each on its
 * own part of the data. If the pointer is to a variable of the loop, all threads look at the same
 * variable, and by the time they look it has run on. A target that fails ends its own thread and
 * nobody else's; the excepthook is told.
 *
 * Source: threads, section 1.2.
 *
 * Look for: the third part. All eight threads read 8, which is no thread's number at all.
 *
 * Facts:
 * - arguments arrive as they were given, those left out have their defaults
 * - eight threads square a slice each: the sum is that of one thread
 * - with a pointer to the loop's variable all eight read 8; with a struct for each, 0 to 7
 * - the excepthook is called once, with the thread's name; main goes on
 */
#include <inttypes.h>
#include <string.h>

#include "demo.h"
#include "demo_thread.h"

enum { WORKERS = 8, NUMBERS = 8000, SLICE = NUMBERS / WORKERS };

/* ---- arguments by name ---- */

struct greeting {
    const char *name;
    const char *mark; /* NULL: "." */
    int times;        /* 0: once */
};

static void *greet(void *arg)
{
    const struct greeting *greeting = arg;
    for (int i = 0; i < (greeting->times == 0 ? 1 : greeting->times); i++)
        demo_say("hello, %s%s", greeting->name, greeting->mark == NULL ? "." : greeting->mark);
    return arg;
}

static void pass_arguments(void)
{
    demo_part("Arguments");
    struct greeting all = {.name = "all", .mark = "!", .times = 2};
    struct greeting some = {.name = "some"};
    demo_join(demo_spawn(greet, &all, "greeter-1"));
    demo_join(demo_spawn(greet, &some, "greeter-2"));
    CHECK(demo_count("greeter-1 hello, all!") == 2, "the arguments arrive as they were given");
    CHECK(demo_count("greeter-2 *") == 1 && demo_count("greeter-2 hello, some.") == 1,
          "those left out have their defaults");
}

/* ---- one function, many threads ---- */

struct slice {
    const int *numbers;
    int64_t sum; /* of the squares */
    int handled; /* how often */
};

static void *square(void *arg)
{
    struct slice *slice = arg;
    slice->handled++;
    for (int i = 0; i < SLICE; i++)
        slice->sum += (int64_t)slice->numbers[i] * slice->numbers[i];
    demo_say("has squared %d to %d", slice->numbers[0], slice->numbers[SLICE - 1]);
    return arg;
}

static void square_all(void)
{
    static int numbers[NUMBERS];
    struct slice slices[WORKERS];
    weft_thread *threads[WORKERS];
    int64_t serial = 0;
    int64_t sum = 0;
    bool once = true;
    demo_part("Eight threads, eight slices");
    for (int i = 0; i < NUMBERS; i++) {
        numbers[i] = i;
        serial += (int64_t)i * i;
    }
    for (int i = 0; i < WORKERS; i++) {
        slices[i] = (struct slice){.numbers = numbers + (ptrdiff_t)i * SLICE};
        threads[i] = demo_spawn(square, &slices[i], "squarer-%d", i);
    }
    demo_join_all(WORKERS, threads);
    for (int i = 0; i < WORKERS; i++) {
        sum += slices[i].sum;
        once = once && slices[i].handled == 1;
    }
    demo_say("sum %" PRId64 ", by one thread %" PRId64, sum, serial);
    CHECK(sum == serial && once, "each slice was handled once, and the sum is that of one thread");
}

/* ---- the loop's variable ---- */

static weft_event gate = WEFT_EVENT_INIT;
static atomic_int read_as[WORKERS + 1]; /* how many threads have read which number */

static void *read_shared(void *number)
{
    weft_event_wait(&gate);
    read_as[*(atomic_int *)number]++;
    return number;
}

static void *read_own(void *number)
{
    weft_event_wait(&gate);
    read_as[*(int *)number]++;
    return number;
}

static void share_the_variable(void)
{
    weft_thread *threads[WORKERS];
    atomic_int number; /* atomic, so that the mistake is one of meaning only */
    demo_part("A pointer to the loop's variable");
    for (number = 0; number < WORKERS; number++)
        threads[number] = demo_spawn(read_shared, &number, "reader-%d", number);
    weft_event_set(&gate); /* they were not so fast that they saw it on its way */
    demo_join_all(WORKERS, threads);
    demo_say("%d threads have read %d", read_as[WORKERS], WORKERS);
    CHECK(read_as[WORKERS] == WORKERS, "all eight read 8, the number at which the loop ended");
    read_as[WORKERS] = 0;

    demo_part("A variable for each");
    int numbers[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        numbers[i] = i;
        threads[i] = demo_spawn(read_own, &numbers[i], "reader-%d", i);
    }
    demo_join_all(WORKERS, threads);
    bool each_once = read_as[WORKERS] == 0;
    for (int i = 0; i < WORKERS; i++)
        each_once = each_once && read_as[i] == 1;
    demo_say("read: %d %d %d %d %d %d %d %d times the number 0 to 7", read_as[0], read_as[1],
             read_as[2], read_as[3], read_as[4], read_as[5], read_as[6], read_as[7]);
    CHECK(each_once, "the eight read 0 to 7, each its own");
}

/* ---- a failure ---- */

static void *fail(void *arg)
{
    (void)arg;
    demo_say("cannot go on");
    return weft_raise(WEFT_USER + 1, "there is no file %s", "data.txt");
}

static atomic_int hooked;

static void tell(weft_thread *thread, const weft_error *error, void *arg)
{
    (void)arg;
    hooked++;
    demo_say("excepthook: thread %s, \"%s\"", weft_thread_name(thread), error->message);
}

static void survive_a_failure(void)
{
    demo_part("A target that fails");
    weft_set_excepthook(tell, NULL);
    weft_thread *thread = demo_spawn(fail, NULL, "unlucky");
    weft_status joined = weft_thread_join(thread);
    const weft_error *error = weft_thread_error(thread);
    demo_say("has joined it: %s", weft_strerror(joined));
    CHECK(hooked == 1 && demo_count("unlucky excepthook: thread unlucky, *") == 1,
          "the excepthook was called once, with the thread's name");
    CHECK(joined == WEFT_FAILED && error != NULL && error->code == WEFT_USER + 1 &&
              strcmp(error->message, "there is no file data.txt") == 0,
          "who joins it is told, and can ask why");
    CHECK(!weft_thread_is_alive(thread), "its thread has ended; main goes on");
    weft_thread_free(thread);
}

int main(void)
{
    demo_begin("A thread runs a function: arguments, many at once, a shared variable, a failure");
    pass_arguments();
    square_all();
    share_the_variable();
    survive_a_failure();
    return demo_end();
}
