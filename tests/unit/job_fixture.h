/* SPDX-License-Identifier: MIT */

/* A job on a device of the fake plugin behind a wrapping table. */

#pragma once

#include <thread>

#include "criticals.h"
#include "device_fixture.h"
#include "job_private.h"

namespace rein_test
{

class JobFixture : public DeviceFixture
{
  protected:
    static constexpr gint64 kMs = 1000 * 1000;

    void
    SetUp() override
    {
        DeviceFixture::SetUp();
        FakeSetKernel("spin", [](const FakeLaunch &launch) {
            while (!rein_stop_requested(launch.stop)) {
                std::this_thread::yield();
            }
        });
    }

    void
    TearDown() override
    {
        if (wrapping_ != nullptr) {
            wrapping_->LetGo();
        }
        g_clear_pointer(&job_, rein_job_free);
        g_clear_error(&error_);
        DeviceFixture::TearDown();
    }

    void
    OpenWithJob()
    {
        if (device_ == nullptr) {
            ASSERT_NE(Open(), nullptr);
        }
        job_ = rein_job_new(device_, &error_);
        ASSERT_NE(job_, nullptr);
    }

    /* A program and a buffer, enough for Run(). */
    void
    Acquire()
    {
        g_autoptr(GBytes) text = g_bytes_new_static("text", 4);

        program_ = rein_job_build(job_, "a.cl", text, 0, &error_);
        buffer_ = rein_job_allocate(job_, "counter", 64, 0, &error_);
        ASSERT_EQ(error_, nullptr) << error_->message;
    }

    /* One round of `kernel` over one item. */
    gboolean
    Run(const char *kernel = "count")
    {
        ReinStage stage = CountStage(program_, buffer_, 1);
        stage.kernel = kernel;
        const ReinSlice slice = Rounds(&stage, 1);

        return rein_job_run(job_, &slice, 0, &report_, &duration_ns_, &error_);
    }

    /* Acquires, and has the plugin hang in the first slice for longer than the grace. */
    void
    Hang(gint64 grace_ns = 2 * kMs)
    {
        OpenWithJob();
        Acquire();
        rein_job_set_grace(job_, grace_ns);
        wrapping_->BeforeCall(Slot::kRunFitness, 1,
                              [this] { rein_job_stop(job_, REIN_STOP_USER); });
        wrapping_->HangCall(Slot::kRunFitness, 1);
        EXPECT_FALSE(Run());
    }

    /* The code of the last error, which is cleared; -1 if there was none. */
    int
    TakeError()
    {
        const int code = error_ != nullptr ? error_->code : -1;

        EXPECT_TRUE(error_ == nullptr || error_->domain == REIN_ERROR);
        g_clear_error(&error_);
        return code;
    }

    /* What stands in the receipt of `kind`; of nothing if it is not there. */
    static ReinReceiptKind
    Kind(ReinReceipt *receipt, const std::string &kind)
    {
        for (guint i = 0; i < rein_receipt_get_n_kinds(receipt); i++) {
            if (rein_receipt_get_kind(receipt, i)->kind == kind) {
                return *rein_receipt_get_kind(receipt, i);
            }
        }
        return {};
    }

    Criticals criticals_;
    ReinJob *job_ = nullptr;
    GError *error_ = nullptr;
    guint64 program_ = 0;
    guint64 buffer_ = 0;
    ReinSliceReport report_ = {};
    gint64 duration_ns_ = 0;
};

} // namespace rein_test
