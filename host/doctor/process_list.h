/* SPDX-License-Identifier: MIT */

/* This user's processes, and what they hold open, as /proc shows them. [any thread] */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct DoctorProcess {
    gint64 pid;
    char *program; /* its file's name: "rein-worker"; "" where it cannot be seen */
} DoctorProcess;

/* Returns: (transfer full) (element-type DoctorProcess): all of this user */
GPtrArray *doctor_process_list(void);

/* Whether it is one of our programs. */
gboolean doctor_process_is_ours(const DoctorProcess *self);

/* Given what a descriptor leads to, as "socket:[123]", and the number of its file. */
typedef void (*DoctorHeldCb)(const DoctorProcess *process, const char *target, guint64 inode,
                             gpointer user_data);

/* Each descriptor that the process has open, then each file that it has mapped. */
void doctor_process_visit_held(const DoctorProcess *self, DoctorHeldCb callback,
                               gpointer user_data);

G_END_DECLS
