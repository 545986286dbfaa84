/* SPDX-License-Identifier: MIT */

#include "environment_private.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <rein/error.h>

#define MORE_VARIABLE "REIN_WORKER_ENVIRONMENT"
#define SEPARATORS ", "

typedef struct {
    char *plugin;
    ReinDriverRecord *driver;
} Tenant;

/* What a worker inherits: nothing else of the host's, which may have secrets there. */
static const char *const inherited[] = {
    /* of the user, and of where files are */
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TMPDIR",
    "XDG_*",
    /* of the loader, the allocator and the sanitizers */
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "GLIBC_TUNABLES",
    "MALLOC_*",
    "*SAN_OPTIONS",
    "LLVM_PROFILE_FILE",
    "GCOV_*",
    /* of the compiler of a user's own kernels */
    "CPATH",
    "C_INCLUDE_PATH",
    "LIBRARY_PATH",
    "COMPILER_PATH",
    "GCC_EXEC_PREFIX",
    "CCACHE_*",
    /* of drivers */
    "OCL_*",
    "OPENCL_*",
    "CL_*",
    "POCL_*",
    "RUSTICL_*",
    "LIBGL_*",
    "MESA_*",
    "GALLIUM_*",
    "LP_*",
    "OCLGRIND_*",
    "CUDA_*",
    "NVIDIA_*",
    "ROCR_*",
    "HSA_*",
    "HIP_*",
    "GPU_*",
    "AMD_*",
    "ZE_*",
    "SYCL_*",
    "NEO*",
    "IGC_*",
    /* of ours, and of GLib's messages */
    "REIN_*",
    "G_MESSAGES_DEBUG",
    "G_SLICE",
    NULL,
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GPtrArray *tenants; /* Tenant; for the life of the process */

/* Variable to the value it had before it was first set here, "" for none and "=value" else. */
static GHashTable *originals;

/* The variable of the same name, or NULL. */
static const char *
find_variable(const ReinDriverRecord *driver, const char *variable)
{
    const gsize size = (gsize)(strchr(variable, '=') - variable) + 1;

    for (guint i = 0; i < driver->environment->len; i++) {
        const char *other = g_ptr_array_index(driver->environment, i);

        if (strncmp(other, variable, size) == 0) {
            return other;
        }
    }
    return NULL;
}

/* Whether each variable of `a` has that value in `b`, or is not in `b` where that may be. */
static gboolean
agrees(const ReinDriverRecord *a, const ReinDriverRecord *b, gboolean may_lack)
{
    for (guint i = 0; i < a->environment->len; i++) {
        const char *variable = g_ptr_array_index(a->environment, i);
        const char *other = find_variable(b, variable);

        if (other == NULL ? !may_lack : strcmp(other, variable) != 0) {
            return FALSE;
        }
    }
    return TRUE;
}

/*
 * Drivers of one plugin must not differ at all: what the one needs, the other may have to do without.
 */
static gboolean
can_share(const Tenant *tenant, const char *plugin, const ReinDriverRecord *driver)
{
    if (strcmp(tenant->plugin, plugin) != 0) {
        return agrees(driver, tenant->driver, TRUE);
    }
    return agrees(driver, tenant->driver, FALSE) && agrees(tenant->driver, driver, FALSE);
}

static const Tenant *
find_opponent_locked(const char *plugin, const ReinDriverRecord *driver)
{
    for (guint i = 0; tenants != NULL && i < tenants->len; i++) {
        const Tenant *tenant = g_ptr_array_index(tenants, i);

        if (!can_share(tenant, plugin, driver)) {
            return tenant;
        }
    }
    return NULL;
}

static void
keep_original_locked(const char *name, const char *present)
{
    if (originals == NULL) {
        originals = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    if (!g_hash_table_contains(originals, name)) {
        g_hash_table_insert(originals, g_strdup(name),
                            present != NULL ? g_strconcat("=", present, NULL) : g_strdup(""));
    }
}

static void
set_variables_locked(const ReinDriverRecord *driver)
{
    for (guint i = 0; i < driver->environment->len; i++) {
        const char *variable = g_ptr_array_index(driver->environment, i);
        const char *value = strchr(variable, '=') + 1;
        g_autofree char *name = g_strndup(variable, (gsize)(value - 1 - variable));
        const char *present = getenv(name);

        if (present == NULL || strcmp(present, value) != 0) {
            keep_original_locked(name, present);
            setenv(name, value, 1);
        }
    }
}

static void
add_tenant_locked(const char *plugin, const ReinDriverRecord *driver)
{
    Tenant *tenant = g_new0(Tenant, 1);

    tenant->plugin = g_strdup(plugin);
    tenant->driver = rein_driver_record_copy(driver);
    if (tenants == NULL) {
        tenants = g_ptr_array_new();
    }
    g_ptr_array_add(tenants, tenant);
}

static gboolean
is_tenant_locked(const char *plugin, const ReinDriverRecord *driver)
{
    for (guint i = 0; tenants != NULL && i < tenants->len; i++) {
        const Tenant *tenant = g_ptr_array_index(tenants, i);

        if (strcmp(tenant->plugin, plugin) == 0 &&
            strcmp(tenant->driver->name, driver->name) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

char **
rein_environment_get_original(void)
{
    char **environment = g_get_environ();
    GHashTableIter entries;
    gpointer name = NULL;
    gpointer value = NULL;

    pthread_mutex_lock(&lock);
    if (originals != NULL) {
        g_hash_table_iter_init(&entries, originals);
        while (g_hash_table_iter_next(&entries, &name, &value)) {
            const char *text = value;
            environment = text[0] == '=' ? g_environ_setenv(environment, name, text + 1, TRUE)
                                         : g_environ_unsetenv(environment, name);
        }
    }
    pthread_mutex_unlock(&lock);
    return environment;
}

/* A pattern may have a star at either end. */
static gboolean
matches(const char *pattern, const char *name)
{
    const gsize size = strlen(pattern);

    if (size > 0 && pattern[size - 1] == '*') {
        return strncmp(name, pattern, size - 1) == 0;
    }
    return pattern[0] == '*' ? g_str_has_suffix(name, pattern + 1) : strcmp(name, pattern) == 0;
}

/* Whether one of the patterns is for the name in "NAME=VALUE". */
static gboolean
is_named(const char *variable, const char *const *patterns)
{
    const char *equals = strchr(variable, '=');
    g_autofree char *name = NULL;

    if (equals == NULL) {
        return FALSE;
    }
    name = g_strndup(variable, (gsize)(equals - variable));
    for (; *patterns != NULL; patterns++) {
        if (matches(*patterns, name)) {
            return TRUE;
        }
    }
    return FALSE;
}

/* (transfer full): those of the original environment that the patterns are for, freed with g_free(). */
static GPtrArray *
take_named(const char *const *patterns)
{
    GPtrArray *taken = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) environment = rein_environment_get_original();

    for (char **variable = environment; *variable != NULL; variable++) {
        if (is_named(*variable, patterns)) {
            g_ptr_array_add(taken, g_strdup(*variable));
        }
    }
    return taken;
}

GPtrArray *
rein_environment_choose(const char *more, GPtrArray *variables)
{
    const char *names = more != NULL ? more : g_getenv(MORE_VARIABLE);
    g_auto(GStrv) patterns = g_strsplit_set(names != NULL ? names : "", SEPARATORS, -1);
    GPtrArray *chosen = take_named((const char *const *)patterns);

    for (guint i = 0; variables != NULL && i < variables->len; i++) {
        g_ptr_array_add(chosen, g_strdup(g_ptr_array_index(variables, i)));
    }
    return chosen;
}

char **
rein_environment_make(GPtrArray *variables)
{
    GPtrArray *taken = take_named(inherited);
    g_ptr_array_set_free_func(taken, NULL);
    g_ptr_array_add(taken, NULL);
    char **environment = (char **)g_ptr_array_free(taken, FALSE);

    for (guint i = 0; variables != NULL && i < variables->len; i++) {
        const char *variable = g_ptr_array_index(variables, i);
        const char *equals = strchr(variable, '=');
        g_autofree char *name = g_strndup(variable, (gsize)(equals - variable));

        environment = g_environ_setenv(environment, name, equals + 1, TRUE);
    }
    return environment;
}

gboolean
rein_environment_take(const char *plugin, const ReinDriverRecord *driver, GError **error)
{
    g_return_val_if_fail(plugin != NULL && driver != NULL, FALSE);
    g_return_val_if_fail(error == NULL || *error == NULL, FALSE);

    pthread_mutex_lock(&lock);
    const Tenant *opponent = find_opponent_locked(plugin, driver);
    if (opponent == NULL) {
        set_variables_locked(driver);
        if (!is_tenant_locked(plugin, driver)) {
            add_tenant_locked(plugin, driver);
        }
    }
    pthread_mutex_unlock(&lock);

    if (opponent != NULL) { /* a tenant stays for ever */
        g_set_error(
            error, REIN_ERROR, REIN_ERROR_UNSUPPORTED,
            "driver %s of plugin %s: needs another environment than driver %s of plugin "
            "%s, which was opened in this process before (use each in a process of its own)",
            driver->name, plugin, opponent->driver->name, opponent->plugin);
        return FALSE;
    }
    return TRUE;
}
