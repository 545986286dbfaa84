/* SPDX-License-Identifier: MIT */

/* The examples of kernels/README.md, as they stand there. */

#include "native_kernels.h"

#include <stddef.h>
#include <string.h>

#include <rein_kernel.h>
/* in the order of a program's text */
#include <rein_math.h>

#include <readme_examples.cl>

NativeKernel
native_kernel_examples(const char *name)
{
    static const struct {
        const char *name;
        NativeKernel kernel;
    } kernels[] = {
        { "knapsack_fitness", knapsack_fitness }, { "knapsack_improve", knapsack_improve },
        { "qap_fitness", qap_fitness },           { "qap_improve", qap_improve },
        { "fit_fitness", fit_fitness },           { "fit_improve", fit_improve },
    };

    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        if (strcmp(kernels[i].name, name) == 0) {
            return kernels[i].kernel;
        }
    }
    return NULL;
}
