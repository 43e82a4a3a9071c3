/* SPDX-License-Identifier: MIT */
/*
 * Whoever was served may destroy the queue and free its memory at once: the call that served it
 * does not touch the queue any more. Each round's queue lies in a page of its own, which the other
 * thread unmaps; the call stays in the middle of its wake-up until then, and would crash if it
 * looked again.
 */
// LINK: -Wl,--wrap=wefti_parker_unpark
#include "queue_help.h"

#include <sys/mman.h>
#include <unistd.h>

#include "platform/parker.h"

enum { ROUNDS = 400 };

void __real_wefti_parker_unpark(struct wefti_parker *parker);
void __wrap_wefti_parker_unpark(struct wefti_parker *parker);

/* What is done in each round. */
struct scene {
    void (*prepare)(weft_queue *queue);
    weft_status (*serve)(weft_queue *queue);
    void (*wait)(weft_queue *queue); /* and leave nothing of it in use */
    size_t (*waiters)(const weft_queue *queue);
};

static const struct scene *scene;
static _Atomic(weft_queue *) shared; /* where this round's is; NULL: its memory is gone */
static atomic_bool over;
static _Thread_local bool linger; /* in the middle of a wake-up, until the memory is gone */

void __wrap_wefti_parker_unpark(struct wefti_parker *parker)
{
    __real_wefti_parker_unpark(parker);
    if (linger)
        EVENTUALLY(atomic_load(&shared) == NULL);
}

static void *wait_and_unmap(void *arg)
{
    while (!atomic_load(&over)) {
        weft_queue *queue = atomic_load(&shared);
        if (queue == NULL) {
            test_yield();
            continue;
        }
        scene->wait(queue);
        WITNESS(weft_queue_destroy(queue) == WEFT_OK);
        WITNESS(munmap(queue, (size_t)sysconf(_SC_PAGESIZE)) == 0);
        atomic_store(&shared, NULL);
    }
    return arg;
}

/* Half of the rounds wait until the other thread is blocked, half meet it on its way. */
static void play(const struct scene *of)
{
    scene = of;
    struct crew crew = crew_start(1, wait_and_unmap, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        weft_queue *queue = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(queue != MAP_FAILED);
        scene->prepare(queue);
        atomic_store(&shared, queue);
        if (round % 2 == 0)
            EVENTUALLY(scene->waiters(queue) == 1);
        linger = round % 2 == 0;
        assert_int_equal(scene->serve(queue), WEFT_OK);
        linger = false;
        EVENTUALLY(atomic_load(&shared) == NULL);
    }
    atomic_store(&over, true);
    crew_join(&crew);
}

static void prepare_empty(weft_queue *queue)
{
    init(queue, WEFT_QUEUE_FIFO, 1);
}

static void wait_for_item(weft_queue *queue)
{
    int number = 0;
    WITNESS(weft_queue_get(queue, &number) == WEFT_OK);
    WITNESS(number == 7);
}

static weft_status put_seven(weft_queue *queue)
{
    int number = 7;
    return weft_queue_put(queue, &number);
}

TEST(a_put_does_not_touch_the_queue_after_its_item_is_got)
{
    play(&(const struct scene){prepare_empty, put_seven, wait_for_item, weft_queue_getters});
}

static void prepare_priority(weft_queue *queue)
{
    init(queue, WEFT_QUEUE_PRIORITY, 0);
}

TEST(a_put_does_not_touch_the_priority_queue_afterwards)
{
    play(&(const struct scene){prepare_priority, put_seven, wait_for_item, weft_queue_getters});
}

static void prepare_full(weft_queue *queue)
{
    init(queue, WEFT_QUEUE_FIFO, 1);
    put(queue, 1);
}

static void wait_for_room(weft_queue *queue)
{
    int number = 7;
    WITNESS(weft_queue_put(queue, &number) == WEFT_OK);
    wait_for_item(queue);
}

static weft_status get_one(weft_queue *queue)
{
    int number;
    return weft_queue_get(queue, &number);
}

TEST(a_get_does_not_touch_the_queue_after_it_has_made_room)
{
    play(&(const struct scene){prepare_full, get_one, wait_for_room, weft_queue_putters});
}

static void prepare_task(weft_queue *queue)
{
    prepare_full(queue);
    (void)get(queue);
}

static void wait_for_tasks(weft_queue *queue)
{
    WITNESS(weft_queue_join(queue) == WEFT_OK);
}

TEST(task_done_does_not_touch_the_queue_afterwards)
{
    play(&(const struct scene){prepare_task, weft_queue_task_done, wait_for_tasks,
                               weft_queue_joiners});
}

static void wait_for_shutdown(weft_queue *queue)
{
    int number;
    WITNESS(weft_queue_get(queue, &number) == WEFT_SHUTDOWN);
}

static weft_status shut(weft_queue *queue)
{
    return weft_queue_shutdown(queue, false);
}

static weft_status shut_at_once(weft_queue *queue)
{
    return weft_queue_shutdown(queue, true);
}

TEST(shutdown_does_not_touch_the_queue_afterwards)
{
    play(&(const struct scene){prepare_empty, shut, wait_for_shutdown, weft_queue_getters});
}

TEST(an_immediate_shutdown_of_an_empty_queue_does_not_touch_it_afterwards)
{
    play(&(const struct scene){prepare_empty, shut_at_once, wait_for_shutdown, weft_queue_getters});
}
