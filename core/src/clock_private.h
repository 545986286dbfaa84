/* SPDX-License-Identifier: MIT */

/* The one clock of the core: CLOCK_MONOTONIC, which plugins and workers share. [any thread] */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

gint64 rein_now_ns(void);

G_END_DECLS
