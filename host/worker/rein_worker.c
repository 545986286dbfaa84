/* SPDX-License-Identifier: MIT */

/* The program that librein starts to have plugins in a process of their own. */

#include <rein/worker.h>

int
main(int argc, char **argv)
{
    return rein_worker_main(argc, argv);
}
