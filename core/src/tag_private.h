/* SPDX-License-Identifier: MIT */

/*
 * The tag of a worker: the variable REIN_WORKER_TAG in its environment, which all that it starts inherits,
 * also what leaves its process group and session. It says who owns the worker:
 * `BOOT-ID:PID-NAMESPACE:PID:START-TIME:NUMBER`, the first four of the owner, the last one of the
 * worker among the owner's. A process that clears its environment has none. [any thread]
 */

#pragma once

#include <glib.h>
#include <rein/process.h>

G_BEGIN_DECLS

#define REIN_TAG_VARIABLE "REIN_WORKER_TAG"

typedef struct ReinTag {
    ReinProcess owner;
    guint64 pid_namespace; /* the one in which the owner has its pid */
    guint64 number;
} ReinTag;

/* A process that carries a tag. */
typedef struct ReinTagged {
    ReinProcess process;
    char *tag;
} ReinTagged;

/* (transfer full): the text of a new tag of this process, which no other worker of it had. */
char *rein_tag_new(void);

/* Whether `text` is a tag; then `tag` is it. */
gboolean rein_tag_parse(const char *text, ReinTag *tag);

/*
 * Whether the owner was a process of this boot and namespace, and is gone. FALSE where that cannot be
 * told from here: its number means nothing in another namespace.
 */
gboolean rein_tag_is_orphaned(const ReinTag *tag);

/* (transfer full) (nullable): the tag that the process carries, if it is this user's. */
char *rein_tag_read(gint64 pid);

/* (transfer full): ReinTagged: all processes of this user that carry a tag, but for this one. */
GPtrArray *rein_tag_find_processes(void);

G_END_DECLS
