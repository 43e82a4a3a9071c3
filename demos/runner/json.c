/* SPDX-License-Identifier: MIT */
/* The results as JSON. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* What cJSON could not allocate is NULL; printing half a result would be worse
 * than none. */
static void *must(void *made)
{
    if (made == NULL)
        fail("out of memory");
    return made;
}

/* The length of the UTF-8 character at `text`; 0 if there is none. */
static size_t character(const unsigned char *text)
{
    static const struct {
        unsigned char mask;
        unsigned char mark;
    } leads[] = {{0x80, 0x00}, {0xe0, 0xc0}, {0xf0, 0xe0}, {0xf8, 0xf0}};
    for (size_t length = 1; length <= 4; length++) {
        if ((text[0] & leads[length - 1].mask) != leads[length - 1].mark)
            continue;
        for (size_t i = 1; i < length; i++)
            if ((text[i] & 0xc0) != 0x80)
                return 0;
        return length;
    }
    return 0;
}

/* A string that JSON can hold: bytes that are no UTF-8 become question marks.
 */
static void add_string(cJSON *object, const char *name, const char *string)
{
    char *clean = copy_string(string, strlen(string));
    for (char *c = clean; *c != '\0';) {
        size_t length = character((const unsigned char *)c);
        if (length == 0)
            *c = '?';
        c += length > 0 ? length : 1;
    }
    must(cJSON_AddStringToObject(object, name, clean));
    free(clean);
}

static cJSON *add_demo(cJSON *array, const struct demo *demo)
{
    cJSON *object = must(cJSON_CreateObject());
    cJSON_AddItemToArray(array, object);
    add_string(object, "name", demo->name);
    add_string(object, "chapter", demo->chapter);
    add_string(object, "title", demo->title);
    return object;
}

static void print(cJSON *array)
{
    char *text = must(cJSON_Print(array));
    puts(text);
    cJSON_free(text);
    cJSON_Delete(array);
}

void report_list_json(const struct catalogue *catalogue)
{
    cJSON *array = must(cJSON_CreateArray());
    for (size_t i = 0; i < catalogue->count; i++)
        add_demo(array, &catalogue->demos[i]);
    print(array);
}

void report_results_json(const struct results *results)
{
    cJSON *array = must(cJSON_CreateArray());
    for (size_t i = 0; i < results->count; i++) {
        const struct result *result = &results->all[i];
        if (result->status == STATUS_NOT_RUN)
            continue;
        cJSON *object = add_demo(array, result->demo);
        add_string(object, "status", status_name(result->status));
        must(cJSON_AddNumberToObject(object, "seconds", result->seconds));
        cJSON *facts = must(cJSON_AddArrayToObject(object, "facts"));
        for (size_t j = 0; j < result->fact_count; j++) {
            cJSON *fact = must(cJSON_CreateObject());
            cJSON_AddItemToArray(facts, fact);
            add_string(fact, "text", result->facts[j].text);
            must(cJSON_AddBoolToObject(fact, "held", result->facts[j].held));
        }
        add_string(object, "output", text_string(&result->output));
    }
    print(array);
}
