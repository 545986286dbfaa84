/* SPDX-License-Identifier: MIT */

/* A receipt as JSON and in words. host/README.md describes the members. [any thread] */

#pragma once

#include <json-glib/json-glib.h>
#include <rein/receipt.h>

G_BEGIN_DECLS

/**
 * rein_receipt_add_json:
 * @builder: within an object; the members are added to it
 * @receipt: (nullable): NULL is the receipt of a job that ended before it held anything
 * @has_steps: add each piece that was given back, too
 */
void rein_receipt_add_json(JsonBuilder *builder, ReinReceipt *receipt, gboolean has_steps);

/* Returns: (transfer full): two or three lines for people, each ended by a newline */
char *rein_receipt_to_text(ReinReceipt *receipt);

/**
 * rein_receipt_describe_kinds:
 *
 * Returns: (transfer full): what was held, one line for each kind of the ledger, before and after
 *     the teardown: `buffer: 12 held (34 MiB), 0 left`
 */
GStrv rein_receipt_describe_kinds(ReinReceipt *receipt);

/* Nothing was held, or everything was given back. */
gboolean rein_receipt_is_clean_or_null(ReinReceipt *receipt);

G_END_DECLS
