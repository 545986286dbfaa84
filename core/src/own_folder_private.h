/* SPDX-License-Identifier: MIT */

/* Where librein itself lies: its plugins and its worker are beside it. [any thread] */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * (transfer full): the folder of librein, wherever that was installed or built, or of the program that
 * links it statically; NULL where the system does not tell.
 */
char *rein_own_folder(void);

G_END_DECLS
