/* SPDX-License-Identifier: MIT */
/* Every call of queues that wants memory, with each block refused in turn. */
// LINK: -Wl,--wrap=malloc,--wrap=free,--wrap=mmap,--wrap=pthread_create,--wrap=pthread_attr_init
// LINK: -Wl,--wrap=pthread_attr_setstacksize,--wrap=sem_init
#include "shortage_help.h"

static const weft_queue_options ints = {.struct_size = sizeof ints, .item_size = sizeof(int)};

NEW(new_queue, weft_queue, weft_queue_new_with(WEFT_QUEUE_FIFO, &ints))

static int compare(const void *a, const void *b)
{
    int x = *(const int *)a;
    int y = *(const int *)b;
    return (x > y) - (x < y);
}

/* A queue of the numbers from 1 on, made unseen. */
static void make(weft_queue *queue, weft_queue_order order, int items)
{
    weft_queue_options options = ints;
    atomic_store(&armed, false);
    options.compare = order == WEFT_QUEUE_PRIORITY ? compare : NULL;
    WITNESS(weft_queue_init_with(queue, order, &options) == WEFT_OK);
    for (int i = 1; i <= items; i++)
        WITNESS(weft_queue_put(queue, &i) == WEFT_OK);
    atomic_store(&armed, true);
}

static weft_status put(weft_queue_order order)
{
    weft_queue queue;
    int number = 1;
    make(&queue, order, 0);
    weft_status status = weft_queue_put(&queue, &number);
    WITNESS(weft_queue_qsize(&queue) == (status == WEFT_OK));
    WITNESS(weft_queue_join_for(&queue, 0) == (status == WEFT_OK ? WEFT_TIMEOUT : WEFT_OK));
    WITNESS(weft_queue_destroy(&queue) == WEFT_OK);
    return status;
}

static weft_status put_into_a_queue(void)
{
    return put(WEFT_QUEUE_FIFO);
}

static weft_status put_into_a_stack(void)
{
    return put(WEFT_QUEUE_LIFO);
}

static weft_status put_into_a_heap(void)
{
    return put(WEFT_QUEUE_PRIORITY);
}

/* A heap of which less than a quarter is used is to become smaller, and stays as it is. */
static weft_status get_from_a_large_heap(void)
{
    enum { MANY = 128, FEW = 31 };
    weft_queue queue;
    int number = 0;
    make(&queue, WEFT_QUEUE_PRIORITY, MANY);
    atomic_store(&armed, false);
    for (int i = 1; i <= MANY - FEW; i++)
        WITNESS(weft_queue_get(&queue, &number) == WEFT_OK && number == i);
    atomic_store(&armed, true);
    weft_status status = weft_queue_get(&queue, &number);
    WITNESS(number == MANY - FEW + 1);
    WITNESS(weft_queue_destroy(&queue) == WEFT_OK);
    return status;
}

static weft_status list(weft_queue_order order)
{
    weft_queue queue;
    size_t count = 9;
    make(&queue, order, 2);
    int *list = weft_queue_list(&queue, &count);
    weft_status status = list != NULL ? WEFT_OK : weft_last_status();
    WITNESS(count == (list != NULL ? 2 : 9));
    WITNESS(list == NULL || (list[0] == 1 && list[1] == 2));
    WITNESS(weft_queue_qsize(&queue) == 2);
    weft_queue_list_free(list);
    WITNESS(weft_queue_destroy(&queue) == WEFT_OK);
    return status;
}

static weft_status list_a_queue(void)
{
    return list(WEFT_QUEUE_FIFO);
}

static weft_status list_a_heap(void)
{
    return list(WEFT_QUEUE_PRIORITY);
}

#define BLOCK(status)                                                                              \
    {                                                                                              \
        {                                                                                          \
            MEMORY, status, "lock.c:wefti_queue_bring_block"                                       \
        }                                                                                          \
    }

#define LIST                                                                                       \
    {                                                                                              \
        {MEMORY, WEFT_NO_MEMORY, "queue.c:copy_all"},                                              \
        {                                                                                          \
            MEMORY, WEFT_NO_MEMORY, "queue.c:weft_queue_list self.c:wefti_self_allocate"           \
        }                                                                                          \
    }

static const struct row queues[] = {
    {"a queue on the heap",
     new_queue,
     {{MEMORY, WEFT_NO_MEMORY, "queue.c:weft_queue_new_with self.c:wefti_self_allocate"}}},
    {"a put", put_into_a_queue, BLOCK(WEFT_NO_MEMORY)},
    {"a put into a stack", put_into_a_stack, BLOCK(WEFT_NO_MEMORY)},
    {"a put into a heap", put_into_a_heap, BLOCK(WEFT_NO_MEMORY)},
    {"a get from a large heap", get_from_a_large_heap, BLOCK(WEFT_OK)},
    {"a list", list_a_queue, LIST},
    {"a list of a heap", list_a_heap, LIST},
};

static const struct part parts[] = {PART(queues)};

PROGRAM(sweeps)
{
    return sweep_named(parts, sizeof parts / sizeof parts[0]);
}

TEST(queues_survive_every_shortage)
{
    sweep_part(&parts[0]);
}
