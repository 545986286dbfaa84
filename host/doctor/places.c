/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE /* dladdr */

#include "places.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <rein/version.h>

char *
doctor_find_library(void)
{
    Dl_info info = { 0 };
    char *path = NULL;

    /* a function's address is one of its library, whatever the program's own linkage table says */
    void *symbol = dlsym(RTLD_DEFAULT, "rein_version_string");
    if (symbol == NULL || dladdr(symbol, &info) == 0 || info.dli_fname == NULL) {
        return g_strdup("");
    }
    char *real = realpath(info.dli_fname, NULL);
    path = g_strdup(real != NULL ? real : info.dli_fname);
    free(real);
    return path;
}

char *
doctor_find_worker(const ReinSettings *settings)
{
    const char *chosen = rein_settings_get_text(settings, REIN_SETTING_WORKER_PATH);
    g_autofree char *library = doctor_find_library();
    g_autofree char *folder = g_path_get_dirname(library);

    /* worker.path is also what REIN_WORKER sets */
    return *chosen != '\0' ? g_strdup(chosen)
                           : g_build_filename(folder, "rein", "rein-worker", NULL);
}
