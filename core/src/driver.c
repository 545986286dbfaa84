/* SPDX-License-Identifier: MIT */

#include "driver_private.h"

#include <stddef.h>
#include <string.h>

#include "error_private.h"
#include "services_private.h"
#include "text_private.h"
#include "wire_private.h"

/* Everything up to the environment must be there. */
#define LEAST_DRIVER_SIZE \
    (offsetof(ReinDriver, environment) + sizeof((ReinDriver){ 0 }).environment)

typedef struct {
    GPtrArray *drivers;
    guint n_found;
    guint n_left_out;
    GString *refusals;
} Listing;

ReinDriverRecord *
rein_driver_record_new(const char *name, const char *path)
{
    ReinDriverRecord *self = g_new0(ReinDriverRecord, 1);

    self->name = g_strdup(name);
    self->path = rein_text_line(path, REIN_WIRE_TEXT_SIZE - 1);
    self->environment = g_ptr_array_new_with_free_func(g_free);
    return self;
}

ReinDriverRecord *
rein_driver_record_copy(const ReinDriverRecord *self)
{
    ReinDriverRecord *copy = rein_driver_record_new(self->name, self->path);

    for (guint i = 0; i < self->environment->len; i++) {
        g_ptr_array_add(copy->environment, g_strdup(g_ptr_array_index(self->environment, i)));
    }
    return copy;
}

void
rein_driver_record_free(ReinDriverRecord *self)
{
    if (self == NULL) {
        return;
    }
    g_free(self->name);
    g_free(self->path);
    g_ptr_array_unref(self->environment);
    g_free(self);
}

const char *
rein_driver_variable_fault(const char *variable)
{
    const char *equals = NULL;

    if (!rein_wire_fits(variable)) {
        return "one of its variables is too long";
    }
    equals = strchr(variable, '=');
    if (equals == NULL || equals == variable || g_ascii_isdigit(variable[0])) {
        return "one of its variables is not NAME=VALUE";
    }
    for (const char *at = variable; at < equals; at++) {
        if (!g_ascii_isalnum(*at) && *at != '_') {
            return "one of its variables is not NAME=VALUE";
        }
    }
    return NULL;
}

const char *
rein_driver_name_fault(const char *name, GPtrArray *drivers)
{
    gsize length = 0;

    if (name == NULL || name[0] == '\0') {
        return "it has no name";
    }
    length = strnlen(name, REIN_DRIVER_NAME_SIZE + 1);
    if (length > REIN_DRIVER_NAME_SIZE) {
        return "its name is too long";
    }
    for (gsize i = 0; i < length; i++) {
        if (!g_ascii_isgraph(name[i])) {
            return "its name has other characters than printable ASCII";
        }
    }
    for (guint i = 0; i < drivers->len; i++) {
        const ReinDriverRecord *earlier = g_ptr_array_index(drivers, i);

        if (strcmp(earlier->name, name) == 0) {
            return "its name is there twice";
        }
    }
    return NULL;
}

/* Copies the environment, or says why not. */
static const char *
take_environment(ReinDriverRecord *self, const char *const *environment)
{
    for (guint i = 0; environment != NULL && environment[i] != NULL; i++) {
        const char *fault = NULL;

        if (i == REIN_DRIVER_MAX_VARIABLES) {
            return "it has too many variables, or their list does not end";
        }
        fault = rein_driver_variable_fault(environment[i]);
        if (fault != NULL) {
            return fault;
        }
        g_ptr_array_add(self->environment, g_strdup(environment[i]));
    }
    return NULL;
}

static void
add_reason(GString *reasons, const char *text)
{
    g_string_append_printf(reasons, "%s%s", reasons->len > 0 ? "; " : "", text);
}

static void
refuse_driver(Listing *listing, const char *name, const char *fault)
{
    g_autofree char *shown = rein_text_line(name, REIN_DRIVER_NAME_SIZE);
    g_autofree char *text =
        g_strdup_printf("driver %u \"%s\" refused: %s", listing->n_found - 1, shown, fault);

    add_reason(listing->refusals, text);
}

static void
found(void *context, const ReinDriver *given)
{
    Listing *listing = context;
    g_autoptr(ReinDriverRecord) driver = NULL;
    const char *fault = NULL;

    listing->n_found++;
    if (listing->n_found > REIN_DRIVER_MAX_DRIVERS) {
        listing->n_left_out++; /* one reason for all of them, below */
        return;
    }
    if (given == NULL || given->struct_size < LEAST_DRIVER_SIZE) {
        refuse_driver(listing, "", "it is described by too few bytes");
        return;
    }
    fault = rein_driver_name_fault(given->name, listing->drivers);
    if (fault == NULL) {
        driver = rein_driver_record_new(given->name, given->path);
        fault = take_environment(driver, given->environment);
    }
    if (fault != NULL) {
        refuse_driver(listing, given->name, fault);
        return;
    }
    g_ptr_array_add(listing->drivers, g_steal_pointer(&driver));
}

static char *
conclude(const Listing *listing, const char *said)
{
    GString *reasons = g_string_new(said);

    if (listing->n_found == 0 && reasons->len == 0) {
        g_string_assign(reasons, "lists no driver, and did not say why");
    }
    if (listing->refusals->len > 0) {
        add_reason(reasons, listing->refusals->str);
    }
    if (listing->n_left_out > 0) {
        g_autofree char *too_many = g_strdup_printf("%u drivers more than %d were left out",
                                                    listing->n_left_out, REIN_DRIVER_MAX_DRIVERS);

        add_reason(reasons, too_many);
    }
    return g_string_free(reasons, FALSE);
}

char *
rein_driver_list(ReinPlugin *plugin, GHashTable *settings, GPtrArray *drivers)
{
    char room[REIN_MSG_SIZE] = "";
    ReinMsg msg = { .text = room, .size = sizeof room };
    const ReinPluginTable *table = rein_plugin_get_table(plugin);
    Listing listing = { .drivers = drivers };
    g_autoptr(ReinServices) services = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *said = NULL;
    char *reason = NULL;

    g_return_val_if_fail(table->drivers != NULL, NULL);

    services = rein_services_new(table->name, table->name, settings, &error);
    if (services == NULL) {
        return g_strdup(error->message);
    }
    listing.refusals = g_string_new(NULL);
    ReinStatus status = table->drivers(rein_services_get_host(services), found, &listing, &msg);
    said = rein_text_line(room, sizeof room);
    if (status != REIN_OK) {
        g_ptr_array_set_size(drivers, 0); /* an error means that what was found may not be so */
        rein_error_set(&error, status, said, "drivers");
        reason = g_strdup(error->message);
    } else {
        reason = conclude(&listing, said);
    }
    g_string_free(listing.refusals, TRUE);
    return reason;
}
