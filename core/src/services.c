/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE /* nftw */

#include "services_private.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rein/error.h>

#include "record_private.h"
#include "text_private.h"
#include "worker_device_private.h"

#define LOG_DOMAIN "rein"
#define LOG_LINE_SIZE 8192 /* bytes of a line that are kept */
#define KEY_SIZE 256       /* "PLUGIN.KEY" with the NUL; longer keys are not set */
#define MAX_NICE 19u
#define SCRATCH_DEPTH 16 /* descriptors that deleting a folder may hold */

struct ReinServices {
    char *plugin;
    char *who;
    int nice;             /* what is added to the priority of the plugin's threads */
    GHashTable *settings; /* never changed after new: read on any thread */
    char *cache_folder;
    ReinRecord *record;
    char *scratch_folder;      /* NULL: none was made */
    char *lent_scratch_folder; /* of the host of this worker */
    ReinWorkerSetup *worker;   /* NULL: the plugin is in this process */
    ReinHost host;
};

/* A plugin's error is no error of the program: GLib would abort on G_LOG_LEVEL_ERROR. */
static const struct {
    GLogLevelFlags flags;
    const char *priority; /* as in syslog.h, what the journal sorts by */
} log_levels[] = {
    [REIN_LOG_ERROR] = { G_LOG_LEVEL_WARNING, "4" },
    [REIN_LOG_WARNING] = { G_LOG_LEVEL_WARNING, "4" },
    [REIN_LOG_INFO] = { G_LOG_LEVEL_INFO, "6" },
    [REIN_LOG_DEBUG] = { G_LOG_LEVEL_DEBUG, "7" },
};

void
rein_services_log(const char *plugin, gint32 level, const char *message)
{
    gsize index = level >= REIN_LOG_ERROR && level <= REIN_LOG_DEBUG ? (gsize)level : REIN_LOG_INFO;
    const GLogField fields[] = {
        { "MESSAGE", message, -1 },
        { "GLIB_DOMAIN", LOG_DOMAIN, -1 },
        { "PRIORITY", log_levels[index].priority, -1 },
        { REIN_LOG_FIELD_PLUGIN, plugin, -1 },
    };

    g_log_structured_array(log_levels[index].flags, fields, G_N_ELEMENTS(fields));
}

static void
host_log(void *context, int32_t level, const char *text)
{
    const ReinServices *self = context;
    g_autofree char *line = rein_text_line(text, LOG_LINE_SIZE);
    g_autofree char *message = g_strdup_printf("%s: %s", self->who, line);

    rein_services_log(self->plugin, level, message);
}

static const char *
host_setting(void *context, const char *key)
{
    const ReinServices *self = context;
    char full_key[KEY_SIZE];

    if (key == NULL) {
        return NULL;
    }
    int length = snprintf(full_key, sizeof full_key, "%s.%s", self->plugin, key);
    if (length < 0 || (gsize)length >= sizeof full_key) {
        return NULL;
    }
    return g_hash_table_lookup(self->settings, full_key);
}

static GHashTable *
copy_settings(GHashTable *settings)
{
    GHashTable *copy = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    GHashTableIter entries;
    gpointer key = NULL;
    gpointer value = NULL;

    if (settings == NULL) {
        return copy;
    }
    g_hash_table_iter_init(&entries, settings);
    while (g_hash_table_iter_next(&entries, &key, &value)) {
        g_hash_table_insert(copy, g_strdup(key), g_strdup(value));
    }
    return copy;
}

/* 0 where it is not set. */
static gboolean
take_number(const ReinServices *self, const char *key, guint64 most, guint64 *number,
            GError **error)
{
    const char *text = g_hash_table_lookup(self->settings, key);
    g_autoptr(GError) reason = NULL;

    *number = 0;
    if (text != NULL && !g_ascii_string_to_unsigned(text, 10, 0, most, number, &reason)) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID, "setting %s: %s", key, reason->message);
        return FALSE;
    }
    return TRUE;
}

static gboolean
take_limits(ReinServices *self, GError **error)
{
    guint64 thread_limit = 0;
    guint64 nice = 0;

    if (!take_number(self, "thread-limit", G_MAXUINT32, &thread_limit, error) ||
        !take_number(self, "nice", MAX_NICE, &nice, error)) {
        return FALSE;
    }
    self->host.thread_limit = (guint32)thread_limit;
    self->nice = (int)nice;
    return TRUE;
}

void
rein_services_lower_priority(ReinServices *self)
{
    /* of the calling thread alone; those that it starts have it, too */
    if (self->nice > 0 && setpriority(PRIO_PROCESS, 0, self->nice) != 0) {
        g_autofree char *line = g_strdup_printf("keeps its priority: %s", g_strerror(errno));
        host_log(self, REIN_LOG_WARNING, line);
    }
}

static gboolean
make_folder(ReinServices *self, const char *folder)
{
    if (g_mkdir_with_parents(folder, 0700) == 0) {
        return TRUE;
    }
    g_autofree char *line =
        g_strdup_printf("works without the folder %s: %s", folder, g_strerror(errno));
    host_log(self, REIN_LOG_WARNING, line);
    return FALSE;
}

static void
take_cache_folder(ReinServices *self)
{
    const char *parent = g_hash_table_lookup(self->settings, "cache-folder");

    if (parent == NULL) {
        return;
    }
    self->cache_folder = g_build_filename(parent, self->plugin, NULL);
    if (make_folder(self, self->cache_folder)) {
        self->host.cache_directory = self->cache_folder;
    }
}

ReinServices *
rein_services_new(const char *plugin, const char *who, GHashTable *settings, GError **error)
{
    g_autoptr(ReinServices) self = NULL;

    g_return_val_if_fail(plugin != NULL && who != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    self = g_new0(ReinServices, 1);
    self->plugin = g_strdup(plugin);
    self->who = g_strdup(who);
    self->settings = copy_settings(settings);
    self->host = (ReinHost){
        .struct_size = sizeof self->host,
        .context = self,
        .log = host_log,
        .setting = host_setting,
    };
    if (!take_limits(self, error)) {
        return NULL;
    }
    take_cache_folder(self);
    return g_steal_pointer(&self);
}

/* Without a folder that can be written, what is left of a killed host is not found by its record. */
static ReinRecord *
make_record(ReinServices *self, const char *scratch_parent)
{
    const char *state_folder = g_hash_table_lookup(self->settings, "state-folder");
    g_autoptr(GError) error = NULL;
    ReinRecord *record = rein_record_new(state_folder, self->who, scratch_parent, &error);

    if (record == NULL) {
        host_log(self, REIN_LOG_WARNING, error->message);
        record = rein_record_new(NULL, self->who, scratch_parent, NULL);
    }
    return record;
}

void
rein_services_begin_device(ReinServices *self)
{
    const char *parent = g_hash_table_lookup(self->settings, "scratch-folder");

    g_return_if_fail(self->record == NULL);

    if (parent != NULL && !make_folder(self, parent)) {
        parent = NULL;
    }
    self->record = make_record(self, parent);
    if (parent == NULL) {
        return;
    }
    const char *folder = rein_record_get_scratch_folder(self->record);
    if (mkdir(folder, S_IRWXU) != 0) {
        g_autofree char *line =
            g_strdup_printf("works without a scratch folder in %s: %s", parent, g_strerror(errno));
        host_log(self, REIN_LOG_WARNING, line);
        return;
    }
    self->scratch_folder = g_strdup(folder);
    self->host.scratch_directory = self->scratch_folder;
}

const char *
rein_services_get_tag(const ReinHost *host)
{
    return rein_record_get_tag(((const ReinServices *)host->context)->record);
}

void
rein_services_set_scratch(ReinServices *self, const char *folder)
{
    g_free(self->lent_scratch_folder);
    self->lent_scratch_folder = folder[0] != '\0' ? g_strdup(folder) : NULL;
    self->host.scratch_directory = self->lent_scratch_folder;
}

const char *
rein_services_get_scratch(ReinServices *self)
{
    return self->scratch_folder != NULL ? self->scratch_folder : "";
}

void
rein_services_set_worker(ReinServices *self, ReinWorkerSetup *setup)
{
    rein_worker_setup_free(self->worker);
    self->worker = setup;
}

const ReinWorkerSetup *
rein_services_get_worker(const ReinHost *host)
{
    return ((const ReinServices *)host->context)->worker;
}

static int
remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

static int
remove_content(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    return where->level == 0 ? 0 : remove_entry(path, info, kind, where);
}

gboolean
rein_services_reset_scratch(ReinServices *self, GError **error)
{
    if (self->scratch_folder == NULL ||
        nftw(self->scratch_folder, remove_content, SCRATCH_DEPTH, FTW_DEPTH | FTW_PHYS) == 0) {
        return TRUE;
    }
    g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "scratch folder %s is not empty: %s",
                self->scratch_folder, g_strerror(errno));
    return FALSE;
}

void
rein_services_free(ReinServices *self)
{
    if (self == NULL) {
        return;
    }
    if (self->scratch_folder != NULL &&
        nftw(self->scratch_folder, remove_entry, SCRATCH_DEPTH, FTW_DEPTH | FTW_PHYS) != 0) {
        g_autofree char *line =
            g_strdup_printf("scratch folder %s stays: %s", self->scratch_folder, g_strerror(errno));
        host_log(self, REIN_LOG_WARNING, line);
    }
    g_free(self->plugin);
    g_free(self->who);
    g_clear_pointer(&self->settings, g_hash_table_unref);
    g_free(self->cache_folder);
    rein_record_free(self->record);
    g_free(self->scratch_folder);
    g_free(self->lent_scratch_folder);
    rein_worker_setup_free(self->worker);
    g_free(self);
}

const ReinHost *
rein_services_get_host(ReinServices *self)
{
    g_return_val_if_fail(self != NULL, NULL);

    return &self->host;
}
