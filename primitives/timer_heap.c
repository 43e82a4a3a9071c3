/* SPDX-License-Identifier: MIT */
/*
 * C. A. Crane's leftist tree: a node is before its children, and of its two subtrees the right one
 * has the shorter way right to the end (the rank). So that way has at most log2(n + 1) nodes, and
 * two trees are merged along it.
 */
#include "primitives/timer_heap.h"

#include <stdbool.h>
#include <stddef.h>

static bool before(const struct wefti_heap_node *a, const struct wefti_heap_node *b)
{
    return a->deadline < b->deadline || (a->deadline == b->deadline && a->order < b->order);
}

static uint32_t rank_of(const struct wefti_heap_node *node)
{
    return node != NULL ? node->rank : 0;
}

/* Puts the children in order; whether the rank has changed. */
static bool lean_left(struct wefti_heap_node *node)
{
    uint32_t rank = node->rank;
    if (rank_of(node->left) < rank_of(node->right)) {
        struct wefti_heap_node *left = node->left;
        node->left = node->right;
        node->right = left;
    }
    node->rank = rank_of(node->right) + 1;
    return node->rank != rank;
}

/*
 * One tree of two; its root has no parent yet. Recurs no deeper than the two ways right are long.
 */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as a logarithm */
static struct wefti_heap_node *merge(struct wefti_heap_node *a, struct wefti_heap_node *b)
{
    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    if (before(b, a))
        return merge(b, a);
    a->right = merge(a->right, b);
    a->right->parent = a;
    lean_left(a);
    return a;
}

void wefti_heap_insert(struct wefti_heap *heap, struct wefti_heap_node *node)
{
    if (node->order == 0)
        node->order = ++heap->last_order;
    node->left = NULL;
    node->right = NULL;
    node->rank = 1;
    heap->first = merge(heap->first, node);
    heap->first->parent = NULL;
}

void wefti_heap_remove(struct wefti_heap *heap, struct wefti_heap_node *node)
{
    struct wefti_heap_node *parent = node->parent;
    struct wefti_heap_node *rest = merge(node->left, node->right);
    if (rest != NULL)
        rest->parent = parent;
    if (parent == NULL)
        heap->first = rest;
    else
        *(parent->left == node ? &parent->left : &parent->right) = rest;
    /* Ranks above may have become smaller; where one has not, none above it has. */
    while (parent != NULL && lean_left(parent))
        parent = parent->parent;
}
