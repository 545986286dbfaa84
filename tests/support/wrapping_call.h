/* SPDX-License-Identifier: MIT */

/*
 * One call of a slot of a WrappingTable: what is checked and what the rules ask for when it begins,
 * what is written down when it ends. Lives on the stack of the slot. [one thread]
 */

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/wrapping_state.h"

namespace rein_test
{

/* What the rules say of one call. */
struct WrappingVerdict {
    size_t record = 0;
    bool is_failed = false;
    bool hangs = false;
    ReinStatus status = REIN_OK;
    std::string text;
    std::vector<std::function<void()>> before;
    std::vector<std::function<void()>> after;
};

class WrappingCall
{
  public:
    /* `handle` is NULL for probe and open; slots without a message pass has_msg = false. */
    WrappingCall(Slot slot, ReinPluginDevice *handle, uint64_t job, const ReinMsg *msg,
                 bool has_msg = true);
    ~WrappingCall();

    WrappingCall(const WrappingCall &) = delete;
    WrappingCall &operator=(const WrappingCall &) = delete;

    /* Hooks and hanging, before the inner plugin is called. */
    void Begin();

    /* Whether the call is not to be passed on; sets the injected answer. */
    bool IsFailed(ReinMsg *msg, ReinStatus *status) const;

    /* Writes the answer down, then runs the hooks that come after. */
    void Finish(ReinStatus status, uint64_t token = 0, uint64_t size = 0);

    void MarkStopWasSet();

    /* Runs `act` on the job's state, under the lock. */
    void WithJob(const std::function<void(JobState &)> &act);

    /* With the lock held, as in WithJob(). */
    void Breach(const std::string &text);

    bool
    is_failed() const
    {
        return verdict_.is_failed;
    }
    const ReinPluginTable &
    inner() const
    {
        return state_->inner;
    }
    ReinPluginDevice *
    inner_device() const
    {
        return device_ != nullptr ? device_->inner : nullptr;
    }
    WrappedDevice *
    device() const
    {
        return device_;
    }
    WrappingState &
    state() const
    {
        return *state_;
    }

  private:
    void EnterDevice(ReinPluginDevice *handle);
    void CheckLife();
    void Judge();
    void Apply(const WrappingRule &rule);

    std::shared_ptr<WrappingState> state_;
    Slot slot_;
    uint64_t job_;
    WrappedDevice *device_ = nullptr;
    WrappingVerdict verdict_;
};

} // namespace rein_test
