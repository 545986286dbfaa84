/* SPDX-License-Identifier: MIT */

/* The wrapping table sees what it promises to see: here the test is the core that errs. */

#include <gmock/gmock.h>

#include <thread>

#include "support/fake_table.h"
#include "support/wrapping_table.h"

namespace
{

using rein_test::FakeGetCounts;
using rein_test::Slot;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WrappingTableTest : public testing::Test
{
  protected:
    void
    SetUp() override
    {
        rein_test::FakeReset();
        rein_test::FakeSetKernel("nothing", [](const rein_test::FakeLaunch &) {});
        ASSERT_EQ(table_->open("fake:0", nullptr, &device_, &msg_), REIN_OK);
    }

    void
    TearDown() override
    {
        table_->close(device_);
        EXPECT_EQ(FakeGetCounts().n_open_devices, 0u);
    }

    uint64_t
    Build(uint64_t job)
    {
        ReinSource source = {};
        uint64_t program = 0;

        source.struct_size = sizeof source;
        source.name = "a.cl";
        source.text = "text";
        table_->build(device_, job, &source, &program, &msg_);
        return program;
    }

    uint64_t
    Allocate(uint64_t job, uint64_t size = 16)
    {
        uint64_t buffer = 0;

        table_->allocate(device_, job, size, 0, &buffer, &msg_);
        return buffer;
    }

    void
    Cleanup(uint64_t job)
    {
        ReinUsage released = {};

        released.struct_size = sizeof released;
        table_->cleanup(device_, job, &released);
    }

    ReinStatus
    Run(uint64_t job, uint64_t program, uint64_t buffer,
        const std::function<void(ReinSlice &, ReinStage &)> &spoil = nullptr)
    {
        ReinStage stage = {};
        ReinSlice slice = {};
        ReinSliceReport report = {};

        stage.program = program;
        stage.kernel = "nothing";
        stage.n_items = 10;
        stage.n_buffers = 1;
        stage.buffers[0][0] = stage.buffers[0][1] = buffer;
        slice.struct_size = sizeof slice;
        slice.stage_size = sizeof stage;
        slice.stages = &stage;
        slice.n_stages = 1;
        slice.n_rounds = 2;
        slice.budget_ns = ~0ull >> 1;
        report.struct_size = sizeof report;
        if (spoil != nullptr) {
            spoil(slice, stage);
        }
        return table_->run_fitness(device_, job, &slice, &stop_, &report, &msg_);
    }

    rein_test::WrappingTable wrapping_{ rein_test::FakeTable() };
    const ReinPluginTable *table_ = wrapping_.table();
    ReinPluginDevice *device_ = nullptr;
    char text_[REIN_MSG_SIZE] = "";
    ReinMsg msg_ = { text_, sizeof text_ };
    uint32_t stop_ = 0;
};

TEST_F(WrappingTableTest, GoodCallsArePassedOnCountedAndWrittenDown)
{
    const uint64_t program = Build(1);
    const uint64_t buffer = Allocate(1);

    EXPECT_EQ(Run(1, program, buffer), REIN_OK);
    EXPECT_EQ(wrapping_.HeldBuffers(), 1u);
    EXPECT_EQ(wrapping_.HeldPrograms(), 1u);
    EXPECT_EQ(wrapping_.HeldSize(), 16u);
    Cleanup(1);
    EXPECT_EQ(wrapping_.HeldBuffers() + wrapping_.HeldPrograms() + wrapping_.HeldSize(), 0u);
    EXPECT_EQ(wrapping_.Story(), "open build allocate run_fitness cleanup");
    EXPECT_EQ(wrapping_.Count(Slot::kBuild), 1u);
    EXPECT_EQ(wrapping_.Calls()[3].size, 2u);
    EXPECT_FALSE(wrapping_.Calls()[3].stop_was_set);
    EXPECT_THAT(wrapping_.Breaches(), IsEmpty());
}

TEST_F(WrappingTableTest, NthCallFailsAndIsNotPassedOn)
{
    wrapping_.FailCall(Slot::kAllocate, 2, REIN_ERR_OUT_OF_MEMORY, "none left");
    EXPECT_NE(Allocate(1), 0u);
    EXPECT_EQ(Allocate(1), 0u);
    EXPECT_STREQ(text_, "none left");
    EXPECT_NE(Allocate(1), 0u);
    EXPECT_EQ(FakeGetCounts().n_buffers, 2u);
    EXPECT_TRUE(wrapping_.Calls()[2].is_injected);
    EXPECT_EQ(wrapping_.Calls()[2].status, REIN_ERR_OUT_OF_MEMORY);
    Cleanup(1);
}

TEST_F(WrappingTableTest, EveryCallFromTheNthFails)
{
    wrapping_.FailCallsFrom(Slot::kAllocate, 2);
    EXPECT_NE(Allocate(1), 0u);
    EXPECT_EQ(Allocate(1), 0u);
    EXPECT_EQ(Allocate(1), 0u);
    wrapping_.ClearRules();
    EXPECT_NE(Allocate(1), 0u);
    Cleanup(1);
}

TEST_F(WrappingTableTest, SlotsWithoutAStatusFailByLying)
{
    ReinUsage usage = {};

    Allocate(1);
    wrapping_.FailCall(Slot::kUsage, 1);
    wrapping_.FailCall(Slot::kCleanup, 1);
    usage.struct_size = sizeof usage;
    table_->usage(device_, 1, &usage);
    EXPECT_EQ(usage.n_buffers, 2u);
    EXPECT_EQ(usage.size, 16u + 4096u);
    Cleanup(1);
    EXPECT_EQ(FakeGetCounts().n_buffers, 1u);
    EXPECT_EQ(wrapping_.HeldBuffers(), 1u);
    EXPECT_THAT(wrapping_.Breaches(), IsEmpty());
}

TEST_F(WrappingTableTest, HooksRunBeforeAndAfterTheNthCall)
{
    unsigned n_before = 99;
    unsigned n_after = 99;

    wrapping_.BeforeCall(Slot::kAllocate, 2, [&] { n_before = FakeGetCounts().n_buffers; });
    wrapping_.AfterCall(Slot::kAllocate, 2, [&] { n_after = FakeGetCounts().n_buffers; });
    Allocate(1);
    EXPECT_EQ(n_before, 99u);
    Allocate(1);
    EXPECT_EQ(n_before, 1u);
    EXPECT_EQ(n_after, 2u);
    Cleanup(1);
}

TEST_F(WrappingTableTest, JobUsedAfterItsCleanupIsABreach)
{
    const uint64_t program = Build(1);
    const uint64_t buffer = Allocate(1);
    ReinUsage usage = {};

    Cleanup(1);
    Cleanup(1);
    table_->usage(device_, 1, &usage);
    EXPECT_THAT(wrapping_.Breaches(), IsEmpty());
    Run(1, program, buffer);
    EXPECT_THAT(wrapping_.Breaches(),
                testing::Contains("run_fitness of job 1: after the job's cleanup"));
    Cleanup(1);
}

TEST_F(WrappingTableTest, AnotherThreadIsABreach)
{
    std::thread([this] { Cleanup(1); }).join();
    EXPECT_THAT(wrapping_.Breaches(), ElementsAre("cleanup of job 1: on another thread than open"));
}

TEST_F(WrappingTableTest, TwoSlotsAtOnceAreABreach)
{
    wrapping_.HangCall(Slot::kCleanup, 1);
    std::thread other([this] {
        EXPECT_TRUE(wrapping_.WaitUntilHanging());
        Allocate(2);
        table_->interrupt(device_, 1); /* this one is allowed */
        wrapping_.LetGo();
    });
    Cleanup(1);
    other.join();
    EXPECT_THAT(wrapping_.Breaches(), ElementsAre("allocate of job 2: on another thread than open",
                                                  "allocate of job 2: while in cleanup"));
    Cleanup(2);
}

TEST_F(WrappingTableTest, TokensOfNobodyAreABreach)
{
    const uint64_t buffer = Allocate(1);
    char byte = 0;

    table_->release(device_, 2, buffer, &msg_);
    table_->release(device_, 1, buffer, &msg_);
    table_->release(device_, 1, buffer, &msg_);
    table_->discard(device_, 1, 4711, &msg_);
    table_->write(device_, 1, Allocate(1), 16, &byte, 1, &msg_);
    EXPECT_THAT(wrapping_.Breaches(),
                ElementsAre(HasSubstr("release of job 2: buffer"),
                            HasSubstr("release of job 1: buffer"),
                            "discard of job 1: program 4711 is not the job's",
                            "write of job 1: bytes 16 to 17 of a buffer of 16"));
    Cleanup(1);
    Cleanup(2);
}

TEST_F(WrappingTableTest, BadSlicesAreBreaches)
{
    const uint64_t program = Build(1);
    const uint64_t buffer = Allocate(1);

    Run(1, program, buffer, [](ReinSlice &slice, ReinStage &) { slice.end_item = 11; });
    Run(1, program, buffer, [](ReinSlice &slice, ReinStage &) { slice.n_rounds = 0; });
    Run(1, program, buffer, [](ReinSlice &, ReinStage &stage) { stage.n_items = 0; });
    Run(1, program, buffer, [](ReinSlice &, ReinStage &stage) { stage.buffers[0][1] = 0; });
    Run(1, program, buffer, [](ReinSlice &, ReinStage &stage) { stage.program = 0; });
    EXPECT_THAT(wrapping_.Breaches(),
                ElementsAre(HasSubstr("a range of items in more than one round"),
                            HasSubstr("a range past the stage's items"),
                            HasSubstr("no stages, no rounds, or flags"),
                            HasSubstr("a stage without items"), HasSubstr("buffer 0 is not"),
                            HasSubstr("program is not the job's")));
    Cleanup(1);
}

TEST_F(WrappingTableTest, StopFlagAtTheBeginningIsWrittenDown)
{
    const uint64_t program = Build(1);
    const uint64_t buffer = Allocate(1);

    stop_ = 1;
    EXPECT_EQ(Run(1, program, buffer), REIN_OK);
    EXPECT_TRUE(wrapping_.Calls().back().stop_was_set);
    EXPECT_EQ(FakeGetCounts().n_launches, 0u);
    Cleanup(1);
}

TEST_F(WrappingTableTest, UseAfterTheDeviceWasLostIsABreach)
{
    wrapping_.FailCall(Slot::kAllocate, 1, REIN_ERR_DEVICE_LOST);
    Allocate(1);
    Cleanup(1);
    EXPECT_THAT(wrapping_.Breaches(), IsEmpty());
    Build(2);
    EXPECT_THAT(wrapping_.Breaches(), ElementsAre("build of job 2: after the device was lost"));
    Cleanup(2);
}

TEST_F(WrappingTableTest, CloseWithoutCleanupIsABreach)
{
    Allocate(1);
    table_->close(device_);
    device_ = nullptr;
    EXPECT_THAT(wrapping_.Breaches(), ElementsAre("close: job 1 was not cleaned up"));
    EXPECT_EQ(FakeGetCounts().n_buffers, 0u);
    EXPECT_EQ(wrapping_.OpenDevices(), 0u);
}

TEST_F(WrappingTableTest, OptionalSlotsAreThereIfTheInnerTableHasThem)
{
    EXPECT_NE(table_->memory_info, nullptr);
    EXPECT_NE(table_->interrupt, nullptr);
}

} // namespace
