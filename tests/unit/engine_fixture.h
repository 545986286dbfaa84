/* SPDX-License-Identifier: MIT */

/*
 * The engine on the CPU plugin: a device with the settings the test asks for, behind a wrapping table
 * if it wants one, the problems of engine_kernels.cl, and runs that keep their records. Compiled
 * kernels are kept in $XDG_CACHE_HOME, so that not every test compiles them anew. [one thread]
 */

#pragma once

#include <gmock/gmock.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "criticals.h"
#include "support/wrapping_table.h"

#include <rein/error.h>
#include <rein/evolution.h>

namespace rein_test
{

/* One evolution, and what came of it. */
class EngineRun
{
  public:
    EngineRun(ReinDevice *device, ReinProblem *problem);
    ~EngineRun();

    EngineRun(const EngineRun &) = delete;
    EngineRun &operator=(const EngineRun &) = delete;

    ReinEvolution *
    operator*() const
    {
        return evolution_;
    }

    /* Runs it and keeps the result; the outcome. */
    ReinOutcome Go(GCancellable *cancellable = nullptr, ReinProgressCb callback = nullptr,
                   gpointer user_data = nullptr);

    /* Takes the result of a run that was made otherwise. */
    void
    SetResult(ReinResult *result)
    {
        result_ = result;
    }

    ReinResult *
    result() const
    {
        return result_;
    }
    ReinReceipt *
    receipt() const
    {
        return rein_result_get_receipt(result_);
    }
    const std::vector<ReinRecord> &
    records() const
    {
        return records_;
    }

    /* All fields of each record as a line of text, so that two courses can be compared. */
    std::vector<std::string> Course() const;

    /* The best individual, in words of its genes; empty if there is none. */
    std::vector<uint32_t> BestGenes() const;

    /* Called for each record after it was kept. */
    std::function<void(const ReinRecord &)> on_record;

  private:
    static void Keep(const ReinRecord *record, gpointer self);

    ReinEvolution *evolution_;
    bool is_int16_;
    ReinResult *result_ = nullptr;
    std::vector<ReinRecord> records_;
};

class EngineFixture : public testing::Test
{
  protected:
    void TearDown() override;

    /* Opens cpu:0; nullptr if this processor lacks the level. */
    ReinDevice *Open(const std::string &threads = "2", const std::string &level = "auto");

    /* The same behind `wrapping_`, which is made if there is none. */
    ReinDevice *OpenWrapped(const std::string &threads = "2");

    void Close();

    /* A problem of n_genes genes from 0 to bound - 1, with a kernel of engine_kernels.cl. */
    ReinProblem *NewProblem(const char *kernel, uint32_t n_genes, uint32_t bound,
                            ReinGenomeKind kind = REIN_GENOME_INT16, const char *improve = nullptr);

    /* Clean, nothing left of any kind, no launch after the flag. */
    static void ExpectClean(ReinReceipt *receipt);

    Criticals criticals_;
    std::unique_ptr<WrappingTable> wrapping_;
    ReinDevice *device_ = nullptr;
    ReinProblem *problem_ = nullptr; /* the last new one */
};

/* Genomes in canonical form. */
GBytes *NewGenes16(const std::vector<uint16_t> &genes);
GBytes *NewGenes32(const std::vector<uint32_t> &genes);

} // namespace rein_test
