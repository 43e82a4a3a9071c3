/* SPDX-License-Identifier: MIT */
/**
 * @file subclass_style_thread.c
 * @brief A thread with state and methods: a struct that begins with a thread
 *
 * Python's programs derive a class from Thread and override run(). In C a struct begins with the
 * base, which holds the thread's handle and a pointer to run; what derives from it adds its fields
 * behind. The base's constructor must be called, or there is no thread to start: starting says so.
 * Two kinds of thread, and three of one kind, each with a state of its own. A base whose run is not
 * overridden calls a target.
 *
 * At last both styles make and join a thousand threads. They cost the same, for both end in the
 * same call.
 *
 * Source: threads, section 1.2.
 *
 * Look for: the pointer to the base is the pointer to the whole, because the base comes first.
 *
 * Facts:
 * - three of one kind end with their own counts: 3, 5, 7
 * - run is called once for each start, in the new thread
 * - without the base's constructor the start is refused
 * - both styles have run all their threads; the object is larger by its own fields
 */
#include <string.h>

#include "demo.h"
#include "demo_thread.h"

enum { MANY = 1000 };

/* ---- the base ---- */

struct runner {
    weft_thread *thread;
    void (*run)(struct runner *runner);
    uint32_t ran_in; /* the number of the thread that has run it */
    int runs;
};

static void *run_it(void *arg)
{
    struct runner *runner = arg;
    runner->ran_in = weft_thread_ident(weft_thread_current());
    runner->runs++;
    runner->run(runner);
    return arg;
}

static void runner_init(struct runner *runner, const char *name, void (*run)(struct runner *))
{
    *runner = (struct runner){.run = run};
    runner->thread = demo_must(weft_thread_new(run_it, runner, .name = name));
}

static weft_status runner_start(struct runner *runner)
{
    return weft_thread_start(runner->thread);
}

static void runner_join(struct runner *runner)
{
    demo_join(runner->thread);
    runner->thread = NULL;
}

/* ---- a thread that counts down ---- */

struct countdown {
    struct runner base;
    int from;
    int counted;
};

static void countdown_run(struct runner *base)
{
    struct countdown *self = (struct countdown *)base;
    for (int i = self->from; i > 0; i--) {
        demo_say("%d", i);
        self->counted++;
        demo_sleep(0.02);
    }
}

static void countdown_init(struct countdown *self, const char *name, int from)
{
    runner_init(&self->base, name, countdown_run);
    self->from = from;
    self->counted = 0;
}

/* ---- a thread that fetches in parts and can say how far it is ---- */

struct downloader {
    struct runner base;
    int size;
    atomic_int fetched;
};

static int downloader_progress(const struct downloader *self)
{
    return 100 * self->fetched / self->size;
}

static void downloader_run(struct runner *base)
{
    struct downloader *self = (struct downloader *)base;
    while (self->fetched < self->size) {
        demo_sleep(0.02);
        self->fetched += 25;
        demo_say("has fetched %d %%", downloader_progress(self));
    }
}

static void downloader_init(struct downloader *self, const char *name, int size)
{
    runner_init(&self->base, name, downloader_run);
    self->size = size;
    self->fetched = 0;
}

/* ---- a base that calls a target: run is not overridden ---- */

struct targeted {
    struct runner base;
    void (*target)(void);
};

static void targeted_run(struct runner *base)
{
    ((struct targeted *)base)->target();
}

static void say_hello(void)
{
    demo_say("is called by the run of the base");
}

static void run_three_of_a_kind(void)
{
    static struct countdown counts[3];
    demo_part("Three of one kind, one of another");
    struct downloader loader;
    downloader_init(&loader, "loader", 100);
    for (int i = 0; i < 3; i++)
        countdown_init(&counts[i], demo_name("counter-%d", i + 1), 3 + 2 * i);
    bool started = runner_start(&loader.base) == WEFT_OK;
    for (int i = 0; i < 3; i++)
        started = started && runner_start(&counts[i].base) == WEFT_OK;
    weft_status again = runner_start(&loader.base);
    runner_join(&loader.base);
    bool once = loader.base.runs == 1;
    bool elsewhere = loader.base.ran_in != weft_thread_ident(weft_thread_current());
    for (int i = 0; i < 3; i++) {
        runner_join(&counts[i].base);
        once = once && counts[i].base.runs == 1;
        elsewhere = elsewhere && counts[i].base.ran_in != loader.base.ran_in;
    }
    CHECK(started && counts[0].counted == 3 && counts[1].counted == 5 && counts[2].counted == 7,
          "each has its own state: they have counted 3, 5 and 7");
    CHECK(downloader_progress(&loader) == 100, "the other kind has its own method: 100 %%");
    CHECK(once && again == WEFT_RUNTIME, "run was called once for each; a second start is refused");
    CHECK(elsewhere, "in threads of their own");
}

static void use_the_base(void)
{
    demo_part("The run of the base, and a forgotten constructor");
    struct targeted plain = {.target = say_hello};
    runner_init(&plain.base, "plain", targeted_run);
    bool started = runner_start(&plain.base) == WEFT_OK;
    runner_join(&plain.base);
    CHECK(started && demo_count("plain is called by the run of the base") == 1,
          "a run that is not overridden calls the target");

    struct countdown forgotten = {.from = 3};
    weft_status status = runner_start(&forgotten.base);
    demo_say("starts one whose base was never made: %s", weft_status_exception(status));
    CHECK(status == WEFT_VALUE_ERROR && forgotten.counted == 0,
          "without the base's constructor the start is refused");
}

/* ---- the two styles side by side ---- */

static atomic_int ran;

static void *count_one(void *arg)
{
    ran++;
    return arg;
}

static void count_run(struct runner *base)
{
    (void)base;
    ran++;
}

static void compare(void)
{
    demo_part("A thousand threads in each style");
    double start = weft_now();
    for (int i = 0; i < MANY; i++)
        demo_join(demo_spawn(count_one, NULL, "function"));
    double by_function = weft_now() - start;
    start = weft_now();
    struct runner runner;
    for (int i = 0; i < MANY; i++) {
        runner_init(&runner, "object", count_run);
        if (runner_start(&runner) == WEFT_OK)
            runner_join(&runner);
    }
    double by_object = weft_now() - start;
    demo_line("    by function: %6.1f us a thread", by_function / MANY * 1e6);
    demo_line("    by object:   %6.1f us a thread, base %zu bytes, countdown %zu bytes",
              by_object / MANY * 1e6, sizeof(struct runner), sizeof(struct countdown));
    CHECK(ran == 2 * MANY, "both styles have run all their threads");
    CHECK(sizeof(struct countdown) == sizeof(struct runner) + 2 * sizeof(int),
          "the object is larger than its base by its own two fields");
}

int main(void)
{
    demo_begin("A thread with state and methods: a struct that begins with a thread");
    run_three_of_a_kind();
    use_the_base();
    compare();
    return demo_end();
}
