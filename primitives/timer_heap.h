/* SPDX-License-Identifier: MIT */
/*
 * What is due first: a leftist heap of nodes that lie in their owners, so that it needs no memory
 * and nothing in it can fail. Insert, take the first and take any one are O(log n), always. Among
 * equal deadlines the one that was inserted first is first. The caller locks.
 */
#ifndef WEFTI_PRIMITIVES_TIMER_HEAP_H
#define WEFTI_PRIMITIVES_TIMER_HEAP_H

#include <stdint.h>

struct wefti_heap_node {
    int64_t deadline;
    uint64_t order; /* among equal deadlines; given by the first insert */
    struct wefti_heap_node *left;
    struct wefti_heap_node *right;
    struct wefti_heap_node *parent;
    uint32_t rank; /* nodes on the way right to the end */
};

struct wefti_heap {
    struct wefti_heap_node *first; /* NULL: empty */
    uint64_t last_order;
};

/* Puts a node in. One that has been in before keeps its place among equals. */
void wefti_heap_insert(struct wefti_heap *heap, struct wefti_heap_node *node);

/* Takes a node out that is in. */
void wefti_heap_remove(struct wefti_heap *heap, struct wefti_heap_node *node);

#endif
