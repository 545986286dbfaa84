/* SPDX-License-Identifier: MIT */

#include "support/fake_table.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

namespace rein_test
{

const char *const kFakeSyntaxError = "syntax error";

namespace
{

constexpr unsigned kNDevices = 2;
constexpr uint64_t kMemorySize = uint64_t(1) << 30;

struct Job {
    std::map<uint64_t, std::vector<uint8_t>> buffers;
    std::set<uint64_t> programs;
};

struct Device {
    std::map<uint64_t, Job> jobs;
    uint64_t size = 0;
};

struct World {
    std::mutex lock; /* guards counts and kernels; a device's own state is its thread's */
    FakeCounts counts = {};
    std::map<std::string, FakeKernel> kernels;
    uint64_t memory_size = kMemorySize;
    uint64_t last_token = 0;
};

World &
TheWorld()
{
    static World world;

    return world;
}

Device *
Of(ReinPluginDevice *handle)
{
    return reinterpret_cast<Device *>(handle);
}

ReinStatus
Say(ReinMsg *msg, ReinStatus status, const std::string &text)
{
    std::snprintf(msg->text, msg->size, "%s", text.c_str());
    return status;
}

uint64_t
NewToken()
{
    std::lock_guard<std::mutex> guard(TheWorld().lock);

    return ++TheWorld().last_token;
}

ReinStatus
Probe(const ReinHost *, ReinFoundCb found, void *context, ReinMsg *)
{
    {
        std::lock_guard<std::mutex> guard(TheWorld().lock);

        TheWorld().counts.n_probes++;
    }
    for (unsigned i = 0; i < kNDevices; i++) {
        const ReinDeviceInfo info = FakeDeviceInfo(i);

        found(context, &info);
    }
    return REIN_OK;
}

ReinStatus
Open(const char *id, const ReinHost *, ReinPluginDevice **out, ReinMsg *msg)
{
    *out = nullptr;
    if (std::strcmp(id, "fake:0") != 0 && std::strcmp(id, "fake:1") != 0) {
        return Say(msg, REIN_ERR_NO_DEVICE, std::string("there is no ") + id);
    }
    std::lock_guard<std::mutex> guard(TheWorld().lock);
    TheWorld().counts.n_open_devices++;
    *out = reinterpret_cast<ReinPluginDevice *>(new Device);
    return REIN_OK;
}

/* Drops what the job holds and says what that was. */
void
Drop(Device *device, uint64_t number, ReinUsage *released)
{
    auto found = device->jobs.find(number);
    std::lock_guard<std::mutex> guard(TheWorld().lock);
    FakeCounts &counts = TheWorld().counts;

    if (found == device->jobs.end()) {
        return;
    }
    for (const auto &buffer : found->second.buffers) {
        released->n_buffers++;
        released->size += buffer.second.size();
    }
    released->n_programs += static_cast<uint32_t>(found->second.programs.size());
    counts.n_buffers -= released->n_buffers;
    counts.n_programs -= released->n_programs;
    counts.size -= released->size;
    device->size -= released->size;
    device->jobs.erase(found);
}

void
Close(ReinPluginDevice *handle)
{
    if (handle == nullptr) {
        return;
    }
    while (!Of(handle)->jobs.empty()) {
        ReinUsage released = {};

        Drop(Of(handle), Of(handle)->jobs.begin()->first, &released);
    }
    delete Of(handle);
    std::lock_guard<std::mutex> guard(TheWorld().lock);
    TheWorld().counts.n_open_devices--;
}

ReinStatus
Build(ReinPluginDevice *handle, uint64_t job, const ReinSource *source, uint64_t *program,
      ReinMsg *msg)
{
    const char *fault = std::strstr(source->text, kFakeSyntaxError);

    *program = 0;
    if (fault != nullptr) {
        const long line = 1 + std::count(source->text, fault, '\n');

        return Say(msg, REIN_ERR_BUILD,
                   std::string(source->name) + ":" + std::to_string(line) + ": " +
                       kFakeSyntaxError);
    }
    *program = NewToken();
    Of(handle)->jobs[job].programs.insert(*program);
    std::lock_guard<std::mutex> guard(TheWorld().lock);
    TheWorld().counts.n_programs++;
    return REIN_OK;
}

ReinStatus
Discard(ReinPluginDevice *handle, uint64_t job, uint64_t program, ReinMsg *msg)
{
    if (Of(handle)->jobs[job].programs.erase(program) == 0) {
        return Say(msg, REIN_ERR_INVALID_ARGUMENT, "no such program");
    }
    std::lock_guard<std::mutex> guard(TheWorld().lock);
    TheWorld().counts.n_programs--;
    return REIN_OK;
}

ReinStatus
Allocate(ReinPluginDevice *handle, uint64_t job, uint64_t size, uint32_t, uint64_t *buffer,
         ReinMsg *msg)
{
    uint64_t memory_size = 0;

    *buffer = 0;
    {
        std::lock_guard<std::mutex> guard(TheWorld().lock);

        memory_size = TheWorld().memory_size;
    }
    if (size == 0) {
        return Say(msg, REIN_ERR_INVALID_ARGUMENT, "no bytes");
    }
    if (size > memory_size - Of(handle)->size) {
        return Say(msg, REIN_ERR_OUT_OF_MEMORY,
                   "allocate " + std::to_string(size) + " bytes, " +
                       std::to_string(memory_size - Of(handle)->size) + " free");
    }
    *buffer = NewToken();
    Of(handle)->jobs[job].buffers[*buffer].resize(size);
    Of(handle)->size += size;
    std::lock_guard<std::mutex> guard(TheWorld().lock);
    TheWorld().counts.n_buffers++;
    TheWorld().counts.size += size;
    return REIN_OK;
}

ReinStatus
Release(ReinPluginDevice *handle, uint64_t job, uint64_t buffer, ReinMsg *msg)
{
    auto &buffers = Of(handle)->jobs[job].buffers;
    auto found = buffers.find(buffer);

    if (found == buffers.end()) {
        return Say(msg, REIN_ERR_INVALID_ARGUMENT, "no such buffer");
    }
    const uint64_t size = found->second.size();
    buffers.erase(found);
    Of(handle)->size -= size;
    std::lock_guard<std::mutex> guard(TheWorld().lock);
    TheWorld().counts.n_buffers--;
    TheWorld().counts.size -= size;
    return REIN_OK;
}

/* The bytes of a range of the job's buffer; NULL if there is no such. */
uint8_t *
Range(ReinPluginDevice *handle, uint64_t job, uint64_t buffer, uint64_t offset, uint64_t size)
{
    auto &buffers = Of(handle)->jobs[job].buffers;
    auto found = buffers.find(buffer);

    if (found == buffers.end() || offset > found->second.size() ||
        size > found->second.size() - offset) {
        return nullptr;
    }
    return found->second.data() + offset;
}

ReinStatus
Write(ReinPluginDevice *handle, uint64_t job, uint64_t buffer, uint64_t offset, const void *data,
      uint64_t size, ReinMsg *msg)
{
    uint8_t *place = Range(handle, job, buffer, offset, size);

    if (place == nullptr) {
        return Say(msg, REIN_ERR_INVALID_ARGUMENT, "no such range");
    }
    std::memcpy(place, data, size);
    return REIN_OK;
}

ReinStatus
Read(ReinPluginDevice *handle, uint64_t job, uint64_t buffer, uint64_t offset, void *data,
     uint64_t size, ReinMsg *msg)
{
    const uint8_t *place = Range(handle, job, buffer, offset, size);

    if (place == nullptr) {
        return Say(msg, REIN_ERR_INVALID_ARGUMENT, "no such range");
    }
    std::memcpy(data, place, size);
    return REIN_OK;
}

struct Stage {
    FakeKernel kernel;
    uint32_t n_items;
    std::vector<void *> buffers[2];
    std::vector<uint64_t> sizes[2];
};

/* Looks up what the slice names; false with a message if something is not there. */
bool
Resolve(Job &job, const ReinSlice &slice, std::vector<Stage> *stages, ReinMsg *msg)
{
    for (uint32_t s = 0; s < slice.n_stages; s++) {
        const char *place = reinterpret_cast<const char *>(slice.stages) +
                            static_cast<size_t>(s) * slice.stage_size;
        const ReinStage &given = *reinterpret_cast<const ReinStage *>(place);
        Stage stage;

        {
            std::lock_guard<std::mutex> guard(TheWorld().lock);
            auto found = TheWorld().kernels.find(given.kernel);

            if (job.programs.count(given.program) == 0 || found == TheWorld().kernels.end()) {
                Say(msg, REIN_ERR_INVALID_ARGUMENT, std::string("no kernel ") + given.kernel);
                return false;
            }
            stage.kernel = found->second;
        }
        stage.n_items = given.n_items;
        for (uint32_t b = 0; b < given.n_buffers; b++) {
            for (int parity = 0; parity < 2; parity++) {
                auto buffer = job.buffers.find(given.buffers[b][parity]);

                if (buffer == job.buffers.end()) {
                    Say(msg, REIN_ERR_INVALID_ARGUMENT, "no such buffer");
                    return false;
                }
                stage.buffers[parity].push_back(buffer->second.data());
                stage.sizes[parity].push_back(buffer->second.size());
            }
        }
        stages->push_back(std::move(stage));
    }
    return true;
}

void
Launch(const Stage &stage, const ReinSlice &slice, uint32_t round, const volatile uint32_t *stop)
{
    const uint64_t progress =
        slice.progress_start + (round - slice.first_round) * slice.progress_step;
    const int parity = round & 1;
    FakeLaunch launch = {};

    launch.buffers = stage.buffers[parity].data();
    launch.sizes = stage.sizes[parity].data();
    launch.n_buffers = static_cast<uint32_t>(stage.buffers[parity].size());
    launch.first = slice.first_item;
    launch.end = slice.end_item != 0 ? slice.end_item : stage.n_items;
    launch.round = round;
    launch.progress = static_cast<uint32_t>(progress >> 32);
    launch.stop = stop;
    {
        std::lock_guard<std::mutex> guard(TheWorld().lock);

        TheWorld().counts.n_launches++;
    }
    stage.kernel(launch);
}

ReinStatus
RunFitness(ReinPluginDevice *handle, uint64_t job, const ReinSlice *slice,
           const volatile uint32_t *stop, ReinSliceReport *report, ReinMsg *msg)
{
    const auto begin = std::chrono::steady_clock::now();
    std::vector<Stage> stages;

    if (!Resolve(Of(handle)->jobs[job], *slice, &stages, msg)) {
        return REIN_ERR_INVALID_ARGUMENT;
    }
    for (uint32_t r = 0; r < slice->n_rounds; r++) {
        for (const Stage &stage : stages) {
            if (rein_stop_requested(stop)) {
                return REIN_OK;
            }
            Launch(stage, *slice, slice->first_round + r, stop);
            report->n_launches++;
        }
        if (slice->end_item != 0) {
            report->n_items = slice->end_item - slice->first_item;
            return REIN_OK;
        }
        report->n_rounds++;
        if (std::chrono::steady_clock::now() - begin >=
            std::chrono::nanoseconds(slice->budget_ns)) {
            return REIN_OK;
        }
    }
    return REIN_OK;
}

void
Usage(ReinPluginDevice *handle, uint64_t job, ReinUsage *usage)
{
    auto found = Of(handle)->jobs.find(job);

    usage->n_buffers = 0;
    usage->n_programs = 0;
    usage->n_queues = 0;
    usage->size = 0;
    if (found == Of(handle)->jobs.end()) {
        return;
    }
    for (const auto &buffer : found->second.buffers) {
        usage->n_buffers++;
        usage->size += buffer.second.size();
    }
    usage->n_programs = static_cast<uint32_t>(found->second.programs.size());
}

void
Cleanup(ReinPluginDevice *handle, uint64_t job, ReinUsage *released)
{
    Drop(Of(handle), job, released);
}

ReinStatus
MemoryInfo(ReinPluginDevice *handle, uint64_t *free_size, uint64_t *total_size, ReinMsg *)
{
    std::lock_guard<std::mutex> guard(TheWorld().lock);

    *total_size = TheWorld().memory_size;
    *free_size = TheWorld().memory_size - Of(handle)->size;
    return REIN_OK;
}

void
Interrupt(ReinPluginDevice *, uint64_t)
{
    std::lock_guard<std::mutex> guard(TheWorld().lock);

    TheWorld().counts.n_interrupts++;
}

ReinPluginTable
MakeTable()
{
    ReinPluginTable table = {};

    table.abi_major = REIN_ABI_MAJOR;
    table.abi_minor = REIN_ABI_MINOR;
    table.struct_size = sizeof table;
    table.name = "fake";
    table.version = "1.0";
    table.probe = Probe;
    table.open = Open;
    table.close = Close;
    table.build = Build;
    table.discard = Discard;
    table.allocate = Allocate;
    table.release = Release;
    table.write = Write;
    table.read = Read;
    table.run_fitness = RunFitness;
    table.usage = Usage;
    table.cleanup = Cleanup;
    table.memory_info = MemoryInfo;
    table.interrupt = Interrupt;
    return table;
}

} // namespace

const ReinPluginTable *
FakeTable()
{
    static const ReinPluginTable table = MakeTable();

    return &table;
}

ReinDeviceInfo
FakeDeviceInfo(unsigned index)
{
    ReinDeviceInfo info = {};

    info.struct_size = sizeof info;
    info.flags = REIN_DEVICE_IS_CPU | REIN_DEVICE_UNIFIED_MEMORY;
    info.n_units = 4;
    info.interleave = 8;
    info.memory_size = kMemorySize;
    std::snprintf(info.id, sizeof info.id, "fake:%u", index);
    std::snprintf(info.name, sizeof info.name, "Fake processor %u", index);
    std::snprintf(info.vendor, sizeof info.vendor, "rein tests");
    std::snprintf(info.driver, sizeof info.driver, "fake 1.0");
    return info;
}

void
FakeReset()
{
    std::lock_guard<std::mutex> guard(TheWorld().lock);

    TheWorld().counts = {};
    TheWorld().kernels.clear();
    TheWorld().memory_size = kMemorySize;
}

void
FakeSetKernel(const std::string &name, FakeKernel kernel)
{
    std::lock_guard<std::mutex> guard(TheWorld().lock);

    TheWorld().kernels[name] = std::move(kernel);
}

void
FakeSetMemory(uint64_t size)
{
    std::lock_guard<std::mutex> guard(TheWorld().lock);

    TheWorld().memory_size = size;
}

FakeCounts
FakeGetCounts()
{
    std::lock_guard<std::mutex> guard(TheWorld().lock);

    return TheWorld().counts;
}

} // namespace rein_test
