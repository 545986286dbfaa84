/* SPDX-License-Identifier: MIT */

#include "quarantine_private.h"

#include <string.h>

#include <rein/error.h>

#include "candidate_key_private.h"
#include "quarantine_file_private.h"

struct ReinQuarantine {
    GPtrArray *entries;       /* ReinQuarantineEntry, in the order of their time */
    ReinQuarantineFile *file; /* NULL: they are only here */
};

ReinQuarantine *
rein_quarantine_new(void)
{
    ReinQuarantine *self = g_new0(ReinQuarantine, 1);

    self->entries = g_ptr_array_new_with_free_func((GDestroyNotify)rein_quarantine_entry_free);
    return self;
}

void
rein_quarantine_free(ReinQuarantine *self)
{
    if (self == NULL) {
        return;
    }
    rein_quarantine_file_free(self->file);
    g_ptr_array_unref(self->entries);
    g_free(self);
}

void
rein_quarantine_set_folder(ReinQuarantine *self, const char *folder)
{
    g_return_if_fail(self != NULL);

    g_clear_pointer(&self->file, rein_quarantine_file_free);
    g_ptr_array_set_size(self->entries, 0);
    if (folder != NULL && folder[0] != '\0') {
        self->file = rein_quarantine_file_new(folder);
    }
}

static void
look(ReinQuarantine *self)
{
    if (self->file != NULL) {
        rein_quarantine_file_read(self->file, self->entries);
    }
}

/* What could not be written is kept here, and what others write is not seen any more. */
static void
detach(ReinQuarantine *self, const GError *error)
{
    g_warning("%s; what is quarantined from here on is only known to this process", error->message);
    g_clear_pointer(&self->file, rein_quarantine_file_free);
}

static void
begin(ReinQuarantine *self)
{
    g_autoptr(GError) error = NULL;

    if (self->file != NULL && !rein_quarantine_file_begin(self->file, self->entries, &error)) {
        detach(self, error);
    }
}

static void
commit(ReinQuarantine *self)
{
    g_autoptr(GError) error = NULL;

    if (self->entries->len > REIN_QUARANTINE_MAX_ENTRIES) {
        g_ptr_array_remove_range(self->entries, 0,
                                 self->entries->len - REIN_QUARANTINE_MAX_ENTRIES);
    }
    if (self->file != NULL && !rein_quarantine_file_commit(self->file, self->entries, &error)) {
        detach(self, error);
    }
}

static void
cancel(ReinQuarantine *self)
{
    if (self->file != NULL) {
        rein_quarantine_file_cancel(self->file);
    }
}

/* From `start` on; the length where there is no more. */
static guint
find(const ReinQuarantine *self, ReinQuarantineKind kind, const char *name, guint start)
{
    for (guint i = start; i < self->entries->len; i++) {
        const ReinQuarantineEntry *entry = g_ptr_array_index(self->entries, i);

        if (entry->kind == kind && strcmp(entry->name, name) == 0 &&
            rein_quarantine_entry_is_of_this_boot(entry)) {
            return i;
        }
    }
    return self->entries->len;
}

static const ReinQuarantineEntry *
find_device(const ReinQuarantine *self, const char *id)
{
    const guint index = find(self, REIN_QUARANTINE_DEVICE, id, 0);

    return index < self->entries->len ? g_ptr_array_index(self->entries, index) : NULL;
}

/* Forgets failures of the device that are older than `least_ms`; returns how many are left. */
static guint
drop_failures(ReinQuarantine *self, const char *id, gint64 least_ms)
{
    guint n_left = 0;
    guint i = find(self, REIN_QUARANTINE_FAILURE, id, 0);

    while (i < self->entries->len) {
        const ReinQuarantineEntry *entry = g_ptr_array_index(self->entries, i);

        if (entry->uptime_ms < least_ms) {
            g_ptr_array_remove_index(self->entries, i);
        } else {
            n_left++;
            i++;
        }
        i = find(self, REIN_QUARANTINE_FAILURE, id, i);
    }
    return n_left;
}

static void
add_device(ReinQuarantine *self, const char *id, const char *reason)
{
    drop_failures(self, id, G_MAXINT64);
    g_ptr_array_add(self->entries, rein_quarantine_entry_new(REIN_QUARANTINE_DEVICE, id, reason));
}

gboolean
rein_quarantine_note_failure(ReinQuarantine *self, const char *id, const char *reason)
{
    gboolean is_there = TRUE;

    g_return_val_if_fail(self != NULL && id != NULL && reason != NULL, FALSE);

    begin(self);
    if (find_device(self, id) != NULL) {
        cancel(self);
        return TRUE;
    }
    const gint64 least_ms = rein_quarantine_uptime_ms() - REIN_QUARANTINE_WINDOW_MS;
    if (drop_failures(self, id, least_ms) + 1 >= REIN_QUARANTINE_FAILURES) {
        g_autofree char *all = g_strdup_printf(
            "it failed %u times within %d minutes, the last time: %s", REIN_QUARANTINE_FAILURES,
            (int)(REIN_QUARANTINE_WINDOW_MS / 60000), reason);

        add_device(self, id, all);
    } else {
        g_ptr_array_add(self->entries,
                        rein_quarantine_entry_new(REIN_QUARANTINE_FAILURE, id, reason));
        is_there = FALSE;
    }
    commit(self);
    return is_there;
}

void
rein_quarantine_add_device(ReinQuarantine *self, const char *id, const char *reason)
{
    g_return_if_fail(self != NULL && id != NULL && reason != NULL);

    begin(self);
    if (find_device(self, id) != NULL) {
        cancel(self);
        return;
    }
    add_device(self, id, reason);
    commit(self);
}

/* Whether `a` says of the same plugin or driver what `b` says anew. */
static gboolean
is_replaced(const ReinQuarantineEntry *a, const ReinQuarantineEntry *b)
{
    return a->kind == REIN_QUARANTINE_CANDIDATE && rein_quarantine_entry_is_of_this_boot(a) &&
           strcmp(a->path, b->path) == 0 && strcmp(a->driver, b->driver) == 0 &&
           (strcmp(a->name, b->name) != 0 || strcmp(a->settings, b->settings) == 0);
}

void
rein_quarantine_add_candidate(ReinQuarantine *self, ReinQuarantineEntry *entry)
{
    g_return_if_fail(self != NULL && entry != NULL);
    g_return_if_fail(entry->kind == REIN_QUARANTINE_CANDIDATE);

    begin(self);
    for (guint i = self->entries->len; i > 0; i--) {
        if (is_replaced(g_ptr_array_index(self->entries, i - 1), entry)) {
            g_ptr_array_remove_index(self->entries, i - 1);
        }
    }
    g_ptr_array_add(self->entries, entry);
    commit(self);
}

const ReinQuarantineEntry *
rein_quarantine_find_device(ReinQuarantine *self, const char *id)
{
    g_return_val_if_fail(self != NULL && id != NULL, NULL);

    look(self);
    return find_device(self, id);
}

const ReinQuarantineEntry *
rein_quarantine_find_candidate(ReinQuarantine *self, const char *key, GHashTable *settings,
                               gint64 timeout_ms)
{
    g_return_val_if_fail(self != NULL && key != NULL && settings != NULL, NULL);

    look(self);
    for (guint i = find(self, REIN_QUARANTINE_CANDIDATE, key, 0); i < self->entries->len;
         i = find(self, REIN_QUARANTINE_CANDIDATE, key, i + 1)) {
        const ReinQuarantineEntry *entry = g_ptr_array_index(self->entries, i);
        g_autofree char *seen = rein_candidate_settings_key(entry->plugin, settings);

        if (strcmp(entry->settings, seen) == 0 &&
            (entry->timeout_ms == 0 || entry->timeout_ms >= timeout_ms)) {
            return entry;
        }
    }
    return NULL;
}

/* As a selector would begin: "opencl:pocl". */
static gboolean
is_driver_of_plugin(const ReinQuarantineEntry *entry, const char *name)
{
    const gsize length = strlen(entry->plugin);

    return strncmp(name, entry->plugin, length) == 0 && name[length] == ':' &&
           strcmp(name + length + 1, entry->driver) == 0;
}

static gboolean
is_called(const ReinQuarantineEntry *entry, const char *name)
{
    if (!rein_quarantine_entry_is_of_this_boot(entry)) {
        return FALSE;
    }
    if (name == NULL) {
        return TRUE;
    }
    if (entry->kind != REIN_QUARANTINE_CANDIDATE) {
        return strcmp(entry->name, name) == 0;
    }
    return strcmp(entry->path, name) == 0 || strcmp(entry->plugin, name) == 0 ||
           strcmp(entry->driver, name) == 0 || strcmp(entry->driver_path, name) == 0 ||
           is_driver_of_plugin(entry, name);
}

static guint
remove_called(ReinQuarantine *self, const char *name)
{
    guint n_removed = 0;

    for (guint i = self->entries->len; i > 0; i--) {
        if (is_called(g_ptr_array_index(self->entries, i - 1), name)) {
            g_ptr_array_remove_index(self->entries, i - 1);
            n_removed++;
        }
    }
    return n_removed;
}

gboolean
rein_quarantine_clear(ReinQuarantine *self, const char *name, GError **error)
{
    g_return_val_if_fail(self != NULL && (name == NULL || name[0] != '\0'), FALSE);
    g_return_val_if_fail(error == NULL || *error == NULL, FALSE);

    if (self->file != NULL && !rein_quarantine_file_begin(self->file, self->entries, error)) {
        return FALSE;
    }
    if (remove_called(self, name) > 0) {
        return self->file == NULL || rein_quarantine_file_commit(self->file, self->entries, error);
    }
    cancel(self);
    if (name == NULL) {
        return TRUE;
    }
    g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                "nothing that is quarantined is called \"%s\" (rein devices --why lists what is)",
                name);
    return FALSE;
}
