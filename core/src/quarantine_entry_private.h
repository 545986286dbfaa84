/* SPDX-License-Identifier: MIT */

/*
 * One thing that went wrong and is remembered: a failure of a device, a device that is not to be
 * used, or a plugin's file or driver that is not to be asked. A plain record of text that is one line
 * each and valid UTF-8. [any thread]
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    REIN_QUARANTINE_FAILURE, /* of a device that is still in use */
    REIN_QUARANTINE_DEVICE,
    REIN_QUARANTINE_CANDIDATE,
} ReinQuarantineKind;

typedef struct ReinQuarantineEntry {
    ReinQuarantineKind kind;
    char *name; /* the device's id; of a candidate its rein_candidate_key() */
    char *reason;
    char *since;      /* UTC, "2025-11-22T08:37:12Z": for people */
    char *boot_id;    /* the kernel's, "" where it does not tell */
    gint64 uptime_ms; /* CLOCK_BOOTTIME: for all that is decided */

    /* of a candidate, else "" and 0 */
    char *path;
    char *plugin; /* its name, "" where that was not known yet */
    char *version;
    char *driver; /* its name in the plugin, "" for the plugin itself */
    char *driver_path;
    char *settings;    /* rein_candidate_settings_key() */
    gint64 timeout_ms; /* what it had for its answer; 0: it did not hang */
} ReinQuarantineEntry;

/* With the time of now; other text is "". */
ReinQuarantineEntry *rein_quarantine_entry_new(ReinQuarantineKind kind, const char *name,
                                               const char *reason);

/* NULL is a no-op. */
void rein_quarantine_entry_free(ReinQuarantineEntry *self);

/* Replaces the text of a member by one line of `text`. */
void rein_quarantine_entry_set(char **member, const char *text);

/* Whether it is of the time since this machine was started. */
gboolean rein_quarantine_entry_is_of_this_boot(const ReinQuarantineEntry *self);

/* Milliseconds from the machine's start to now, its sleep counted. */
gint64 rein_quarantine_uptime_ms(void);

/* Appends the group of `number` to a key file. */
void rein_quarantine_entry_write(const ReinQuarantineEntry *self, GKeyFile *file, guint number);

/* (transfer full): the entry in `group`, or NULL if it is none. */
ReinQuarantineEntry *rein_quarantine_entry_read(GKeyFile *file, const char *group);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinQuarantineEntry, rein_quarantine_entry_free)

G_END_DECLS
