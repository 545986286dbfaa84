/* SPDX-License-Identifier: MIT */

/*
 * What `rein doctor` looks at, a function for each section. They change nothing on the machine, and
 * what they cannot find out is null in the facts. [may block] [main thread]
 */

#pragma once

#include <rein/registry.h>

#include "common/settings.h"
#include "section.h"

G_BEGIN_DECLS

/* What the sections look at. */
typedef struct DoctorPatient {
    const ReinSettings *settings;
    ReinRegistry *registry; /* scanned */
} DoctorPatient;

/* Returns: (transfer full) (element-type DoctorSection): all sections, always the same in the same order */
GPtrArray *doctor_examine(const DoctorPatient *patient);

/* Returns: (transfer full): the document: `state` and `sections` */
JsonNode *doctor_to_json(GPtrArray *sections);

/* The worst of all sections. */
DoctorState doctor_get_state(GPtrArray *sections);

/* doctor_install.c: version, paths, worker, plugins. */
void doctor_examine_install(DoctorSection *section, const DoctorPatient *patient);

/* doctor_drivers.c: candidates of the scan with their reasons, devices. */
void doctor_examine_drivers(DoctorSection *section, const DoctorPatient *patient);

/* doctor_permissions.c: device nodes and groups. */
void doctor_examine_permissions(DoctorSection *section, const DoctorPatient *patient);

/* doctor_isolation.c: what a worker can be shut into. */
void doctor_examine_isolation(DoctorSection *section, const DoctorPatient *patient);

/* doctor_kernel.c: its version, what it can do, and what it allows this process. */
void doctor_examine_kernel(DoctorSection *section, const DoctorPatient *patient);
void doctor_examine_limits(DoctorSection *section, const DoctorPatient *patient);

/* doctor_state.c: the state folder; what dead runs left in it and elsewhere. */
void doctor_examine_state(DoctorSection *section, const DoctorPatient *patient);
void doctor_examine_leftovers(DoctorSection *section, const DoctorPatient *patient);

/* doctor_sockets.c: who holds our sockets and listens on ports. */
void doctor_examine_sockets(DoctorSection *section, const DoctorPatient *patient);

/* doctor_counts.c: numbers that should be the same before and after a run. */
void doctor_examine_counts(DoctorSection *section, const DoctorPatient *patient);

G_END_DECLS
