/* SPDX-License-Identifier: MIT */

#include "series.h"

#include <math.h>

struct Series {
    GArray *values; /* of double */
};

Series *
series_new(void)
{
    Series *self = g_new0(Series, 1);

    self->values = g_array_new(FALSE, FALSE, sizeof(double));
    return self;
}

void
series_free(Series *self)
{
    if (self == NULL) {
        return;
    }
    g_array_unref(self->values);
    g_free(self);
}

void
series_add(Series *self, double value)
{
    g_array_append_val(self->values, value);
}

guint
series_get_n(const Series *self)
{
    return self->values->len;
}

static gint
compare(gconstpointer a, gconstpointer b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

double
series_get_percentile(Series *self, double part)
{
    const guint n = self->values->len;

    if (n == 0) {
        return 0;
    }
    g_array_sort(self->values, compare);

    const double rank = ceil(part * n);
    const guint index = rank < 1 ? 0 : (guint)rank - 1;
    return g_array_index(self->values, double, MIN(index, n - 1));
}
