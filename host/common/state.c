/* SPDX-License-Identifier: MIT */

#include "state.h"

#include <errno.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <rein/error.h>

char *
rein_state_require_absolute(const char *folder, const char *otherwise)
{
    g_return_val_if_fail(folder != NULL && otherwise != NULL, NULL);

    return g_path_is_absolute(folder) ? g_strdup(folder)
                                      : g_build_filename(g_get_home_dir(), otherwise, NULL);
}

char *
rein_state_get_folder(void)
{
    g_autofree char *folder = rein_state_require_absolute(g_get_user_state_dir(), ".local/state");

    return g_build_filename(folder, "rein", NULL);
}

char *
rein_state_path(const char *name)
{
    g_autofree char *folder = rein_state_get_folder();

    g_return_val_if_fail(name != NULL, NULL);

    return g_build_filename(folder, name, NULL);
}

char *
rein_state_make_folder(const char *name, GError **error)
{
    g_autofree char *path = rein_state_path(name);

    g_return_val_if_fail(path != NULL, NULL);

    if (g_mkdir_with_parents(path, 0700) != 0 || access(path, R_OK | W_OK | X_OK) != 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                    "%s: cannot be made or written in: %s (mend that, or set XDG_STATE_HOME to a "
                    "folder you may write in)",
                    path, g_strerror(errno));
        return NULL;
    }
    return g_steal_pointer(&path);
}
