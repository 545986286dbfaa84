/* SPDX-License-Identifier: MIT */

/*
 * Messages and log lines of a plugin: printf into the caller's ReinMsg, printf into the host's log.
 * Text that does not fit is cut. Nothing is allocated and nothing is kept; any thread.
 */

#pragma once

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rein/plugin_abi.h"

#define REIN_PRINTF(text, first) __attribute__((unused, format(printf, text, first)))

/* Replaces the text of `msg`; a NULL `msg` or one without room is left alone. */
REIN_PRINTF(2, 3)
static inline void
rein_msg_set(ReinMsg *msg, const char *format, ...)
{
    va_list arguments;

    if (msg == NULL || msg->text == NULL || msg->size == 0) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(msg->text, msg->size, format, arguments);
    va_end(arguments);
}

/* Writes the message and returns `status`: `return rein_msg_fail(msg, REIN_ERR_..., "...")`. */
REIN_PRINTF(3, 4)
static inline ReinStatus
rein_msg_fail(ReinMsg *msg, ReinStatus status, const char *format, ...)
{
    va_list arguments;

    if (msg == NULL || msg->text == NULL || msg->size == 0) {
        return status;
    }
    va_start(arguments, format);
    vsnprintf(msg->text, msg->size, format, arguments);
    va_end(arguments);
    return status;
}

/* One line of at most REIN_MSG_SIZE - 1 bytes in the host's log, at one of REIN_LOG_*. */
REIN_PRINTF(3, 4)
static inline void
rein_host_log(const ReinHost *host, int32_t level, const char *format, ...)
{
    char text[REIN_MSG_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    host->log(host->context, level, text);
}

/*
 * Copies a plugin's struct into one of the caller's that may be older and so smaller: both begin with
 * uint32_t struct_size, and the caller's keeps its own.
 */
__attribute__((unused)) static inline void
rein_struct_give(void *to, const void *from, uint32_t from_size)
{
    uint32_t size = 0;

    memcpy(&size, to, sizeof size);
    if (size > from_size) {
        size = from_size;
    }
    if (size > sizeof size) {
        memcpy((char *)to + sizeof size, (const char *)from + sizeof size, size - sizeof size);
    }
}
