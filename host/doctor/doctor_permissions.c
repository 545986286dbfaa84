/* SPDX-License-Identifier: MIT */

#include "doctor.h"

#include <fnmatch.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

/* The nodes that drivers of graphics cards open. */
static const struct {
    const char *folder;
    const char *pattern;
} node_places[] = {
    { "/dev", "nvidia[0-9]*" }, { "/dev", "nvidiactl" },    { "/dev", "nvidia-uvm" },
    { "/dev", "kfd" },          { "/dev/dri", "renderD*" },
};

static const char *
find_group_name(gid_t gid, char room[static 24])
{
    const struct group *group = getgrgid(gid); /* the program has one thread that asks */

    if (group != NULL) {
        return group->gr_name;
    }
    g_snprintf(room, 24, "%lu", (unsigned long)gid);
    return room;
}

static void
add_groups(DoctorSection *section)
{
    JsonArray *names = doctor_section_add_array(section, "groups");
    const int n_groups = getgroups(0, NULL);
    g_autofree gid_t *groups = n_groups > 0 ? g_new0(gid_t, (gsize)n_groups) : NULL;
    char room[24];

    for (int i = 0; groups != NULL && i < getgroups(n_groups, groups); i++) {
        json_array_add_string_element(names, find_group_name(groups[i], room));
    }
}

static void
add_node(DoctorSection *section, JsonArray *nodes, const char *path)
{
    struct stat info;
    char room[24];

    if (stat(path, &info) != 0 || !S_ISCHR(info.st_mode)) {
        return;
    }
    const char *group = find_group_name(info.st_gid, room);
    g_autofree char *mode = g_strdup_printf("%04o", (guint)info.st_mode & 07777);
    const gboolean is_usable = access(path, R_OK | W_OK) == 0;
    JsonObject *object = doctor_array_add_object(nodes);
    doctor_object_set_text(object, "path", path);
    doctor_object_set_text(object, "mode", mode);
    doctor_object_set_text(object, "group", group);
    json_object_set_boolean_member(object, "usable", is_usable);
    if (!is_usable) {
        g_autofree char *advice = g_strdup_printf(
            "join the group: sudo usermod -aG %s %s, then log in anew", group, g_get_user_name());
        doctor_section_find(section, DOCTOR_PROBLEM, advice,
                            "%s cannot be read and written by this user (mode %s, group %s)", path,
                            mode, group);
    }
}

void
doctor_examine_permissions(DoctorSection *section, const DoctorPatient *patient)
{
    JsonArray *nodes = doctor_section_add_array(section, "nodes");

    (void)patient;
    for (guint i = 0; i < G_N_ELEMENTS(node_places); i++) {
        g_autoptr(GDir) folder = g_dir_open(node_places[i].folder, 0, NULL);
        const char *name = NULL;
        while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
            if (fnmatch(node_places[i].pattern, name, 0) == 0) {
                g_autofree char *path = g_build_filename(node_places[i].folder, name, NULL);
                add_node(section, nodes, path);
            }
        }
    }
    doctor_section_set_text(section, "user", g_get_user_name());
    doctor_section_set_number(section, "uid", geteuid());
    add_groups(section);
}
