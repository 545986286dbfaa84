/* SPDX-License-Identifier: MIT */

/*
 * A well-behaved plugin in this process: the table "fake" with the devices fake:0 and fake:1,
 * buffers in memory, kernels that are C++ functions of the test, and counters. Every slot is there.
 * One set of counters and kernels for the process; tests begin with FakeReset(). [any thread]
 */

#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <rein/plugin_abi.h>

namespace rein_test
{

/* What a fake kernel is called with: buffers[i] is that of the round. */
struct FakeLaunch {
    void *const *buffers;
    const uint64_t *sizes; /* bytes in each buffer */
    uint32_t n_buffers;
    uint32_t first;
    uint32_t end;
    uint32_t round;
    uint32_t progress;
    const volatile uint32_t *stop;
};

using FakeKernel = std::function<void(const FakeLaunch &)>;

/* What the fake holds and did, over all devices. */
struct FakeCounts {
    unsigned n_open_devices;
    unsigned n_buffers;
    unsigned n_programs;
    uint64_t size;       /* bytes in buffers */
    uint64_t n_launches; /* since FakeReset() */
    uint64_t n_interrupts;
    uint64_t n_probes;
};

const ReinPluginTable *FakeTable();

/* As probe() describes fake:`index`. */
ReinDeviceInfo FakeDeviceInfo(unsigned index = 0);

/* Counters to zero, no kernels, no memory limit. No fake device may be open. */
void FakeReset();

/* A kernel of this name in every program built from now on; a stage of another name is refused. */
void FakeSetKernel(const std::string &name, FakeKernel kernel);

/* allocate() beyond so many bytes on a device is REIN_ERR_OUT_OF_MEMORY. */
void FakeSetMemory(uint64_t size);

FakeCounts FakeGetCounts();

/* build() of a text with this line in it fails with a log that names the line. */
extern const char *const kFakeSyntaxError;

} // namespace rein_test
