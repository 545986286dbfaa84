/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE /* nftw */

#include "bench_folder.h"

#include <ftw.h>
#include <stdio.h>

#define MAX_DESCRIPTORS 16

BenchFolder *
bench_folder_new(GError **error)
{
    return g_dir_make_tmp("rein-bench-XXXXXX", error);
}

static int
remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    (void)remove(path); /* what stays is in a temporary folder */
    return 0;
}

void
bench_folder_free(BenchFolder *self)
{
    if (self == NULL) {
        return;
    }
    (void)nftw(self, remove_one, MAX_DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    g_free(self);
}
