/* SPDX-License-Identifier: MIT */

#include "job_tidy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rein/process.h>

#include "common/json.h"
#include "job_folder.h"

#define GONE_PREFIX ".gone-"        /* a folder that is being removed */
#define MAX_DEPTH 16u               /* folders within a folder */
#define TAIL_SIZE 65536             /* bytes at the end of the events: more than any event has */
#define MAX_SPEC_SIZE (1024 * 1024) /* bytes */
#define MAX_LOCK_SIZE 256           /* bytes */
#define NS_PER_S G_GINT64_CONSTANT(1000000000)
#define INCOMPLETE_AGE_NS \
    (3600 * NS_PER_S) /* a folder without a job in it is being made till then */

typedef enum {
    JOB_FOREIGN, /* not ours */
    JOB_RUNNING,
    JOB_FINISHED,
    JOB_INCOMPLETE, /* its process was killed while it made the folder */
} JobState;

/* What was found out about one folder. */
typedef struct Job {
    char *name;
    guint64 size;
    gint64 ended_ns; /* since 1970 */
    JobState state;
} Job;

/* A folder while it is looked at or removed; the lock, if there is one, is held unless it runs. */
typedef struct OpenJob {
    const char *name;
    int fd;
    int lock_fd;
} OpenJob;

static void
job_free(gpointer data)
{
    Job *job = data;

    g_free(job->name);
    g_free(job);
}

static void
open_job_clear(OpenJob *job)
{
    if (job->lock_fd >= 0) {
        (void)close(job->lock_fd);
    }
    if (job->fd >= 0) {
        (void)close(job->fd);
    }
    job->fd = job->lock_fd = -1;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OpenJob, open_job_clear)

static void
open_job_init(OpenJob *job, int jobs, const char *name)
{
    job->name = name;
    job->lock_fd = -1;
    job->fd = openat(jobs, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (job->fd >= 0) {
        job->lock_fd = openat(job->fd, REIN_JOB_FILE_LOCK, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    }
}

/* At most `max_size` bytes of the file; NULL if there is none. */
static char *
read_file_at(int folder, const char *name, gsize max_size)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0) {
        return NULL;
    }
    g_autofree char *text = g_try_malloc(max_size + 1);
    gssize size = text != NULL ? read(fd, text, max_size) : -1;
    (void)close(fd);
    if (size < 0) {
        return NULL;
    }
    text[size] = '\0';
    return g_steal_pointer(&text);
}

/* Bytes of all files in `folder`, which is taken over. */
static guint64
measure(int folder, guint depth)
{
    DIR *stream = fdopendir(folder);
    guint64 size = 0;
    struct dirent *entry;

    if (stream == NULL) {
        (void)close(folder);
        return 0;
    }
    while ((entry = readdir(stream)) != NULL) {
        struct stat status;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        if (S_ISREG(status.st_mode)) {
            size += (guint64)status.st_size;
        } else if (S_ISDIR(status.st_mode) && depth < MAX_DEPTH) {
            int inner =
                openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            size += inner >= 0 ? measure(inner, depth + 1) : 0;
        }
    }
    closedir(stream);
    return size;
}

/* Removes what is in `folder`, which is taken over; whether it is empty then. */
static gboolean
empty_folder(int folder, guint depth)
{
    DIR *stream = fdopendir(folder);
    gboolean is_empty = TRUE;
    struct dirent *entry;

    if (stream == NULL) {
        (void)close(folder);
        return FALSE;
    }
    while ((entry = readdir(stream)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || unlinkat(folder, name, 0) == 0) {
            continue;
        }
        int inner = depth < MAX_DEPTH
                        ? openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                        : -1;
        if (inner < 0 || !empty_folder(inner, depth + 1) ||
            unlinkat(folder, name, AT_REMOVEDIR) != 0) {
            is_empty = FALSE;
        }
    }
    closedir(stream);
    return is_empty;
}

/* Removes the folder `name` of the open folder `jobs`, first from sight, then from the disk. */
static gboolean
remove_folder(int jobs, const char *name)
{
    g_autofree char *gone =
        g_str_has_prefix(name, GONE_PREFIX) ? g_strdup(name) : g_strconcat(GONE_PREFIX, name, NULL);

    if (strcmp(gone, name) != 0 && renameat(jobs, name, jobs, gone) != 0) {
        return FALSE;
    }
    int folder = openat(jobs, gone, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return folder >= 0 && empty_folder(folder, 0) && unlinkat(jobs, gone, AT_REMOVEDIR) == 0;
}

/* Whether the folder holds a job's spec with the folder's own name in it. */
static gboolean
has_spec(int folder, const char *name)
{
    g_autofree char *text = read_file_at(folder, REIN_JOB_FILE_SPEC, MAX_SPEC_SIZE);
    g_autoptr(GKeyFile) spec = g_key_file_new();

    if (text == NULL || !g_key_file_load_from_data(spec, text, (gsize)-1, G_KEY_FILE_NONE, NULL)) {
        return FALSE;
    }
    g_autofree char *id = g_key_file_get_string(spec, "job", "id", NULL);
    return g_strcmp0(id, name) == 0;
}

/* Whether no file is in the folder but those that its making begins with. */
static gboolean
is_just_begun(int folder)
{
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
    gboolean is_begun = stream != NULL;
    struct dirent *entry;

    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        const char *const known[] = {
            ".", "..", REIN_JOB_FILE_LOCK, REIN_JOB_FILE_EVENTS, REIN_JOB_FILE_LOG, NULL
        };
        is_begun &= g_strv_contains(known, entry->d_name) ||
                    g_str_has_prefix(entry->d_name, "." REIN_JOB_FILE_SPEC ".");
    }
    if (stream != NULL) {
        closedir(stream);
    }
    return is_begun;
}

/* The last whole line of the text; NULL if there is none. `is_cut`: more follows without an end. */
static const char *
find_last_line(char *text, gboolean *is_cut)
{
    gsize size = strlen(text);

    *is_cut = size > 0 && text[size - 1] != '\n';
    char *end = strrchr(text, '\n');
    if (end == NULL) {
        return NULL;
    }
    *end = '\0';
    char *begin = strrchr(text, '\n');
    return begin != NULL ? begin + 1 : text;
}

static gboolean
is_job_ended(const char *line)
{
    g_autoptr(JsonNode) node = line != NULL ? json_from_string(line, NULL) : NULL;

    if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node)) {
        return FALSE;
    }
    return g_strcmp0(json_object_get_string_member_with_default(json_node_get_object(node), "event",
                                                                NULL),
                     REIN_EVENT_JOB_ENDED) == 0;
}

/* Adds what the dead process could not. The file keeps its time: that is when the job ended. */
static void
mark_lost(const char *id, int events, const struct stat *status, gboolean is_cut)
{
    JsonBuilder *builder = rein_event_begin(id, REIN_EVENT_JOB_ENDED);
    const struct timespec times[] = { status->st_atim, status->st_mtim };

    rein_json_add_text(builder, "outcome", REIN_OUTCOME_LOST_TEXT);
    rein_json_add_text(builder, "receipt", NULL);
    g_autofree char *event = rein_event_end(builder);
    g_autofree char *line = g_strconcat(is_cut ? "\n" : "", event, "\n", NULL);
    gsize size = strlen(line);
    gssize n_written = write(events, line, size);
    if (n_written > 0 && n_written != (gssize)size) {
        (void)!ftruncate(events, status->st_size);
    }
    (void)futimens(events, times);
}

/* Finds when the job ended, and ends it if nobody else did; whether it had to. */
static gboolean
look_at_end(const OpenJob *open_job, gboolean is_dry_run, gint64 *ended_ns)
{
    struct stat status;
    gboolean is_cut = FALSE;
    gboolean is_lost = FALSE;
    const int access = is_dry_run ? O_RDONLY : O_RDWR | O_APPEND | O_CREAT;
    int events = openat(open_job->fd, REIN_JOB_FILE_EVENTS,
                        access | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

    if (events < 0) {
        return FALSE;
    }
    if (fstat(events, &status) == 0 && S_ISREG(status.st_mode)) {
        g_autofree char *tail = g_malloc(TAIL_SIZE + 1);
        gssize size = pread(events, tail, TAIL_SIZE, MAX(0, status.st_size - TAIL_SIZE));
        tail[MAX(0, size)] = '\0';
        is_lost = !is_job_ended(find_last_line(tail, &is_cut)) || is_cut;
        *ended_ns = status.st_mtim.tv_sec * NS_PER_S + status.st_mtim.tv_nsec;
    }
    if (is_lost && !is_dry_run) {
        mark_lost(open_job->name, events, &status, is_cut);
    }
    (void)close(events);
    return is_lost;
}

/* Whether the job's process holds the lock or, where there are no locks, is alive. */
static gboolean
is_running(const OpenJob *open_job)
{
    ReinProcess process = { 0 };

    if (flock(open_job->lock_fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        return TRUE;
    }
    g_autofree char *text = read_file_at(open_job->fd, REIN_JOB_FILE_LOCK, MAX_LOCK_SIZE);
    return text != NULL && rein_process_from_text(text, &process) &&
           rein_process_is_alive(&process);
}

/* A folder of ours has a lock; one whose making was cut short may have nothing yet. */
static JobState
find_state(const OpenJob *open_job)
{
    struct stat status;

    if (open_job->fd < 0 || fstat(open_job->fd, &status) != 0 || status.st_uid != geteuid()) {
        return JOB_FOREIGN;
    }
    if (open_job->lock_fd >= 0 && is_running(open_job)) {
        return JOB_RUNNING;
    }
    if (open_job->lock_fd >= 0 && has_spec(open_job->fd, open_job->name)) {
        return JOB_FINISHED;
    }
    return is_just_begun(open_job->fd) ? JOB_INCOMPLETE : JOB_FOREIGN;
}

/* (transfer full): what `name` is, never NULL */
static Job *
look_at(int jobs, const char *name, const ReinJobTidyWatch *watch, ReinJobTidyReport *report)
{
    g_auto(OpenJob) open_job = { 0 };
    Job *job = g_new0(Job, 1);
    struct stat status;

    open_job_init(&open_job, jobs, name);
    job->name = g_strdup(name);
    job->state = find_state(&open_job);
    if (job->state == JOB_FOREIGN) {
        return job;
    }
    int copy = openat(open_job.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    job->size = copy >= 0 ? measure(copy, 0) : 0;
    if (fstat(open_job.fd, &status) == 0) {
        job->ended_ns = status.st_mtim.tv_sec * NS_PER_S + status.st_mtim.tv_nsec;
    }
    if (job->state == JOB_FINISHED && look_at_end(&open_job, watch->is_dry_run, &job->ended_ns)) {
        report->n_lost += watch->is_dry_run ? 0 : 1;
    }
    return job;
}

static gint
compare_ends(gconstpointer a, gconstpointer b)
{
    const Job *first = *(const Job *const *)a;
    const Job *second = *(const Job *const *)b;

    if (first->ended_ns != second->ended_ns) {
        return first->ended_ns < second->ended_ns ? -1 : 1;
    }
    return strcmp(first->name, second->name);
}

static void
tell(const ReinJobTidyWatch *watch, const char *name, guint64 size, const char *reason,
     gboolean is_removed)
{
    if (watch->tidied != NULL) {
        watch->tidied(name, size, reason, is_removed, watch->user_data);
    }
}

/* Removes it unless it has changed since it was looked at. */
static void
remove_job(int jobs, const Job *job, const char *reason, const ReinJobTidyWatch *watch,
           ReinJobTidyReport *report)
{
    g_auto(OpenJob) open_job = { 0 };

    open_job_init(&open_job, jobs, job->name);
    const gboolean is_removed =
        !watch->is_dry_run && find_state(&open_job) == job->state && remove_folder(jobs, job->name);
    tell(watch, job->name, job->size, reason, is_removed);
    if (watch->is_dry_run) {
        return;
    }
    if (is_removed) {
        report->n_removed++;
        report->removed_size += job->size;
        return;
    }
    report->n_failed++;
    report->size += job->size;
}

/* One whose removal was cut short. */
static void
remove_gone(int jobs, const char *name, const ReinJobTidyWatch *watch, ReinJobTidyReport *report)
{
    int folder = openat(jobs, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const guint64 size = folder >= 0 ? measure(folder, 0) : 0;
    const gboolean is_removed = !watch->is_dry_run && remove_folder(jobs, name);

    tell(watch, name, size, "its removal was cut short", is_removed);
    report->n_failed += is_removed || watch->is_dry_run ? 0 : 1;
}

/* What may go, oldest first; the rest is counted. */
static GPtrArray *
collect(int jobs, DIR *stream, const ReinJobTidyWatch *watch, ReinJobTidyReport *report)
{
    GPtrArray *finished = g_ptr_array_new_with_free_func(job_free);
    struct dirent *entry;

    while ((entry = readdir(stream)) != NULL) {
        const char *name = entry->d_name;
        if (g_str_has_prefix(name, GONE_PREFIX) &&
            rein_job_id_is_valid(name + strlen(GONE_PREFIX))) {
            remove_gone(jobs, name, watch, report);
            continue;
        }
        if (!rein_job_id_is_valid(name)) {
            continue;
        }
        Job *job = look_at(jobs, name, watch, report);
        if (job->state == JOB_FINISHED || job->state == JOB_INCOMPLETE) {
            g_ptr_array_add(finished, job);
            continue;
        }
        report->n_running += job->state == JOB_RUNNING ? 1 : 0;
        report->size += job->size;
        job_free(job);
    }
    g_ptr_array_sort(finished, compare_ends);
    return finished;
}

/* Why the job may go, or NULL. `is_beyond`: all are more than may be kept. */
static const char *
find_reason(const Job *job, gint64 age_ns, gint64 keep_age_ns, gboolean is_beyond)
{
    if (job->state == JOB_INCOMPLETE) {
        return age_ns > INCOMPLETE_AGE_NS ? "its making was cut short" : NULL;
    }
    if (age_ns > keep_age_ns) {
        return "older than is kept";
    }
    return is_beyond ? "beyond the size that is kept" : NULL;
}

void
rein_job_tidy_watched(const char *jobs_folder, gint64 keep_age_ns, guint64 keep_size,
                      GCancellable *cancellable, const ReinJobTidyWatch *watch,
                      ReinJobTidyReport *report)
{
    g_return_if_fail(jobs_folder != NULL && watch != NULL && report != NULL);

    *report = (ReinJobTidyReport){ 0 };
    DIR *stream = opendir(jobs_folder);
    if (stream == NULL) {
        return;
    }
    int jobs = dirfd(stream);
    g_autoptr(GPtrArray) finished = collect(jobs, stream, watch, report);
    gint64 now_ns = g_get_real_time() * 1000;
    guint64 finished_size = 0;
    for (guint i = 0; i < finished->len; i++) {
        finished_size += ((const Job *)g_ptr_array_index(finished, i))->size;
    }
    for (guint i = 0; i < finished->len; i++) {
        const Job *job = g_ptr_array_index(finished, i);
        gboolean is_beyond = report->size + finished_size > keep_size;
        const char *reason = find_reason(job, now_ns - job->ended_ns, keep_age_ns, is_beyond);
        finished_size -= job->size;
        if (reason != NULL && !g_cancellable_is_cancelled(cancellable)) {
            remove_job(jobs, job, reason, watch, report);
            continue;
        }
        report->size += job->size;
        report->n_finished += job->state == JOB_FINISHED ? 1 : 0;
    }
    closedir(stream);
}

/* Whether it is a job's folder that nobody has locked. */
static gboolean
may_remove(const OpenJob *open_job)
{
    struct stat status;

    if (open_job->fd < 0 || fstat(open_job->fd, &status) != 0 || status.st_uid != geteuid()) {
        return FALSE;
    }
    if (open_job->lock_fd < 0) {
        return is_just_begun(open_job->fd);
    }
    if (flock(open_job->lock_fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        return FALSE;
    }
    return has_spec(open_job->fd, open_job->name) || is_just_begun(open_job->fd);
}

gboolean
rein_job_tidy_remove(const char *jobs_folder, const char *name)
{
    g_auto(OpenJob) open_job = { .fd = -1, .lock_fd = -1 };

    g_return_val_if_fail(jobs_folder != NULL && name != NULL, FALSE);

    gboolean is_going = g_str_has_prefix(name, GONE_PREFIX);
    if (!rein_job_id_is_valid(is_going ? name + strlen(GONE_PREFIX) : name)) {
        return FALSE;
    }
    int jobs = open(jobs_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (jobs < 0) {
        return FALSE;
    }
    open_job_init(&open_job, jobs, name);
    gboolean is_gone = (is_going || may_remove(&open_job)) && remove_folder(jobs, name);
    (void)close(jobs);
    return is_gone;
}

void
rein_job_tidy(const char *jobs_folder, gint64 keep_age_ns, guint64 keep_size,
              GCancellable *cancellable, ReinJobTidyReport *report)
{
    const ReinJobTidyWatch nobody = { 0 };

    rein_job_tidy_watched(jobs_folder, keep_age_ns, keep_size, cancellable, &nobody, report);
}
