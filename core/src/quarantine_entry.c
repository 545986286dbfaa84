/* SPDX-License-Identifier: MIT */

#include "quarantine_entry_private.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "text_private.h"

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
#define TEXT_SIZE 4096 /* most bytes of one text: a path may be so long */
#define MS_PER_S G_GINT64_CONSTANT(1000)
#define NS_PER_MS G_GINT64_CONSTANT(1000000)

static const char *const kinds[] = {
    [REIN_QUARANTINE_FAILURE] = "failure",
    [REIN_QUARANTINE_DEVICE] = "device",
    [REIN_QUARANTINE_CANDIDATE] = "candidate",
};

/* The texts of an entry, and what they are called in a file. */
typedef struct {
    const char *key;
    gsize offset;
    gboolean is_needed; /* else it is only written where it is not empty */
} Text;

#define TEXT(key, member, is_needed) \
    { \
        key, G_STRUCT_OFFSET(ReinQuarantineEntry, member), is_needed \
    }

static const Text texts[] = {
    TEXT("name", name, TRUE),        TEXT("reason", reason, TRUE),
    TEXT("since", since, TRUE),      TEXT("boot", boot_id, TRUE),
    TEXT("path", path, FALSE),       TEXT("plugin", plugin, FALSE),
    TEXT("driver", driver, FALSE),   TEXT("driver-path", driver_path, FALSE),
    TEXT("version", version, FALSE), TEXT("settings", settings, FALSE),
};

static char **
text_at(const ReinQuarantineEntry *self, const Text *text)
{
    return (char **)G_STRUCT_MEMBER_P(self, text->offset);
}

static char boot_id[64];

static void
read_boot_id(void)
{
    g_autofree char *text = NULL;

    if (g_file_get_contents(BOOT_ID_FILE, &text, NULL, NULL)) {
        g_strlcpy(boot_id, g_strstrip(text), sizeof boot_id);
    }
}

static const char *
get_boot_id(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, read_boot_id);
    return boot_id;
}

gint64
rein_quarantine_uptime_ms(void)
{
    struct timespec now = { 0 };

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (gint64)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

static ReinQuarantineEntry *
entry_new_empty(ReinQuarantineKind kind)
{
    ReinQuarantineEntry *self = g_new0(ReinQuarantineEntry, 1);

    self->kind = kind;
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        *text_at(self, &texts[i]) = g_strdup("");
    }
    return self;
}

ReinQuarantineEntry *
rein_quarantine_entry_new(ReinQuarantineKind kind, const char *name, const char *reason)
{
    ReinQuarantineEntry *self = entry_new_empty(kind);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *since = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");

    rein_quarantine_entry_set(&self->name, name);
    rein_quarantine_entry_set(&self->reason, reason);
    rein_quarantine_entry_set(&self->since, since);
    rein_quarantine_entry_set(&self->boot_id, get_boot_id());
    self->uptime_ms = rein_quarantine_uptime_ms();
    return self;
}

void
rein_quarantine_entry_free(ReinQuarantineEntry *self)
{
    if (self == NULL) {
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(*text_at(self, &texts[i]));
    }
    g_free(self);
}

void
rein_quarantine_entry_set(char **member, const char *text)
{
    g_free(*member);
    *member = rein_text_line(text, TEXT_SIZE);
}

/* Where the kernel names no boot, one that has lasted less than the entry's is another one. */
gboolean
rein_quarantine_entry_is_of_this_boot(const ReinQuarantineEntry *self)
{
    return strcmp(self->boot_id, get_boot_id()) == 0 &&
           self->uptime_ms <= rein_quarantine_uptime_ms();
}

void
rein_quarantine_entry_write(const ReinQuarantineEntry *self, GKeyFile *file, guint number)
{
    g_autofree char *group = g_strdup_printf("%u", number);

    g_key_file_set_string(file, group, "kind", kinds[self->kind]);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        const char *text = *text_at(self, &texts[i]);

        if (texts[i].is_needed || text[0] != '\0') {
            g_key_file_set_string(file, group, texts[i].key, text);
        }
    }
    g_key_file_set_int64(file, group, "uptime-ms", self->uptime_ms);
    if (self->timeout_ms > 0) {
        g_key_file_set_int64(file, group, "timeout-ms", self->timeout_ms);
    }
}

static gboolean
read_kind(GKeyFile *file, const char *group, ReinQuarantineKind *kind)
{
    g_autofree char *text = g_key_file_get_string(file, group, "kind", NULL);

    for (guint i = 0; text != NULL && i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(kinds[i], text) == 0) {
            *kind = (ReinQuarantineKind)i;
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean
read_text(GKeyFile *file, const char *group, const Text *text, char **member)
{
    g_autofree char *value = g_key_file_get_string(file, group, text->key, NULL);

    if (value == NULL) {
        return !text->is_needed;
    }
    rein_quarantine_entry_set(member, value);
    return TRUE;
}

ReinQuarantineEntry *
rein_quarantine_entry_read(GKeyFile *file, const char *group)
{
    g_autoptr(ReinQuarantineEntry) self = NULL;
    g_autoptr(GError) error = NULL;
    ReinQuarantineKind kind = REIN_QUARANTINE_FAILURE;

    if (!read_kind(file, group, &kind)) {
        return NULL;
    }
    self = entry_new_empty(kind);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (!read_text(file, group, &texts[i], text_at(self, &texts[i]))) {
            return NULL;
        }
    }
    self->timeout_ms = g_key_file_get_int64(file, group, "timeout-ms", NULL);
    self->uptime_ms = g_key_file_get_int64(file, group, "uptime-ms", &error);
    return error == NULL ? g_steal_pointer(&self) : NULL;
}
