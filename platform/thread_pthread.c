/* SPDX-License-Identifier: MIT */
#include "platform/thread.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/panic.h"
#include "platform/processor.h"
#include "platform/sanitizer.h"
#include "platform/valgrind.h"

enum { NAME_BYTES = 16 }; /* the kernel's limit, with the zero */
enum { LOOKS = 200, PAUSES = 8 };

static pthread_key_t end_key;
static bool has_end_key; /* the system has so many keys, and the program may have them all */
static void (*end_hook)(void);

/* The size that the system takes for what was asked. */
static size_t usable_stack(size_t size)
{
    long minimum = sysconf(_SC_THREAD_STACK_MIN);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (minimum > 0 && size < (size_t)minimum)
        size = (size_t)minimum;
    return size > SIZE_MAX - page ? size / page * page : (size + page - 1) / page * page;
}

static weft_status create(pthread_attr_t *attributes, void *(*run)(void *), void *arg)
{
    if (!has_end_key)
        return WEFT_NO_THREAD;
    pthread_t thread; /* the new thread knows it by pthread_self, and may end before we could */
    int error = pthread_create(&thread, attributes, run, arg);
    return error == 0 ? WEFT_OK : WEFT_NO_THREAD;
}

weft_status wefti_os_thread_create(void *(*run)(void *), void *arg, size_t stack_size)
{
    if (stack_size == 0)
        return create(NULL, run, arg);
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return WEFT_NO_MEMORY;
    weft_status status = WEFT_NO_THREAD;
    if (pthread_attr_setstacksize(&attributes, usable_stack(stack_size)) == 0)
        status = create(&attributes, run, arg);
    pthread_attr_destroy(&attributes);
    return status;
}

weft_status wefti_os_helper_create(void *(*run)(void *), void *arg)
{
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return WEFT_NO_MEMORY;
    WEFTI_MUST(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0);
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    WEFTI_MUST(pthread_sigmask(SIG_BLOCK, &all, &before) == 0);
    weft_status status = create(&attributes, run, arg);
    WEFTI_MUST(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    pthread_attr_destroy(&attributes);
    return status;
}

wefti_os_thread wefti_os_thread_self(void)
{
    return pthread_self();
}

uint64_t wefti_os_native_id(void)
{
#ifdef __linux__
    return (uint64_t)syscall(SYS_gettid);
#else
    return (uint64_t)(uintptr_t)pthread_self();
#endif
}

/*
 * Looks for a moment whether the thread is gone; true: it is, and is joined. Its last steps take less
 * time than to sleep for them. Not under valgrind, whose helgrind does not know this call.
 */
static bool join_soon(wefti_os_thread thread)
{
#ifdef __GLIBC__
    bool looks = wefti_processors() > 1 && !wefti_valgrind_present();
    for (int i = 0; looks && i < LOOKS; i++) {
        int error = pthread_tryjoin_np(thread, NULL);
        if (error != EBUSY) {
            WEFTI_MUST(error == 0);
            return true;
        }
        wefti_pause_for(PAUSES);
    }
#else
    (void)thread;
#endif
    return false;
}

void wefti_os_thread_join(wefti_os_thread thread)
{
    int cancelable;
    WEFTI_MUST(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelable) == 0);
    if (!join_soon(thread))
        WEFTI_MUST(pthread_join(thread, NULL) == 0);
    WEFTI_MUST(pthread_setcancelstate(cancelable, NULL) == 0);
}

void wefti_os_thread_detach(wefti_os_thread thread)
{
    WEFTI_MUST(pthread_detach(thread) == 0);
}

void wefti_os_thread_rename(wefti_os_thread thread, const char *name)
{
#ifdef __linux__
    char cut[NAME_BYTES];
    int cancelable;
    size_t length = strnlen(name, sizeof cut - 1);
    /* Not in the middle of a UTF-8 character. */
    while (length > 0 && ((unsigned char)name[length] & 0xC0U) == 0x80U)
        length--;
    memcpy(cut, name, length);
    cut[length] = '\0';
    WEFTI_MUST(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelable) == 0);
    pthread_setname_np(thread, cut); /* a name for people: failing is no harm */
    WEFTI_MUST(pthread_setcancelstate(cancelable, NULL) == 0);
#else
    (void)thread;
    (void)name;
#endif
}

void wefti_os_thread_set_name(const char *name)
{
    wefti_os_thread_rename(pthread_self(), name);
}

static void thread_ends(void *armed)
{
    (void)armed;
    end_hook();
}

void wefti_os_at_thread_end(void (*hook)(void))
{
    end_hook = hook;
    has_end_key = pthread_key_create(&end_key, thread_ends) == 0;
}

bool wefti_os_arm_thread_end(void)
{
    return has_end_key && pthread_setspecific(end_key, &end_key) == 0;
}

uint32_t wefti_os_end_rounds(void)
{
    /* To ThreadSanitizer the thread has ended in the last round. */
    return PTHREAD_DESTRUCTOR_ITERATIONS - (wefti_tsan_present() ? 1 : 0);
}

void wefti_os_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    WEFTI_MUST(pthread_atfork(prepare, parent, child) == 0);
}
