/* SPDX-License-Identifier: MIT */
// NEEDS: libmicrohttpd
// NEEDS: libcurl
// NEEDS: demo http
// NEEDS: libcjson
/**
 * @file submit_weather_fetch.c
 * @brief The weather of five cities: fetched on one pool, worked up on another
 *
 * A weather service on this machine answers with JSON after a second. Three workers ask it for
 * five cities, for one that it does not know, and for one without a name, which the task refuses.
 * What came is worked up by a second pool of two, Celsius to Fahrenheit; what failed is counted and
 * goes no further. Waiting has one time limit for all answers together: a future that as_completed
 * hands out is done, and to wait for that one with a limit would be in vain.
 *
 * Source: threads, section 3.2, lines 886-1003; its service is a sleep and a little arithmetic.
 *
 * Look for: two pools, one inside the other. Waiting for a service needs many threads and little
 * processor; working up needs the processor. Each pool has the size that fits its work.
 *
 * Facts:
 * - five answers, two failures: one from the service, one raised by the task
 * - two waves of 1 s at least, for five cities on three workers
 * - each city has its temperature, humidity and weather
 * - five records are worked up, with the right degrees Fahrenheit, none of a failure
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "demo_future.h"
#include "demo_http.h"

enum { KNOWN = 5, CITIES = 7 };

static const char *const cities[CITIES] = {"Beijing",  "Shanghai", "Guangzhou", "Shenzhen",
                                           "Hangzhou", "Atlantis", ""};

/* ---- the service ---- */

static demo_http_answer serve(const char *path, void *arg)
{
    (void)arg;
    const char *city = strrchr(path, '/') + 1;
    int length = (int)strlen(city);
    demo_sleep(1.0);
    if (strcmp(city, "Atlantis") == 0)
        return (demo_http_answer){500, demo_text("not to be found")};
    cJSON *weather = cJSON_CreateObject();
    cJSON_AddStringToObject(weather, "city", city);
    cJSON_AddNumberToObject(weather, "temperature", 20 + length % 15);
    cJSON_AddNumberToObject(weather, "humidity", 40 + length % 40);
    cJSON_AddStringToObject(weather, "weather", length % 2 == 0 ? "sunny" : "cloudy");
    char *text = cJSON_PrintUnformatted(weather);
    cJSON_Delete(weather);
    return (demo_http_answer){200, text};
}

/* ---- the tasks ---- */

static demo_http_server *server;

struct weather {
    bool fetched;
    char error[128]; /* if it was not */
    char city[32];
    int celsius;
    int humidity;
    char conditions[16];
    double fahrenheit; /* worked up */
};

static bool read_weather(const char *text, struct weather *weather)
{
    cJSON *json = cJSON_Parse(text);
    const cJSON *city = cJSON_GetObjectItem(json, "city");
    const cJSON *temperature = cJSON_GetObjectItem(json, "temperature");
    const cJSON *humidity = cJSON_GetObjectItem(json, "humidity");
    const cJSON *conditions = cJSON_GetObjectItem(json, "weather");
    bool valid = cJSON_IsString(city) && cJSON_IsNumber(temperature) && cJSON_IsNumber(humidity) &&
                 cJSON_IsString(conditions);
    if (valid) {
        weather->celsius = temperature->valueint;
        weather->humidity = humidity->valueint;
        snprintf(weather->city, sizeof weather->city, "%s", city->valuestring);
        snprintf(weather->conditions, sizeof weather->conditions, "%s", conditions->valuestring);
    }
    cJSON_Delete(json);
    return valid;
}

static void *fetch(void *arg)
{
    const char *city = arg;
    if (*city == '\0')
        return weft_raise(WEFT_VALUE_ERROR, "a city without a name");
    demo_say("asks for %s", city);
    struct weather *weather = demo_must(calloc(1, sizeof *weather));
    demo_http_reply reply = demo_http_get(server, demo_name("/weather/%s", city), DEMO_PATIENCE);
    if (*reply.error != '\0')
        snprintf(weather->error, sizeof weather->error, "%s", reply.error);
    else if (reply.status != 200)
        snprintf(weather->error, sizeof weather->error, "%ld, %s", reply.status, reply.body);
    else if (!read_weather(reply.body, weather))
        snprintf(weather->error, sizeof weather->error, "not a weather record");
    weather->fetched = *weather->error == '\0';
    free(reply.body);
    return weather;
}

static void *work_up(void *arg)
{
    struct weather *weather = arg;
    weather->fahrenheit = weather->celsius * 9 / 5.0 + 32;
    demo_say("works up %s", weather->city);
    return weather;
}

/* ---- two stages ---- */

struct outcome {
    struct weather *fetched[CITIES]; /* lent by their futures */
    size_t count;
    int failed; /* the service said no */
    int raised; /* the task did */
};

static void collect(weft_future *const *futures, struct outcome *outcome)
{
    weft_future *done;
    weft_status status;
    WEFT_AS_COMPLETED(done, CITIES, futures, DEMO_PATIENCE, status) {
        const char *city = weft_future_tag(done);
        struct weather *weather = weft_future_value(done);
        if (weather == NULL) {
            demo_say("! \"%s\": %s", city, weft_future_error(done)->message);
            outcome->raised++;
        } else if (!weather->fetched) {
            demo_say("- %s: %s", city, weather->error);
            outcome->failed++;
        } else {
            demo_say("+ %s", city);
            outcome->fetched[outcome->count++] = weather;
        }
    }
    CHECK(status == WEFT_OK, "all answers came, within one time limit for all");
}

static void work_up_all(struct outcome *outcome)
{
    weft_future *futures[CITIES];
    weft_future *done;
    weft_status status;
    WEFT_WITH_EXECUTOR(second, 2, .thread_name_prefix = "second") {
        for (size_t i = 0; i < outcome->count; i++)
            futures[i] = demo_must(weft_executor_submit(second, work_up, outcome->fetched[i]));
        WEFT_AS_COMPLETED(done, outcome->count, futures, DEMO_PATIENCE, status) {
            const struct weather *weather = weft_future_value(done);
            demo_say("%s: %d C/%.1f F, humidity %d %%, %s", weather->city, weather->celsius,
                     weather->fahrenheit, weather->humidity, weather->conditions);
        }
        CHECK(status == WEFT_OK && demo_stats(second).done == KNOWN,
              "five records were worked up, none of a failure");
        demo_free_futures(outcome->count, futures);
    }
}

static void check_records(void)
{
    static const char *const expected[KNOWN] = {"Beijing: 27 C/80.6 F, humidity 47 %, cloudy",
                                                "Shanghai: 28 C/82.4 F, humidity 48 %, sunny",
                                                "Guangzhou: 29 C/84.2 F, humidity 49 %, cloudy",
                                                "Shenzhen: 28 C/82.4 F, humidity 48 %, sunny",
                                                "Hangzhou: 28 C/82.4 F, humidity 48 %, sunny"};
    for (int i = 0; i < KNOWN; i++)
        CHECK(demo_count(demo_name("MainThread %s", expected[i])) == 1, "%s", expected[i]);
}

int main(void)
{
    weft_future *futures[CITIES];
    struct outcome outcome = {.count = 0};
    demo_begin("The weather of five cities: fetched on one pool, worked up on another");
    server = demo_http_serve(serve, NULL);
    WEFT_WITH_EXECUTOR(pool, 3, .thread_name_prefix = "first") {
        demo_part("Fetching");
        double start = demo_now();
        for (int i = 0; i < CITIES; i++)
            futures[i] = demo_must(weft_executor_submit(pool, fetch, (void *)(uintptr_t)cities[i],
                                                        .tag = (void *)(uintptr_t)cities[i],
                                                        .free_value = free));
        collect(futures, &outcome);
        CHECK(demo_at_least(demo_now() - start, 2.0), "two waves of 1 s: 2 s at least");
        CHECK(outcome.count == KNOWN && outcome.failed == 1 && outcome.raised == 1,
              "five were fetched, one the service did not know, one the task refused");
        demo_part("Working up");
        work_up_all(&outcome);
        check_records();
    }
    demo_free_futures(CITIES, futures);
    demo_http_stop(server);
    return demo_end();
}
