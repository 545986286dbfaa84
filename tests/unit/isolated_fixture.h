/* SPDX-License-Identifier: MIT */

/* A job on a device of fake_sinner.c, which is in a worker of its own. */

#pragma once

#include <string>

#include "job_private.h"
#include "ladder_private.h"
#include "registry_fixture.h"
#include "support/processes.h"

namespace rein_test
{

constexpr gint64 kMs = 1000000;
constexpr gint64 kLong = 60 * G_GINT64_CONSTANT(1000000000); /* only a broken program takes it */

class IsolatedTest : public RegistryTest
{
  protected:
    void
    TearDown() override
    {
        Close();
        EXPECT_TRUE(WaitUntil([this] { return FindByName(mark_).empty(); }));
        RegistryTest::TearDown();
    }

    /* Opens the device; NULL with `error_`. */
    ReinDevice *
    Open(const char *sin = "", const char *isolation = "namespace")
    {
        if (!is_scanned_) {
            Scan({ "sinner" });
            is_scanned_ = true;
        }
        rein_registry_set(Registry(), "sinner.sin", sin);
        rein_registry_set(Registry(), "sinner.mark", mark_.c_str());
        rein_registry_set(Registry(), "isolation", isolation);
        g_clear_error(&error_);
        device_ = rein_registry_open_device(Registry(), "sinner", REIN_DEVICE_ISOLATED, &error_);
        return device_;
    }

    ReinJob *
    Begin(const char *sin = "", const char *isolation = "namespace")
    {
        EXPECT_NE(Open(sin, isolation), nullptr) << Message();
        job_ = rein_job_new(device_, &error_);
        EXPECT_NE(job_, nullptr) << Message();
        rein_job_set_memory_limit(job_, kLong);
        return job_;
    }

    guint64
    Build(const char *text = "text")
    {
        g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

        return rein_job_build(job_, "a.cl", bytes, 0, &error_);
    }

    guint64
    Allocate(guint64 size)
    {
        return rein_job_allocate(job_, "buffer", size, REIN_BUFFER_KERNEL_WRITE, &error_);
    }

    /* One round of a kernel over `n_items`. */
    gboolean
    Run(const char *kernel, guint64 program, guint64 buffer, guint32 n_items = 3)
    {
        ReinStage stage = {};
        ReinSlice slice = {};
        gint64 duration_ns = 0;

        stage.program = program;
        stage.kernel = kernel;
        stage.n_items = n_items;
        stage.n_buffers = 1;
        stage.buffers[0][0] = buffer;
        stage.buffers[0][1] = buffer;
        slice.struct_size = sizeof slice;
        slice.stage_size = sizeof stage;
        slice.stages = &stage;
        slice.n_stages = 1;
        slice.n_rounds = 1;
        slice.budget_ns = G_MAXINT64;
        return rein_job_run(job_, &slice, 0, &report_, &duration_ns, &error_);
    }

    pid_t
    Supervisor() const
    {
        return static_cast<pid_t>(rein_device_get_worker_pid(device_));
    }

    pid_t
    Plugin() const
    {
        const std::vector<pid_t> children = rein_test::FindChildren(Supervisor());

        return children.empty() ? -1 : children[0];
    }

    /* A job with a program and a buffer, its kernel run once. */
    void
    RunOnce(const char *sin = "", const char *isolation = "namespace")
    {
        Begin(sin, isolation);
        program_ = Build();
        buffer_ = Allocate(100);
        is_run_ = Run("count", program_, buffer_) != FALSE;
    }

    /* Ends the job; its receipt, which the fixture keeps. */
    ReinReceipt *
    End()
    {
        rein_receipt_unref(receipt_);
        receipt_ = rein_job_end(job_);
        return receipt_;
    }

    void
    Close()
    {
        g_clear_pointer(&job_, rein_job_free);
        g_clear_pointer(&device_, rein_device_unref);
        g_clear_pointer(&receipt_, rein_receipt_unref);
        g_clear_error(&error_);
    }

    std::string
    Message() const
    {
        return error_ != nullptr ? error_->message : "";
    }

    /* "name name" of the rungs that were climbed. */
    std::string
    Rungs() const
    {
        std::string rungs;

        for (guint i = 0; i < rein_receipt_get_n_rungs(receipt_); i++) {
            rungs += std::string(i > 0 ? " " : "") + rein_receipt_get_rung(receipt_, i)->name;
        }
        return rungs;
    }

    /* no other test's, which may run at the same time */
    const std::string mark_ = "sin" + std::to_string(getpid());
    bool is_scanned_ = false;
    ReinDevice *device_ = nullptr;
    ReinJob *job_ = nullptr;
    ReinReceipt *receipt_ = nullptr;
    ReinSliceReport report_ = {};
    guint64 program_ = 0;
    guint64 buffer_ = 0;
    bool is_run_ = false;
    GError *error_ = nullptr;
};

} // namespace rein_test
