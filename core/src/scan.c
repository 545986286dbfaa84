/* SPDX-License-Identifier: MIT */

#include "scan_private.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include <rein/error.h>

#include "candidate_key_private.h"
#include "clock_private.h"
#include "elf_private.h"
#include "inquiry_private.h"
#include "plugin_file_private.h"
#include "wire_private.h"
#include "worker_process_private.h"

#define NS_PER_MS G_GINT64_CONSTANT(1000000)
#define BLIND_POLL_US 10000
#define TIMEOUT_MS 20000u
#define MAX_TIMEOUT_MS 3600000u
#define LONGEST_POLL_MS 1000
#define MAX_WORKERS 16u /* at once: a folder may hold any number of files */

typedef struct {
    GPtrArray *files;
    const char *wanted;
    GHashTable *settings;
    ReinQuarantine *quarantine;
    char *program;
    gint64 timeout_ns;
    ReinIsolation isolation;
    GPtrArray *inquiries; /* ReinInquiry: those with a worker */
} Scan;

static void
scan_clear(Scan *self)
{
    g_clear_pointer(&self->inquiries, g_ptr_array_unref);
    g_clear_pointer(&self->program, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scan, scan_clear)

gboolean
rein_scan_take_timeout(GHashTable *settings, gint64 *timeout_ns, GError **error)
{
    const char *text = g_hash_table_lookup(settings, "probe-timeout");
    g_autoptr(GError) reason = NULL;
    guint64 timeout_ms = TIMEOUT_MS;

    if (text != NULL &&
        !g_ascii_string_to_unsigned(text, 10, 1, MAX_TIMEOUT_MS, &timeout_ms, &reason)) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID, "setting probe-timeout: %s",
                    reason->message);
        return FALSE;
    }
    *timeout_ns = (gint64)timeout_ms * NS_PER_MS;
    return TRUE;
}

static gboolean
has_room(const Scan *self)
{
    return self->inquiries->len < MAX_WORKERS;
}

static ReinInquiry *
start_inquiry(Scan *self, const ReinPluginFile *file, const ReinDriverRecord *driver)
{
    const ReinInquirySetup setup = {
        .program = self->program,
        .path = file->path,
        .settings = self->settings,
        .variables = driver != NULL ? driver->environment : NULL,
        .timeout_ns = self->timeout_ns,
        .isolation = self->isolation,
    };
    ReinInquiry *inquiry = rein_inquiry_new(&setup);

    g_ptr_array_add(self->inquiries, inquiry);
    return inquiry;
}

static void
set_text(char **member, const char *text)
{
    g_free(*member);
    *member = g_strdup(text);
}

/* Why the plugin's file, or `driver` (nullable) behind it, is not to be asked; NULL: it may be. */
static const ReinQuarantineEntry *
find_quarantined(const Scan *self, const ReinPluginFile *file, const ReinDriverRecord *driver,
                 char **key)
{
    g_free(*key);
    *key = rein_candidate_key(self->program, file->path, driver);
    return rein_quarantine_find_candidate(self->quarantine, *key, self->settings,
                                          self->timeout_ns / NS_PER_MS);
}

/* Puts what crashed or hung into quarantine; `driver` and `key` are as above. */
static void
note_fault(Scan *self, const ReinPluginFile *file, const ReinDriverRecord *driver, const char *key,
           const ReinInquiry *inquiry)
{
    const ReinInquiryFault fault = rein_inquiry_get_fault(inquiry);
    g_autofree char *settings = rein_candidate_settings_key(file->name, self->settings);

    if (fault == REIN_INQUIRY_NO_FAULT) {
        return;
    }
    ReinQuarantineEntry *entry = rein_quarantine_entry_new(
        REIN_QUARANTINE_CANDIDATE, key, rein_inquiry_get_answer(inquiry)->reason);
    rein_quarantine_entry_set(&entry->path, file->path);
    rein_quarantine_entry_set(&entry->plugin, file->name);
    rein_quarantine_entry_set(&entry->version, file->version);
    rein_quarantine_entry_set(&entry->driver, driver != NULL ? driver->name : "");
    rein_quarantine_entry_set(&entry->driver_path, driver != NULL ? driver->path : "");
    rein_quarantine_entry_set(&entry->settings, settings);
    entry->timeout_ms = fault == REIN_INQUIRY_HUNG ? self->timeout_ns / NS_PER_MS : 0;
    rein_quarantine_add_candidate(self->quarantine, entry);
}

/* The scan sees to its end. */
static void
let_go(ReinInquiry **inquiry)
{
    rein_inquiry_finish(*inquiry);
    *inquiry = NULL;
}

static void
end_probe(ReinFileProbe *probe, gboolean has_failed, const char *reason)
{
    probe->is_done = TRUE;
    probe->has_failed = has_failed;
    set_text(&probe->reason, reason);
    if (probe->inquiry != NULL) {
        let_go(&probe->inquiry);
    }
}

/* Once its worker has loaded the plugin it is probed; the worker of a driver does that anew. */
static void
step_loaded_probe(const ReinPluginFile *file, ReinFileProbe *probe)
{
    const ReinAnswer *answer = rein_inquiry_get_answer(probe->inquiry);

    if (answer->is_refused) {
        end_probe(probe, TRUE, answer->reason);
    } else if (strcmp(answer->name, file->name) != 0) {
        end_probe(probe, TRUE, "the file was replaced by another plugin in the meantime");
    } else {
        rein_inquiry_ask(probe->inquiry, REIN_INQUIRY_PROBE);
    }
}

/* Whether a worker asks it now. */
static gboolean
start_probe(Scan *self, const ReinPluginFile *file, ReinFileProbe *probe)
{
    const ReinQuarantineEntry *entry = NULL;

    if (!has_room(self)) {
        return FALSE;
    }
    entry = find_quarantined(self, file, probe->driver, &probe->key);
    if (entry != NULL) {
        set_text(&probe->since, entry->since);
        end_probe(probe, TRUE, entry->reason);
        return FALSE;
    }
    probe->inquiry = start_inquiry(self, file, probe->driver);
    return TRUE;
}

static void
step_probe(Scan *self, ReinPluginFile *file, ReinFileProbe *probe)
{
    if (probe->inquiry == NULL && !start_probe(self, file, probe)) {
        return;
    }
    const ReinAnswer *answer = rein_inquiry_get_answer(probe->inquiry);
    switch (rein_inquiry_get_state(probe->inquiry)) {
    case REIN_INQUIRY_BUSY:
        return;
    case REIN_INQUIRY_FAILED:
        note_fault(self, file, probe->driver, probe->key, probe->inquiry);
        end_probe(probe, TRUE, answer->reason);
        return;
    case REIN_INQUIRY_ANSWERED:
        if (rein_inquiry_get_question(probe->inquiry) == REIN_INQUIRY_LOAD) {
            step_loaded_probe(file, probe);
            return;
        }
        g_array_append_vals(probe->devices, answer->devices->data, answer->devices->len);
        end_probe(probe, FALSE, answer->reason);
        return;
    }
}

static void
step_probing(Scan *self, ReinPluginFile *file)
{
    gboolean is_done = TRUE;

    for (guint i = 0; i < file->probes->len; i++) {
        ReinFileProbe *probe = g_ptr_array_index(file->probes, i);

        if (!probe->is_done) {
            step_probe(self, file, probe);
        }
        is_done = is_done && probe->is_done;
    }
    if (is_done) {
        file->stage = REIN_FILE_DONE;
    }
}

static void
start_file(Scan *self, ReinPluginFile *file)
{
    const ReinQuarantineEntry *entry = NULL;
    g_autoptr(GError) error = NULL;

    if (!has_room(self)) {
        return;
    }
    /* a file that is none costs no process */
    if (!rein_elf_check(file->path, &error)) {
        rein_plugin_file_end(file, REIN_CANDIDATE_REFUSED, error->message);
        return;
    }
    entry = find_quarantined(self, file, NULL, &file->key);
    if (entry != NULL) {
        set_text(&file->name, entry->plugin);
        set_text(&file->version, entry->version);
        set_text(&file->since, entry->since);
        rein_plugin_file_end(file, REIN_CANDIDATE_QUARANTINED, entry->reason);
        return;
    }
    file->inquiry = start_inquiry(self, file, NULL);
    file->stage = REIN_FILE_LOADING;
}

static void
step_loading(Scan *self, ReinPluginFile *file)
{
    const ReinAnswer *answer = rein_inquiry_get_answer(file->inquiry);
    const ReinInquiryState state = rein_inquiry_get_state(file->inquiry);

    if (state == REIN_INQUIRY_BUSY) {
        return;
    }
    if (state == REIN_INQUIRY_FAILED || answer->is_refused) {
        note_fault(self, file, NULL, file->key, file->inquiry);
        rein_plugin_file_end(file,
                             answer->is_refused ? REIN_CANDIDATE_REFUSED : REIN_CANDIDATE_FAILED,
                             answer->reason);
        let_go(&file->inquiry);
        return;
    }
    set_text(&file->name, answer->name);
    set_text(&file->version, answer->version);
    file->features = answer->features;
    file->stage = REIN_FILE_DESCRIBED;
}

/* The first file before `file` with the same plugin; `is_known` says whether that can be told yet. */
static const ReinPluginFile *
find_earlier(const Scan *self, const ReinPluginFile *file, gboolean *is_known)
{
    *is_known = TRUE;
    for (guint i = 0; g_ptr_array_index(self->files, i) != file; i++) {
        const ReinPluginFile *other = g_ptr_array_index(self->files, i);

        if (other->stage <= REIN_FILE_LOADING) {
            *is_known = FALSE;
            return NULL;
        }
        if (strcmp(other->name, file->name) == 0) {
            return other;
        }
    }
    return NULL;
}

/* Goes on with a plugin whose worker waits to be asked. */
static void
ask_file(ReinPluginFile *file)
{
    if ((file->features & REIN_FEATURE_DRIVERS) != 0) {
        rein_inquiry_ask(file->inquiry, REIN_INQUIRY_LIST);
        file->stage = REIN_FILE_LISTING;
        return;
    }
    ReinFileProbe *probe = rein_plugin_file_add_probe(file, NULL);
    probe->inquiry = g_steal_pointer(&file->inquiry);
    set_text(&probe->key, file->key);
    rein_inquiry_ask(probe->inquiry, REIN_INQUIRY_PROBE);
    file->stage = REIN_FILE_PROBING;
}

static gboolean
is_wanted(const ReinPluginFile *file, const char *wanted)
{
    return wanted == NULL || strcmp(wanted, file->name) == 0;
}

static void
step_described(Scan *self, ReinPluginFile *file)
{
    gboolean is_known = FALSE;

    if (file->inquiry == NULL) { /* an earlier scan did not want it */
        if (is_wanted(file, self->wanted)) {
            start_file(self, file);
        }
        return;
    }
    const ReinPluginFile *earlier = find_earlier(self, file, &is_known);
    if (earlier != NULL) {
        g_autofree char *reason =
            g_strdup_printf("%s came first with the same name", earlier->path);

        rein_plugin_file_end(file, REIN_CANDIDATE_SHADOWED, reason);
        let_go(&file->inquiry);
    } else if (is_known && is_wanted(file, self->wanted)) {
        ask_file(file);
    } else if (is_known) {
        let_go(&file->inquiry);
    }
}

static void
step_listing(Scan *self, ReinPluginFile *file)
{
    const ReinAnswer *answer = rein_inquiry_get_answer(file->inquiry);

    switch (rein_inquiry_get_state(file->inquiry)) {
    case REIN_INQUIRY_BUSY:
        return;
    case REIN_INQUIRY_FAILED:
        note_fault(self, file, NULL, file->key, file->inquiry);
        rein_plugin_file_end(file, REIN_CANDIDATE_FAILED, answer->reason);
        let_go(&file->inquiry);
        return;
    case REIN_INQUIRY_ANSWERED:
        break;
    }
    for (guint i = 0; i < answer->drivers->len; i++) {
        const ReinDriverRecord *driver = g_ptr_array_index(answer->drivers, i);

        rein_plugin_file_add_probe(file, rein_driver_record_copy(driver));
    }
    g_free(file->reason);
    file->reason = g_strdup(answer->reason);
    file->stage = REIN_FILE_PROBING;
    let_go(&file->inquiry);
    step_probing(self, file);
}

static void
step_file(Scan *self, ReinPluginFile *file)
{
    if (file->stage == REIN_FILE_NEW) {
        start_file(self, file);
    }
    if (file->stage == REIN_FILE_LOADING) {
        step_loading(self, file);
    }
    if (file->stage == REIN_FILE_DESCRIBED) {
        step_described(self, file);
    }
    if (file->stage == REIN_FILE_LISTING) {
        step_listing(self, file);
    } else if (file->stage == REIN_FILE_PROBING) {
        step_probing(self, file);
    }
}

static int
poll_time_ms(const Scan *self)
{
    gint64 due_ns = G_MAXINT64;

    for (guint i = 0; i < self->inquiries->len; i++) {
        due_ns = MIN(due_ns, rein_inquiry_get_due_ns(g_ptr_array_index(self->inquiries, i)));
    }
    if (due_ns == G_MAXINT64) {
        return LONGEST_POLL_MS;
    }
    const gint64 left_ns = MAX(due_ns - rein_now_ns(), 0);
    return (int)MIN((left_ns + NS_PER_MS - 1) / NS_PER_MS, LONGEST_POLL_MS);
}

static void
wait_for_news(Scan *self)
{
    struct pollfd polls[MAX_WORKERS * REIN_INQUIRY_POLLS];
    guint n_polls = 0;

    for (guint i = 0; i < self->inquiries->len; i++) {
        n_polls += rein_inquiry_prepare(g_ptr_array_index(self->inquiries, i), polls + n_polls);
    }
    if (poll(polls, n_polls, poll_time_ms(self)) < 0 && errno != EINTR) {
        g_usleep(BLIND_POLL_US); /* no descriptors or no memory for it: look all the same */
    }
    for (guint i = 0; i < self->inquiries->len; i++) {
        rein_inquiry_handle(g_ptr_array_index(self->inquiries, i));
    }
}

/* Whether any worker is left. */
static gboolean
drop_ended(Scan *self)
{
    for (guint i = self->inquiries->len; i > 0; i--) {
        if (rein_inquiry_has_ended(g_ptr_array_index(self->inquiries, i - 1))) {
            g_ptr_array_remove_index(self->inquiries, i - 1);
        }
    }
    return self->inquiries->len > 0;
}

static void
step_all(Scan *self)
{
    for (guint i = 0; i < self->files->len; i++) {
        step_file(self, g_ptr_array_index(self->files, i));
    }
}

static void
end_all(Scan *self, const char *reason)
{
    for (guint i = 0; i < self->files->len; i++) {
        ReinPluginFile *file = g_ptr_array_index(self->files, i);

        if (file->stage != REIN_FILE_DONE) {
            rein_plugin_file_end(file, REIN_CANDIDATE_FAILED, reason);
        }
    }
}

void
rein_scan_run(GPtrArray *files, const char *wanted, GHashTable *settings,
              ReinQuarantine *quarantine)
{
    g_auto(Scan)
        self = { .files = files, .wanted = wanted, .settings = settings, .quarantine = quarantine };
    g_autoptr(GError) error = NULL;

    self.inquiries = g_ptr_array_new_with_free_func((GDestroyNotify)rein_inquiry_free);
    self.program = rein_worker_process_find_program(g_hash_table_lookup(settings, "worker"));
    if (!rein_scan_take_timeout(settings, &self.timeout_ns, &error) ||
        !rein_worker_process_parse_isolation(g_hash_table_lookup(settings, "isolation"),
                                             &self.isolation, &error)) {
        end_all(&self, error->message);
        return;
    }
    step_all(&self);
    while (self.inquiries->len > 0) {
        if (drop_ended(&self)) {
            wait_for_news(&self);
        }
        step_all(&self);
    }
}

gboolean
rein_scan_is_complete(GPtrArray *files, const char *wanted)
{
    for (guint i = 0; i < files->len; i++) {
        const ReinPluginFile *file = g_ptr_array_index(files, i);

        if (file->stage == REIN_FILE_NEW || file->stage == REIN_FILE_PROBING ||
            (file->stage == REIN_FILE_DESCRIBED && is_wanted(file, wanted))) {
            return FALSE;
        }
    }
    return TRUE;
}
