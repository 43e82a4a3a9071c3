/* SPDX-License-Identifier: MIT */
/*
 * A map is a ring of futures, as long as its window: those from `next` to `submitted` are in it. When
 * it is over (a failure was reported, or there are no more) nothing is submitted or lent any more; the
 * futures stay until the map is freed.
 */
#include <weft/map.h>

#include <string.h>

#include "platform/memory.h"
#include "primitives/thread.h"

struct weft_map {
    weft_map_options options;
    size_t window;
    double deadline;
    size_t submitted;
    size_t next;
    bool over;
    weft_status refused;  /* why a submit failed; WEFT_OK: none has */
    weft_future *present; /* whose value or error is lent; NULL: none */
    weft_future *ring[];
};

static weft_future **at(weft_map *map, size_t i)
{
    return &map->ring[i % map->window];
}

static void *item(const weft_map_options *options, size_t i)
{
    void *pointer;
    if (options->item_size != 0)
        return (char *)options->items + i * options->item_size;
    memcpy(&pointer, (char *)options->items + i * sizeof pointer, sizeof pointer);
    return pointer;
}

/* Submits as many as the window has room for. */
static weft_status submit(weft_map *map)
{
    const weft_map_options *options = &map->options;
    while (map->submitted < options->count && map->submitted - map->next < map->window) {
        weft_future *future =
            weft_executor_submit(options->executor, options->target, item(options, map->submitted),
                                 .priority = options->priority, .free_value = options->free_value);
        if (future == NULL)
            return weft_last_status();
        *at(map, map->submitted++) = future;
    }
    return WEFT_OK;
}

static bool valid(const weft_map_options *options)
{
    return options->executor != NULL && options->target != NULL &&
           (options->items != NULL || options->count == 0) && options->timeout == options->timeout;
}

weft_map *weft_executor_map_with(const weft_map_options *given)
{
    /* A caller compiled against another version may know fewer options, or more. */
    weft_map_options options = {0};
    if (given == NULL || given->struct_size < offsetof(weft_map_options, item_size))
        return wefti_failed(WEFT_VALUE_ERROR);
    memcpy(&options, given,
           given->struct_size < sizeof options ? given->struct_size : sizeof options);
    if (!valid(&options))
        return wefti_failed(WEFT_VALUE_ERROR);
    size_t window =
        options.window != 0 && options.window < options.count ? options.window : options.count;
    weft_map *map = window <= SIZE_MAX / sizeof *map->ring - sizeof *map
                        ? wefti_allocate(sizeof *map + window * sizeof *map->ring)
                        : NULL;
    if (map == NULL)
        return wefti_failed(WEFT_NO_MEMORY);
    map->options = options;
    map->window = window;
    map->deadline = options.timeout != 0 ? weft_now() + options.timeout : WEFT_FOREVER;
    weft_executor_ref(options.executor);
    weft_status status = submit(map);
    if (status == WEFT_OK)
        return map;
    weft_map_free(map);
    return wefti_failed(status);
}

/* Nothing more is reported. */
static void end(weft_map *map)
{
    map->over = true;
    for (size_t i = map->next; i < map->submitted; i++)
        (void)weft_future_cancel(*at(map, i));
}

/* The result is not lent any more. */
static void take_back(weft_map *map)
{
    weft_future *present = map->present;
    map->present = NULL;
    weft_future_free(present);
}

static weft_status wait_for(const weft_map *map, weft_future *future, void **value)
{
    return map->deadline == WEFT_FOREVER ? weft_future_result(future, value)
                                         : weft_future_result_until(future, value, map->deadline);
}

weft_status weft_map_next(weft_map *map, void **value)
{
    if (map == NULL)
        return WEFT_VALUE_ERROR;
    if (map->over)
        return WEFT_EMPTY;
    take_back(map);
    if (map->refused == WEFT_OK)
        map->refused = submit(map);
    if (map->refused == WEFT_INTERRUPTED) { /* the next call goes on with the submits */
        map->refused = WEFT_OK;
        return WEFT_INTERRUPTED;
    }
    if (map->next == map->submitted) {
        map->over = true;
        return map->refused != WEFT_OK ? map->refused : WEFT_EMPTY;
    }
    weft_future *future = *at(map, map->next);
    weft_status status = wait_for(map, future, value);
    if (status == WEFT_INTERRUPTED || status == WEFT_DEADLOCK)
        return status;
    if (status != WEFT_TIMEOUT) {
        map->present = future;
        map->next++;
    }
    if (status != WEFT_OK)
        end(map);
    else if (map->refused == WEFT_OK)
        map->refused = submit(map);
    return status;
}

const weft_error *weft_map_error(const weft_map *map)
{
    return map != NULL ? weft_future_error(map->present) : NULL;
}

weft_status weft_map_join(weft_map *map)
{
    if (map == NULL)
        return WEFT_VALUE_ERROR;
    end(map);
    for (size_t i = map->next; i < map->submitted; i++) {
        weft_status status = weft_future_result(*at(map, i), NULL);
        if (status == WEFT_INTERRUPTED || status == WEFT_DEADLOCK)
            return status;
    }
    return WEFT_OK;
}

/* The frame is left; by the end of a value that has ended its thread, if the map is still there. */
static void free_rest(weft_map **map)
{
    weft_map_free(*map);
}

void weft_map_free(weft_map *map)
{
    if (map == NULL)
        return;
    weft_map *rest __attribute__((cleanup(free_rest))) = map;
    end(map);
    take_back(map);
    while (map->next < map->submitted)
        weft_future_free(*at(map, map->next++));
    rest = NULL;
    weft_executor_free(map->options.executor);
    wefti_release(map);
}
