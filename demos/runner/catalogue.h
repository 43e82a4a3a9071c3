/* SPDX-License-Identifier: MIT */
/**
 * @file catalogue.h
 * @brief Which demos there are: every SOURCES/chapter/name.c, with what its header comment says.
 */
#ifndef RUNNER_CATALOGUE_H
#define RUNNER_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

/** Where a demo stands in the course. */
struct place {
    int document; /**< Number of the source document. */
    int section;  /**< 100 * chapter + section in it. */
    int line;     /**< Its first line there; INT_MAX: none is given. */
};

/** A demo. */
struct demo {
    char *id; /**< "chapter/name" */
    char *chapter;
    char *name;
    char *title;   /**< The @brief of the header comment. */
    char *needs;   /**< What "// NEEDS:" asks for; NULL: nothing. */
    char *source;  /**< Path of its source. */
    char *program; /**< Path of its program. */
    struct place place;
    bool chosen;
};

/** All demos, in the order of the course. */
struct catalogue {
    struct demo *demos;
    size_t count;
};

/** Reads the catalogue; no demo at all ends the program with an error. */
struct catalogue catalogue_read(void);

void catalogue_free(struct catalogue *catalogue);

/** Keeps the demos that match one of the patterns, or all if there are none. A pattern that matches
    nothing ends the program with an error. */
void catalogue_keep_matching(struct catalogue *catalogue, char **patterns, size_t count);

/** Keeps the demos of one chapter, or ends the program with an error. */
void catalogue_keep_chapter(struct catalogue *catalogue, const char *chapter);

/** Keeps the demos that are marked as chosen. */
void catalogue_keep_chosen(struct catalogue *catalogue);

/** The one demo of that name, "name" or "chapter/name"; or an error. */
const struct demo *catalogue_find(const struct catalogue *catalogue, const char *name);

#endif
