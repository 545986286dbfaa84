/* SPDX-License-Identifier: MIT */

#include "json.h"

#include <math.h>

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

char *
rein_json_to_text(JsonNode *node, gboolean is_indented)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();

    json_generator_set_root(generator, node);
    json_generator_set_pretty(generator, is_indented);
    return json_generator_to_data(generator, NULL);
}
