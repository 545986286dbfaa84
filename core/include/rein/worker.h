/* SPDX-License-Identifier: MIT */

/*
 * The inside of `rein-worker`, the program beside librein in which plugins are asked for their
 * devices. A host has no use for it: librein starts the program itself.
 */

#pragma once

#include <glib.h>
#include <rein/version.h>

G_BEGIN_DECLS

/**
 * rein_worker_main:
 * @argc: as main() has it
 * @argv: as main() has it
 *
 * Does what librein asks for until it asks for nothing more. Ends with the process that started it,
 * leaves no core file, and says what its plugin logs to that process and not to stderr. To be called
 * by main() of a process that does nothing else.
 *
 * Returns: the exit code of the program
 */
REIN_API int rein_worker_main(int argc, char **argv);

G_END_DECLS
