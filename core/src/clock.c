/* SPDX-License-Identifier: MIT */

#include "clock_private.h"

#include <time.h>

gint64
rein_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (gint64)now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec;
}
