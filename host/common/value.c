/* SPDX-License-Identifier: MIT */

#include "value.h"

#include <string.h>

#include <rein/error.h>

#define MAX_DECIMALS 5u /* so that no unit times 10^5 overflows */

#define MILLISECOND G_GUINT64_CONSTANT(1000000)
#define SECOND (1000u * MILLISECOND)
#define MINUTE (60u * SECOND)
#define HOUR (60u * MINUTE)
#define DAY (24u * HOUR)

#define KIBIBYTE G_GUINT64_CONSTANT(1024)
#define MEBIBYTE (1024u * KIBIBYTE)
#define GIBIBYTE (1024u * MEBIBYTE)
#define TEBIBYTE (1024u * GIBIBYTE)

typedef struct Unit {
    const char *name; /* "" for the unit of a bare number */
    guint64 factor;
} Unit;

/* Those that are written come first, the largest first; the list ends with factor 0. */
static const Unit duration_units[] = {
    { "d", DAY },          { "h", HOUR },  { "m", MINUTE }, { "s", SECOND },
    { "ms", MILLISECOND }, { "", SECOND }, { NULL, 0 },
};

static const Unit size_units[] = {
    { "TiB", TEBIBYTE },
    { "GiB", GIBIBYTE },
    { "MiB", MEBIBYTE },
    { "KiB", KIBIBYTE },
    { "TB", G_GUINT64_CONSTANT(1000000000000) },
    { "GB", G_GUINT64_CONSTANT(1000000000) },
    { "MB", 1000000 },
    { "kB", 1000 },
    { "KB", 1000 },
    { "B", 1 },
    { "", 1 },
    { NULL, 0 },
};

/* Decimal digits at `*text`, which moves past them; FALSE if there are none or too many. */
static gboolean
scan_digits(const char **text, guint64 *number, guint *n_digits)
{
    const char *start = *text;

    *number = 0;
    for (; g_ascii_isdigit(**text); (*text)++) {
        if (!g_uint64_checked_mul(number, *number, 10) ||
            !g_uint64_checked_add(number, *number, (guint64)(**text - '0'))) {
            return FALSE;
        }
    }
    *n_digits = (guint)(*text - start);
    return *text > start;
}

static const Unit *
find_unit(const Unit *units, const char *name)
{
    for (; units->factor != 0; units++) {
        if (strcmp(units->name, name) == 0) {
            return units;
        }
    }
    return NULL;
}

/* A number, perhaps with decimals, and one of `units`, all of it times its unit. */
static gboolean
scan_amount(const char *text, const Unit *units, guint64 *amount)
{
    g_autofree char *trimmed = g_strstrip(g_strdup(text));
    const char *at = trimmed;
    guint64 whole = 0;
    guint64 decimals = 0;
    guint n_digits = 0;
    guint n_decimals = 0;

    if (!scan_digits(&at, &whole, &n_digits)) {
        return FALSE;
    }
    if (*at == '.') {
        at++;
        if (!scan_digits(&at, &decimals, &n_decimals) || n_decimals > MAX_DECIMALS) {
            return FALSE;
        }
    }
    while (g_ascii_isspace(*at)) {
        at++;
    }

    const Unit *unit = find_unit(units, at);
    if (unit == NULL) {
        return FALSE;
    }
    decimals *= unit->factor;
    for (; n_decimals > 0; n_decimals--) {
        decimals /= 10;
    }
    return g_uint64_checked_mul(amount, whole, unit->factor) &&
           g_uint64_checked_add(amount, *amount, decimals);
}

static gboolean
refuse(const char *text, const char *what, GError **error)
{
    g_autofree char *escaped = g_strescape(text, NULL);

    g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID, "\"%.60s\" is not %s", escaped, what);
    return FALSE;
}

gboolean
rein_value_parse_duration(const char *text, gint64 *duration_ns, GError **error)
{
    guint64 amount = 0;

    g_return_val_if_fail(text != NULL && duration_ns != NULL, FALSE);

    if (!scan_amount(text, duration_units, &amount) || amount > G_MAXINT64) {
        return refuse(text, "a duration (write it as 10ms, 20s, 5m, 1h or 7d)", error);
    }
    *duration_ns = (gint64)amount;
    return TRUE;
}

gboolean
rein_value_parse_size(const char *text, guint64 *size, GError **error)
{
    guint64 amount = 0;

    g_return_val_if_fail(text != NULL && size != NULL, FALSE);

    if (!scan_amount(text, size_units, &amount)) {
        return refuse(text, "a size (write it as 2GiB, 500MB or in bytes)", error);
    }
    *size = amount;
    return TRUE;
}

gboolean
rein_value_parse_number(const char *text, guint64 *number, GError **error)
{
    const char *at = text;
    guint n_digits = 0;
    guint64 value = 0;

    g_return_val_if_fail(text != NULL && number != NULL, FALSE);

    if (!scan_digits(&at, &value, &n_digits) || *at != '\0') {
        return refuse(text, "a whole number", error);
    }
    *number = value;
    return TRUE;
}

static char *
format_amount(guint64 amount, const Unit *units, guint n_units, const char *zero)
{
    for (guint i = 0; i < n_units; i++) {
        if (amount != 0 && amount % units[i].factor == 0) {
            return g_strdup_printf("%" G_GUINT64_FORMAT "%s", amount / units[i].factor,
                                   units[i].name);
        }
    }
    return g_strdup(zero);
}

char *
rein_value_format_duration(gint64 duration_ns)
{
    guint64 amount = duration_ns > 0 ? (guint64)duration_ns : 0;

    if (amount % MILLISECOND != 0) {
        return g_strdup_printf("%" G_GUINT64_FORMAT "ns", amount);
    }
    return format_amount(amount, duration_units, 5, "0s");
}

char *
rein_value_format_size(guint64 size)
{
    if (size % KIBIBYTE != 0) {
        return g_strdup_printf("%" G_GUINT64_FORMAT "B", size);
    }
    return format_amount(size, size_units, 4, "0B");
}

char *
rein_value_describe_size(guint64 size)
{
    guint i = 0;

    if (size < KIBIBYTE) {
        return g_strdup_printf("%" G_GUINT64_FORMAT " B", size);
    }
    while (i < 3 && size < size_units[i].factor) {
        i++;
    }
    double amount = (double)size / (double)size_units[i].factor;
    return g_strdup_printf("%.*f %s",
                           amount < 10    ? 2
                           : amount < 100 ? 1
                                          : 0,
                           amount, size_units[i].name);
}
