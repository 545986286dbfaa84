/* SPDX-License-Identifier: MIT */

/*
 * Members of JSON objects for json-glib's builder, and documents as text. Text that is not UTF-8, as
 * file names may be, is made so; NULL text and numbers that are not finite are null. [any thread]
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

void rein_json_add_text(JsonBuilder *builder, const char *member, const char *text);
void rein_json_add_number(JsonBuilder *builder, const char *member, gint64 number);
void rein_json_add_real(JsonBuilder *builder, const char *member, double number);
void rein_json_add_boolean(JsonBuilder *builder, const char *member, gboolean is_true);

/* Returns: (transfer full): `node` as text, in one line without its end unless indented */
char *rein_json_to_text(JsonNode *node, gboolean is_indented);

G_END_DECLS
