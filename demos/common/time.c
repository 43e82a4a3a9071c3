/* SPDX-License-Identifier: MIT */
/**
 * @file time.c
 * @brief The time scale: the same story, faster.
 */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "demo_private.h"

static double speed;
static double began;

/* Clock values are doubles: the difference of two may fall short of the wait between them by their
   rounding. This much is forgiven, in real seconds. */
static const double ROUNDING = 1e-7;

void demo_time_begin(void)
{
    speed = 1;
    const char *text = getenv("WEFT_DEMO_SPEED");
    if (text != NULL && *text != '\0') {
        char *end;
        speed = strtod(text, &end);
        if (end == text || *end != '\0' || !isfinite(speed) || speed <= 0)
            demo_misuse("WEFT_DEMO_SPEED must be a number above 0, not \"%s\"", text);
    }
    began = weft_now();
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
