/* SPDX-License-Identifier: MIT */
#include "platform/signal.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "platform/atomic.h"
#include "platform/parker.h"
#include "platform/thread.h"

static struct wefti_mutex mutex; /* guards the helper's start */
static uint32_t helper_runs;
static sem_t bell; /* POSIX lets a handler ring it */
static void (*works[WEFTI_HELPS])(void);
static uint32_t rings[WEFTI_HELPS]; /* not answered yet; the bell is rung for each */

/* Answers one ring. */
static void answer(void)
{
    for (size_t i = 0; i < WEFTI_HELPS; i++)
        /* Acquire: pairs with the release in wefti_helper_ring. Only the helper counts down. */
        if (wefti_load(&rings[i], ACQUIRE) != 0) {
            wefti_fetch_sub(&rings[i], 1, RELAXED);
            wefti_load(&works[i], ACQUIRE)();
            return;
        }
}

static void *help(void *arg)
{
    (void)arg;
    for (;;) {
        while (sem_wait(&bell) != 0) {
            /* interrupted: all signals are blocked here, but a debugger interrupts too */
        }
        answer();
    }
    return NULL;
}

bool wefti_helper_knows(enum wefti_help help)
{
    return wefti_load(&works[help], RELAXED) != NULL;
}

void wefti_helper_ring(enum wefti_help help)
{
    int error = errno;
    /* Release: pairs with the acquire in answer. */
    wefti_fetch_add(&rings[help], 1, RELEASE);
    sem_post(&bell);
    errno = error;
}

static void ring_for_dump(int signal_number)
{
    (void)signal_number;
    wefti_helper_ring(WEFTI_HELP_DUMP);
}

/* Starts the helper if it does not run. */
static weft_status start_helper(void)
{
    weft_status status = WEFT_OK;
    wefti_mutex_lock(&mutex);
    if (!wefti_load(&helper_runs, RELAXED)) {
        status = sem_init(&bell, 0, 0) == 0 ? wefti_os_helper_create(help, NULL) : WEFT_NO_MEMORY;
        if (status == WEFT_OK)
            wefti_store(&helper_runs, 1, RELAXED);
    }
    wefti_mutex_unlock(&mutex);
    return status;
}

weft_status wefti_helper_start(enum wefti_help help, void (*work)(void))
{
    weft_status status = start_helper();
    if (status == WEFT_OK)
        wefti_store(&works[help], work, RELEASE);
    return status;
}

weft_status wefti_on_signal(int signal_number, void (*work)(void))
{
    struct sigaction present;
    if (signal_number == SIGKILL || signal_number == SIGSTOP ||
        sigaction(signal_number, NULL, &present) != 0)
        return WEFT_VALUE_ERROR;
    weft_status status = wefti_helper_start(WEFTI_HELP_DUMP, work);
    if (status != WEFT_OK)
        return status;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = ring_for_dump;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    return sigaction(signal_number, &action, NULL) == 0 ? WEFT_OK : WEFT_VALUE_ERROR;
}

void wefti_signal_forked(void)
{
    wefti_mutex_init(&mutex);
    wefti_store(&helper_runs, 0, RELAXED);
    for (size_t i = 0; i < WEFTI_HELPS; i++)
        wefti_store(&rings[i], 0, RELAXED);
}

void wefti_signal_revive(void)
{
    if (!wefti_load(&helper_runs, RELAXED) &&
        (wefti_helper_knows(WEFTI_HELP_DUMP) || wefti_helper_knows(WEFTI_HELP_EVENTS)))
        start_helper();
}

int wefti_signal_number(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } known[] = {{"QUIT", SIGQUIT}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"HUP", SIGHUP},
                 {"INT", SIGINT},   {"TERM", SIGTERM}, {"ALRM", SIGALRM}};
    if (strncmp(name, "SIG", 3) == 0)
        name += 3;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(name, known[i].name) == 0)
            return known[i].number;
    /* strtol would take a sign and spaces, too. */
    char *end = NULL;
    long number = *name >= '0' && *name <= '9' ? strtol(name, &end, 10) : 0;
    return number > 0 && number < NSIG && *end == '\0' ? (int)number : 0;
}
