/* SPDX-License-Identifier: MIT */

/*
 * The memory that a host and its worker have in common: REIN_STAGING_SIZE bytes of data, behind them
 * the room of a message. The host makes it, of a size that nobody can change any more, so that a bad
 * worker cannot take pages away from under it. What it holds may change at any time: read it once.
 */

#pragma once

#include <glib.h>

#include "device_private.h"
#include "wire_private.h"

G_BEGIN_DECLS

typedef struct ReinStaging {
    int fd;     /* close-on-exec; -1 in a worker, where it is only mapped */
    char *data; /* REIN_STAGING_SIZE bytes; NULL: it is not there */
    char *text; /* REIN_BUILD_MSG_SIZE bytes */
} ReinStaging;

#define REIN_STAGING_INIT \
    { \
        .fd = -1, .data = NULL, .text = NULL \
    }

gboolean rein_staging_make(ReinStaging *self, GError **error);

/* Maps what another process has made; `fd` stays the caller's. */
gboolean rein_staging_map(ReinStaging *self, int fd, GError **error);

/* Gives it back here. Safe to repeat. */
void rein_staging_clear(ReinStaging *self);

G_END_DECLS
