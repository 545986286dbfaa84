/* SPDX-License-Identifier: MIT */

/*
 * Every call that the OpenCL plugin makes of its driver fails once, at every place where it makes it:
 * what fails says so with the driver's word for it, holds nothing, and works when it is tried again;
 * a device that was lost is still cleaned up and closed; and no object of the driver's is left.
 */

#include <dlfcn.h>

#include <algorithm>

#include "fakes/fake_opencl.h"
#include "plugin_fixture.h"

using ::testing::HasSubstr;

namespace
{

const char kLibrary[] = REIN_FAKE_LIBRARY_DIR "/fake_opencl.so";

const char kKernels[] = R"(
REIN_KERNEL(next, IN(u32, from), OUT(u32, to))
{
    to[item] = from[item] + 1;
}

REIN_KERNEL(stamp, INOUT(u32, counts))
{
    counts[item] += 100u * round;
}
)";

constexpr int32_t kOutOfResources = -5;
constexpr int32_t kKernelFailed = -14;
constexpr int32_t kInvalidQueue = -36;
constexpr int32_t kInvalidOperation = -59;

const char *
NameOf(int32_t code)
{
    switch (code) {
    case kOutOfResources:
        return "CL_OUT_OF_RESOURCES";
    case kKernelFailed:
        return "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST";
    case kInvalidQueue:
        return "CL_INVALID_COMMAND_QUEUE";
    default:
        return "CL_INVALID_OPERATION";
    }
}

/* Whether no more comes of a failure than a warning, a text that is empty, or an entry not kept. */
bool
CanDoWithout(const std::string &function)
{
    return function.rfind("clRelease", 0) == 0 || function == "clGetDeviceInfo" ||
           function == "clGetPlatformInfo" || function == "clGetProgramInfo" ||
           function == "clGetProgramBuildInfo";
}

class PluginFaultTest : public PluginFixture, public ::testing::WithParamInterface<const char *>
{
  protected:
    static constexpr uint32_t kItems = 37;

    void
    SetUp() override
    {
        PluginFixture::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        settings["library"] = kLibrary;
        fake = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
        ASSERT_NE(fake, nullptr) << dlerror();
        Find("fake_opencl_fail", &fail);
        Find("fake_opencl_calls", &calls);
        Find("fake_opencl_live", &live);
        Find("fake_opencl_strange", &strange);
    }

    template <typename Function>
    void
    Find(const char *name, Function *function)
    {
        *function = reinterpret_cast<Function>(dlsym(fake, name));
        ASSERT_NE(*function, nullptr) << name;
    }

    /*
     * Makes the call, and again if it fails, as the failure was to be the only one; false if it cannot
     * go on, because the device is lost.
     */
    template <typename Call>
    bool
    Try(const char *what, Call call)
    {
        text[0] = '\0';
        const ReinStatus status = call();
        if (status == REIN_OK) {
            return true;
        }
        n_failed++;
        EXPECT_NE(status, REIN_ERR_BUILD) << what << ": it is not the text's fault";
        EXPECT_NE(status, REIN_ERR_INVALID_ARGUMENT) << what << ": nor the caller's";
        EXPECT_THAT(text, HasSubstr(NameOf(code))) << what;
        EXPECT_EQ(Held(), held) << what << ": a call that failed holds nothing new";
        if (status == REIN_ERR_DEVICE_LOST) {
            return false;
        }
        EXPECT_EQ(call(), REIN_OK) << what << " again: " << text;
        return true;
    }

    uint64_t
    Held()
    {
        const ReinUsage usage = device != nullptr ? Usage() : ReinUsage{};
        return usage.n_buffers + usage.n_programs;
    }

    bool
    TryAllocate(uint64_t *buffer)
    {
        const bool is_done = Try(
            "allocate", [&] { return table->allocate(device, kJob, kItems * 4, 0, buffer, &msg); });
        held = Held();
        return is_done;
    }

    /*
     * Five rounds of two stages one by one, a part of a sixth, and ten rounds in one slice. A slice that
     * failed may have run in part; none writes what it reads, so it can be run again.
     */
    bool
    TryRuns()
    {
        ReinStage next = Stage(program, "next", kItems, { a, b });
        next.buffers[0][1] = b;
        next.buffers[1][1] = a;
        ReinStage stamp = Stage(program, "stamp", kItems, { b });
        stamp.buffers[0][1] = a;
        for (uint32_t round = 0; round < 5; round++) {
            ReinSlice slice = Slice({ next, stamp });
            slice.first_round = round;
            if (!Try("round", [&] { return TryRun(slice); })) {
                return false;
            }
        }
        ReinSlice slice = Slice({ Stage(program, "next", kItems, { b, a }) });
        slice.first_round = 5;
        slice.first_item = 5;
        slice.end_item = kItems;
        if (!Try("items", [&] { return TryRun(slice); })) {
            return false;
        }
        slice = Slice({ Stage(program, "next", kItems, { a, b }) }, 10);
        return Try("rounds", [&] { return TryRun(slice); });
    }

    /* A whole job; true if the device lived to its end. */
    bool
    RunJob()
    {
        std::vector<uint32_t> words(kItems, 7);

        if (!Try("open", [&] { return TryOpen(); })) {
            return false;
        }
        if (!Try("build", [&] { return TryBuild(kKernels, &program); })) {
            return false;
        }
        held = Held();
        if (!TryAllocate(&a) || !TryAllocate(&b)) {
            return false;
        }
        if (!Try("write", [&] {
                return table->write(device, kJob, a, 0, words.data(), words.size() * 4, &msg);
            })) {
            return false;
        }
        if (!TryRuns() || !Try("read", [&] {
                return table->read(device, kJob, b, 0, words.data(), words.size() * 4, &msg);
            })) {
            return false;
        }
        for (uint32_t i = 0; i < kItems; i++) {
            EXPECT_EQ(words[i], i < 5 ? 7u + 4 + 600 + 1 : 7u + 5 + 1000 + 1 + 1) << i;
        }
        return true;
    }

    /* A job with one failure, of which nothing is left. */
    void
    ExpectSurvived(uint32_t nth, int32_t failing_code)
    {
        SCOPED_TRACE("call " + std::to_string(nth) + ": " + NameOf(failing_code));
        const char *maker = "";

        code = failing_code;
        n_failed = 0;
        held = 0;
        fail(GetParam(), nth, failing_code);
        RunJob();
        if (device != nullptr) {
            Cleanup();
            EXPECT_EQ(Held(), 0u);
        }
        Close();
        EXPECT_EQ(live(&maker), 0u) << "left by " << maker;
        EXPECT_EQ(strange(), 0u) << "released twice";
    }

    void *fake = nullptr;
    FakeOpenclFail fail = nullptr;
    FakeOpenclCalls calls = nullptr;
    FakeOpenclLive live = nullptr;
    FakeOpenclStrange strange = nullptr;
    uint64_t program = 0;
    uint64_t a = 0;
    uint64_t b = 0;
    uint64_t held = 0;     /* what the job holds so far */
    uint32_t n_failed = 0; /* calls of the plugin that failed */
    int32_t code = 0;      /* what the failing call answers */
};

} // namespace

TEST_P(PluginFaultTest, EachCallThatFailsIsToldAndLeavesNothing)
{
    ExpectSurvived(0, kOutOfResources); /* fills the cache */
    ExpectSurvived(0, kOutOfResources);
    EXPECT_EQ(n_failed, 0u);
    const uint32_t n_calls = calls(GetParam());
    for (uint32_t nth = 1; nth <= n_calls && !HasFailure(); nth++) {
        ExpectSurvived(nth, kOutOfResources);
    }
    for (int32_t other : { kInvalidOperation, kInvalidQueue, kKernelFailed }) {
        if (n_calls > 0) {
            ExpectSurvived(1, other);
            ExpectSurvived(n_calls, other);
        }
    }
}

TEST_P(PluginFaultTest, EachCallThatFailsWhileATextIsCompiledIsToldAndLeavesNothing)
{
    host.cache_directory = nullptr;
    ExpectSurvived(0, kOutOfResources);
    EXPECT_EQ(n_failed, 0u);
    for (uint32_t nth = std::min(calls(GetParam()), 3u); nth > 0 && !HasFailure(); nth--) {
        ExpectSurvived(nth, kOutOfResources);
        EXPECT_TRUE(n_failed == 1 || CanDoWithout(GetParam())) << "call " << nth << " was ignored";
    }
}

static const char *const functions[] = {
#define OPENCL_SYMBOL(name) #name,
#include "opencl_symbols.inc"
#undef OPENCL_SYMBOL
};

INSTANTIATE_TEST_SUITE_P(Of, PluginFaultTest, ::testing::ValuesIn(functions),
                         [](const ::testing::TestParamInfo<const char *> &function) {
                             return std::string(function.param);
                         });
