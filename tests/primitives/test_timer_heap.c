/* SPDX-License-Identifier: MIT */
/* The heap of the timers: what is first, against a plain list that says the same slowly. */
#include "test.h"

#include "primitives/timer_heap.h"

enum { NODES = 200, STEPS = 20000, DEADLINES = 20 };

static struct wefti_heap_node nodes[NODES];
static bool in[NODES];

/* What must be first: the earliest, and of those the one that was inserted first. */
static struct wefti_heap_node *expected_first(void)
{
    struct wefti_heap_node *first = NULL;
    for (size_t i = 0; i < NODES; i++)
        if (in[i] && (first == NULL || nodes[i].deadline < first->deadline ||
                      (nodes[i].deadline == first->deadline && nodes[i].order < first->order)))
            first = &nodes[i];
    return first;
}

/* How many nodes there are; each is before its children, and leans to the left. */
static size_t check(const struct wefti_heap_node *node, const struct wefti_heap_node *parent)
{
    if (node == NULL)
        return 0;
    uint32_t left = node->left != NULL ? node->left->rank : 0;
    uint32_t right = node->right != NULL ? node->right->rank : 0;
    assert_ptr_equal(node->parent, parent);
    assert_true(parent == NULL || node->deadline >= parent->deadline);
    assert_true(left >= right && node->rank == right + 1);
    return 1 + check(node->left, node) + check(node->right, node);
}

TEST(the_first_is_always_the_earliest_of_all)
{
    uint64_t random = 42;
    struct wefti_heap heap = {.first = NULL};
    size_t size = 0;
    for (int step = 0; step < STEPS; step++) {
        size_t i = test_random(&random) % NODES;
        if (in[i]) {
            wefti_heap_remove(&heap, &nodes[i]);
            size--;
        } else {
            nodes[i].deadline = (int64_t)(test_random(&random) % DEADLINES);
            nodes[i].order = 0;
            wefti_heap_insert(&heap, &nodes[i]);
            size++;
        }
        in[i] = !in[i];
        assert_ptr_equal(heap.first, expected_first());
        assert_int_equal(check(heap.first, NULL), size);
    }
}

TEST(equal_deadlines_come_in_the_order_of_their_insertion)
{
    struct wefti_heap heap = {.first = NULL};
    for (size_t i = 0; i < NODES; i++) {
        nodes[i].deadline = 7;
        wefti_heap_insert(&heap, &nodes[i]);
    }
    /* Put back, it keeps its place. */
    wefti_heap_remove(&heap, &nodes[0]);
    wefti_heap_insert(&heap, &nodes[0]);
    for (size_t i = 0; i < NODES; i++) {
        assert_ptr_equal(heap.first, &nodes[i]);
        wefti_heap_remove(&heap, &nodes[i]);
    }
    assert_null(heap.first);
}

TEST(a_long_row_needs_few_steps)
{
    /*
     * Rising deadlines are the worst case of a naive tree: the ranks show that this one stays
     * flat.
     */
    struct wefti_heap heap = {.first = NULL};
    for (size_t i = 0; i < NODES; i++) {
        nodes[i].deadline = (int64_t)i;
        wefti_heap_insert(&heap, &nodes[i]);
        assert_true(heap.first->rank <= 8); /* 2^8 > NODES */
    }
}
