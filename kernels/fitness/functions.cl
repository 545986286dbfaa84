/* SPDX-License-Identifier: MIT */

/*
 * Test functions of real numbers, to be minimised; the optimum of each is 0. A gene stands for
 * x = lower + (upper - lower) (gene / 256) / 2^24, lower and upper being the bits of f32 in data[0]
 * and data[1]. Sums are taken in the order of the genes, term by term, so that every backend rounds
 * alike; each term is written so that none is below 0, and a sum loses little near the optimum.
 */

#define LOWER rein_from_bits((u32)data[0])
#define STEP ((rein_from_bits((u32)data[1]) - LOWER) * 5.9604644775390625e-8f) /* 2^-24 */
#define X(i) (lower + step * (f32)(i32)(GENE(i) >> 8))
#define TWO_PI 6.28318531f
#define GRIEWANK_BLOCK 16u

/* K. A. De Jong, "An analysis of the behavior of a class of genetic adaptive systems", 1975: F1. */
REIN_KERNEL(sphere_fitness, IN(u32, params), IN(u32, genes), IN(u32, changed), OUT(f32, fitness),
            IN(i32, data), INOUT(u32, scratch))
{
    const u32 n_genes = params[PARAM_N_GENES];
    const f32 lower = LOWER;
    const f32 step = STEP;
    f32 sum = 0.0f;

    if (changed[item] == 0) {
        return;
    }
    for (u32 i = 0; i < n_genes; i++) {
        const f32 x = X(i);
        sum += x * x;
    }
    FITNESS(0, sum);
}

/* H. H. Rosenbrock, "An automatic method for finding the greatest or least value of a function", The
 * Computer Journal 3, 1960; as a chain of n variables. Optimum: all 1. */
REIN_KERNEL(rosenbrock_fitness, IN(u32, params), IN(u32, genes), IN(u32, changed),
            OUT(f32, fitness), IN(i32, data), INOUT(u32, scratch))
{
    const u32 n_genes = params[PARAM_N_GENES];
    const f32 lower = LOWER;
    const f32 step = STEP;
    f32 sum = 0.0f;

    if (changed[item] == 0) {
        return;
    }
    for (u32 i = 1; i < n_genes; i++) {
        const f32 x = X(i - 1u);
        const f32 bend = X(i) - x * x;
        const f32 rest = 1.0f - x;
        sum += 100.0f * (bend * bend) + rest * rest;
    }
    FITNESS(0, sum);
}

/* L. A. Rastrigin, "Systems of extremal control", 1974; for n variables by H. Muehlenbein, D.
 * Schomisch and J. Born, "The parallel genetic algorithm as function optimizer", 1991. */
REIN_KERNEL(rastrigin_fitness, IN(u32, params), IN(u32, genes), IN(u32, changed), OUT(f32, fitness),
            IN(i32, data), INOUT(u32, scratch))
{
    const u32 n_genes = params[PARAM_N_GENES];
    const f32 lower = LOWER;
    const f32 step = STEP;
    f32 sum = 0.0f;

    if (changed[item] == 0) {
        return;
    }
    for (u32 i = 0; i < n_genes; i++) {
        const f32 x = X(i);
        sum += x * x + 10.0f * (1.0f - rein_cos(TWO_PI * x));
    }
    FITNESS(0, sum);
}

/* D. H. Ackley, "A connectionist machine for genetic hillclimbing", 1987; for n variables by T. Baeck,
 * "Evolutionary algorithms in theory and practice", 1996. */
REIN_KERNEL(ackley_fitness, IN(u32, params), IN(u32, genes), IN(u32, changed), OUT(f32, fitness),
            IN(i32, data), INOUT(u32, scratch))
{
    const u32 n_genes = params[PARAM_N_GENES];
    const f32 n = (f32)(i32)n_genes;
    const f32 lower = LOWER;
    const f32 step = STEP;
    f32 squares = 0.0f;
    f32 waves = 0.0f;

    if (changed[item] == 0) {
        return;
    }
    for (u32 i = 0; i < n_genes; i++) {
        const f32 x = X(i);
        squares += x * x;
        waves += 1.0f - rein_cos(TWO_PI * x);
    }
    squares = 1.0f - rein_exp(-0.2f * rein_sqrt(rein_div(squares, n)));
    waves = 1.0f - rein_exp(-rein_div(waves, n));
    FITNESS(0, 20.0f * squares + 2.71828183f * waves);
}

/* A. O. Griewank, "Generalized descent for global optimization", Journal of Optimization Theory and
 * Applications 34, 1981. */
REIN_KERNEL(griewank_fitness, IN(u32, params), IN(u32, genes), IN(u32, changed), OUT(f32, fitness),
            IN(i32, data), INOUT(u32, scratch))
{
    const u32 n_genes = params[PARAM_N_GENES];
    const f32 lower = LOWER;
    const f32 step = STEP;
    f32 sum = 0.0f;
    f32 product = 1.0f;

    if (changed[item] == 0) {
        return;
    }
    for (u32 first = 0; first < n_genes; first += GRIEWANK_BLOCK) {
        f32 wave[GRIEWANK_BLOCK]; /* apart from their product, which cannot be vectorised */
        for (u32 j = 0; j < GRIEWANK_BLOCK; j++) {
            const u32 i = first + j < n_genes ? first + j : n_genes - 1u;
            wave[j] = rein_cos(rein_div(X(i), rein_sqrt((f32)(i32)(i + 1u))));
        }
        for (u32 j = 0; j < GRIEWANK_BLOCK && first + j < n_genes; j++) {
            const f32 x = X(first + j);
            sum += x * x;
            product *= wave[j];
        }
    }
    FITNESS(0, 0.00025f * sum + (1.0f - product));
}

/* H.-P. Schwefel, "Numerical optimization of computer models", 1981. Optimum: all 420.9687, where the
 * sum of the terms is not quite 0 but less than 0.0001 for each gene. */
REIN_KERNEL(schwefel_fitness, IN(u32, params), IN(u32, genes), IN(u32, changed), OUT(f32, fitness),
            IN(i32, data), INOUT(u32, scratch))
{
    const u32 n_genes = params[PARAM_N_GENES];
    const f32 lower = LOWER;
    const f32 step = STEP;
    f32 sum = 0.0f;

    if (changed[item] == 0) {
        return;
    }
    for (u32 i = 0; i < n_genes; i++) {
        const f32 x = X(i);
        sum += 418.982887f - x * rein_sin(rein_sqrt(rein_abs(x)));
    }
    FITNESS(0, sum);
}
