/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE /* dladdr1 */

#include "plugin_private.h"

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <rein/error.h>

#include "elf_private.h"
#include "text_private.h"

#define VERSION_SIZE 128 /* bytes of a version that are shown */

struct ReinPlugin {
    gint n_refs;
    void *library; /* NULL for a table */
    char *path;
    char *name;
    char *version;
    ReinPluginTable table;
};

/* Slots are compared with NULL as one kind of pointer; what they take does not matter for that. */
typedef void (*SlotFn)(void);

typedef struct {
    const char *name;
    gsize offset;
} RequiredSlot;

#define SLOT(name) \
    { \
#name, offsetof(ReinPluginTable, name) \
    }

static const RequiredSlot required_slots[] = {
    SLOT(probe),   SLOT(open),  SLOT(close), SLOT(build),       SLOT(discard), SLOT(allocate),
    SLOT(release), SLOT(write), SLOT(read),  SLOT(run_fitness), SLOT(usage),   SLOT(cleanup),
};

static ReinStatus
stub_memory_info(ReinPluginDevice *device, uint64_t *free_size, uint64_t *total_size, ReinMsg *msg)
{
    (void)device;
    *free_size = 0;
    *total_size = 0;
    if (msg != NULL && msg->size > 0) {
        snprintf(msg->text, msg->size, "this plugin has no memory_info");
    }
    return REIN_ERR_UNSUPPORTED;
}

static void
stub_interrupt(ReinPluginDevice *device, uint64_t job)
{
    (void)device;
    (void)job;
}

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean
refuse(GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autoptr(GError) refusal =
        g_error_new_valist(REIN_ERROR, REIN_ERROR_PLUGIN, format, arguments);
    va_end(arguments);
    g_propagate_error(error, g_steal_pointer(&refusal));
    return FALSE;
}

/* The head must be there before anything behind it may be read. */
static gboolean
check_head(const ReinPluginTable *given, GError **error)
{
    if (given->abi_major != REIN_ABI_MAJOR) {
        return refuse(error, "built for plugin ABI %u.%u, this rein has %u.%u: build it anew",
                      given->abi_major, given->abi_minor, REIN_ABI_MAJOR, REIN_ABI_MINOR);
    }
    if (given->struct_size < offsetof(ReinPluginTable, name)) {
        return refuse(error, "its table claims %u bytes, less than the table's head of %zu",
                      given->struct_size, offsetof(ReinPluginTable, name));
    }
    return TRUE;
}

gboolean
rein_plugin_is_name(const char *name)
{
    const gsize length = strnlen(name, REIN_PLUGIN_NAME_SIZE + 1);

    for (gsize i = 0; i < length; i++) {
        if (!g_ascii_islower(name[i]) && !g_ascii_isdigit(name[i]) && name[i] != '-') {
            return FALSE;
        }
    }
    return length > 0 && length <= REIN_PLUGIN_NAME_SIZE;
}

static gboolean
take_name(ReinPlugin *self, GError **error)
{
    const char *name = self->table.name;
    gsize length = 0;

    if (name == NULL) {
        return refuse(error, "its table has no name");
    }
    length = strnlen(name, REIN_PLUGIN_NAME_SIZE + 1);
    self->name = rein_text_line(name, length);
    if (length == 0 || length > REIN_PLUGIN_NAME_SIZE) {
        return refuse(error, "its name \"%s\" is %s: 1 to %d characters", self->name,
                      length == 0 ? "empty" : "too long", REIN_PLUGIN_NAME_SIZE);
    }
    if (!rein_plugin_is_name(name)) {
        return refuse(error, "its name \"%s\" has other characters than a-z, 0-9 and -",
                      self->name);
    }
    return TRUE;
}

static gboolean
check_required_slots(const ReinPluginTable *table, gsize given_size, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(required_slots); i++) {
        const RequiredSlot *slot = &required_slots[i];
        SlotFn function = NULL;

        memcpy(&function, (const char *)table + slot->offset, sizeof function);
        if (function == NULL) {
            return refuse(error, "required slot %s is %s", slot->name,
                          slot->offset < given_size ? "NULL" : "missing: its table ends before it");
        }
    }
    return TRUE;
}

/* Copies what both sides know, refuses what cannot work, fills the rest. */
static gboolean
take_table(ReinPlugin *self, const ReinPluginTable *given, GError **error)
{
    if (!check_head(given, error)) {
        return FALSE;
    }

    /* a table that ends inside a slot has not got that slot */
    gsize size = MIN((gsize)given->struct_size, sizeof self->table);
    size -= size % sizeof(SlotFn);
    memcpy(&self->table, given, size);
    if (!take_name(self, error) || !check_required_slots(&self->table, size, error)) {
        return FALSE;
    }

    self->version = rein_text_line(self->table.version, VERSION_SIZE);
    self->table.name = self->name;
    self->table.version = self->version;
    self->table.struct_size = sizeof self->table;
    if (self->table.memory_info == NULL) {
        self->table.memory_info = stub_memory_info;
    }
    if (self->table.interrupt == NULL) {
        self->table.interrupt = stub_interrupt;
    }
    return TRUE;
}

static ReinPlugin *
plugin_new(const char *path)
{
    ReinPlugin *self = g_new0(ReinPlugin, 1);

    self->n_refs = 1;
    self->path = g_strdup(path);
    return self;
}

/* Calling an object that is no function would end the process. */
static gboolean
is_function(void *symbol)
{
    Dl_info info;
    ElfW(Sym) *entry = NULL;

    if (dladdr1(symbol, &info, (void **)&entry, RTLD_DL_SYMENT) == 0 || entry == NULL) {
        return FALSE;
    }
    return ELF64_ST_TYPE(entry->st_info) == STT_FUNC;
}

/* What dlopen() says begins with the path, which the caller knows. */
static const char *
load_failure(const char *path)
{
    const char *text = dlerror();

    if (text == NULL) {
        return "for no given reason";
    }
    if (g_str_has_prefix(text, path) && g_str_has_prefix(text + strlen(path), ": ")) {
        return text + strlen(path) + 2;
    }
    return text;
}

static gboolean
load_table(ReinPlugin *self, GError **error)
{
    void *symbol = NULL;
    ReinPluginEntry entry = NULL;

    void *library = dlopen(self->path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        return refuse(error, "cannot be loaded: %s", load_failure(self->path));
    }
    symbol = dlsym(library, REIN_PLUGIN_SYMBOL);
    if (symbol == NULL) {
        return refuse(error, "no plugin of rein: it has no symbol %s", REIN_PLUGIN_SYMBOL);
    }
    if (!is_function(symbol)) {
        return refuse(error, "no plugin of rein: its symbol %s is no function", REIN_PLUGIN_SYMBOL);
    }
    memcpy(&entry, &symbol, sizeof entry);

    const ReinPluginTable *given = entry();
    if (given == NULL) {
        return refuse(error, "%s() returned NULL", REIN_PLUGIN_SYMBOL);
    }
    if (!take_table(self, given, error)) {
        return FALSE;
    }
    self->library = library; /* from here the last unref may close it */
    return TRUE;
}

ReinPlugin *
rein_plugin_load(const char *path, GError **error)
{
    g_autoptr(ReinPlugin) self = NULL;
    g_autofree char *full_path = NULL;

    g_return_val_if_fail(path != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    /* a path without a slash would be looked for in the linker's folders */
    full_path = g_canonicalize_filename(path, NULL);
    self = plugin_new(full_path);
    if (!rein_elf_check(full_path, error) || !load_table(self, error)) {
        return NULL;
    }
    return g_steal_pointer(&self);
}

ReinPlugin *
rein_plugin_new_for_table(const ReinPluginTable *table, GError **error)
{
    g_autoptr(ReinPlugin) self = NULL;

    g_return_val_if_fail(table != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    self = plugin_new("");
    if (!take_table(self, table, error)) {
        return NULL;
    }
    return g_steal_pointer(&self);
}

ReinPlugin *
rein_plugin_ref(ReinPlugin *self)
{
    g_return_val_if_fail(self != NULL, NULL);

    g_atomic_int_inc(&self->n_refs);
    return self;
}

void
rein_plugin_unref(ReinPlugin *self)
{
    if (self == NULL || !g_atomic_int_dec_and_test(&self->n_refs)) {
        return;
    }
    if (self->library != NULL && (self->table.flags & REIN_PLUGIN_UNLOADABLE) != 0) {
        dlclose(self->library);
    }
    g_free(self->path);
    g_free(self->name);
    g_free(self->version);
    g_free(self);
}

const ReinPluginTable *
rein_plugin_get_table(ReinPlugin *self)
{
    g_return_val_if_fail(self != NULL, NULL);

    return &self->table;
}

const char *
rein_plugin_get_name(ReinPlugin *self)
{
    g_return_val_if_fail(self != NULL, NULL);

    return self->name;
}

const char *
rein_plugin_get_path(ReinPlugin *self)
{
    g_return_val_if_fail(self != NULL, NULL);

    return self->path;
}

gboolean
rein_plugin_has_memory_info(ReinPlugin *self)
{
    g_return_val_if_fail(self != NULL, FALSE);

    return self->table.memory_info != stub_memory_info;
}

gboolean
rein_plugin_has_interrupt(ReinPlugin *self)
{
    g_return_val_if_fail(self != NULL, FALSE);

    return self->table.interrupt != stub_interrupt;
}
