/* SPDX-License-Identifier: MIT */

#include "tree_private.h"

#include <errno.h>
#include <fts.h>
#include <sys/stat.h>
#include <unistd.h>

static FTS *
open_tree(const char *path)
{
    char *const roots[] = { (char *)(guintptr)path, NULL }; /* fts does not write to it */

    return fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
}

guint64
rein_tree_measure(const char *path)
{
    FTS *tree = open_tree(path);
    const FTSENT *entry = NULL;
    guint64 size = 0;

    while (tree != NULL && (entry = fts_read(tree)) != NULL) {
        if (entry->fts_info == FTS_F) {
            size += (guint64)entry->fts_statp->st_size;
        }
    }
    if (tree != NULL) {
        (void)fts_close(tree);
    }
    return size;
}

gboolean
rein_tree_remove(const char *path)
{
    FTS *tree = open_tree(path);
    const FTSENT *entry = NULL;
    int failure = tree != NULL ? 0 : errno;

    while (tree != NULL && (entry = fts_read(tree)) != NULL) {
        const gboolean is_folder = entry->fts_info == FTS_DP || entry->fts_info == FTS_DNR;
        if (entry->fts_info == FTS_D) {
            continue; /* after what is in it */
        }
        if ((is_folder ? rmdir(entry->fts_accpath) : unlink(entry->fts_accpath)) != 0 &&
            errno != ENOENT && failure == 0) {
            failure = errno;
        }
    }
    if (tree != NULL) {
        (void)fts_close(tree);
    }
    errno = failure;
    return failure == 0;
}
