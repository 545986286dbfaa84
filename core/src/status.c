/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include "error_private.h"
#include "text_private.h"

typedef struct {
    ReinStatus status;
    ReinError code;
    const char *words; /* for a plugin that wrote nothing */
} StatusMeaning;

static const StatusMeaning meanings[] = {
    { REIN_ERR_FAILED, REIN_ERROR_FAILED, "failed, and the plugin did not say why" },
    { REIN_ERR_INVALID_ARGUMENT, REIN_ERROR_INVALID, "invalid argument" },
    { REIN_ERR_UNSUPPORTED, REIN_ERROR_UNSUPPORTED, "not supported by this plugin or device" },
    { REIN_ERR_NO_DEVICE, REIN_ERROR_NO_DEVICE, "no such device" },
    { REIN_ERR_OUT_OF_MEMORY, REIN_ERROR_OUT_OF_MEMORY, "out of device memory" },
    { REIN_ERR_BUILD, REIN_ERROR_BUILD, "the kernel text does not build, and there is no log" },
    { REIN_ERR_DEVICE_LOST, REIN_ERROR_DEVICE_LOST, "the device is lost" },
};

/* G_DEFINE_QUARK() would keep it where two threads that are the first ones race. */
GQuark
rein_error_quark(void)
{
    return g_quark_from_static_string("rein-error-quark");
}

static const StatusMeaning *
find_meaning(ReinStatus status)
{
    for (gsize i = 0; i < G_N_ELEMENTS(meanings); i++) {
        if (meanings[i].status == status) {
            return &meanings[i];
        }
    }
    return NULL;
}

gboolean
rein_status_is_known(ReinStatus status)
{
    return status == REIN_OK || find_meaning(status) != NULL;
}

void
rein_error_set(GError **error, ReinStatus status, const char *text, const char *what)
{
    const StatusMeaning *meaning = find_meaning(status);
    g_autofree char *said = NULL;

    g_return_if_fail(status != REIN_OK && what != NULL);
    g_return_if_fail(error == NULL || *error == NULL);

    said = rein_text_lines(text, G_MAXSSIZE);
    if (meaning == NULL) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "%s: unknown status %d%s%s", what,
                    (int)status, said[0] != '\0' ? ": " : "", said);
        return;
    }
    g_set_error(error, REIN_ERROR, (int)meaning->code, "%s: %s", what,
                said[0] != '\0' ? said : meaning->words);
}

const char *
rein_error_advise(int number)
{
    switch (number) {
    case EMFILE:
        return " (raise the limit: ulimit -n)";
    case EFBIG:
        return " (raise the limit: ulimit -f, or do without a worker: --in-process)";
    default:
        return "";
    }
}
