/* SPDX-License-Identifier: MIT */

/*
 * The inside of WrappingTable: what its slots (wrapping_slots.cc) and its class share. [any thread]
 */

#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/wrapping_table.h"

namespace rein_test
{

struct WrappingRule {
    enum class Kind { kFail, kHang, kBefore, kAfter };

    Kind kind;
    Slot slot;
    unsigned nth;
    bool is_sticky;
    ReinStatus status;
    std::string text;
    std::function<void()> hook;

    bool
    Fits(Slot called, unsigned count) const
    {
        return called == slot && (is_sticky ? count >= nth : count == nth);
    }
};

struct JobState {
    bool is_used = false;
    bool is_cleaned = false;
    bool was_skipped = false;             /* the inner plugin has not seen its cleanup */
    std::map<uint64_t, uint64_t> buffers; /* token to size */
    std::set<uint64_t> programs;
};

/* What stands behind the handle that the core sees; kept until the wrapper's end. */
struct WrappedDevice {
    ReinPluginDevice *inner = nullptr;
    std::thread::id thread;
    bool is_closed = false;
    bool is_lost = false;
    int n_inside = 0;
    Slot inside = Slot::kOpen;
    std::map<uint64_t, JobState> jobs;
};

struct WrappingState {
    mutable std::mutex lock;
    std::condition_variable changed;
    ReinPluginTable inner = {};
    ReinPluginTable table = {};
    std::vector<WrappingRule> rules;
    std::array<unsigned, kNSlots> counts = {};
    std::vector<CallRecord> calls;
    std::vector<std::string> breaches;
    std::vector<std::unique_ptr<WrappedDevice>> devices;
    bool lets_go = false;
    unsigned n_hanging = 0;
    unsigned n_calls_inside = 0;

    WrappedDevice *
    Find(ReinPluginDevice *handle)
    {
        for (auto &device : devices) {
            if (reinterpret_cast<ReinPluginDevice *>(device.get()) == handle) {
                return device.get();
            }
        }
        return nullptr;
    }

    unsigned
    CountOpen() const
    {
        unsigned n = 0;

        for (const auto &device : devices) {
            n += device->is_closed ? 0 : 1;
        }
        return n;
    }
};

/* The state that the slots work on; NULL while there is no wrapper. */
std::shared_ptr<WrappingState> CurrentWrapping();
void SetCurrentWrapping(std::shared_ptr<WrappingState> state);

/* Fills `table` with slots that work on the current state, as far as `inner` has them. */
void FillWrappingSlots(ReinPluginTable *table, const ReinPluginTable &inner);

} // namespace rein_test
