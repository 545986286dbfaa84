/* SPDX-License-Identifier: MIT */

#include "thread_private.h"

#include <signal.h>

int
rein_thread_start(pthread_t *thread, gboolean is_detached, void *(*run)(void *), void *data)
{
    pthread_attr_t attributes;
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes,
                                is_detached ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int code = pthread_create(thread, &attributes, run, data);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return code;
}
