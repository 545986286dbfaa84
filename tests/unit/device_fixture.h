/* SPDX-License-Identifier: MIT */

/* A device of the fake plugin behind a wrapping table, for the tests of device.c and call.c. */

#pragma once

#include <gmock/gmock.h>

#include <cstring>
#include <functional>
#include <memory>
#include <string>

#include "device_private.h"
#include "stop_private.h"
#include "support/fake_table.h"
#include "support/wrapping_table.h"

#include <rein/error.h>

namespace rein_test
{

class DeviceFixture : public testing::Test
{
  protected:
    void
    SetUp() override
    {
        FakeReset();
        FakeSetKernel("count", [](const FakeLaunch &launch) {
            auto *counter = static_cast<uint32_t *>(launch.buffers[0]);

            counter[0] += launch.end - launch.first;
        });
    }

    void
    TearDown() override
    {
        Close();
        if (wrapping_ != nullptr && !allows_breaches_) {
            EXPECT_THAT(wrapping_->Breaches(), testing::IsEmpty());
        }
        wrapping_.reset();
        EXPECT_EQ(FakeGetCounts().n_open_devices, 0u);
        EXPECT_EQ(FakeGetCounts().n_buffers, 0u);
        EXPECT_EQ(FakeGetCounts().n_programs, 0u);
    }

    /* Opens fake:0 through a table that is the fake's but for what `bend` changes. */
    ReinDevice *
    Open(const std::function<void(ReinPluginTable &)> &bend = nullptr,
         GHashTable *settings = nullptr, GError **error = nullptr)
    {
        ReinPluginTable table = *FakeTable();

        if (bend != nullptr) {
            bend(table);
        }
        if (wrapping_ == nullptr) {
            wrapping_ = std::make_unique<WrappingTable>(&table);
        }
        g_autoptr(ReinPlugin) plugin = rein_plugin_new_for_table(wrapping_->table(), nullptr);
        device_ = rein_device_open(plugin, &info_, settings, nullptr, error);
        return device_;
    }

    void
    Close()
    {
        g_clear_pointer(&device_, rein_device_unref);
    }

    /* Posts the call and waits for its answer; the call. */
    ReinCall *
    Make(ReinCall *call)
    {
        rein_device_post(device_, call);
        EXPECT_TRUE(rein_device_wait(device_, call, G_MAXINT64));
        return call;
    }

    uint64_t
    Build(uint64_t job)
    {
        g_autoptr(GBytes) text = g_bytes_new_static("text", 4);
        g_autoptr(ReinCall) call = Make(rein_call_new_build(job, "a.cl", text, 0));

        EXPECT_EQ(call->status, REIN_OK) << call->text;
        return call->token;
    }

    uint64_t
    Allocate(uint64_t job, uint64_t size)
    {
        g_autoptr(ReinCall) call = rein_call_new(REIN_CALL_ALLOCATE, job);

        call->size = size;
        call->usage = REIN_BUFFER_KERNEL_READ | REIN_BUFFER_KERNEL_WRITE;
        Make(call);
        EXPECT_EQ(call->status, REIN_OK) << call->text;
        return call->token;
    }

    ReinStatus
    Simple(ReinCallKind kind, uint64_t job, uint64_t token = 0)
    {
        g_autoptr(ReinCall) call = rein_call_new(kind, job);

        call->token = token;
        return Make(call)->status;
    }

    /* A slice of whole rounds of one stage; `stage` must live until the call is made of it. */
    static ReinSlice
    Rounds(const ReinStage *stage, uint32_t n_rounds)
    {
        ReinSlice slice = {};

        slice.struct_size = sizeof slice;
        slice.stage_size = sizeof *stage;
        slice.stages = stage;
        slice.n_stages = 1;
        slice.n_rounds = n_rounds;
        slice.budget_ns = G_MAXINT64;
        return slice;
    }

    static ReinStage
    CountStage(uint64_t program, uint64_t buffer, uint32_t n_items)
    {
        ReinStage stage = {};

        stage.program = program;
        stage.kernel = "count";
        stage.n_items = n_items;
        stage.n_buffers = 1;
        stage.buffers[0][0] = buffer;
        stage.buffers[0][1] = buffer;
        return stage;
    }

    /* Code and message of the error that the call makes; 0 and "" for a good one. */
    static std::pair<int, std::string>
    Check(ReinCall *call)
    {
        g_autoptr(GError) error = nullptr;
        const gboolean is_good = rein_call_check(call, "call on fake:0", &error);

        EXPECT_EQ(is_good, error == nullptr);
        return error != nullptr ? std::make_pair(error->code, std::string(error->message))
                                : std::make_pair(0, std::string());
    }

    ReinDeviceInfo info_ = FakeDeviceInfo(0); /* what Open() says the device is */
    std::unique_ptr<WrappingTable> wrapping_;
    ReinDevice *device_ = nullptr;
    bool allows_breaches_ = false;
};

} // namespace rein_test
