/* SPDX-License-Identifier: MIT */

/* The evidence of `rein doctor`, packed for whoever is to find the fault. [main thread] */

#pragma once

#include "doctor.h"

G_BEGIN_DECLS

/**
 * doctor_bundle_write:
 * @path: of the archive, gzip-compressed tar; replaced
 * @document: from doctor_to_json()
 *
 * Packs the document, what `rein devices --why` and `rein config --explain` say, receipt, events and log
 * of the last 5 jobs, the kernel's version, and the libraries of our programs. No problem, solution
 * or specification of a job, and nothing of the environment but the settings of rein.
 *
 * Returns: FALSE with %REIN_ERROR_INVALID, nothing written [may block]
 */
gboolean doctor_bundle_write(const char *path, JsonNode *document, const DoctorPatient *patient,
                             GError **error);

G_END_DECLS
