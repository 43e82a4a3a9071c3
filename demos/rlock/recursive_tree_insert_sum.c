/* SPDX-License-Identifier: MIT */
/**
 * @file recursive_tree_insert_sum.c
 * @brief A binary search tree whose recursive insert and sum re-enter one RLock
 *
 * Two threads insert seven numbers into one tree. Insert takes the tree's lock and walks down by
 * recursion, and each step takes the lock again. With an RLock that is right, and with a Lock the
 * first step would never end. It is also not needed: the public functions hold the lock already.
 * What it buys is that every step may be called by itself.
 *
 * Source: locks, section 2.1, lines 1206-1270.
 *
 * Look for: the shape of the tree depends on who comes first, its content does not.
 *
 * Facts:
 * - the sum is 35
 * - the tree has 7 nodes, in order 2, 3, 4, 5, 6, 7, 8
 * - the depth of the lock returns to 0, after having been more than 1
 */
#include <stdio.h>
#include <stdlib.h>

#include "demo.h"
#include "demo_thread.h"

struct node {
    int value;
    struct node *left;
    struct node *right;
};

struct tree {
    weft_rlock lock; /* guards all below */
    struct node *root;
    uint32_t deepest; /* how often one thread has held the lock at once */
};

/* ---- the tree ---- */

/* NOLINTBEGIN(misc-no-recursion): the subject */
static void insert_below(struct tree *tree, struct node **place, int value)
{
    WEFT_HOLD(&tree->lock);
    if (weft_rlock_depth(&tree->lock) > tree->deepest)
        tree->deepest = weft_rlock_depth(&tree->lock);
    if (*place != NULL) {
        insert_below(tree, value < (*place)->value ? &(*place)->left : &(*place)->right, value);
        return;
    }
    *place = demo_must(malloc(sizeof **place));
    **place = (struct node){.value = value};
}

static int sum_below(struct tree *tree, const struct node *node)
{
    WEFT_HOLD(&tree->lock);
    if (node == NULL)
        return 0;
    return node->value + sum_below(tree, node->left) + sum_below(tree, node->right);
}

/* Appends the values in order to the text; returns how many nodes there are. */
static int print_below(const struct node *node, char *text)
{
    if (node == NULL)
        return 0;
    int count = print_below(node->left, text);
    for (; *text != '\0'; text++) {
    }
    sprintf(text, " %d", node->value);
    return count + 1 + print_below(node->right, text);
}

static void free_below(struct node *node)
{
    if (node == NULL)
        return;
    free_below(node->left);
    free_below(node->right);
    free(node);
}
/* NOLINTEND(misc-no-recursion) */

static void tree_insert(struct tree *tree, int value)
{
    WEFT_HOLD(&tree->lock);
    insert_below(tree, &tree->root, value);
    demo_say("inserts %d", value);
}

static int tree_sum(struct tree *tree)
{
    WEFT_HOLD(&tree->lock);
    return sum_below(tree, tree->root);
}

/* ---- its use ---- */

static struct tree tree = {.lock = WEFT_RLOCK_INIT};

static void *insert_all(void *values)
{
    for (const int *value = values; *value != 0; value++)
        tree_insert(&tree, *value);
    return values;
}

int main(void)
{
    int first[] = {5, 3, 7, 0};
    int second[] = {2, 4, 6, 8, 0};
    char text[64] = "";
    demo_begin("A binary search tree whose recursive insert and sum re-enter one RLock");
    weft_thread *threads[] = {demo_spawn(insert_all, first, "thread-1"),
                              demo_spawn(insert_all, second, "thread-2")};
    demo_join_all(2, threads);

    int sum = tree_sum(&tree);
    int count = print_below(tree.root, text);
    demo_say("the tree holds%s: sum %d", text, sum);
    demo_say("the lock was held up to %u times at once", tree.deepest);
    CHECK(sum == 35, "the sum is 35");
    CHECK(count == 7, "the tree has 7 nodes");
    CHECK(demo_count("MainThread the tree holds 2 3 4 5 6 7 8: *") == 1,
          "in order they are 2, 3, 4, 5, 6, 7, 8, whoever came first");
    CHECK(tree.deepest > 1, "the recursion has re-entered the lock");
    CHECK(weft_rlock_depth(&tree.lock) == 0 && !weft_rlock_locked(&tree.lock),
          "the depth of the lock is 0 again");
    free_below(tree.root);
    return demo_end();
}
