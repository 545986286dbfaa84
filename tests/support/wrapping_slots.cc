/* SPDX-License-Identifier: MIT */

#include "support/wrapping_call.h"

namespace rein_test
{

namespace
{

constexpr uint64_t kLieSize = 4096;

std::mutex current_lock;
std::shared_ptr<WrappingState> current;

/* The checks that need the job's tokens. */

void
CheckRange(WrappingCall &call, uint64_t buffer, uint64_t offset, uint64_t size)
{
    call.WithJob([&](JobState &job) {
        auto found = job.buffers.find(buffer);

        if (found == job.buffers.end()) {
            call.Breach("buffer " + std::to_string(buffer) + " is not the job's");
        } else if (offset > found->second || size > found->second - offset) {
            call.Breach("bytes " + std::to_string(offset) + " to " + std::to_string(offset + size) +
                        " of a buffer of " + std::to_string(found->second));
        }
    });
}

void
CheckStage(WrappingCall &call, const JobState &job, const ReinStage &stage, const ReinSlice &slice)
{
    if (job.programs.count(stage.program) == 0) {
        call.Breach("a stage's program is not the job's");
    }
    if (stage.kernel == nullptr || stage.kernel[0] == '\0') {
        call.Breach("a stage without a kernel");
    }
    if (stage.n_items == 0) {
        call.Breach("a stage without items");
    }
    if (slice.end_item > stage.n_items) {
        call.Breach("a range past the stage's items");
    }
    if (stage.n_buffers > REIN_STAGE_BUFFERS) {
        call.Breach("a stage with too many buffers");
        return;
    }
    for (uint32_t i = 0; i < stage.n_buffers; i++) {
        for (uint64_t buffer : stage.buffers[i]) {
            if (job.buffers.count(buffer) == 0) {
                call.Breach("a stage's buffer " + std::to_string(i) + " is not the job's");
            }
        }
    }
}

void
CheckSlice(WrappingCall &call, const ReinSlice *slice, const volatile uint32_t *stop,
           const ReinSliceReport *report)
{
    call.WithJob([&](JobState &job) {
        if (slice == nullptr || stop == nullptr || report == nullptr || slice->stages == nullptr) {
            call.Breach("a pointer is NULL");
            return;
        }
        if (slice->struct_size < sizeof *slice || slice->stage_size < sizeof(ReinStage) ||
            report->struct_size < sizeof *report) {
            call.Breach("a struct without its size");
            return;
        }
        if (slice->n_stages == 0 || slice->n_rounds == 0 || slice->flags != 0) {
            call.Breach("no stages, no rounds, or flags");
        }
        const bool is_range = slice->end_item != 0;
        if (is_range && (slice->n_stages != 1 || slice->n_rounds != 1 ||
                         slice->first_item >= slice->end_item)) {
            call.Breach("a range of items in more than one round of one stage, or an empty one");
        }
        if (!is_range && slice->first_item != 0) {
            call.Breach("first_item without end_item");
        }
        for (uint32_t i = 0; i < slice->n_stages; i++) {
            const char *place = reinterpret_cast<const char *>(slice->stages) +
                                static_cast<size_t>(i) * slice->stage_size;

            CheckStage(call, job, *reinterpret_cast<const ReinStage *>(place), *slice);
        }
    });
}

/* The slots. */

ReinStatus
Probe(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg)
{
    WrappingCall call(Slot::kProbe, nullptr, 0, msg);
    ReinStatus status = REIN_OK;

    call.Begin();
    if (!call.IsFailed(msg, &status)) {
        status = call.inner().probe(host, found, context, msg);
    }
    call.Finish(status);
    return status;
}

ReinStatus
Open(const char *id, const ReinHost *host, ReinPluginDevice **out, ReinMsg *msg)
{
    WrappingCall call(Slot::kOpen, nullptr, 0, msg);
    ReinStatus status = REIN_OK;
    auto device = std::make_unique<WrappedDevice>();

    call.Begin();
    *out = nullptr;
    device->thread = std::this_thread::get_id();
    if (!call.IsFailed(msg, &status)) {
        status = call.inner().open(id, host, &device->inner, msg);
    }
    if (status == REIN_OK) {
        std::lock_guard<std::mutex> guard(call.state().lock);

        *out = reinterpret_cast<ReinPluginDevice *>(device.get());
        call.state().devices.push_back(std::move(device));
    }
    call.Finish(status);
    return status;
}

void
Close(ReinPluginDevice *handle)
{
    if (handle == nullptr) {
        return;
    }
    WrappingCall call(Slot::kClose, handle, 0, nullptr, false);
    std::vector<uint64_t> skipped;

    call.Begin();
    {
        std::lock_guard<std::mutex> guard(call.state().lock);

        for (const auto &[number, job] : call.device()->jobs) {
            if (job.is_used && !job.is_cleaned) {
                call.Breach("job " + std::to_string(number) + " was not cleaned up");
            }
            if (!job.is_cleaned || job.was_skipped) {
                skipped.push_back(number);
            }
        }
    }
    for (uint64_t number : skipped) {
        ReinUsage released = {};

        released.struct_size = sizeof released;
        call.inner().cleanup(call.inner_device(), number, &released);
    }
    call.inner().close(call.inner_device());
    {
        std::lock_guard<std::mutex> guard(call.state().lock);

        call.device()->is_closed = true;
        call.device()->jobs.clear();
    }
    call.Finish(REIN_OK);
}

ReinStatus
Build(ReinPluginDevice *handle, uint64_t job, const ReinSource *source, uint64_t *program,
      ReinMsg *msg)
{
    WrappingCall call(Slot::kBuild, handle, job, msg);
    ReinStatus status = REIN_OK;

    call.Begin();
    *program = 0;
    if (!call.IsFailed(msg, &status)) {
        status = call.inner().build(call.inner_device(), job, source, program, msg);
    }
    call.WithJob([&](JobState &held) {
        if (status == REIN_OK) {
            held.programs.insert(*program);
        }
    });
    call.Finish(status, *program);
    return status;
}

ReinStatus
Discard(ReinPluginDevice *handle, uint64_t job, uint64_t program, ReinMsg *msg)
{
    WrappingCall call(Slot::kDiscard, handle, job, msg);
    ReinStatus status = REIN_OK;

    call.Begin();
    call.WithJob([&](JobState &held) {
        if (held.programs.count(program) == 0) {
            call.Breach("program " + std::to_string(program) + " is not the job's");
        }
    });
    if (!call.IsFailed(msg, &status)) {
        status = call.inner().discard(call.inner_device(), job, program, msg);
    }
    call.WithJob([&](JobState &held) {
        if (status == REIN_OK) {
            held.programs.erase(program);
        }
    });
    call.Finish(status, program);
    return status;
}

ReinStatus
Allocate(ReinPluginDevice *handle, uint64_t job, uint64_t size, uint32_t usage, uint64_t *buffer,
         ReinMsg *msg)
{
    WrappingCall call(Slot::kAllocate, handle, job, msg);
    ReinStatus status = REIN_OK;

    call.Begin();
    *buffer = 0;
    call.WithJob([&](JobState &) {
        if (size == 0) {
            call.Breach("no bytes");
        }
    });
    if (!call.IsFailed(msg, &status)) {
        status = call.inner().allocate(call.inner_device(), job, size, usage, buffer, msg);
    }
    call.WithJob([&](JobState &held) {
        if (status == REIN_OK) {
            held.buffers[*buffer] = size;
        }
    });
    call.Finish(status, *buffer, size);
    return status;
}

ReinStatus
Release(ReinPluginDevice *handle, uint64_t job, uint64_t buffer, ReinMsg *msg)
{
    WrappingCall call(Slot::kRelease, handle, job, msg);
    ReinStatus status = REIN_OK;

    call.Begin();
    CheckRange(call, buffer, 0, 0);
    if (!call.IsFailed(msg, &status)) {
        status = call.inner().release(call.inner_device(), job, buffer, msg);
    }
    call.WithJob([&](JobState &held) {
        if (status == REIN_OK) {
            held.buffers.erase(buffer);
        }
    });
    call.Finish(status, buffer);
    return status;
}

ReinStatus
Write(ReinPluginDevice *handle, uint64_t job, uint64_t buffer, uint64_t offset, const void *data,
      uint64_t size, ReinMsg *msg)
{
    WrappingCall call(Slot::kWrite, handle, job, msg);
    ReinStatus status = REIN_OK;

    call.Begin();
    CheckRange(call, buffer, offset, size);
    if (!call.IsFailed(msg, &status)) {
        status = call.inner().write(call.inner_device(), job, buffer, offset, data, size, msg);
    }
    call.Finish(status, buffer, size);
    return status;
}

ReinStatus
Read(ReinPluginDevice *handle, uint64_t job, uint64_t buffer, uint64_t offset, void *data,
     uint64_t size, ReinMsg *msg)
{
    WrappingCall call(Slot::kRead, handle, job, msg);
    ReinStatus status = REIN_OK;

    call.Begin();
    CheckRange(call, buffer, offset, size);
    if (!call.IsFailed(msg, &status)) {
        status = call.inner().read(call.inner_device(), job, buffer, offset, data, size, msg);
    }
    call.Finish(status, buffer, size);
    return status;
}

ReinStatus
RunFitness(ReinPluginDevice *handle, uint64_t job, const ReinSlice *slice,
           const volatile uint32_t *stop, ReinSliceReport *report, ReinMsg *msg)
{
    WrappingCall call(Slot::kRunFitness, handle, job, msg);
    ReinStatus status = REIN_OK;

    if (rein_stop_requested(stop)) {
        call.MarkStopWasSet();
    }
    call.Begin();
    CheckSlice(call, slice, stop, report);
    if (!call.IsFailed(msg, &status)) {
        status = call.inner().run_fitness(call.inner_device(), job, slice, stop, report, msg);
    }
    call.Finish(status, 0, slice->end_item != 0 ? report->n_items : report->n_rounds);
    return status;
}

void
Usage(ReinPluginDevice *handle, uint64_t job, ReinUsage *usage)
{
    WrappingCall call(Slot::kUsage, handle, job, nullptr, false);

    call.Begin();
    call.inner().usage(call.inner_device(), job, usage);
    if (call.is_failed()) {
        usage->n_buffers += 1;
        usage->size += kLieSize;
    }
    call.Finish(REIN_OK);
}

void
Cleanup(ReinPluginDevice *handle, uint64_t job, ReinUsage *released)
{
    WrappingCall call(Slot::kCleanup, handle, job, nullptr, false);

    call.Begin();
    if (!call.is_failed()) {
        call.inner().cleanup(call.inner_device(), job, released);
    }
    call.WithJob([&](JobState &held) {
        held.is_cleaned = true;
        held.was_skipped = call.is_failed();
        if (!call.is_failed()) {
            held.buffers.clear();
            held.programs.clear();
        }
    });
    call.Finish(REIN_OK);
}

ReinStatus
MemoryInfo(ReinPluginDevice *handle, uint64_t *free_size, uint64_t *total_size, ReinMsg *msg)
{
    WrappingCall call(Slot::kMemoryInfo, handle, 0, msg);
    ReinStatus status = REIN_OK;

    call.Begin();
    if (!call.IsFailed(msg, &status)) {
        status = call.inner().memory_info(call.inner_device(), free_size, total_size, msg);
    }
    call.Finish(status);
    return status;
}

void
Interrupt(ReinPluginDevice *handle, uint64_t job)
{
    WrappingCall call(Slot::kInterrupt, handle, job, nullptr, false);

    call.Begin();
    call.inner().interrupt(call.inner_device(), job);
    call.Finish(REIN_OK);
}

} // namespace

std::shared_ptr<WrappingState>
CurrentWrapping()
{
    std::lock_guard<std::mutex> guard(current_lock);

    return current;
}

void
SetCurrentWrapping(std::shared_ptr<WrappingState> state)
{
    std::lock_guard<std::mutex> guard(current_lock);

    current = std::move(state);
}

void
FillWrappingSlots(ReinPluginTable *table, const ReinPluginTable &inner)
{
    table->probe = Probe;
    table->open = Open;
    table->close = Close;
    table->build = Build;
    table->discard = Discard;
    table->allocate = Allocate;
    table->release = Release;
    table->write = Write;
    table->read = Read;
    table->run_fitness = RunFitness;
    table->usage = Usage;
    table->cleanup = Cleanup;
    table->memory_info = inner.memory_info != nullptr ? MemoryInfo : nullptr;
    table->interrupt = inner.interrupt != nullptr ? Interrupt : nullptr;
}

} // namespace rein_test
