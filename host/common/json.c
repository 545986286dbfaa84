/* SPDX-License-Identifier: MIT */

#include "json.h"

#include <math.h>
#include <string.h>

void
rein_json_add_text(JsonBuilder *builder, const char *member, const char *text)
{
    json_builder_set_member_name(builder, member);
    if (text == NULL) {
        json_builder_add_null_value(builder);
        return;
    }
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    json_builder_add_string_value(builder, valid);
}

void
rein_json_add_number(JsonBuilder *builder, const char *member, gint64 number)
{
    json_builder_set_member_name(builder, member);
    json_builder_add_int_value(builder, number);
}

void
rein_json_add_real(JsonBuilder *builder, const char *member, double number)
{
    json_builder_set_member_name(builder, member);
    if (isfinite(number)) {
        json_builder_add_double_value(builder, number);
    } else {
        json_builder_add_null_value(builder);
    }
}

void
rein_json_add_boolean(JsonBuilder *builder, const char *member, gboolean is_true)
{
    json_builder_set_member_name(builder, member);
    json_builder_add_boolean_value(builder, is_true);
}

/* Appends the number with as few digits as say which it is: json-glib always writes 17. */
static void
append_shortest(GString *text, const char *number, gsize size)
{
    g_autofree char *copy = g_strndup(number, size);
    char shortest[G_ASCII_DTOSTR_BUF_SIZE];
    double value = g_ascii_strtod(copy, NULL);

    g_ascii_formatd(shortest, sizeof shortest, "%.15g", value);
    gboolean is_real = strchr(copy, '.') != NULL && strpbrk(shortest, ".e") != NULL;
    g_string_append(text, is_real && g_ascii_strtod(shortest, NULL) == value ? shortest : copy);
}

/* `json` with its reals shortened; numbers are what stands outside strings. */
static char *
shorten_reals(const char *json)
{
    g_autoptr(GString) text = g_string_sized_new(strlen(json));

    while (*json != '\0') {
        gsize size = strcspn(json, "\"-0123456789");
        g_string_append_len(text, json, (gssize)size);
        json += size;
        if (*json == '"') {
            for (size = 1; json[size] != '"'; size++) {
                size += json[size] == '\\' ? 1 : 0;
            }
            g_string_append_len(text, json, (gssize)++size);
        } else {
            size = strspn(json, "-+.eE0123456789");
            append_shortest(text, json, size);
        }
        json += size;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *
rein_json_to_text(JsonNode *node, gboolean is_indented)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();

    json_generator_set_root(generator, node);
    json_generator_set_pretty(generator, is_indented);
    g_autofree char *json = json_generator_to_data(generator, NULL);
    return shorten_reals(json);
}
