/* SPDX-License-Identifier: MIT */

#include "support/wrapping_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "support/wrapping_state.h"

namespace rein_test
{

namespace
{

constexpr std::chrono::seconds kPatience(30);

const std::array<const char *, kNSlots> kSlotNames = {
    "probe", "open", "close",       "build", "discard", "allocate",    "release",
    "write", "read", "run_fitness", "usage", "cleanup", "memory_info", "interrupt",
};

/* Sums something over all jobs of all devices. */
uint64_t
Sum(const WrappingState &state, const std::function<uint64_t(const JobState &)> &of_job)
{
    std::lock_guard<std::mutex> guard(state.lock);
    uint64_t sum = 0;

    for (const auto &device : state.devices) {
        for (const auto &job : device->jobs) {
            sum += of_job(job.second);
        }
    }
    return sum;
}

} // namespace

const char *
SlotName(Slot slot)
{
    return kSlotNames[static_cast<size_t>(slot)];
}

const std::vector<Slot> &
AllSlots()
{
    static const std::vector<Slot> slots = [] {
        std::vector<Slot> all;

        for (int i = 0; i < kNSlots; i++) {
            all.push_back(static_cast<Slot>(i));
        }
        return all;
    }();

    return slots;
}

const std::vector<Slot> &
FailingSlots()
{
    static const std::vector<Slot> slots = {
        Slot::kProbe,   Slot::kOpen,  Slot::kBuild, Slot::kDiscard,    Slot::kAllocate,
        Slot::kRelease, Slot::kWrite, Slot::kRead,  Slot::kRunFitness, Slot::kMemoryInfo,
    };

    return slots;
}

WrappingTable::WrappingTable(const ReinPluginTable *inner)
    : state_(std::make_shared<WrappingState>())
{
    std::memcpy(&state_->inner, inner, std::min<size_t>(inner->struct_size, sizeof state_->inner));
    state_->table = state_->inner;
    state_->table.struct_size = sizeof state_->table;
    FillWrappingSlots(&state_->table, state_->inner);
    if (CurrentWrapping() != nullptr) {
        std::cerr << "wrapping table: there is one already\n";
        std::abort();
    }
    SetCurrentWrapping(state_);
}

WrappingTable::~WrappingTable()
{
    LetGo();
    {
        std::unique_lock<std::mutex> guard(state_->lock);

        if (!state_->changed.wait_for(guard, kPatience, [this] {
                return state_->CountOpen() == 0 && state_->n_calls_inside == 0;
            })) {
            ADD_FAILURE() << "wrapping table: " << state_->CountOpen() << " devices open and "
                          << state_->n_calls_inside << " calls under way at its end";
        }
    }
    SetCurrentWrapping(nullptr);
}

const ReinPluginTable *
WrappingTable::table() const
{
    return &state_->table;
}

void
WrappingTable::FailCall(Slot slot, unsigned nth, ReinStatus status, const std::string &text)
{
    std::lock_guard<std::mutex> guard(state_->lock);

    state_->rules.push_back({ WrappingRule::Kind::kFail, slot, nth, false, status, text, nullptr });
}

void
WrappingTable::FailCallsFrom(Slot slot, unsigned nth, ReinStatus status, const std::string &text)
{
    std::lock_guard<std::mutex> guard(state_->lock);

    state_->rules.push_back({ WrappingRule::Kind::kFail, slot, nth, true, status, text, nullptr });
}

void
WrappingTable::HangCall(Slot slot, unsigned nth)
{
    std::lock_guard<std::mutex> guard(state_->lock);

    state_->rules.push_back({ WrappingRule::Kind::kHang, slot, nth, false, REIN_OK, "", nullptr });
}

bool
WrappingTable::WaitUntilHanging()
{
    std::unique_lock<std::mutex> guard(state_->lock);

    return state_->changed.wait_for(guard, kPatience, [this] { return state_->n_hanging > 0; });
}

void
WrappingTable::LetGo()
{
    std::lock_guard<std::mutex> guard(state_->lock);

    state_->lets_go = true;
    state_->changed.notify_all();
}

void
WrappingTable::BeforeCall(Slot slot, unsigned nth, std::function<void()> hook)
{
    std::lock_guard<std::mutex> guard(state_->lock);

    state_->rules.push_back(
        { WrappingRule::Kind::kBefore, slot, nth, false, REIN_OK, "", std::move(hook) });
}

void
WrappingTable::AfterCall(Slot slot, unsigned nth, std::function<void()> hook)
{
    std::lock_guard<std::mutex> guard(state_->lock);

    state_->rules.push_back(
        { WrappingRule::Kind::kAfter, slot, nth, false, REIN_OK, "", std::move(hook) });
}

void
WrappingTable::ClearRules()
{
    std::lock_guard<std::mutex> guard(state_->lock);

    state_->rules.clear();
}

unsigned
WrappingTable::Count(Slot slot) const
{
    std::lock_guard<std::mutex> guard(state_->lock);

    return state_->counts[static_cast<size_t>(slot)];
}

bool
WrappingTable::WaitUntilCalled(Slot slot)
{
    std::unique_lock<std::mutex> guard(state_->lock);

    return state_->changed.wait_for(
        guard, kPatience, [this, slot] { return state_->counts[static_cast<size_t>(slot)] > 0; });
}

std::vector<CallRecord>
WrappingTable::Calls() const
{
    std::lock_guard<std::mutex> guard(state_->lock);

    return state_->calls;
}

std::string
WrappingTable::Story() const
{
    const std::vector<CallRecord> calls = Calls();
    std::string story;

    for (size_t i = 0; i < calls.size();) {
        size_t n = 1;

        while (i + n < calls.size() && calls[i + n].slot == calls[i].slot) {
            n++;
        }
        story += story.empty() ? "" : " ";
        story += SlotName(calls[i].slot);
        if (n > 1) {
            story += "*" + std::to_string(n);
        }
        i += n;
    }
    return story;
}

std::vector<std::string>
WrappingTable::Breaches() const
{
    std::lock_guard<std::mutex> guard(state_->lock);

    return state_->breaches;
}

unsigned
WrappingTable::OpenDevices() const
{
    std::lock_guard<std::mutex> guard(state_->lock);

    return state_->CountOpen();
}

unsigned
WrappingTable::HeldBuffers() const
{
    return static_cast<unsigned>(
        Sum(*state_, [](const JobState &job) { return job.buffers.size(); }));
}

unsigned
WrappingTable::HeldPrograms() const
{
    return static_cast<unsigned>(
        Sum(*state_, [](const JobState &job) { return job.programs.size(); }));
}

uint64_t
WrappingTable::HeldSize() const
{
    return Sum(*state_, [](const JobState &job) {
        uint64_t size = 0;

        for (const auto &buffer : job.buffers) {
            size += buffer.second;
        }
        return size;
    });
}

bool
WrappingTable::WaitUntilClosed()
{
    std::unique_lock<std::mutex> guard(state_->lock);

    return state_->changed.wait_for(guard, kPatience, [this] { return state_->CountOpen() == 0; });
}

} // namespace rein_test
