/* SPDX-License-Identifier: MIT */

/*
 * The engine on the fake plugin, behind a wrapping table: its own kernels in their C build, and the
 * problem's as functions of the test, which see every item. Genes have 16 bits. [one thread]
 */

#pragma once

#include <functional>

#include "device_fixture.h"
#include "engine_fixture.h"
#include "native_kernels.h"

namespace rein_test
{

/* What a function of the test sees of one item, and how it answers. */
struct FakeItem {
    const FakeLaunch &launch;
    uint32_t item;
    uint32_t n_genes;

    uint16_t &
    Gene(uint32_t i) const
    {
        return Of<uint16_t>(1)[native_at(n_genes, item, i)];
    }
    uint32_t &
    Changed() const
    {
        return Of<uint32_t>(2)[item];
    }
    int32_t &
    Fitness() const
    {
        return Of<int32_t>(3)[item];
    }
    uint32_t &
    State(uint32_t n_state, uint32_t i) const
    {
        return Of<uint32_t>(6)[native_at(n_state, item, i)];
    }

    uint32_t
    Sum() const
    {
        uint32_t sum = 0;

        for (uint32_t i = 0; i < n_genes; i++) {
            sum += Gene(i);
        }
        return sum;
    }

  private:
    template <typename T>
    T *
    Of(uint32_t argument) const
    {
        return static_cast<T *>(launch.buffers[argument]);
    }
};

class FakeEngineFixture : public DeviceFixture
{
  protected:
    void
    SetUp() override
    {
        DeviceFixture::SetUp();
        for (const char *name : { "evolve_start", "evolve_select", "evolve_cross", "evolve_mutate",
                                  "evolve_reduce", "evolve_keep" }) {
            NativeKernel kernel = native_kernel_int16(name);
            FakeSetKernel(name, [kernel](const FakeLaunch &launch) {
                kernel(launch.buffers, launch.first, launch.end, launch.round, launch.progress);
            });
        }
    }

    void
    TearDown() override
    {
        g_clear_pointer(&problem_, rein_problem_unref);
        if (wrapping_ != nullptr) {
            wrapping_->LetGo();
        }
        DeviceFixture::TearDown();
    }

    /* A fake device with the interleave that the kernels were compiled for. */
    ReinDevice *
    OpenEngine()
    {
        ReinDeviceInfo info = FakeDeviceInfo(0);

        info.interleave = 16;
        if (wrapping_ == nullptr) {
            wrapping_ = std::make_unique<WrappingTable>(FakeTable());
        }
        g_autoptr(ReinPlugin) plugin = rein_plugin_new_for_table(wrapping_->table(), nullptr);
        device_ = rein_device_open(plugin, &info, nullptr, nullptr, nullptr);
        return device_;
    }

    static void
    SetItemKernel(const std::string &name, uint32_t n_genes,
                  const std::function<void(const FakeItem &)> &act)
    {
        FakeSetKernel(name, [=](const FakeLaunch &launch) {
            for (uint32_t item = launch.first; item < launch.end; item++) {
                act({ launch, item, n_genes });
            }
        });
    }

    /* A problem whose fitness is `fitness`; improve is none if it is not given. */
    ReinProblem *
    NewProblem(uint32_t n_genes, uint32_t bound,
               const std::function<void(const FakeItem &)> &fitness,
               const std::function<void(const FakeItem &)> &improve = nullptr)
    {
        g_autoptr(GBytes) text = g_bytes_new_static("text", 4);
        const std::vector<guint32> bounds(n_genes, bound);

        SetItemKernel("fitness", n_genes, fitness);
        if (improve != nullptr) {
            SetItemKernel("improve", n_genes, improve);
        }
        problem_ = rein_problem_new("fake", REIN_GENOME_INT16, n_genes);
        rein_problem_set_kernel(problem_, "fake.cl", text, "fitness",
                                improve != nullptr ? "improve" : nullptr);
        rein_problem_set_bounds(problem_, bounds.data());
        return problem_;
    }

    /* The sum of the genes of those that changed. */
    static void
    SumOfChanged(const FakeItem &item)
    {
        if (item.Changed() != 0) {
            item.Fitness() = static_cast<int32_t>(item.Sum());
        }
    }

    Criticals criticals_;
    ReinProblem *problem_ = nullptr;
};

} // namespace rein_test
