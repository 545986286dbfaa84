/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE /* memfd_create */

#include "doctor.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/value.h"

#define LEAST_FILES 256u                          /* open files that rein and a driver need */
#define LEAST_MEMORY ((guint64)512 * 1024 * 1024) /* bytes */

static gboolean
has_pidfd(void)
{
    const int fd = (int)syscall(SYS_pidfd_open, getpid(), 0u);
    const gboolean has = fd >= 0 && syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0u) == 0;

    if (fd >= 0) {
        close(fd);
    }
    return has;
}

static gboolean
has_sealing(void)
{
    const int fd = memfd_create("rein-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    const gboolean has = fd >= 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0;

    if (fd >= 0) {
        close(fd);
    }
    return has;
}

void
doctor_examine_kernel(DoctorSection *section, const DoctorPatient *patient)
{
    struct utsname name = { 0 };
    const gboolean has_pidfds = has_pidfd();
    const gboolean has_seals = has_sealing();

    (void)patient;
    (void)uname(&name);
    doctor_section_set_text(section, "release", name.release);
    doctor_section_set_text(section, "machine", name.machine);
    doctor_section_set_boolean(section, "pidfd", has_pidfds);
    doctor_section_set_boolean(section, "memfd_sealing", has_seals);
    if (!has_pidfds) {
        doctor_section_find(
            section, DOCTOR_PROBLEM,
            "run Linux 5.3 or later, or allow pidfd_open in the container's profile",
            "the kernel has no pidfds, or they are not allowed");
    }
    if (!has_seals) {
        doctor_section_find(section, DOCTOR_PROBLEM,
                            "allow memfd_create in the container's profile",
                            "memory files cannot be sealed");
    }
}

/* A limit as a number; null where there is none. */
static void
set_limit(DoctorSection *section, const char *member, guint64 limit)
{
    if (limit >= (guint64)G_MAXINT64 / 2) {
        doctor_section_set_null(section, member);
    } else {
        doctor_section_set_number(section, member, limit);
    }
}

static guint64
add_rlimit(DoctorSection *section, int resource, const char *soft, const char *hard)
{
    struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

    (void)getrlimit((__rlimit_resource_t)resource, &limit);
    set_limit(section, soft, limit.rlim_cur);
    set_limit(section, hard, limit.rlim_max);
    return limit.rlim_cur;
}

/* The path of this process's group in the hierarchy `controller` ("" for that of version 2). */
static char *
find_group(const char *controller)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents("/proc/self/cgroup", &text, NULL, NULL)) {
        return NULL;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) parts = g_strsplit(lines[i], ":", 3);
        g_auto(GStrv) names =
            g_strv_length(parts) == 3 ? g_strsplit(parts[1], ",", -1) : g_new0(char *, 1);
        const gboolean is_second_version = g_strv_length(parts) == 3 && *parts[1] == '\0';
        if (*controller == '\0' ? is_second_version
                                : g_strv_contains((const char *const *)names, controller)) {
            return g_strdup(parts[2]);
        }
    }
    return NULL;
}

/* The number in the file of the group or, where it is not seen from here, of the root. */
static gboolean
read_group_number(const char *root, const char *group, const char *name, guint64 *number)
{
    g_autofree char *inner = g_build_filename(root, group != NULL ? group : "", name, NULL);
    g_autofree char *outer = g_build_filename(root, name, NULL);
    g_autofree char *text = NULL;

    return (g_file_get_contents(inner, &text, NULL, NULL) ||
            g_file_get_contents(outer, &text, NULL, NULL)) &&
           g_ascii_string_to_unsigned(g_strstrip(text), 10, 0, G_MAXUINT64, number, NULL);
}

static void
add_group_memory(DoctorSection *section)
{
    g_autofree char *second = find_group("");
    g_autofree char *first = find_group("memory");
    guint64 limit = G_MAXUINT64;
    guint64 used = 0;
    const gboolean has_limit =
        read_group_number("/sys/fs/cgroup", second, "memory.max", &limit) ||
        read_group_number("/sys/fs/cgroup/memory", first, "memory.limit_in_bytes", &limit);
    const gboolean has_use =
        read_group_number("/sys/fs/cgroup", second, "memory.current", &used) ||
        read_group_number("/sys/fs/cgroup/memory", first, "memory.usage_in_bytes", &used);

    set_limit(section, "memory_limit_bytes", has_limit ? limit : G_MAXUINT64);
    if (has_use) {
        doctor_section_set_number(section, "memory_used_bytes", used);
    } else {
        doctor_section_set_null(section, "memory_used_bytes");
    }
    if (has_limit && limit < LEAST_MEMORY) {
        g_autofree char *size = rein_value_describe_size(limit);
        doctor_section_find(section, DOCTOR_WARNING, "raise the control group's memory limit",
                            "the control group allows %s of memory; compilers of drivers need more",
                            size);
    }
}

void
doctor_examine_limits(DoctorSection *section, const DoctorPatient *patient)
{
    (void)patient;
    const guint64 n_files = add_rlimit(section, RLIMIT_NOFILE, "nofile", "nofile_hard");
    (void)add_rlimit(section, RLIMIT_NPROC, "nproc", "nproc_hard");
    (void)add_rlimit(section, RLIMIT_MEMLOCK, "memlock_bytes", "memlock_hard_bytes");
    if (n_files < LEAST_FILES) {
        doctor_section_find(section, DOCTOR_WARNING, "ulimit -n 1024",
                            "%" G_GUINT64_FORMAT " open files are allowed; drivers may need %u",
                            n_files, LEAST_FILES);
    }
    add_group_memory(section);
}
