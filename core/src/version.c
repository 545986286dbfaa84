/* SPDX-License-Identifier: MIT */
#include "rein/version.h"

const char *
rein_version_string(void)
{
    return REIN_VERSION_STRING;
}
