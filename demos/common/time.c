/* SPDX-License-Identifier: MIT */
/**
 * @file time.c
 * @brief The time scale: the same story, faster.
 */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "demo_private.h"

static double speed;
static double rest; /* before each part, in real seconds */
static double began;

/* Clock values are doubles: the difference of two may fall short of the wait between them by their
   rounding. This much is forgiven, in real seconds. */
static const double ROUNDING = 1e-7;

/* A number that the environment gives, if it is one and as large as it must be. */
static double number_in(const char *variable, double otherwise, const char *what, double least)
{
    const char *text = getenv(variable);
    if (text == NULL || *text == '\0')
        return otherwise;
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(number) || number < least)
        demo_misuse("%s must be a number %s, not \"%s\"", variable, what, text);
    return number;
}

void demo_time_begin(void)
{
    speed = number_in("WEFT_DEMO_SPEED", 1, "above 0", DBL_MIN);
    rest = number_in("WEFT_DEMO_PAUSE", 0, "of seconds", 0);
    began = weft_now();
}

void demo_time_rest(void)
{
    time_t whole = (time_t)rest;
    struct timespec left = {.tv_sec = whole, .tv_nsec = (long)((rest - (double)whole) * 1e9)};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

double demo_seconds(double seconds)
{
    demo_board(); /* without demo_begin() there is no speed */
    return seconds / speed;
}

void demo_sleep(double seconds)
{
    weft_sleep(demo_seconds(seconds));
}

double demo_now(void)
{
    return (weft_now() - began) * speed;
}

bool demo_at_least(double elapsed, double seconds)
{
    return elapsed + ROUNDING * speed >= seconds;
}

void demo_pause(void)
{
    /* Not weft_sleep(): a look from outside leaves the thread's own count of waits alone. */
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}
