/* SPDX-License-Identifier: MIT */

#include "native_kernels.h"

#include <stddef.h>
#include <string.h>

#include <rein_kernel.h>
/* in the order of a program's text */
#include <rein_math.h>

#include <fitness/functions.cl>
#include <fitness/none.cl>

NativeKernel
native_kernel_functions(const char *name)
{
    static const struct {
        const char *name;
        NativeKernel kernel;
    } kernels[] = {
        { "sphere_fitness", sphere_fitness },       { "rosenbrock_fitness", rosenbrock_fitness },
        { "rastrigin_fitness", rastrigin_fitness }, { "ackley_fitness", ackley_fitness },
        { "griewank_fitness", griewank_fitness },   { "schwefel_fitness", schwefel_fitness },
        { "none_fitness", none_fitness },
    };

    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        if (strcmp(kernels[i].name, name) == 0) {
            return kernels[i].kernel;
        }
    }
    return NULL;
}
