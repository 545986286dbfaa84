/* SPDX-License-Identifier: MIT */

/*
 * Every kernel in rounds as the engine makes them, on Oclgrind: an OpenCL device that looks for data
 * races, for reads of what was never written, and for accesses beyond a buffer. It ends with 0 whatever
 * it finds, so its log must be empty; planted faults show that the check can fail. Records must be those
 * of the C build.
 */

#include <gmock/gmock.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "ctt.h"
#include "ctt_block.h"
#include "dialect_text.h"
#include "evolve_int16_text.h"
#include "evolve_int32_text.h"
#include "examples_text.h"
#include "functions_text.h"
#include "native_math.h"
#include "native_timetable.h"
#include "none_text.h"
#include "round_plan.h"
#include "timetable_text.h"

using ::testing::HasSubstr;

namespace
{

/* What a plan printed, and what Oclgrind said of it. */
struct Outcome {
    int status;
    std::string printed;
    std::string complaints;
    std::string log;
};

std::string
ReadFile(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;

    text << file.rdbuf();
    return text.str();
}

class OclgrindTest : public testing::Test
{
  protected:
    void
    SetUp() override
    {
        std::string pattern = testing::TempDir() + "rein-oclgrind-XXXXXX";

        if (std::system("oclgrind --version >/dev/null 2>&1") != 0) {
            GTEST_SKIP() << "oclgrind is not installed";
        }
        if (!std::filesystem::exists(REIN_OPENCL_PLAN)) {
            GTEST_SKIP() << "built without OpenCL's headers or loader";
        }
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder = pattern;
    }

    void
    TearDown() override
    {
        if (!folder.empty()) {
            std::filesystem::remove_all(folder);
        }
    }

    Outcome
    Run(Plan plan, const std::string &options = "")
    {
        /* optimised code calls llvm.experimental.noalias.scope.decl, which Oclgrind does not know */
        plan.options = "-cl-std=CL1.2 -cl-opt-disable -DREIN_INTERLEAVE=16u " + options;
        std::ofstream(folder + "/plan") << plan_text(plan, dialect_text, folder);
        const std::string command = "cd " + folder +
                                    " && oclgrind --data-races --uninitialized --log log "
                                    "'" REIN_OPENCL_PLAN "' <plan >printed 2>complaints";
        const int status = std::system(command.c_str());
        return { status, ReadFile(folder + "/printed"), ReadFile(folder + "/complaints"),
                 ReadFile(folder + "/log") };
    }

    /* No findings, and the records of the C build. */
    void
    ExpectClean(const PlanProblem &problem)
    {
        const bool is_int16 = problem.gene_size == 2;
        const Plan plan = plan_rounds(problem, is_int16 ? evolve_int16_text : evolve_int32_text);
        const auto find = [is_int16](const std::string &name) {
            return Find(name, is_int16);
        };
        const std::string expected = plan_run_natively(plan, find);

        for (const char *options : { "-DREIN_LOCKSTEP=0", "-DREIN_LOCKSTEP=1" }) {
            const Outcome outcome = Run(plan, options);
            EXPECT_EQ(outcome.status, 0) << outcome.complaints;
            EXPECT_EQ(outcome.complaints, "");
            EXPECT_EQ(outcome.log, "") << options;
            EXPECT_EQ(outcome.printed, expected) << options;
            if (problem.n_scratch == 0) {
                return;
            }
        }
    }

    static NativeKernel
    Find(const std::string &name, bool is_int16)
    {
        if (name == "timetable_fitness") {
            return timetable_fitness;
        }
        if (name == "timetable_improve") {
            return timetable_improve;
        }
        for (NativeKernel kernel :
             { (is_int16 ? native_kernel_int16 : native_kernel_int32)(name.c_str()),
               native_kernel_functions(name.c_str()), native_kernel_examples(name.c_str()) }) {
            if (kernel != nullptr) {
                return kernel;
            }
        }
        return nullptr;
    }

    /* One kernel of one buffer over 16 items. */
    static Plan
    Small(const std::string &body, uint32_t n_words, bool is_raw)
    {
        Plan plan;

        plan.programs = { { "small", "REIN_KERNEL(small, INOUT(u32, out))\n{\n" + body + "}\n" } };
        plan.buffers = { { "out", n_words * sizeof(uint32_t), {}, is_raw } };
        plan.steps = { { "small", "small", 16, 0, 0, { "out" } } };
        return plan;
    }

    std::string folder;
};

/* ---- the check can fail ---- */

TEST_F(OclgrindTest, WhatIsRightIsNotComplainedAbout)
{
    const Outcome outcome = Run(Small("    out[item] = item;\n", 16, true));

    EXPECT_EQ(outcome.status, 0) << outcome.complaints;
    EXPECT_EQ(outcome.log, "");
}

TEST_F(OclgrindTest, RaceIsFound)
{
    const Outcome outcome = Run(Small("    out[item] = out[(item + 1u) % 16u];\n", 16, false));

    EXPECT_THAT(outcome.log, HasSubstr("data race"));
}

TEST_F(OclgrindTest, ReadOfWhatWasNeverWrittenIsFound)
{
    const Outcome outcome = Run(Small("    out[item] = out[item] > 5u ? 1u : 2u;\n", 16, true));

    EXPECT_THAT(outcome.log, HasSubstr("ninitialized"));
}

TEST_F(OclgrindTest, WriteBehindTheBufferIsFound)
{
    const Outcome outcome = Run(Small("    out[item] = 1;\n", 15, true));

    EXPECT_THAT(outcome.log, HasSubstr("Invalid write of size 4"));
}

/* ---- every kernel ---- */

TEST_F(OclgrindTest, Timetable)
{
    g_autoptr(GError) error = nullptr;
    CttInstance *instance = ctt_instance_read(REIN_TEST_DATA_DIR "/itc2007/toy.ctt", &error);
    ASSERT_NE(instance, nullptr);
    g_autoptr(GBytes) block = ctt_block_new(instance, nullptr);
    gsize size = 0;
    const void *words = g_bytes_get_data(block, &size);
    PlanProblem problem;

    problem.text = timetable_text;
    problem.fitness = "timetable_fitness";
    problem.improve = "timetable_improve";
    problem.population = 9;
    problem.n_planes = 2;
    problem.n_genes = instance->n_lectures;
    problem.n_scratch = ctt_block_n_scratch(instance);
    problem.n_state = ctt_block_n_state(instance);
    problem.n_moves = 24;
    problem.n_rounds = 2;
    problem.bounds.assign(problem.n_genes, instance->n_periods * instance->n_rooms);
    problem.data.resize(size / sizeof(uint32_t));
    memcpy(problem.data.data(), words, size);
    ExpectClean(problem);
    ctt_instance_free(instance);
}

TEST_F(OclgrindTest, NoneOfGenesOf16Bits)
{
    PlanProblem problem;

    problem.text = none_text;
    problem.fitness = "none_fitness";
    problem.population = 20;
    problem.n_genes = 7;
    problem.bounds = { 2, 3, 0, 1, 5, 65536, 9 };
    problem.data = { 0 };
    ExpectClean(problem);
}

class OclgrindFunctionsTest : public OclgrindTest, public testing::WithParamInterface<const char *>
{
};

TEST_P(OclgrindFunctionsTest, OfGenesOf32Bits)
{
    PlanProblem problem;

    problem.text = functions_text;
    problem.fitness = std::string(GetParam()) + "_fitness";
    problem.gene_size = 4;
    problem.is_float = true;
    problem.population = 18;
    problem.n_genes = 19;
    problem.n_state = 1;
    problem.bounds.assign(problem.n_genes, 0);
    problem.data = { native_bits(-5), native_bits(5) };
    ExpectClean(problem);
}

INSTANTIATE_TEST_SUITE_P(All, OclgrindFunctionsTest,
                         testing::Values("sphere", "rosenbrock", "rastrigin", "ackley", "griewank",
                                         "schwefel"),
                         [](const testing::TestParamInfo<const char *> &which) {
                             return std::string(which.param);
                         });

/* ---- the examples of kernels/README.md ---- */

TEST_F(OclgrindTest, ExampleOfAKnapsack)
{
    PlanProblem problem;

    problem.text = examples_text;
    problem.fitness = "knapsack_fitness";
    problem.improve = "knapsack_improve";
    problem.n_genes = 9;
    problem.n_planes = 2;
    problem.n_moves = 5;
    problem.bounds.assign(problem.n_genes, 2);
    problem.data = { 30 };
    for (uint32_t i = 0; i < problem.n_genes; i++) {
        problem.data.push_back(3 + i);
        problem.data.push_back(10 * i + 1);
    }
    ExpectClean(problem);
}

TEST_F(OclgrindTest, ExampleOfAQuadraticAssignment)
{
    std::mt19937 random(3);
    PlanProblem problem;

    problem.text = examples_text;
    problem.fitness = "qap_fitness";
    problem.improve = "qap_improve";
    problem.n_genes = problem.n_scratch = 6;
    problem.n_state = 2;
    problem.n_moves = 10;
    problem.bounds.assign(problem.n_genes, 6);
    for (uint32_t i = 0; i < 2 * 36; i++) {
        problem.data.push_back(static_cast<uint32_t>(random() % 10));
    }
    ExpectClean(problem);
}

TEST_F(OclgrindTest, ExampleOfACurve)
{
    PlanProblem problem;

    problem.text = examples_text;
    problem.fitness = "fit_fitness";
    problem.improve = "fit_improve";
    problem.gene_size = 4;
    problem.is_float = true;
    problem.n_genes = 4;
    problem.n_state = 1;
    problem.n_moves = 4;
    problem.bounds.assign(problem.n_genes, 0);
    for (const float bound : { 0.0f, 5.0f, 0.0f, 2.0f, 1.0f, 5.0f, 0.0f, 3.0f }) {
        problem.data.push_back(native_bits(bound));
    }
    problem.data.push_back(10);
    for (int i = 0; i < 10; i++) {
        const auto t = static_cast<float>(i) * 0.3f;
        problem.data.push_back(native_bits(t));
        problem.data.push_back(native_bits(2 * std::exp(-t) * std::cos(3 * t)));
    }
    ExpectClean(problem);
}

} // namespace
