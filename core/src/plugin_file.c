/* SPDX-License-Identifier: MIT */

#include "plugin_file_private.h"

static void
probe_free(gpointer data)
{
    ReinFileProbe *probe = data;

    rein_driver_record_free(probe->driver);
    g_array_unref(probe->devices);
    g_free(probe->reason);
    g_free(probe->key);
    g_free(probe->since);
    g_free(probe);
}

ReinPluginFile *
rein_plugin_file_new(const char *path)
{
    ReinPluginFile *self = g_new0(ReinPluginFile, 1);

    self->path = g_strdup(path);
    self->name = g_strdup("");
    self->version = g_strdup("");
    self->reason = g_strdup("");
    self->since = g_strdup("");
    self->state = REIN_CANDIDATE_LOADED;
    self->probes = g_ptr_array_new_with_free_func(probe_free);
    return self;
}

void
rein_plugin_file_free(ReinPluginFile *self)
{
    if (self == NULL) {
        return;
    }
    rein_plugin_unref(self->plugin);
    g_ptr_array_unref(self->probes);
    g_free(self->path);
    g_free(self->name);
    g_free(self->version);
    g_free(self->reason);
    g_free(self->key);
    g_free(self->since);
    g_free(self);
}

void
rein_plugin_file_end(ReinPluginFile *self, ReinCandidateState state, const char *reason)
{
    self->stage = REIN_FILE_DONE;
    self->state = state;
    g_free(self->reason);
    self->reason = g_strdup(reason);
}

ReinFileProbe *
rein_plugin_file_add_probe(ReinPluginFile *self, ReinDriverRecord *driver)
{
    ReinFileProbe *probe = g_new0(ReinFileProbe, 1);

    probe->driver = driver;
    probe->devices = g_array_new(FALSE, FALSE, sizeof(ReinDeviceInfo));
    probe->reason = g_strdup("");
    probe->since = g_strdup("");
    g_ptr_array_add(self->probes, probe);
    return probe;
}

/* Whether it was in quarantine, which it is not any more. */
static gboolean
reset_since(char **since)
{
    const gboolean was_there = (*since)[0] != '\0';

    g_free(*since);
    *since = g_strdup("");
    return was_there;
}

void
rein_plugin_file_retry(ReinPluginFile *self)
{
    if (reset_since(&self->since)) {
        rein_plugin_file_end(self, REIN_CANDIDATE_LOADED, "");
        self->stage = REIN_FILE_NEW;
    }
    for (guint i = 0; i < self->probes->len; i++) {
        ReinFileProbe *probe = g_ptr_array_index(self->probes, i);

        if (reset_since(&probe->since)) {
            probe->is_done = FALSE;
            probe->has_failed = FALSE;
            self->stage = REIN_FILE_PROBING;
        }
    }
}
