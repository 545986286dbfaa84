/* SPDX-License-Identifier: MIT */

#include "sweep_list.h"

#include <string.h>

#include <rein/error.h>

#include "common/value.h"

/* Takes an entry from the front of the list; `*at` is then behind its separator. */
static char *
take_entry(const char **at)
{
    g_autoptr(GString) entry = g_string_new(NULL);
    const char *text = *at;

    for (; *text != '\0' && *text != ';'; text++) {
        if (*text == '\\' && (text[1] == ';' || text[1] == '\\')) {
            text++;
        }
        g_string_append_c(entry, *text);
    }
    *at = *text == ';' ? text + 1 : text;
    return g_strstrip(g_string_free(g_steal_pointer(&entry), FALSE));
}

GStrv
rein_sweep_list_split(const char *text, guint max_entries, const char *where, GError **error)
{
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(g_free);
    const char *at = text;

    g_return_val_if_fail(text != NULL && where != NULL, NULL);

    do {
        g_autofree char *entry = take_entry(&at);
        if (*entry == '\0') {
            g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                        "%s: a value is empty (write them as a; b)", where);
            return NULL;
        }
        if (entries->len == max_entries) {
            g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                        "%s: more than %u values (make several sweeps of it)", where, max_entries);
            return NULL;
        }
        g_ptr_array_add(entries, g_steal_pointer(&entry));
    } while (*at != '\0');
    g_ptr_array_add(entries, NULL);
    return (GStrv)g_ptr_array_free(g_steal_pointer(&entries), FALSE);
}

/* `7`, or `1-10` with both ends in it. */
static gboolean
read_range(char *text, guint64 *first, guint64 *last)
{
    char *dash = strchr(text, '-');

    if (dash != NULL) {
        *dash = '\0';
    }
    gboolean is_read = rein_value_parse_number(g_strstrip(text), first, NULL) &&
                       (dash == NULL || rein_value_parse_number(g_strstrip(dash + 1), last, NULL));
    if (dash == NULL) {
        *last = *first;
    } else {
        *dash = '-';
    }
    return is_read && *first <= *last;
}

static gint
compare_numbers(gconstpointer a, gconstpointer b)
{
    guint64 first = *(const guint64 *)a;
    guint64 second = *(const guint64 *)b;

    return first < second ? -1 : first > second;
}

static gboolean
check_different(const GArray *seeds, const char *where, GError **error)
{
    g_autoptr(GArray) sorted = g_array_copy((GArray *)seeds);

    g_array_sort(sorted, compare_numbers);
    for (guint i = 1; i < sorted->len; i++) {
        guint64 seed = g_array_index(sorted, guint64, i);
        if (seed == g_array_index(sorted, guint64, i - 1)) {
            g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                        "%s: seed %" G_GUINT64_FORMAT " is there twice (remove one)", where, seed);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean
rein_sweep_list_read_seeds(const char *text, guint max_seeds, const char *where, GArray *seeds,
                           GError **error)
{
    g_auto(GStrv) entries = rein_sweep_list_split(text, max_seeds, where, error);

    g_return_val_if_fail(seeds != NULL, FALSE);

    for (guint i = 0; entries != NULL && entries[i] != NULL; i++) {
        g_autofree char *entry = g_strdup(entries[i]);
        guint64 first = 0;
        guint64 last = 0;
        if (!read_range(entry, &first, &last)) {
            g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                        "%s: \"%.60s\" is no seed and no range of seeds (write 7 or 1-10)", where,
                        entries[i]);
            return FALSE;
        }
        if (last - first >= max_seeds - seeds->len) {
            g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                        "%s: more than %u seeds (make several sweeps of it)", where, max_seeds);
            return FALSE;
        }
        for (guint64 n = 0; n <= last - first; n++) {
            guint64 seed = first + n;
            g_array_append_val(seeds, seed);
        }
    }
    return entries != NULL && check_different(seeds, where, error);
}
