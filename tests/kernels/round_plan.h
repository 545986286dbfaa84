/* SPDX-License-Identifier: MIT */

/*
 * Rounds of evolution as a list of kernels and buffers, bound as core/src/population.c and
 * core/src/problem_job.c bind them, that can be run by the C build of the kernels or, as text, by
 * opencl_plan.
 */

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "native_kernels.h"

struct PlanBuffer {
    std::string name;
    size_t size;                   /* bytes */
    std::vector<uint32_t> content; /* then zeros */
    bool is_raw;                   /* holds what was never written */
};

struct PlanStep {
    std::string program;
    std::string kernel;
    uint32_t n_items;
    uint32_t round;
    uint32_t progress;
    std::vector<std::string> buffers;
};

struct PlanProgram {
    std::string name;
    std::string text;
};

struct Plan {
    std::string options;
    std::vector<PlanProgram> programs;
    std::vector<PlanBuffer> buffers;
    std::vector<PlanStep> steps;
    std::vector<std::string> prints; /* buffers, printed whole */
};

/* A problem, and how it is run. */
struct PlanProblem {
    std::string text;
    std::string fitness;
    std::string improve; /* or empty */
    uint32_t gene_size = 2;
    bool is_float = false;
    uint32_t population = 20;
    uint32_t n_genes = 1;
    uint32_t n_planes = 1;
    uint32_t n_scratch = 0;
    uint32_t n_state = 0;
    uint32_t n_moves = 0;
    uint32_t n_rounds = 3;
    std::vector<uint32_t> bounds;
    std::vector<uint32_t> data;
};

/* `evolve_text` is that of evolve_int16 or evolve_int32, as the genes are. */
Plan plan_rounds(const PlanProblem &problem, const std::string &evolve_text);

/* The plan for opencl_plan, which finds the texts and contents as files that this writes to `folder`. */
std::string plan_text(const Plan &plan, const std::string &dialect, const std::string &folder);

/* What opencl_plan would print, by the kernels that `find` knows. Raw buffers are full of rubbish. */
std::string plan_run_natively(const Plan &plan,
                              const std::function<NativeKernel(const std::string &)> &find);
