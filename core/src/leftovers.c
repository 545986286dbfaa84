/* SPDX-License-Identifier: MIT */

#include <rein/leftovers.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <rein/process.h>

#include "record_private.h"
#include "tag_private.h"
#include "temporaries_private.h"
#include "tree_private.h"

static void
leftover_free(gpointer data)
{
    ReinLeftover *self = data;

    g_free(self->path);
    g_free(self->tag);
    g_free(self->reason);
    g_free(self->failure);
    g_free(self);
}

/* (transfer full) of `path` and `reason`. */
static ReinLeftover *
add(GPtrArray *leftovers, ReinLeftoverKind kind, char *path, const char *tag, char *reason)
{
    ReinLeftover *self = g_new0(ReinLeftover, 1);

    self->kind = kind;
    self->path = path;
    self->tag = g_strdup(tag);
    self->reason = reason;
    self->size = kind == REIN_LEFTOVER_PROCESS ? 0 : rein_tree_measure(path);
    g_ptr_array_add(leftovers, self);
    return self;
}

static char *
describe_owner(const char *tag_text)
{
    ReinTag tag;

    if (!rein_tag_parse(tag_text, &tag)) {
        return g_strdup("its owner is gone");
    }
    return g_strdup_printf("its owner, process %" G_GINT64_FORMAT ", is gone", tag.owner.pid);
}

static void
find_processes(GPtrArray *leftovers)
{
    g_autoptr(GPtrArray) processes = rein_tag_find_processes();

    for (guint i = 0; i < processes->len; i++) {
        const ReinTagged *tagged = g_ptr_array_index(processes, i);
        ReinTag tag;
        if (!rein_tag_parse(tagged->tag, &tag) || !rein_tag_is_orphaned(&tag)) {
            continue;
        }
        g_autofree char *link =
            g_strdup_printf("/proc/%" G_GINT64_FORMAT "/exe", tagged->process.pid);
        char *program = g_file_read_link(link, NULL);
        ReinLeftover *self =
            add(leftovers, REIN_LEFTOVER_PROCESS, program != NULL ? program : g_strdup(""),
                tagged->tag, describe_owner(tagged->tag));
        self->pid = tagged->process.pid;
        self->start_time = tagged->process.start_time;
    }
}

/* A folder of this user's which is nobody's home, whatever a damaged record says. */
static gboolean
is_scratch(const char *folder, const char *state_folder)
{
    struct stat info;

    return g_path_is_absolute(folder) && lstat(folder, &info) == 0 && S_ISDIR(info.st_mode) &&
           info.st_uid == geteuid() && !g_str_has_prefix(g_get_home_dir(), folder) &&
           !g_str_has_prefix(state_folder, folder) && !g_str_has_prefix(g_get_tmp_dir(), folder);
}

/* The records of dead owners, and before them the scratch folders they name. */
static void
find_records(const char *state_folder, GPtrArray *leftovers)
{
    g_autofree char *folder = rein_record_get_folder(state_folder);
    g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
    g_autoptr(GPtrArray) orphans = g_ptr_array_new_with_free_func(g_free);
    const char *name = NULL;

    while (entries != NULL && (name = g_dir_read_name(entries)) != NULL) {
        char *path = g_build_filename(folder, name, NULL);
        g_ptr_array_add(orphans, path);
        if (!rein_record_is_orphaned(path)) {
            g_ptr_array_remove_index(orphans, orphans->len - 1);
        }
    }
    for (guint i = 0; i < orphans->len; i++) {
        g_auto(ReinRecordFacts) facts = { 0 };
        if (rein_record_read(g_ptr_array_index(orphans, i), &facts) &&
            facts.scratch_folder != NULL && is_scratch(facts.scratch_folder, state_folder)) {
            add(leftovers, REIN_LEFTOVER_SCRATCH, g_strdup(facts.scratch_folder), facts.tag,
                describe_owner(facts.tag));
        }
    }
    for (guint i = 0; i < orphans->len; i++) {
        const char *path = g_ptr_array_index(orphans, i);
        g_autofree char *tag = g_path_get_basename(path);
        add(leftovers, REIN_LEFTOVER_RECORD, g_strdup(path), tag, describe_owner(tag));
    }
}

/* Whether a record is held by a process whose number means nothing here. */
static gboolean
has_foreign_record(const char *state_folder)
{
    g_autofree char *folder = rein_record_get_folder(state_folder);
    g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
    const char *name = NULL;

    while (entries != NULL && (name = g_dir_read_name(entries)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        ReinTag tag;
        if (rein_tag_parse(name, &tag) && !rein_record_is_orphaned(path) &&
            !rein_process_is_alive(&tag.owner)) {
            return TRUE;
        }
    }
    return FALSE;
}

static void
find_temporaries(const char *cache_folder, GPtrArray *leftovers)
{
    /* nearly always there is none, and nobody has to be asked */
    g_autoptr(GPtrArray) paths = rein_temporaries_find(cache_folder, G_MAXINT64);

    if (paths->len > 0) {
        g_ptr_array_unref(paths);
        paths = rein_temporaries_find(cache_folder, rein_temporaries_find_oldest_start_ns());
    }
    for (guint i = 0; i < paths->len; i++) {
        add(leftovers, REIN_LEFTOVER_TEMPORARY, g_strdup(g_ptr_array_index(paths, i)), NULL,
            g_strdup("not finished, and no process that could finish it lives"));
    }
}

GPtrArray *
rein_leftovers_find(const char *state_folder, const char *cache_folder)
{
    GPtrArray *leftovers = g_ptr_array_new_with_free_func(leftover_free);

    find_processes(leftovers);
    if (state_folder == NULL || !has_foreign_record(state_folder)) {
        find_temporaries(cache_folder, leftovers);
    }
    if (state_folder != NULL) {
        find_records(state_folder, leftovers);
    }
    return leftovers;
}

static void
set_failure(ReinLeftover *self, char *failure)
{
    g_free(self->failure);
    self->failure = failure;
}

static void
remove_process(ReinLeftover *self)
{
    ReinProcess process;
    guint n_left = 0;

    (void)rein_leftovers_kill_tagged(self->tag, &n_left);
    self->is_removed =
        !rein_process_get(self->pid, &process) || process.start_time != self->start_time;
    if (!self->is_removed) {
        set_failure(self, g_strdup("it was killed and does not end"));
    }
}

static void
remove_tree(ReinLeftover *self)
{
    self->is_removed = rein_tree_remove(self->path);
    if (!self->is_removed) {
        set_failure(self, g_strdup(g_strerror(errno)));
    }
}

/* Whether something of the same worker could not be removed. */
static gboolean
is_needed(const ReinLeftover *record, GPtrArray *leftovers)
{
    for (guint i = 0; i < leftovers->len; i++) {
        const ReinLeftover *other = g_ptr_array_index(leftovers, i);

        if (other != record && !other->is_removed && g_strcmp0(other->tag, record->tag) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

static void
remove_one(ReinLeftover *self, GPtrArray *leftovers)
{
    set_failure(self, NULL);
    switch (self->kind) {
    case REIN_LEFTOVER_PROCESS:
        remove_process(self);
        break;
    case REIN_LEFTOVER_SCRATCH:
    case REIN_LEFTOVER_TEMPORARY:
        remove_tree(self);
        break;
    case REIN_LEFTOVER_RECORD:
        if (is_needed(self, leftovers)) {
            set_failure(self, g_strdup("what it names could not be removed"));
        } else if (rein_record_is_orphaned(self->path)) {
            remove_tree(self);
        } else { /* somebody else removed it meanwhile, or its owner lives after all */
            self->is_removed = !g_file_test(self->path, G_FILE_TEST_EXISTS);
        }
        break;
    }
}

guint
rein_leftovers_remove(GPtrArray *leftovers)
{
    guint n_failed = 0;

    g_return_val_if_fail(leftovers != NULL, 0);

    for (guint i = 0; i < leftovers->len; i++) {
        ReinLeftover *self = g_ptr_array_index(leftovers, i);

        if (!self->is_removed) {
            remove_one(self, leftovers);
        }
        n_failed += self->is_removed ? 0 : 1;
    }
    return n_failed;
}

const char *
rein_leftover_kind_to_string(ReinLeftoverKind kind)
{
    switch (kind) {
    case REIN_LEFTOVER_PROCESS:
        return "process";
    case REIN_LEFTOVER_SCRATCH:
        return "scratch";
    case REIN_LEFTOVER_TEMPORARY:
        return "temporary";
    case REIN_LEFTOVER_RECORD:
        return "record";
    }
    g_return_val_if_reached("record");
}
