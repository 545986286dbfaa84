/* SPDX-License-Identifier: MIT */

/*
 * Jobs of two on one isolated device in random order: started, run, stopped, past their deadline, ended;
 * the device's processes killed or stopped meanwhile, the device closed and opened anew. Another seed:
 * the variable JOB_RANDOM_SEED.
 */

#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>
#include <random>
#include <sstream>
#include <vector>

#include "isolated_fixture.h"

namespace
{

using rein_test::IsRunning;
using rein_test::kMs;

constexpr unsigned kSteps = 150;
constexpr guint64 kBufferSize = 100;

/* A job, and what is known of it without asking. */
struct Slot {
    ReinJob *job = nullptr;
    guint64 program = 0;
    guint64 buffer = 0;
    guint32 n_items = 0;     /* what the first word of its buffer has to be */
    bool is_whole = false;   /* nothing has failed, and the buffer is there */
    bool is_stopped = false; /* the flag is up */
};

class JobRandomTest : public rein_test::IsolatedTest, public testing::WithParamInterface<unsigned>
{
  protected:
    void
    TearDown() override
    {
        job_ = nullptr;
        for (Slot &slot : slots_) {
            g_clear_pointer(&slot.job, rein_job_free);
        }
        rein_test::IsolatedTest::TearDown();
    }

    unsigned
    Below(unsigned limit)
    {
        return static_cast<unsigned>(random_() % limit);
    }

    void
    Note(const std::string &what)
    {
        trace_ << " " << what;
    }

    bool
    IsUp() const
    {
        return device_ != nullptr && !rein_device_is_lost(device_);
    }

    /* What somebody outside did to it is seen when it is next asked, not before. */
    bool
    MayFail() const
    {
        return is_struck_ || *sin_ != '\0';
    }

    void
    StepOpen()
    {
        static const char *const sins[] = { "",
                                            "",
                                            "",
                                            "",
                                            "run-crashes",
                                            "run-hangs",
                                            "run-exits",
                                            "cleanup-hangs",
                                            "run-closes",
                                            "run-garbage",
                                            "release-crashes" };

        if (device_ != nullptr) {
            return;
        }
        sin_ = sins[Below(G_N_ELEMENTS(sins))];
        is_struck_ = false;
        is_halted_ = false;
        ASSERT_NE(Open(sin_, Below(2) == 0 ? "namespace" : "subreaper"), nullptr) << Message();
        supervisor_ = static_cast<pid_t>(rein_device_get_worker_pid(device_));
        const std::vector<pid_t> plugins = rein_test::FindChildren(supervisor_);
        ASSERT_EQ(plugins.size(), 1u);
        plugin_ = plugins[0];
        Note(std::string("open:") + sin_);
    }

    void
    StepBegin(Slot *slot)
    {
        if (slot->job != nullptr || device_ == nullptr) {
            return;
        }
        g_clear_error(&error_);
        slot->job = rein_job_new(device_, &error_);
        ASSERT_EQ(slot->job != nullptr, IsUp()) << Message();
        if (slot->job == nullptr) {
            return;
        }
        Note("begin");
        *slot = Slot{ slot->job };
        if (is_halted_) { /* only a stop ends a call, and a build may take minutes */
            rein_job_set_deadline(slot->job, rein_now_ns() + 20 * kMs);
        }
        /* a short one only where it is needed: a busy machine must not look like a plugin that hangs */
        rein_job_set_grace(slot->job, MayFail() ? 20 * kMs : 10000 * kMs);
        rein_job_set_memory_limit(slot->job, rein_test::kLong);
        job_ = slot->job;
        slot->program = Build();
        slot->buffer = slot->program != 0 ? Allocate(kBufferSize) : 0;
        job_ = nullptr;
        slot->is_whole = slot->buffer != 0;
        EXPECT_TRUE(slot->is_whole || MayFail()) << Message();
    }

    /* Rounds are counted as far as they came, also under the flag. */
    void
    StepRun(Slot *slot)
    {
        const guint32 n_items = 1 + Below(5);

        if (slot->job == nullptr || !slot->is_whole || !IsUp()) {
            return;
        }
        Note("run");
        if (Below(4) == 0 && MayFail() == false) {
            rein_job_set_deadline(slot->job, rein_now_ns()); /* seen while it runs */
            slot->is_stopped = true;
            Note("late");
        }
        g_clear_error(&error_);
        report_ = {};
        const bool is_flag_up = rein_job_get_stop_reason(slot->job) != REIN_STOP_NONE;
        job_ = slot->job;
        const bool is_run = Run("count", slot->program, slot->buffer, n_items) != FALSE;
        job_ = nullptr;
        slot->n_items += is_run ? n_items * report_.n_rounds : 0;
        EXPECT_TRUE(is_run || MayFail() || slot->is_stopped) << Message();
        EXPECT_TRUE(!is_flag_up || report_.n_launches == 0);
        slot->is_whole = is_run || slot->is_stopped;
    }

    void
    StepStop(Slot *slot)
    {
        if (slot->job != nullptr) {
            Note("stop");
            rein_job_stop(slot->job, REIN_STOP_USER);
            slot->is_stopped = true;
        }
    }

    /* Somebody else's doing. */
    void
    StepStrike()
    {
        const std::vector<pid_t> plugins = rein_test::FindChildren(supervisor_);

        if (!IsUp() || Below(4) != 0) {
            return;
        }
        is_struck_ = true;
        for (Slot &slot : slots_) {
            if (slot.job != nullptr) {
                rein_job_set_grace(slot.job, 20 * kMs);
            }
        }
        switch (Below(3)) {
        case 0:
            Note("kill-supervisor");
            kill(supervisor_, SIGKILL);
            break;
        case 1:
            Note("kill-plugin");
            for (const pid_t plugin : plugins) {
                kill(plugin, SIGKILL);
            }
            break;
        default: /* which the ladder of the next stop finds out */
            Note("halt-plugin");
            is_halted_ = true;
            for (const pid_t plugin : plugins) {
                kill(plugin, SIGSTOP);
            }
            for (Slot &slot : slots_) {
                StepStop(&slot);
            }
        }
    }

    void
    StepEnd(Slot *slot)
    {
        if (slot->job == nullptr) {
            return;
        }
        Note("end");
        EXPECT_NE(rein_job_get_state(slot->job), REIN_JOB_ENDED) << "it has no receipt yet";
        g_autoptr(ReinReceipt) receipt = rein_job_end(slot->job);
        g_autoptr(ReinReceipt) again = rein_job_end(slot->job);
        EXPECT_EQ(rein_job_get_state(slot->job), REIN_JOB_ENDED);
        EXPECT_EQ(receipt, again) << "one terminal state";
        EXPECT_EQ(rein_receipt_get_leaked_size(receipt), 0u);
        EXPECT_FALSE(rein_receipt_is_abandoned(receipt));
        EXPECT_TRUE(rein_receipt_is_clean(receipt) || MayFail());
        if (slot->buffer != 0) {
            EXPECT_EQ(rein_receipt_get_released_size(receipt), kBufferSize);
        }
        const ReinWorkerFate fate = rein_receipt_get_worker_fate(receipt);
        if (fate == REIN_WORKER_ENDED || fate == REIN_WORKER_DIED) {
            EXPECT_FALSE(IsRunning(supervisor_)) << "a job that ended has no process";
            EXPECT_FALSE(IsRunning(plugin_));
            EXPECT_TRUE(rein_device_is_lost(device_));
        }
        g_clear_pointer(&slot->job, rein_job_free);
        *slot = Slot{};
    }

    void
    StepClose()
    {
        if (device_ == nullptr || slots_[0].job != nullptr || slots_[1].job != nullptr) {
            return;
        }
        Note("close");
        g_clear_pointer(&device_, rein_device_unref);
        EXPECT_FALSE(IsRunning(supervisor_));
        EXPECT_FALSE(IsRunning(plugin_));
    }

    /* What was done to one job has not touched the other. */
    void
    Check()
    {
        for (Slot &slot : slots_) {
            if (slot.job == nullptr) {
                continue;
            }
            EXPECT_NE(rein_job_get_state(slot.job), REIN_JOB_ENDED);
            if (!slot.is_whole || slot.is_stopped || MayFail() || !IsUp()) {
                continue;
            }
            g_clear_error(&error_);
            g_autoptr(GBytes) bytes =
                rein_job_read(slot.job, slot.buffer, 0, sizeof(guint32), &error_);
            ASSERT_NE(bytes, nullptr) << Message();
            EXPECT_EQ(*static_cast<const guint32 *>(g_bytes_get_data(bytes, nullptr)),
                      slot.n_items);
        }
    }

    void
    Step()
    {
        Slot *slot = &slots_[Below(G_N_ELEMENTS(slots_))];

        switch (Below(10)) {
        case 0:
        case 1:
        case 2:
            StepOpen();
            StepBegin(slot);
            break;
        case 3:
        case 4:
        case 5:
            StepRun(slot);
            break;
        case 6:
            StepStop(slot);
            break;
        case 7:
            StepStrike();
            break;
        case 8:
            StepEnd(slot);
            break;
        default:
            StepClose();
        }
        Check();
    }

    std::mt19937 random_;
    std::ostringstream trace_;
    Slot slots_[2];
    const char *sin_ = "";
    bool is_struck_ = false;
    bool is_halted_ = false; /* its process does not run, and nobody knows */
    pid_t supervisor_ = -1;
    pid_t plugin_ = -1;
};

TEST_P(JobRandomTest, EachJobEndsOnceWithItsReceiptAndLeavesTheOtherAlone)
{
    const char *chosen = g_getenv("JOB_RANDOM_SEED");
    const unsigned seed = chosen != nullptr ? static_cast<unsigned>(std::atoi(chosen)) : GetParam();

    std::cout << "seed " << seed << " (JOB_RANDOM_SEED)" << std::endl;
    random_.seed(seed);
    for (unsigned i = 0; i < kSteps && !HasFailure(); i++) {
        Step();
    }
    for (Slot &slot : slots_) {
        StepEnd(&slot);
    }
    StepClose();
    std::cout << "seed " << seed << ":" << trace_.str() << std::endl;
}

INSTANTIATE_TEST_SUITE_P(Seeds, JobRandomTest, testing::Range(1u, 9u));

} // namespace
