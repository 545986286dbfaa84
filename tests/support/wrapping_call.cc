/* SPDX-License-Identifier: MIT */

#include "support/wrapping_call.h"

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sstream>

namespace rein_test
{

namespace
{

std::string
Describe(Slot slot, uint64_t job)
{
    std::ostringstream text;

    text << SlotName(slot);
    if (job != 0) {
        text << " of job " << job;
    }
    return text.str();
}

} // namespace

WrappingCall::WrappingCall(Slot slot, ReinPluginDevice *handle, uint64_t job, const ReinMsg *msg,
                           bool has_msg)
    : state_(CurrentWrapping()), slot_(slot), job_(job)
{
    if (state_ == nullptr) {
        std::cerr << "wrapping table: " << SlotName(slot) << " after the wrapper's end\n";
        std::abort();
    }
    std::lock_guard<std::mutex> guard(state_->lock);
    state_->n_calls_inside++;
    if (has_msg && (msg == nullptr || msg->text == nullptr || msg->size == 0)) {
        Breach("no room for a message");
    }
    if (handle != nullptr) {
        EnterDevice(handle);
    }
    Judge();
}

WrappingCall::~WrappingCall()
{
    std::lock_guard<std::mutex> guard(state_->lock);

    if (device_ != nullptr && slot_ != Slot::kInterrupt) {
        device_->n_inside--;
    }
    state_->n_calls_inside--;
    state_->changed.notify_all();
}

void
WrappingCall::Begin()
{
    for (const auto &hook : verdict_.before) {
        hook();
    }
    if (!verdict_.hangs) {
        return;
    }
    std::unique_lock<std::mutex> guard(state_->lock);
    state_->n_hanging++;
    state_->changed.notify_all();
    state_->changed.wait(guard, [this] { return state_->lets_go; });
    state_->n_hanging--;
}

bool
WrappingCall::IsFailed(ReinMsg *msg, ReinStatus *status) const
{
    if (!verdict_.is_failed) {
        return false;
    }
    if (msg != nullptr && msg->text != nullptr && msg->size > 0) {
        std::strncpy(msg->text, verdict_.text.c_str(), msg->size - 1);
        msg->text[msg->size - 1] = '\0';
    }
    *status = verdict_.status;
    return true;
}

void
WrappingCall::Finish(ReinStatus status, uint64_t token, uint64_t size)
{
    {
        std::lock_guard<std::mutex> guard(state_->lock);
        CallRecord &record = state_->calls[verdict_.record];

        record.status = status;
        record.token = token;
        record.size = size;
        if (status == REIN_ERR_DEVICE_LOST && device_ != nullptr) {
            device_->is_lost = true;
        }
    }
    for (const auto &hook : verdict_.after) {
        hook();
    }
}

void
WrappingCall::MarkStopWasSet()
{
    std::lock_guard<std::mutex> guard(state_->lock);

    state_->calls[verdict_.record].stop_was_set = true;
}

void
WrappingCall::WithJob(const std::function<void(JobState &)> &act)
{
    std::lock_guard<std::mutex> guard(state_->lock);

    if (device_ != nullptr) {
        act(device_->jobs[job_]);
    }
}

void
WrappingCall::Breach(const std::string &text)
{
    state_->breaches.push_back(Describe(slot_, job_) + ": " + text);
}

void
WrappingCall::EnterDevice(ReinPluginDevice *handle)
{
    device_ = state_->Find(handle);
    if (device_ == nullptr) {
        std::cerr << "wrapping table: " << SlotName(slot_) << " of a device never opened\n";
        std::abort();
    }
    if (device_->is_closed) {
        std::cerr << "wrapping table: " << SlotName(slot_) << " after close\n";
        std::abort();
    }
    if (slot_ == Slot::kInterrupt) {
        return;
    }
    if (device_->thread != std::this_thread::get_id()) {
        Breach("on another thread than open");
    }
    if (device_->n_inside > 0) {
        Breach(std::string("while in ") + SlotName(device_->inside));
    }
    device_->n_inside++;
    device_->inside = slot_;
    CheckLife();
}

void
WrappingCall::CheckLife()
{
    const bool is_always_legal = slot_ == Slot::kUsage || slot_ == Slot::kCleanup;

    if (device_->is_lost && !is_always_legal && slot_ != Slot::kClose) {
        Breach("after the device was lost");
    }
    if (slot_ == Slot::kClose || slot_ == Slot::kMemoryInfo) {
        return;
    }
    if (job_ == 0) {
        Breach("there is no job 0");
    }
    if (!is_always_legal) {
        JobState &job = device_->jobs[job_];

        job.is_used = true;
        if (job.is_cleaned) {
            Breach("after the job's cleanup");
        }
    }
}

void
WrappingCall::Judge()
{
    const unsigned count = ++state_->counts[static_cast<size_t>(slot_)];

    state_->changed.notify_all();
    verdict_.record = state_->calls.size();
    for (const WrappingRule &rule : state_->rules) {
        if (rule.Fits(slot_, count)) {
            Apply(rule);
        }
    }
    state_->calls.push_back({ slot_, job_, 0, 0, REIN_OK, verdict_.is_failed, false });
}

void
WrappingCall::Apply(const WrappingRule &rule)
{
    switch (rule.kind) {
    case WrappingRule::Kind::kFail:
        verdict_.is_failed = true;
        verdict_.status = rule.status;
        verdict_.text = rule.text;
        break;
    case WrappingRule::Kind::kHang:
        verdict_.hangs = true;
        break;
    case WrappingRule::Kind::kBefore:
        verdict_.before.push_back(rule.hook);
        break;
    case WrappingRule::Kind::kAfter:
        verdict_.after.push_back(rule.hook);
        break;
    }
}

} // namespace rein_test
