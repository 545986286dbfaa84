/* SPDX-License-Identifier: MIT */

/*
 * What can be told of a kernel's text without a compiler: whether it declares a kernel with the arguments
 * that the engine will bind. A device cannot notice a wrong one: it would write somewhere else.
 * [any thread]
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct ReinKernelArgument {
    const char *direction; /* "IN", "OUT", "INOUT" */
    const char *type;      /* "u32"; NULL: any direction and type */
} ReinKernelArgument;

/*
 * If `text` declares REIN_KERNEL(`kernel`, …) at the beginning of a line: whether with these arguments;
 * REIN_ERROR_BUILD with file and line if not. `file` is what messages call the text.
 */
gboolean rein_kernel_text_check(const char *file, GBytes *text, const char *kernel,
                                const ReinKernelArgument *expected, guint n_expected,
                                GError **error);

G_END_DECLS
