/* SPDX-License-Identifier: MIT */
#include <gmock/gmock.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/program.h"
#include "sweep/sweep.h"
#include "sweep/sweep_receipt.h"

namespace
{

using rein_test::TemporaryFolder;

/* Sweeps in this process, on the CPU plugin. */
class SweepRunTest : public testing::Test
{
  protected:
    ~SweepRunTest() override
    {
        rein_sweep_folder_close(results_);
        rein_sweep_plan_free(plan_);
        rein_settings_free(settings_);
    }
    void
    open(const std::string &seeds, const std::string &settings)
    {
        std::string path = folder_.write("x.sweep", "[sweep]\ninstances = " REIN_TEST_DATA_DIR
                                                    "/itc2007/toy.ctt\nseeds = " +
                                                        seeds + "\n[settings]\n" + settings + "\n");
        settings_ = rein_settings_load_from(nullptr, nullptr, nullptr, nullptr);
        plan_ =
            rein_sweep_plan_new(rein_sweep_file_read(path.c_str(), settings_, nullptr), settings_);
        reopen();
    }
    void
    reopen()
    {
        g_clear_pointer(&results_, rein_sweep_folder_close);
        results_ = rein_sweep_folder_open(folder_.file("out").c_str(), plan_, nullptr);
        ASSERT_NE(results_, nullptr);
    }
    ReinSweep *
    make(guint n_workers)
    {
        ReinSweepObserver observer = {};
        observer.ended = see;
        observer.user_data = this;
        return rein_sweep_new(plan_, results_, settings_, n_workers, FALSE, &observer);
    }
    /* One at a time, says the sweep: no lock here. */
    static void
    see(const ReinSweepResult *result, gpointer user_data)
    {
        SweepRunTest *self = static_cast<SweepRunTest *>(user_data);

        EXPECT_TRUE(result->is_clean);
        self->seen_.push_back(result->number);
        self->n_seen_.store(self->seen_.size());
    }

    TemporaryFolder folder_;
    ReinSettings *settings_ = nullptr;
    ReinSweepPlan *plan_ = nullptr;
    ReinSweepFolder *results_ = nullptr;
    std::vector<guint> seen_;
    std::atomic<std::size_t> n_seen_{ 0 };
};

TEST_F(SweepRunTest, EachCombinationIsRunOnce)
{
    open("1-9", "rounds = 2");
    g_autoptr(ReinSweep) sweep = make(3);
    ReinSweepState state = {};

    EXPECT_TRUE(rein_sweep_run(sweep, nullptr));

    EXPECT_EQ(std::set<guint>(seen_.begin(), seen_.end()).size(), 9u);
    EXPECT_EQ(seen_.size(), 9u);
    rein_sweep_get_state(sweep, &state);
    EXPECT_EQ(state.n, 9u);
    EXPECT_EQ(state.n_done, 9u);
    EXPECT_EQ(state.n_failed, 0u);
    EXPECT_EQ(state.n_running, 0u);
    EXPECT_EQ(state.left_ns, 0);
    EXPECT_FALSE(rein_sweep_is_stopped(sweep));
}

TEST_F(SweepRunTest, StopBeforeTheRunRunsNothing)
{
    open("1-3", "rounds = 2");
    g_autoptr(ReinSweep) sweep = make(2);

    rein_sweep_stop(sweep, "test");

    EXPECT_TRUE(rein_sweep_run(sweep, nullptr));
    EXPECT_TRUE(seen_.empty());
    EXPECT_TRUE(rein_sweep_is_stopped(sweep));
}

/* Stopped again and again, after one more result each time, until all is done. */
TEST_F(SweepRunTest, StopFromOutsideEndsWhatRunsAndTheNextOneGoesOn)
{
    ReinSweepReceipt receipt = {};
    open("1-6", "rounds = 60");

    for (int times = 0; times < 20 && receipt.n_ended < 6; times++) {
        seen_.clear();
        n_seen_ = 0;
        reopen();
        g_autoptr(ReinSweep) sweep = make(2);
        std::atomic<bool> is_over{ false };
        std::thread other([&] {
            ReinSweepState state = {};
            while (n_seen_ == 0 && !is_over) {
                rein_sweep_get_state(sweep, &state);
                std::this_thread::yield();
            }
            rein_sweep_stop(sweep, "test");
        });
        EXPECT_TRUE(rein_sweep_run(sweep, nullptr));
        is_over = true;
        other.join();
        rein_sweep_receipt_init(&receipt, plan_, results_);
        EXPECT_EQ(receipt.n_not_clean, 0u);
    }

    EXPECT_EQ(receipt.n_ended, 6u);
    EXPECT_EQ(receipt.n_stopped, 0u); /* the last results count */
    for (guint number = 1; number <= 6; number++) {
        EXPECT_EQ(rein_sweep_folder_get_result(results_, number)->n_rounds, 60u);
    }
}

} // namespace
