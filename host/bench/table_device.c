/* SPDX-License-Identifier: MIT */

#include "table_device.h"

#include <dlfcn.h>
#include <rein/error.h>
#include <string.h>

#include "bench_dialect.h"

#define JOB 1

struct TableDevice {
    const ReinPluginTable *table; /* of a library that stays loaded */
    ReinPluginDevice *device;
    ReinHost host;
    const ReinSettings *settings; /* borrowed */
    char *plugin_name;
    char *cache;
    char *text;      /* of the last program: dialect and kernels */
    GArray *buffers; /* Buffer, in the order they were taken */
};

typedef struct {
    guint64 token;
    gsize size; /* bytes */
} Buffer;

static void
table_device_log(void *context, int32_t level, const char *text)
{
    (void)context;
    if (level == REIN_LOG_ERROR) {
        g_warning("%s", text);
    }
}

static const char *
table_device_setting(void *context, const char *key)
{
    const TableDevice *self = context;
    g_autofree char *name = g_strdup_printf("%s.%s", self->plugin_name, key);
    ReinSettingKey setting = 0;

    if (!rein_setting_find(name, &setting) ||
        rein_settings_get_origin(self->settings, setting) == REIN_ORIGIN_BUILT_IN) {
        return NULL;
    }
    return rein_settings_get_text(self->settings, setting);
}

/* Sets the error if `status` is one; whether it is none. */
static gboolean
table_device_check(ReinStatus status, const char *what, const char *text, GError **error)
{
    if (status == REIN_OK) {
        return TRUE;
    }
    g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "bench: %s: %s (status %d)", what, text,
                status);
    return FALSE;
}

TableDevice *
table_device_open(const char *path, const char *id, const ReinSettings *settings, const char *cache,
                  GError **error)
{
    char text[REIN_MSG_SIZE] = "";
    ReinMsg msg = { .text = text, .size = sizeof text };
    g_autoptr(TableDevice) self = NULL;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    ReinPluginEntry entry = NULL;
    void *symbol = library != NULL ? dlsym(library, REIN_PLUGIN_SYMBOL) : NULL;

    if (symbol == NULL) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_PLUGIN, "bench: load %s: %s", path, dlerror());
        return NULL;
    }
    memcpy(&entry, &symbol, sizeof entry);

    self = g_new0(TableDevice, 1);
    self->table = entry();
    self->settings = settings;
    self->plugin_name = g_strdup(self->table->name);
    self->cache = g_strdup(cache);
    self->buffers = g_array_new(FALSE, FALSE, sizeof(Buffer));
    self->host = (ReinHost){
        .struct_size = sizeof self->host,
        .context = self,
        .log = table_device_log,
        .setting = table_device_setting,
        .cache_directory = self->cache,
    };
    if (!table_device_check(self->table->open(id, &self->host, &self->device, &msg), "open", text,
                            error)) {
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
table_device_close(TableDevice *self)
{
    ReinUsage released = { .struct_size = sizeof released };

    if (self == NULL) {
        return;
    }
    if (self->device != NULL) {
        self->table->cleanup(self->device, JOB, &released);
    }
    self->table->close(self->device);
    g_array_unref(self->buffers);
    g_free(self->text);
    g_free(self->cache);
    g_free(self->plugin_name);
    g_free(self);
}

guint64
table_device_build(TableDevice *self, const char *name, const char *text, gsize size,
                   GError **error)
{
    char message[REIN_MSG_SIZE] = "";
    ReinMsg msg = { .text = message, .size = sizeof message };
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    guint64 program = 0;

    g_free(self->text);
    self->text = g_strconcat(bench_dialect, "\n", text, NULL);
    g_checksum_update(checksum, (const guchar *)bench_dialect, (gssize)bench_dialect_size);
    g_checksum_update(checksum, (const guchar *)text, (gssize)size);
    const ReinSource source = {
        .struct_size = sizeof source,
        .name = name,
        .text = text,
        .text_size = size,
        .dialect = bench_dialect,
        .dialect_size = bench_dialect_size,
        .digest = g_checksum_get_string(checksum),
    };
    table_device_check(self->table->build(self->device, JOB, &source, &program, &msg), name,
                       message, error);
    return program;
}

guint64
table_device_take(TableDevice *self, gsize size, gconstpointer content, GError **error)
{
    char text[REIN_MSG_SIZE] = "";
    ReinMsg msg = { .text = text, .size = sizeof text };
    guint64 buffer = 0;
    const guint32 usage = REIN_BUFFER_KERNEL_READ | REIN_BUFFER_KERNEL_WRITE |
                          REIN_BUFFER_HOST_READ | REIN_BUFFER_HOST_WRITE;

    if (!table_device_check(self->table->allocate(self->device, JOB, size, usage, &buffer, &msg),
                            "allocate", text, error)) {
        return 0;
    }
    if (content != NULL &&
        !table_device_check(self->table->write(self->device, JOB, buffer, 0, content, size, &msg),
                            "write", text, error)) {
        return 0;
    }
    const Buffer taken = { buffer, size };
    g_array_append_val(self->buffers, taken);
    return buffer;
}

void
table_device_bind(ReinStage *stage, const guint64 *buffers, guint32 n)
{
    stage->n_buffers = n;
    for (guint32 i = 0; i < n; i++) {
        stage->buffers[i][0] = stage->buffers[i][1] = buffers[i];
    }
}

guint
table_device_get_n_buffers(const TableDevice *self)
{
    return self->buffers->len;
}

gpointer
table_device_copy(TableDevice *self, guint index, gsize *size, GError **error)
{
    const Buffer *buffer = &g_array_index(self->buffers, Buffer, index);
    g_autofree gpointer bytes = g_malloc(buffer->size);

    *size = buffer->size;
    return table_device_read(self, buffer->token, bytes, buffer->size, error)
               ? g_steal_pointer(&bytes)
               : NULL;
}

/* The places of a stage's buffers in rounds of one parity: "0,4,2". */
static void
append_places(const TableDevice *self, const ReinStage *stage, guint parity, GString *line)
{
    for (guint32 i = 0; i < stage->n_buffers; i++) {
        guint place = 0;
        while (place + 1 < self->buffers->len &&
               g_array_index(self->buffers, Buffer, place).token != stage->buffers[i][parity]) {
            place++; /* every buffer of a stage was taken here */
        }
        g_string_append_printf(line, "%c%u", i == 0 ? ' ' : ',', place);
    }
}

static gboolean
save_file(const char *folder, const char *name, gconstpointer data, gsize size, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    return g_file_set_contents(path, data, (gssize)size, error);
}

gboolean
table_device_save_job(TableDevice *self, const ReinStage *stages, guint32 n_stages,
                      guint32 interleave, const char *folder, GError **error)
{
    g_autoptr(GString) manifest = g_string_new(NULL);

    g_string_append_printf(manifest, "interleave %u\ntext text.cl\n", interleave);
    if (!save_file(folder, "text.cl", self->text, strlen(self->text), error)) {
        return FALSE;
    }
    for (guint i = 0; i < self->buffers->len; i++) {
        g_autofree char *name = g_strdup_printf("buffer%u", i);
        gsize size = 0;
        g_autofree gpointer bytes = table_device_copy(self, i, &size, error);
        if (bytes == NULL || !save_file(folder, name, bytes, size, error)) {
            return FALSE;
        }
        g_string_append_printf(manifest, "buffer %s\n", name);
    }
    for (guint32 i = 0; i < n_stages; i++) {
        g_string_append_printf(manifest, "stage %s %u", stages[i].kernel, stages[i].n_items);
        append_places(self, &stages[i], 0, manifest);
        append_places(self, &stages[i], 1, manifest);
        g_string_append_c(manifest, '\n');
    }
    return save_file(folder, "manifest", manifest->str, manifest->len, error);
}

gboolean
table_device_read(TableDevice *self, guint64 buffer, gpointer data, gsize size, GError **error)
{
    char text[REIN_MSG_SIZE] = "";
    ReinMsg msg = { .text = text, .size = sizeof text };

    return table_device_check(self->table->read(self->device, JOB, buffer, 0, data, size, &msg),
                              "read", text, error);
}

gint64
table_device_run(TableDevice *self, const ReinStage *stages, guint32 n_stages, guint32 first_round,
                 guint32 n_rounds, GError **error)
{
    char text[REIN_MSG_SIZE] = "";
    ReinMsg msg = { .text = text, .size = sizeof text };
    const guint32 stop = 0;
    ReinSliceReport report = { .struct_size = sizeof report };
    const ReinSlice slice = {
        .struct_size = sizeof slice,
        .stage_size = sizeof *stages,
        .stages = stages,
        .n_stages = n_stages,
        .first_round = first_round,
        .n_rounds = n_rounds,
        .progress_start = (guint64)TABLE_DEVICE_PROGRESS << 32,
        .budget_ns = G_MAXINT64,
    };
    const gint64 begun_us = g_get_monotonic_time();

    if (!table_device_check(
            self->table->run_fitness(self->device, JOB, &slice, &stop, &report, &msg),
            "run_fitness", text, error)) {
        return -1;
    }
    return (g_get_monotonic_time() - begun_us) * 1000;
}
