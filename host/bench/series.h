/* SPDX-License-Identifier: MIT */

/* Measured values, and what is told of them: the median, the spread, percentiles. One thread. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct Series Series;

Series *series_new(void);
void series_free(Series *self);
void series_add(Series *self, double value);
guint series_get_n(const Series *self);

/* The value that `part` (0 to 1) of all values do not exceed; 0.5 is the median. 0 if there are none. */
double series_get_percentile(Series *self, double part);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Series, series_free)

G_END_DECLS
