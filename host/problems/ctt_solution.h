/* SPDX-License-Identifier: MIT */
/*
 * A timetable: which lecture of which course is held where and when, in the order of the .sol file
 * it came from. It belongs to whoever made it and means something only together with the instance
 * it was read or made with. A solution may be bad in every way a .sol file can be: lectures that
 * are missing, too many, or twice in one period.
 */
#pragma once

#include "ctt_instance.h"

G_BEGIN_DECLS

#define CTT_MAX_PLACEMENTS 65535u /* of one solution */

typedef struct CttPlacement {
    guint32 course;
    guint32 room;
    guint32 period;
} CttPlacement;

typedef struct CttSolution {
    guint32 n_placements;
    CttPlacement *placements;
} CttSolution;

/**
 * ctt_solution_read:
 * @instance: the instance it is a solution of
 * @path: a .sol file: `course room day period` on each line
 * @error: return location for a #GError
 *
 * Reads a timetable, in either dialect of room names, with LF or CRLF, trailing blanks and blank
 * lines. An empty file is a timetable without lectures.
 *
 * Returns: (transfer full) (nullable): the solution, every index of it within @instance; NULL with
 * #CTT_ERROR_IO, or with #CTT_ERROR_INVALID and a message `path:line: what (what to do)`, which for
 * an unknown course or room or a time that does not exist says that it may be a solution of another
 * instance. [may block]
 */
CttSolution *ctt_solution_read(const CttInstance *instance, const char *path, GError **error);

/**
 * ctt_solution_parse:
 *
 * Like ctt_solution_read(), of @size bytes of @text, which messages call @path.
 */
CttSolution *ctt_solution_parse(const CttInstance *instance, const char *text, gsize size,
                                const char *path, GError **error);

/**
 * ctt_solution_from_genome:
 * @genome: (array): instance->n_lectures genes
 *
 * Returns: (transfer full): the placed lectures in genome order
 */
CttSolution *ctt_solution_from_genome(const CttInstance *instance, const CttGene *genome);

/**
 * ctt_solution_free:
 * @self: (nullable) (transfer full): a solution
 */
void ctt_solution_free(CttSolution *self);

/**
 * ctt_solution_to_genome:
 * @genome: (out) (array): instance->n_lectures genes
 *
 * Fills the lectures of each course in the order of the solution. What is missing becomes "not
 * placed". A second lecture of a course in one period, and one more than the course has, do not go
 * into the genome.
 *
 * Returns: the number of placements left out
 */
guint32 ctt_solution_to_genome(const CttSolution *self, const CttInstance *instance,
                               CttGene *genome);

/**
 * ctt_solution_to_text:
 *
 * Returns: (transfer full): the content of a .sol file, one line for each placement
 */
char *ctt_solution_to_text(const CttSolution *self, const CttInstance *instance);

/**
 * ctt_solution_write:
 * @path: the .sol file; replaced as a whole or, after an error, not at all. A symbolic link is
 * followed; a pipe or a terminal is written into
 * @error: return location for a #GError
 *
 * Returns: FALSE with #CTT_ERROR_IO if it cannot be written. [may block]
 */
gboolean ctt_solution_write(const CttSolution *self, const CttInstance *instance, const char *path,
                            GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CttSolution, ctt_solution_free)

G_END_DECLS
