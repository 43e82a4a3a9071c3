/* SPDX-License-Identifier: MIT */
/**
 * @file multiprocess_shared_pool.c
 * @brief Three slots for four processes, and what becomes of a slot whose process dies
 *
 * weft's objects live in one process. A pool that processes share needs memory that they share,
 * and locks that survive them: a robust POSIX mutex tells the next one who takes it that its owner
 * died, and a POSIX semaphore counts the slots. Each slot names the process that has it. A process
 * that is killed gives nothing back: a plain semaphore has lost that permit for good. Here
 * somebody looks whether the owners are still alive, and takes back what the dead had.
 *
 * Source: locks, section 4.3.
 *
 * Look for: the semaphore after the kill. The slot is free again only when it has been reclaimed.
 *
 * Facts:
 * - four processes, five loans each: twenty loans, never more than three at once
 * - a process that is killed with a slot in its hand keeps it: two are left, though nobody uses it
 * - reclaimed, three can be had again, and all later loans succeed
 * - one that is killed with the mutex in its hand blocks nobody: the next one is told
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demo.h"

enum { SLOTS = 3, PROCESSES = 4, EACH = 5 };

static struct shared {
    pthread_mutex_t mutex; /* guards the owners */
    sem_t permits;
    pid_t owner[SLOTS]; /* 0: free */
    demo_crowd users;
    atomic_int loans;
    atomic_bool in_hand; /* the process that is to be killed has what it shall have */
} * pool;

static bool create_pool(void)
{
    void *memory =
        mmap(NULL, sizeof *pool, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t attributes;
    if (memory == MAP_FAILED)
        return false;
    pool = memory;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    bool made = pthread_mutex_init(&pool->mutex, &attributes) == 0 &&
                sem_init(&pool->permits, 1, SLOTS) == 0;
    pthread_mutexattr_destroy(&attributes);
    return made;
}

/* Whether the last owner died with the mutex in hand. What it guards is never half done here. */
static bool lock_pool(void)
{
    bool died = pthread_mutex_lock(&pool->mutex) == EOWNERDEAD;
    if (died)
        pthread_mutex_consistent(&pool->mutex);
    return died;
}

/* With a permit in the hand: takes a free slot. */
static int take_slot(void)
{
    int slot = 0;
    lock_pool();
    while (pool->owner[slot] != 0)
        slot++;
    pool->owner[slot] = getpid();
    pthread_mutex_unlock(&pool->mutex);
    pool->loans++;
    return slot;
}

static int borrow(void)
{
    while (sem_wait(&pool->permits) != 0) {
    } /* a signal */
    return take_slot();
}

static int try_borrow(void)
{
    return sem_trywait(&pool->permits) == 0 ? take_slot() : -1;
}

static void give_back(int slot)
{
    lock_pool();
    pool->owner[slot] = 0;
    pthread_mutex_unlock(&pool->mutex);
    sem_post(&pool->permits);
}

/* Frees the slots of processes that do not exist any more; how many. */
static int reclaim(void)
{
    int reclaimed = 0;
    lock_pool();
    for (int i = 0; i < SLOTS; i++) {
        if (pool->owner[i] == 0 || kill(pool->owner[i], 0) == 0 || errno != ESRCH)
            continue;
        demo_say("process %d is dead, slot %d is free again", (int)pool->owner[i], i);
        pool->owner[i] = 0;
        sem_post(&pool->permits);
        reclaimed++;
    }
    pthread_mutex_unlock(&pool->mutex);
    return reclaimed;
}

/* ---- the processes ---- */

static pid_t start(void (*body)(void))
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        body();
    _exit(0);
}

static void reap(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

static void work(void)
{
    for (int i = 0; i < EACH; i++) {
        int slot = borrow();
        demo_crowd_enter(&pool->users);
        DEMO_AWAIT(pool->users.peak >= SLOTS);
        demo_sleep(0.1);
        demo_crowd_leave(&pool->users);
        give_back(slot);
    }
}

static void hold_a_slot(void)
{
    borrow();
    pool->in_hand = true;
    for (;;)
        pause();
}

static void hold_the_mutex(void)
{
    lock_pool();
    pool->in_hand = true;
    for (;;)
        pause();
}

/* Starts a process, and kills it when it has got there. */
static void kill_with(void (*body)(void))
{
    pool->in_hand = false;
    pid_t pid = start(body);
    DEMO_AWAIT(pool->in_hand);
    demo_sleep(0.3);
    kill(pid, SIGKILL);
    reap(pid);
    demo_say("has killed process %d", (int)pid);
}

static int run_all(void)
{
    pid_t pids[PROCESSES];
    pool->users = (demo_crowd){.inside = 0};
    int before = pool->loans;
    for (int i = 0; i < PROCESSES; i++)
        pids[i] = start(work);
    for (int i = 0; i < PROCESSES; i++)
        reap(pids[i]);
    demo_say("%d loans, at most %d at once", pool->loans - before, pool->users.peak);
    return pool->loans - before;
}

/* How many can be had at once. */
static int count_slots(void)
{
    int slots[SLOTS];
    int have = 0;
    while (have < SLOTS && (slots[have] = try_borrow()) >= 0)
        have++;
    for (int i = 0; i < have; i++)
        give_back(slots[i]);
    return have;
}

int main(void)
{
    demo_begin("Three slots for four processes, and what becomes of a slot whose process dies");
    if (!create_pool())
        return demo_skip("no memory, mutex or semaphore that processes can share");

    demo_part("Four processes, five loans each");
    CHECK(run_all() == PROCESSES * EACH, "twenty loans");
    CHECK(pool->users.peak == SLOTS, "three at once, and never more");

    demo_part("A process is killed with a slot in its hand");
    kill_with(hold_a_slot);
    int left = count_slots();
    demo_say("%d of %d slots can be had", left, SLOTS);
    CHECK(left == SLOTS - 1, "its slot is lost: nobody uses it, and nobody can have it");
    CHECK(reclaim() == 1 && count_slots() == SLOTS, "reclaimed, all three can be had again");
    CHECK(run_all() == PROCESSES * EACH && pool->users.peak == SLOTS,
          "and all later loans succeed");

    demo_part("A process is killed with the mutex in its hand");
    kill_with(hold_the_mutex);
    bool told = lock_pool();
    pthread_mutex_unlock(&pool->mutex);
    demo_say("locks it: %s", told ? "its owner has died" : "as ever");
    CHECK(told, "the next one who locks it is told that its owner has died");
    CHECK(count_slots() == SLOTS, "and the pool goes on");
    munmap(pool, sizeof *pool);
    return demo_end();
}
