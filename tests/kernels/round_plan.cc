/* SPDX-License-Identifier: MIT */

#include "round_plan.h"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>

#include <evolve/layout.cl>
#include <rein_kernel.h>

namespace
{

constexpr uint32_t kRing = 8;

uint32_t
BlockCount(const PlanProblem &problem)
{
    return (problem.population + BLOCK - 1) / BLOCK;
}

std::vector<uint32_t>
Params(const PlanProblem &problem)
{
    std::vector<uint32_t> params(PARAM_COUNT);

    params[PARAM_POPULATION] = problem.population;
    params[PARAM_N_GENES] = problem.n_genes;
    params[PARAM_N_PLANES] = problem.n_planes;
    params[PARAM_SEED_LOW] = 1234;
    params[PARAM_SELECT_RATE] = 0xC0000000u;
    params[PARAM_TOURNAMENT] = 2;
    params[PARAM_CROSS_RATE] = 0x80000000u;
    params[PARAM_MUTATE_RATE] = 0xC0000000u;
    params[PARAM_MUTATE_GENES] = 2;
    params[PARAM_N_ELITES] = 1;
    params[PARAM_MOVES] = problem.n_moves;
    params[PARAM_N_SCRATCH] = problem.n_scratch;
    params[PARAM_N_STATE] = problem.n_state;
    params[PARAM_RING] = kRing;
    params[PARAM_FLOAT] = problem.is_float;
    return params;
}

/* Every buffer in the size the engine gives it; what a kernel has to write before it is read is raw. */
std::vector<PlanBuffer>
Buffers(const PlanProblem &problem)
{
    const size_t n_rows =
        (problem.population + REIN_INTERLEAVE - 1) / REIN_INTERLEAVE * REIN_INTERLEAVE;
    const size_t word = sizeof(uint32_t);
    const size_t genome_size = problem.n_genes * problem.gene_size;
    const size_t n_state = problem.n_state;
    const auto rows_size = [&](size_t n_words) {
        return (n_words > 0 ? n_rows * n_words : 1) * word;
    };
    std::vector<PlanBuffer> buffers = {
        { "params", PARAM_COUNT * word, Params(problem), false },
        { "bounds", problem.n_genes * word, problem.bounds, false },
        { "data", problem.data.size() * word, problem.data, false },
        { "given", word, { 0 }, false },
        { "canonical", problem.population * genome_size, {}, true },
        { "changed", problem.population * word, {}, true },
        { "scratch", rows_size(problem.n_scratch), {}, true },
        { "parents", 2 * problem.population * word, {}, true },
        { "parts", BlockCount(problem) * PART_COUNT * word, {}, true },
        { "best", 2 * genome_size, {}, true },
        { "best_state", 2 * (n_state > 0 ? n_state : 1) * word, {}, true },
        { "ring", kRing * RECORD_COUNT * word, {}, false },
    };

    for (const char *set : { "0", "1" }) {
        const size_t fitness_size = problem.population * problem.n_planes * word;
        buffers.push_back({ std::string("genes") + set, n_rows * genome_size, {}, true });
        buffers.push_back({ std::string("fitness") + set, fitness_size, {}, true });
        buffers.push_back({ std::string("state") + set, rows_size(n_state), {}, false });
        buffers.push_back({ std::string("status") + set, STATUS_COUNT * word, {}, false });
    }
    return buffers;
}

class Rounds
{
  public:
    explicit Rounds(const PlanProblem &problem) : problem_(problem)
    {
    }

    std::vector<PlanStep>
    Make()
    {
        Add("evolve", "evolve_start", problem_.population,
            { "params", "given", "canonical", "bounds", New("genes"), "changed" });
        Judge();
        for (round_ = 1; round_ <= problem_.n_rounds; round_++) {
            Breed();
            Judge();
        }
        return steps_;
    }

  private:
    void
    Add(const std::string &program, const std::string &kernel, uint32_t n_items,
        const std::vector<std::string> &buffers)
    {
        const uint32_t progress = 0xFFFFFFFFu / (problem_.n_rounds + 1) * round_;

        steps_.push_back({ program, kernel, n_items, round_, progress, buffers });
    }

    /* A round writes the set of its own parity and reads the other one. */
    std::string
    New(const std::string &name) const
    {
        return name + (round_ % 2 == 0 ? "0" : "1");
    }

    std::string
    Old(const std::string &name) const
    {
        return name + (round_ % 2 == 0 ? "1" : "0");
    }

    void
    Breed()
    {
        const uint32_t n = problem_.population;

        Add("evolve", "evolve_select", n, { "params", Old("fitness"), "parents" });
        Add("evolve", "evolve_cross", n,
            { "params", "parents", Old("status"), "best", "best_state", Old("genes"),
              Old("fitness"), Old("state"), New("genes"), New("fitness"), New("state"),
              "changed" });
        Add("evolve", "evolve_mutate", n, { "params", "bounds", New("genes"), "changed" });
        if (!problem_.improve.empty()) {
            Add("problem", problem_.improve, n,
                { "params", New("genes"), "changed", New("fitness"), "data", "scratch",
                  New("state") });
        }
    }

    void
    Judge()
    {
        Add("problem", problem_.fitness, problem_.population,
            { "params", New("genes"), "changed", New("fitness"), "data", "scratch" });
        Add("evolve", "evolve_reduce", BlockCount(problem_),
            { "params", New("fitness"), "changed", "parts" });
        Add("evolve", "evolve_keep", 1,
            { "params", "parts", New("fitness"), New("genes"), New("state"), Old("status"),
              New("status"), "best", "best_state", "ring" });
    }

    const PlanProblem &problem_;
    uint32_t round_ = 0;
    std::vector<PlanStep> steps_;
};

void
WriteFile(const std::string &path, const void *bytes, size_t size)
{
    std::ofstream file(path, std::ios::binary);

    file.write(static_cast<const char *>(bytes), static_cast<std::streamsize>(size));
}

} // namespace

Plan
plan_rounds(const PlanProblem &problem, const std::string &evolve_text)
{
    Plan plan;

    plan.programs = { { "evolve", evolve_text }, { "problem", problem.text } };
    plan.buffers = Buffers(problem);
    plan.steps = Rounds(problem).Make();
    plan.prints = { "ring" };
    return plan;
}

std::string
plan_text(const Plan &plan, const std::string &dialect, const std::string &folder)
{
    std::string text = "options " + plan.options + "\n";

    WriteFile(folder + "/dialect.cl", dialect.data(), dialect.size());
    for (const PlanProgram &program : plan.programs) {
        const std::string path = folder + "/" + program.name + ".cl";
        WriteFile(path, program.text.data(), program.text.size());
        text += "program " + program.name + " " + folder + "/dialect.cl " + path + "\n";
    }
    for (const PlanBuffer &buffer : plan.buffers) {
        const std::string path = folder + "/" + buffer.name + ".words";
        text +=
            (buffer.is_raw ? "raw " : "buffer ") + buffer.name + " " + std::to_string(buffer.size);
        if (!buffer.is_raw && !buffer.content.empty()) {
            WriteFile(path, buffer.content.data(), buffer.content.size() * sizeof(uint32_t));
            text += " " + path;
        }
        text += "\n";
    }
    for (const PlanStep &step : plan.steps) {
        text += "run " + step.program + " " + step.kernel + " " + std::to_string(step.n_items) +
                " " + std::to_string(step.round) + " " + std::to_string(step.progress);
        for (const std::string &buffer : step.buffers) {
            text += " " + buffer;
        }
        text += "\n";
    }
    for (const std::string &name : plan.prints) {
        for (const PlanBuffer &buffer : plan.buffers) {
            if (buffer.name == name) {
                text += "print " + name + " " + std::to_string(buffer.size / 4) + "\n";
            }
        }
    }
    return text;
}

std::string
plan_run_natively(const Plan &plan, const std::function<NativeKernel(const std::string &)> &find)
{
    std::map<std::string, std::vector<uint32_t>> memory;
    std::string printed;

    for (const PlanBuffer &buffer : plan.buffers) {
        std::vector<uint32_t> &words = memory[buffer.name];
        words = buffer.content;
        words.resize((buffer.size + 3) / 4, buffer.is_raw ? 0xDEADBEEFu : 0);
    }
    for (const PlanStep &step : plan.steps) {
        NativeKernel kernel = find(step.kernel);
        std::vector<void *> buffers;
        if (kernel == nullptr) {
            return "there is no " + step.kernel;
        }
        for (const std::string &buffer : step.buffers) {
            buffers.push_back(memory[buffer].data());
        }
        kernel(buffers.data(), 0, step.n_items, step.round, step.progress);
    }
    for (const std::string &name : plan.prints) {
        char word[16];
        for (size_t i = 0; i < memory[name].size(); i++) {
            snprintf(word, sizeof word, "%s%08x", i > 0 ? " " : "", memory[name][i]);
            printed += word;
        }
        printed += "\n";
    }
    return printed;
}
