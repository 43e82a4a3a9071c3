/* SPDX-License-Identifier: MIT */
/* Items of every size, in every order, held against a model of a few lines. */
#include "queue_help.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 5000, MOST_ITEMS = 700, STEPS = 4000, KEYS = 5 };

/* An item: its first byte is its key, the others tell it from those with the same key. */
static void make_item(unsigned char *item, size_t size, uint64_t *random)
{
    for (size_t i = 0; i < size; i++)
        item[i] = (unsigned char)(i < 8 ? test_random(random) : i);
    item[0] %= KEYS;
}

static int compare_keys(const void *a, const void *b)
{
    return *(const unsigned char *)a - *(const unsigned char *)b;
}

struct model {
    weft_queue_order order;
    size_t size;
    size_t count;
    unsigned char *items;
};

static unsigned char *model_item(const struct model *model, size_t i)
{
    return model->items + i * model->size;
}

static void model_put(struct model *model, const unsigned char *item)
{
    memcpy(model_item(model, model->count++), item, model->size);
}

static size_t model_next(const struct model *model)
{
    size_t next = 0;
    if (model->order == WEFT_QUEUE_LIFO)
        next = model->count - 1;
    if (model->order == WEFT_QUEUE_PRIORITY)
        for (size_t i = 1; i < model->count; i++)
            if (*model_item(model, i) < *model_item(model, next))
                next = i;
    return next;
}

static void model_get(struct model *model, unsigned char *item)
{
    size_t next = model_next(model);
    memcpy(item, model_item(model, next), model->size);
    memmove(model_item(model, next), model_item(model, next + 1),
            (--model->count - next) * model->size);
}

static void assert_list(weft_queue *queue, const struct model *model)
{
    struct model copy = *model;
    unsigned char expected[MOST_BYTES];
    size_t n;
    unsigned char *list = weft_queue_list(queue, &n);
    assert_non_null(list);
    assert_int_equal(n, model->count);
    copy.items = malloc(MOST_ITEMS * model->size);
    assert_non_null(copy.items);
    memcpy(copy.items, model->items, model->count * model->size);
    for (size_t i = 0; i < n; i++) {
        model_get(&copy, expected);
        assert_memory_equal(list + i * model->size, expected, model->size);
    }
    free(copy.items);
    weft_queue_list_free(list);
}

static void play(weft_queue_order order, size_t size, size_t maxsize, uint64_t seed)
{
    static unsigned char item[MOST_BYTES];
    static unsigned char expected[MOST_BYTES];
    struct model model = {order, size, 0, malloc(MOST_ITEMS * size)};
    const weft_queue_options options = {
        .struct_size = sizeof options,
        .item_size = size,
        .maxsize = maxsize,
        .compare = order == WEFT_QUEUE_PRIORITY ? compare_keys : NULL,
    };
    weft_queue queue;
    uint64_t random = seed;
    assert_non_null(model.items);
    assert_int_equal(weft_queue_init_with(&queue, order, &options), WEFT_OK);
    for (int step = 0; step < STEPS; step++) {
        bool grows = step / 500 % 2 == 0; /* long, short, long, short */
        bool puts = test_random(&random) % 4 < (grows ? 3 : 1) && model.count < MOST_ITEMS;
        if (puts) {
            make_item(item, size, &random);
            bool full = maxsize != 0 && model.count == maxsize;
            assert_int_equal(weft_queue_put_for_with(&queue, item, size, 0),
                             full ? WEFT_FULL : WEFT_OK);
            if (!full)
                model_put(&model, item);
        } else if (model.count == 0) {
            assert_int_equal(weft_queue_get_for_with(&queue, item, size, 0), WEFT_EMPTY);
        } else {
            assert_int_equal(weft_queue_get_with(&queue, item, size), WEFT_OK);
            model_get(&model, expected);
            assert_memory_equal(item, expected, size);
        }
        assert_int_equal(weft_queue_qsize(&queue), model.count);
        if (step % 499 == 0)
            assert_list(&queue, &model);
    }
    destroy(&queue);
    free(model.items);
}

static void play_sizes(weft_queue_order order)
{
    static const size_t sizes[] = {1, 2, 3, 4, 7, 8, 12, 16, 24, 100};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        play(order, sizes[i], 0, 4711 + i);
        play(order, sizes[i], 37, 815 + i);
    }
}

TEST(a_queue_is_first_come_first_served_for_every_size)
{
    play_sizes(WEFT_QUEUE_FIFO);
}

TEST(a_stack_is_last_come_first_served_for_every_size)
{
    play_sizes(WEFT_QUEUE_LIFO);
}

TEST(of_equal_items_the_first_to_come_is_the_first_to_leave)
{
    play_sizes(WEFT_QUEUE_PRIORITY);
}

TEST(large_items_are_items_too)
{
    for (weft_queue_order order = WEFT_QUEUE_FIFO; order <= WEFT_QUEUE_SIMPLE; order++)
        play(order, MOST_BYTES, 0, 99);
}

TEST(the_list_of_an_empty_queue_is_empty)
{
    weft_queue queue;
    size_t n = 9;
    init(&queue, WEFT_QUEUE_PRIORITY, 0);
    void *list = weft_queue_list(&queue, &n);
    assert_non_null(list);
    assert_int_equal(n, 0);
    weft_queue_list_free(list);
    weft_queue_list_free(NULL);
    destroy(&queue);
}

/* Items lie where they may lie: their type's alignment is kept. */
struct wide {
    long double number;
    char more;
};

static bool aligned = true;

static int compare_wide(const void *a, const void *b)
{
    aligned = aligned && (uintptr_t)a % _Alignof(struct wide) == 0 &&
              (uintptr_t)b % _Alignof(struct wide) == 0;
    const struct wide *x = a;
    const struct wide *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static void note_alignment(void *item)
{
    aligned = aligned && (uintptr_t)item % _Alignof(struct wide) == 0;
}

TEST(items_are_aligned)
{
    weft_queue fifo;
    weft_queue priority;
    assert_int_equal(weft_queue_init(&fifo, sizeof(struct wide), .drop = note_alignment), WEFT_OK);
    assert_int_equal(weft_queue_init_priority(&priority, sizeof(struct wide),
                                              .drop = note_alignment, .compare = compare_wide),
                     WEFT_OK);
    for (int i = 0; i < 50; i++) {
        struct wide wide = {.number = (long double)(i * 7 % 13)};
        assert_int_equal(weft_queue_put(&fifo, &wide), WEFT_OK);
        assert_int_equal(weft_queue_put(&priority, &wide), WEFT_OK);
    }
    destroy(&fifo);
    destroy(&priority);
    assert_true(aligned);
}
