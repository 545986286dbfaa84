/* SPDX-License-Identifier: MIT */

#include "run_record.h"

#include <math.h>

#include "save.h"

#define BUFFER_SIZE 65536u /* bytes that are written at once */

struct ReinRunRecord {
    ReinSaveFile *file;
    GString *lines; /* not yet written */
    GError *error;  /* the first */
};

ReinRunRecord *
rein_run_record_open(const char *path, GError **error)
{
    g_autoptr(ReinSaveFile) file = rein_save_open(path, error);

    if (file == NULL) {
        return NULL;
    }
    ReinRunRecord *self = g_new0(ReinRunRecord, 1);
    self->file = g_steal_pointer(&file);
    self->lines = g_string_sized_new(BUFFER_SIZE);
    return self;
}

static void
append_planes(GString *line, const char *member, const double *planes, guint n_planes)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append_printf(line, "\"%s\":[", member);
    for (guint i = 0; i < n_planes; i++) {
        /* seventeen digits tell every value from every other */
        g_ascii_formatd(number, sizeof number, "%.17g", planes[i]);
        g_string_append_printf(line, "%s%s", i > 0 ? "," : "",
                               isfinite(planes[i]) ? number : "null");
    }
    g_string_append(line, "],");
}

static void
write_lines(ReinRunRecord *self)
{
    if (self->error == NULL) {
        (void)rein_save_write(self->file, self->lines->str, self->lines->len, &self->error);
    }
    g_string_truncate(self->lines, 0);
}

void
rein_run_record_add(const ReinRecord *record, gpointer user_data)
{
    ReinRunRecord *self = user_data;

    g_return_if_fail(record != NULL && self != NULL);

    g_string_append_printf(self->lines, "{\"round\":%u,", record->round);
    append_planes(self->lines, "best", record->best, record->n_planes);
    append_planes(self->lines, "ever", record->ever, record->n_planes);
    g_string_append_printf(self->lines,
                           "\"index\":%u,\"evaluated\":%u,\"nan\":%u,\"digest\":\"%08x\"}\n",
                           record->best_index, record->n_evaluated, record->n_nan, record->digest);
    if (self->lines->len >= BUFFER_SIZE) {
        write_lines(self);
    }
}

gboolean
rein_run_record_commit(ReinRunRecord *self, GError **error)
{
    g_return_val_if_fail(self != NULL, FALSE);
    g_return_val_if_fail(error == NULL || *error == NULL, FALSE);

    write_lines(self);
    if (self->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&self->error));
        return FALSE;
    }
    return rein_save_commit(self->file, error);
}

void
rein_run_record_close(ReinRunRecord *self)
{
    if (self == NULL) {
        return;
    }
    rein_save_close(self->file);
    (void)g_string_free(self->lines, TRUE);
    g_clear_error(&self->error);
    g_free(self);
}
