/* SPDX-License-Identifier: MIT */

/*
 * Every call that the core makes of the CPU plugin fails once, with every status, or is the moment of a
 * stop: each time the run ends in order, with the best so far, and nothing is left.
 */

#include <numeric>
#include <set>

#include "device_private.h"
#include "engine_fixture.h"
#include "probe_private.h"

namespace
{

using rein_test::CallRecord;
using rein_test::EngineRun;
using rein_test::NewGenes16;
using rein_test::Slot;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr uint32_t kNRounds = 6;

class FailureInjectionTest : public rein_test::EngineFixture
{
  protected:
    void
    SetUp() override
    {
        NewProblem("sum16", 3, 1000);
    }

    /* A run of a few rounds from a given start, with what the plugin does in it. */
    std::unique_ptr<EngineRun>
    NewRun()
    {
        g_autoptr(GBytes) start = NewGenes16({ 900, 900, 900 });
        auto run = std::make_unique<EngineRun>(device_, problem_);

        rein_evolution_set_start(**run, start, 1);
        rein_evolution_set_population(**run, 20);
        rein_evolution_set_round_limit(**run, kNRounds);
        return run;
    }

    /* The fitness in the result is that of the genes in the result, or the best is the start. */
    static void
    ExpectBest(const EngineRun &run)
    {
        const std::vector<uint32_t> genes = run.BestGenes();
        const double *best = rein_result_get_best(run.result());

        if (best == nullptr) {
            EXPECT_THAT(genes, ElementsAre(900u, 900u, 900u));
        } else {
            EXPECT_EQ(std::accumulate(genes.begin(), genes.end(), 0.0), best[0]);
        }
    }

    void
    ExpectNothingHeld()
    {
        EXPECT_EQ(wrapping_->HeldBuffers(), 0u);
        EXPECT_EQ(wrapping_->HeldPrograms(), 0u);
        EXPECT_EQ(wrapping_->HeldSize(), 0u);
    }

    /*
     * Runs with the nth call of `slot` failing with `status`, on a device of its own, for n = 1, 2, ...
     * until no call fails; `check` sees each run in which one did.
     */
    void
    FailEachCall(Slot slot, ReinStatus status, unsigned n_least,
                 const std::function<void(const EngineRun &)> &check)
    {
        unsigned n = 0;

        for (bool is_failed = true; is_failed && !HasFatalFailure();) {
            OpenWrapped("1");
            const size_t n_before = wrapping_->Calls().size();
            wrapping_->ClearRules();
            wrapping_->FailCall(slot, wrapping_->Count(slot) + n + 1, status, "injected");
            auto run = NewRun();
            run->Go();

            const std::vector<CallRecord> calls = wrapping_->Calls();
            is_failed = std::any_of(calls.begin() + static_cast<ptrdiff_t>(n_before), calls.end(),
                                    [](const CallRecord &call) { return call.is_injected; });
            SCOPED_TRACE(testing::Message() << rein_test::SlotName(slot) << " call " << n + 1
                                            << " with status " << status);
            ExpectBest(*run);
            ExpectNothingHeld();
            if (is_failed) {
                n++;
                check(*run);
            } else {
                EXPECT_EQ(rein_result_get_outcome(run->result()), REIN_OUTCOME_ROUNDS);
                ExpectClean(run->receipt());
            }
        }
        EXPECT_GE(n, n_least) << "so many calls at least are there to fail";
    }

    /* What a call of the run itself that fails comes to. */
    void
    ExpectFailed(const EngineRun &run, ReinStatus status)
    {
        const GError *error = rein_result_get_error(run.result());

        EXPECT_EQ(rein_result_get_outcome(run.result()), REIN_OUTCOME_FAILED);
        ASSERT_NE(error, nullptr);
        EXPECT_EQ(error->domain, REIN_ERROR);
        EXPECT_THAT(error->message, HasSubstr("on cpu:0: "));
        EXPECT_EQ(error->code == REIN_ERROR_OUT_OF_MEMORY, status == REIN_ERR_OUT_OF_MEMORY);
        EXPECT_EQ(error->code == REIN_ERROR_DEVICE_LOST, status == REIN_ERR_DEVICE_LOST);
        EXPECT_EQ(rein_device_is_lost(device_), status == REIN_ERR_DEVICE_LOST);
        ExpectClean(run.receipt());
    }

    void
    FailEachCallOfTheRun(Slot slot, unsigned n_least)
    {
        for (const ReinStatus status :
             { REIN_ERR_FAILED, REIN_ERR_INVALID_ARGUMENT, REIN_ERR_UNSUPPORTED, REIN_ERR_NO_DEVICE,
               REIN_ERR_OUT_OF_MEMORY, REIN_ERR_BUILD, REIN_ERR_DEVICE_LOST, 99 }) {
            FailEachCall(slot, status, n_least,
                         [&](const EngineRun &run) { ExpectFailed(run, status); });
        }
    }

    /* The steps of the receipt that show an error. */
    static unsigned
    CountErrors(ReinReceipt *receipt)
    {
        unsigned n = 0;

        for (guint i = 0; i < rein_receipt_get_n_steps(receipt); i++) {
            n += rein_receipt_get_step(receipt, i)->error != nullptr;
        }
        return n;
    }
};

TEST_F(FailureInjectionTest, EachBuildThatFails)
{
    FailEachCallOfTheRun(Slot::kBuild, 2);
}

TEST_F(FailureInjectionTest, EachAllocateThatFails)
{
    FailEachCallOfTheRun(Slot::kAllocate, 15);
}

TEST_F(FailureInjectionTest, EachWriteThatFails)
{
    FailEachCallOfTheRun(Slot::kWrite, 5);
}

TEST_F(FailureInjectionTest, EachReadThatFails)
{
    FailEachCallOfTheRun(Slot::kRead, 3);
}

TEST_F(FailureInjectionTest, EachSliceThatFails)
{
    FailEachCallOfTheRun(Slot::kRunFitness, 5);
}

TEST_F(FailureInjectionTest, EachReleaseAndDiscardThatFailsIsMadeGoodByCleanup)
{
    for (const Slot slot : { Slot::kRelease, Slot::kDiscard }) {
        for (const ReinStatus status : { REIN_ERR_FAILED, REIN_ERR_OUT_OF_MEMORY, 99 }) {
            FailEachCall(slot, status, 2, [&](const EngineRun &run) {
                EXPECT_EQ(rein_result_get_outcome(run.result()), REIN_OUTCOME_ROUNDS);
                EXPECT_EQ(rein_result_get_error(run.result()), nullptr);
                EXPECT_EQ(CountErrors(run.receipt()), 1u);
                ExpectClean(run.receipt());
            });
        }
    }
}

TEST_F(FailureInjectionTest, ADeviceLostInTheTeardownIsCleanedUpAllTheSame)
{
    FailEachCall(Slot::kRelease, REIN_ERR_DEVICE_LOST, 10, [&](const EngineRun &run) {
        EXPECT_EQ(rein_result_get_outcome(run.result()), REIN_OUTCOME_ROUNDS);
        EXPECT_GE(CountErrors(run.receipt()), 1u);
        EXPECT_TRUE(rein_device_is_lost(device_));
        ExpectClean(run.receipt());
    });
}

TEST_F(FailureInjectionTest, AllReleasesAndDiscardsFailing)
{
    OpenWrapped("1");
    wrapping_->FailCallsFrom(Slot::kRelease, 1);
    wrapping_->FailCallsFrom(Slot::kDiscard, 1);
    auto run = NewRun();
    EXPECT_EQ(run->Go(), REIN_OUTCOME_ROUNDS);
    EXPECT_EQ(CountErrors(run->receipt()) + 1, rein_receipt_get_n_steps(run->receipt()));
    EXPECT_GT(rein_receipt_get_released_size(run->receipt()), 0u);
    ExpectClean(run->receipt());
    ExpectNothingHeld();
}

TEST_F(FailureInjectionTest, ACleanupThatDropsNothingIsNeededForNothingWhenTheStepsWork)
{
    OpenWrapped("1");
    wrapping_->FailCall(Slot::kCleanup, 1);
    auto run = NewRun();
    EXPECT_EQ(run->Go(), REIN_OUTCOME_ROUNDS);
    ExpectClean(run->receipt());
}

TEST_F(FailureInjectionTest, AUsageThatCountsTooMuchIsALeakAndNotAFailure)
{
    OpenWrapped("1");
    wrapping_->FailCall(Slot::kUsage, 1);
    auto run = NewRun();
    EXPECT_EQ(run->Go(), REIN_OUTCOME_ROUNDS);
    EXPECT_FALSE(rein_receipt_is_clean(run->receipt()));
    EXPECT_EQ(rein_receipt_get_leaked_size(run->receipt()), 4096u);
}

TEST_F(FailureInjectionTest, AnOpenThatFailsLeavesNothing)
{
    OpenWrapped("1");
    g_autoptr(ReinPlugin) plugin = rein_plugin_new_for_table(wrapping_->table(), nullptr);
    g_autoptr(GArray) devices = g_array_new(FALSE, TRUE, sizeof(ReinDeviceInfo));
    g_autofree char *reason = rein_probe(plugin, nullptr, devices);
    ASSERT_EQ(devices->len, 1u) << reason;
    const unsigned n_open = wrapping_->OpenDevices();

    for (const ReinStatus status : { REIN_ERR_FAILED, REIN_ERR_NO_DEVICE, REIN_ERR_OUT_OF_MEMORY,
                                     REIN_ERR_DEVICE_LOST, 99 }) {
        g_autoptr(GError) error = nullptr;
        wrapping_->FailCall(Slot::kOpen, wrapping_->Count(Slot::kOpen) + 1, status, "injected");
        EXPECT_EQ(rein_device_open(plugin, &g_array_index(devices, ReinDeviceInfo, 0), nullptr,
                                   nullptr, &error),
                  nullptr);
        ASSERT_NE(error, nullptr);
        EXPECT_THAT(error->message, HasSubstr("open cpu:0"));
        EXPECT_EQ(wrapping_->OpenDevices(), n_open);
    }
}

TEST_F(FailureInjectionTest, AProbeThatFailsFindsNothingAndSaysWhy)
{
    OpenWrapped("1");
    g_autoptr(ReinPlugin) plugin = rein_plugin_new_for_table(wrapping_->table(), nullptr);

    for (const ReinStatus status : { REIN_ERR_FAILED, REIN_ERR_NO_DEVICE, 99 }) {
        g_autoptr(GArray) devices = g_array_new(FALSE, TRUE, sizeof(ReinDeviceInfo));
        wrapping_->FailCall(Slot::kProbe, wrapping_->Count(Slot::kProbe) + 1, status, "injected");
        g_autofree char *reason = rein_probe(plugin, nullptr, devices);
        EXPECT_EQ(devices->len, 0u);
        EXPECT_THAT(reason, HasSubstr("injected"));
    }
}

/* ---- a stop at any moment ---- */

class StopAtAnyCallTest : public FailureInjectionTest, public testing::WithParamInterface<bool>
{
  protected:
    /* Runs with a stop before (or after) the nth call of `slot`; false if there is no such call. */
    bool
    StopAt(Slot slot, unsigned nth)
    {
        bool is_stopped = false;
        auto run = NewRun();
        const unsigned count = wrapping_->Count(slot) + nth;
        const auto stop = [&] {
            is_stopped = true;
            rein_evolution_stop(**run);
        };

        wrapping_->ClearRules();
        if (GetParam()) {
            wrapping_->BeforeCall(slot, count, stop);
        } else {
            wrapping_->AfterCall(slot, count, stop);
        }
        run->Go();
        SCOPED_TRACE(testing::Message() << rein_test::SlotName(slot) << " call " << nth);
        ExpectBest(*run);
        ExpectNothingHeld();
        ExpectClean(run->receipt());
        EXPECT_EQ(rein_result_get_error(run->result()), nullptr);
        if (is_stopped) {
            ExpectOutcome(slot, *run);
        }
        return is_stopped;
    }

    /* A run that has reached its limit is over: what is left then is to fetch the best. */
    static void
    ExpectOutcome(Slot slot, const EngineRun &run)
    {
        const bool is_over = !run.records().empty() && run.records().back().round == kNRounds;

        if (slot == Slot::kRead && is_over) {
            EXPECT_NE(rein_result_get_outcome(run.result()), REIN_OUTCOME_FAILED);
        } else {
            EXPECT_EQ(rein_result_get_outcome(run.result()), REIN_OUTCOME_STOPPED);
        }
        EXPECT_GE(rein_receipt_get_stop_ns(run.receipt()), 0);
    }
};

TEST_P(StopAtAnyCallTest, IsStoppedWithTheBestSoFarAndACleanReceipt)
{
    std::set<Slot> seen;

    OpenWrapped("2");
    for (const Slot slot :
         { Slot::kBuild, Slot::kAllocate, Slot::kWrite, Slot::kRead, Slot::kRunFitness }) {
        for (unsigned nth = 1; StopAt(slot, nth); nth++) {
            seen.insert(slot);
        }
    }
    EXPECT_EQ(seen.size(), 5u);
    for (const CallRecord &call : wrapping_->Calls()) {
        if (call.slot == Slot::kRunFitness && call.stop_was_set) {
            EXPECT_EQ(call.size, 0u) << "nothing is done in a call that began with the flag up";
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Each, StopAtAnyCallTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool> &moment) {
                             return moment.param ? "Before" : "After";
                         });

} // namespace
