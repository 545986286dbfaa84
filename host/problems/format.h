/* SPDX-License-Identifier: MIT */
/*
 * The problem formats: for each kind of file that rein reads, one table of functions that do with
 * it what the rest of host/ needs, so that nothing outside this folder knows what a timetable is. A
 * problem file is loaded once and then only read; solutions belong to whoever made them and mean
 * something only together with the instance they were made with. Plain data: any thread may use any
 * of it as long as no two write the same object.
 */
#pragma once

#include <rein/problem.h>

G_BEGIN_DECLS

#define REIN_PROBLEM_FORMAT_MAX_FILE_SIZE (256u * 1024u * 1024u) /* bytes; formats may allow less */
#define REIN_SCORE_MAX_PARTS 16u
#define REIN_PROBLEM_MAX_NOTES 20u

#define REIN_PROBLEM_FORMAT_ERROR (rein_problem_format_error_quark())

typedef enum ReinProblemFormatError {
    REIN_PROBLEM_FORMAT_ERROR_IO,      /* the file cannot be read; the message says why */
    REIN_PROBLEM_FORMAT_ERROR_UNKNOWN, /* no format knows the file; the message lists them all */
    REIN_PROBLEM_FORMAT_ERROR_INVALID, /* a value is wrong; the message says what may be given */
} ReinProblemFormatError;

/* A format's own idea of a loaded problem and of a solution. */
typedef struct ReinInstance ReinInstance;
typedef struct ReinSolution ReinSolution;

/* One named part of a score, already weighted. */
typedef struct ReinScorePart {
    const char *name; /* static, as in JSON: "min_working_days" */
    gint64 cost;
    gboolean is_hard; /* a solution with this cost is not feasible */
} ReinScorePart;

/* What a solution costs, counted on the host. A plain value. */
typedef struct ReinScore {
    guint n_planes;
    double planes[REIN_MAX_PLANES]; /* what the fitness kernel must find, plane by plane */
    gboolean is_feasible;
    guint n_parts;
    ReinScorePart parts[REIN_SCORE_MAX_PARTS];
    guint n_warnings; /* entries of a solution that do not count */
} ReinScore;

/* One reason why a solution costs what it costs. Lives during the callback. */
typedef struct ReinViolation {
    const char *part; /* the name of a part of the score */
    gint64 cost;      /* weighted */
    gboolean is_warning;
    const char *text; /* one line without its end */
} ReinViolation;

typedef void (*ReinViolationCb)(const ReinViolation *violation, gpointer user_data);

/* Told what a problem demands that no solution can give: the line of its file (0: none), and one
 * line of text without its end, which lives during the callback. */
typedef void (*ReinNoteCb)(guint32 line, const char *text, gpointer user_data);

/* Settings of an evolution, as rein_evolution_set_operators() takes them. */
typedef struct ReinTuning {
    guint32 population;
    double select_rate;
    guint32 tournament;
    double cross_rate;
    double mutate_rate;
    guint32 mutate_genes;
    guint32 n_elites;
    guint32 n_moves; /* of the improve kernel, for each individual and round */
} ReinTuning;

/* What is known of a format. All members are set. */
typedef struct ReinProblemFormat {
    const char *name;                         /* "itc2007", in files and messages */
    const char *title;                        /* for people */
    const char *extension;                    /* of a problem file, "ctt" */
    const char *solution_extension;           /* "sol" */
    const char *plane_names[REIN_MAX_PLANES]; /* of the fitness: "hard", "soft"; then NULL */

    /* Whether the text, which may be the beginning of a longer one, looks like a problem of this
     * format. */
    gboolean (*recognise)(const char *text, gsize size);

    /* Reads and checks a whole problem; `path` is for messages. NULL with an error of the
     * format's own domain whose message begins `path:line:`. */
    ReinInstance *(*parse)(const char *text, gsize size, const char *path, GError **error);

    /* NULL is a no-op. */
    void (*free_instance)(ReinInstance *instance);

    /* The name the problem gives itself. Lives as long as the instance. */
    const char *(*get_name)(const ReinInstance *instance);

    /* Its size for people: "160 lectures, 6 rooms, …". (transfer full) */
    char *(*describe)(const ReinInstance *instance);

    /* Tells what can never be satisfied, as far as is found without a search. */
    void (*check)(const ReinInstance *instance, ReinNoteCb callback, gpointer user_data);

    /* Kernel text, data, genome and bounds. (transfer full) */
    ReinProblem *(*make_problem)(const ReinInstance *instance);

    /* The settings that are best known for it, the same on every device. */
    void (*recommend)(const ReinInstance *instance, ReinTuning *tuning);

    /* Fills one genome, canonical form; the same for the same seed. Takes milliseconds. */
    void (*construct)(const ReinInstance *instance, guint64 seed, gpointer genes);

    /* Reads a target of --target into one value for each plane. */
    gboolean (*parse_target)(const char *text, double *planes, GError **error);

    /* Reads a solution; NULL with an error like parse(), also for a solution of another
     * instance. */
    ReinSolution *(*parse_solution)(const ReinInstance *instance, const char *text, gsize size,
                                    const char *path, GError **error);

    /* The solution a genome stands for. (transfer full) */
    ReinSolution *(*solution_from_genes)(const ReinInstance *instance, gconstpointer genes);

    /* Fills a genome; how many entries of the solution found no place in it. */
    guint (*solution_to_genes)(const ReinInstance *instance, const ReinSolution *solution,
                               gpointer genes);

    /* NULL is a no-op. */
    void (*free_solution)(ReinSolution *solution);

    /* The content of a solution file. (transfer full) */
    char *(*solution_to_text)(const ReinInstance *instance, const ReinSolution *solution);

    void (*score)(const ReinInstance *instance, const ReinSolution *solution, ReinScore *score);

    /* Tells each violation, in the order of the parts; warnings first. */
    void (*explain)(const ReinInstance *instance, const ReinSolution *solution,
                    ReinViolationCb callback, gpointer user_data);

    /* For people, in lines of about `width` columns (0: 100). (transfer full) */
    char *(*show)(const ReinInstance *instance, const ReinSolution *solution, guint width);

    /* For a spreadsheet, with a header line. (transfer full) */
    char *(*show_csv)(const ReinInstance *instance, const ReinSolution *solution);
} ReinProblemFormat;

/* A problem file that was loaded. */
typedef struct ReinProblemFile {
    const ReinProblemFormat *format;
    ReinInstance *instance;
    char *path;   /* as it was given */
    char *sha256; /* of the bytes that were read, in hexadecimal */
} ReinProblemFile;

GQuark rein_problem_format_error_quark(void);

/* Returns: the formats there are */
guint rein_problem_format_get_n(void);

/* Returns: one of them, by its place */
const ReinProblemFormat *rein_problem_format_get(guint index);

/* Returns: (nullable): the format called `name` */
const ReinProblemFormat *rein_problem_format_find(const char *name);

/**
 * rein_problem_format_pick:
 * @path: what the problem file is called
 * @text: (array length=size): what is in it
 *
 * Picks by the extension of @path, in any case of letters, or else by the content.
 *
 * Returns: the format, or %NULL with %REIN_PROBLEM_FORMAT_ERROR_UNKNOWN
 */
const ReinProblemFormat *rein_problem_format_pick(const char *path, const char *text, gsize size,
                                                  GError **error);

/**
 * rein_problem_format_read_file:
 * @path: a file; may also be a pipe
 * @size: (out): bytes in it
 *
 * Returns: (transfer full): its content, ended by a NUL that is not counted; %NULL with
 *     %REIN_PROBLEM_FORMAT_ERROR_IO, also if there are more than %REIN_PROBLEM_FORMAT_MAX_FILE_SIZE
 *     bytes [may block]
 */
char *rein_problem_format_read_file(const char *path, gsize *size, GError **error);

/**
 * rein_problem_file_load:
 *
 * Reads a problem in whatever format it is.
 *
 * Returns: (transfer full): the problem, or %NULL with an error that names the file [may block]
 */
ReinProblemFile *rein_problem_file_load(const char *path, GError **error);

/* NULL is a no-op. */
void rein_problem_file_free(ReinProblemFile *self);

/**
 * rein_problem_file_check:
 *
 * Warns, in the log, of what the problem demands and no solution can give, as `path:line: what`; of
 * more than %REIN_PROBLEM_MAX_NOTES it says only how many there are. [any thread]
 */
void rein_problem_file_check(const ReinProblemFile *self);

/**
 * rein_problem_file_load_solution:
 * @path: a solution file of @self's format
 *
 * Returns: (transfer full): the solution, to be freed with format->free_solution(); %NULL with an
 *     error that names the file and line [may block]
 */
ReinSolution *rein_problem_file_load_solution(const ReinProblemFile *self, const char *path,
                                              GError **error);

/* Scores what @genes, canonical form, stand for. */
void rein_problem_file_score_genes(const ReinProblemFile *self, gconstpointer genes,
                                   ReinScore *score);

/* Whether `a` is better than `b`: plane by plane, smaller is better. */
gboolean rein_score_is_better(const ReinScore *a, const ReinScore *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinProblemFile, rein_problem_file_free)

G_END_DECLS
