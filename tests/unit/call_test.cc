/* SPDX-License-Identifier: MIT */

#include "device_fixture.h"
#include "rein_dialect_text.h"

namespace
{

using rein_test::Slot;
using testing::HasSubstr;
using testing::StartsWith;

class CallTest : public rein_test::DeviceFixture
{
  protected:
    static std::string source_;

    /* Runs one slice of two rounds (or items 2 to 6) whose report `report` writes. */
    std::pair<int, std::string>
    Report(void (*run)(const ReinSlice *, ReinSliceReport *), bool is_range = false)
    {
        static void (*writes)(const ReinSlice *, ReinSliceReport *);

        writes = run;
        EXPECT_NE(Open([](ReinPluginTable &table) {
                      table.run_fitness = [](ReinPluginDevice *, uint64_t, const ReinSlice *slice,
                                             const volatile uint32_t *, ReinSliceReport *report,
                                             ReinMsg *) {
                          writes(slice, report);
                          return ReinStatus(REIN_OK);
                      };
                  }),
                  nullptr);
        const uint64_t program = Build(1);
        const ReinStage stage = CountStage(program, Allocate(1, 4), 10);
        ReinSlice slice = Rounds(&stage, is_range ? 1 : 2);

        if (is_range) {
            slice.first_item = 2;
            slice.end_item = 6;
        }
        g_autoptr(ReinCall) call = Make(rein_call_new_run(1, &slice, nullptr));
        if (call->is_breach) {
            EXPECT_EQ(call->status, REIN_ERR_FAILED);
            EXPECT_EQ(call->report.n_rounds + call->report.n_items, 0u);
        }
        return Check(call);
    }
};

std::string CallTest::source_;

TEST_F(CallTest, BuildPassesTextDialectAndDigest)
{
    ASSERT_NE(Open([](ReinPluginTable &table) {
                  table.build = [](ReinPluginDevice *, uint64_t, const ReinSource *source,
                                   uint64_t *program, ReinMsg *msg) {
                      EXPECT_EQ(msg->size, REIN_BUILD_MSG_SIZE);
                      EXPECT_EQ(source->struct_size, sizeof *source);
                      EXPECT_EQ(source->flags, REIN_SOURCE_FAST_MATH);
                      EXPECT_STREQ(source->name, "antenna.cl");
                      EXPECT_EQ(source->text_size, 11u);
                      EXPECT_STREQ(source->text, "kernel text"); /* has a NUL behind it */
                      EXPECT_EQ(source->dialect_size, rein_dialect_text_size);
                      EXPECT_STREQ(source->dialect, rein_dialect_text);
                      source_ = source->digest;
                      *program = 1;
                      return ReinStatus(REIN_OK);
                  };
              }),
              nullptr);
    g_autoptr(GBytes) text = g_bytes_new_static("kernel text without end", 11);
    g_autoptr(ReinCall) call =
        Make(rein_call_new_build(1, "antenna.cl", text, REIN_SOURCE_FAST_MATH));
    g_autofree char *both = g_strconcat(rein_dialect_text, "kernel text", nullptr);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, both, -1);

    EXPECT_EQ(Check(call).second, "");
    EXPECT_EQ(source_, digest);
}

TEST_F(CallTest, EmptyTextIsPassedAsSuch)
{
    ASSERT_NE(Open(), nullptr);
    g_autoptr(GBytes) text = g_bytes_new(nullptr, 0);
    g_autoptr(ReinCall) call = Make(rein_call_new_build(1, "empty.cl", text, 0));

    EXPECT_EQ(Check(call).second, "");
}

TEST_F(CallTest, BuildThatFailsCarriesTheLog)
{
    ASSERT_NE(Open(), nullptr);
    g_autoptr(GBytes) text = g_bytes_new_static("one\ntwo\nsyntax error\n", 21);
    g_autoptr(ReinCall) call = Make(rein_call_new_build(1, "a.cl", text, 0));

    EXPECT_EQ(Check(call), std::make_pair(int(REIN_ERROR_BUILD),
                                          std::string("call on fake:0: a.cl:3: syntax error")));
    EXPECT_EQ(call->token, 0u);
}

TEST_F(CallTest, LongLogIsKeptToItsRoom)
{
    ASSERT_NE(Open([](ReinPluginTable &table) {
                  table.build = [](ReinPluginDevice *, uint64_t, const ReinSource *, uint64_t *,
                                   ReinMsg *msg) {
                      memset(msg->text, 'e', msg->size); /* and no NUL */
                      return ReinStatus(REIN_ERR_BUILD);
                  };
              }),
              nullptr);
    g_autoptr(GBytes) text = g_bytes_new_static("x", 1);
    g_autoptr(ReinCall) call = Make(rein_call_new_build(1, "a.cl", text, 0));

    EXPECT_EQ(strlen(call->text), REIN_BUILD_MSG_SIZE);
}

TEST_F(CallTest, SliceIsCopiedWithItsStages)
{
    struct WideStage {
        ReinStage stage;
        char newer[24];
    } wide[2] = {};
    std::string name = "count";

    ASSERT_NE(Open(), nullptr);
    const uint64_t program = Build(1);
    const uint64_t first = Allocate(1, 4);
    const uint64_t second = Allocate(1, 4);
    wide[0].stage = CountStage(program, first, 3);
    wide[1].stage = CountStage(program, second, 5);
    wide[1].stage.kernel = name.c_str();
    memset(wide[0].newer, 0xff, sizeof wide[0].newer);
    ReinSlice slice = Rounds(&wide[0].stage, 2);
    slice.stage_size = sizeof wide[0];
    slice.n_stages = 2;

    g_autoptr(ReinCall) call = rein_call_new_run(1, &slice, nullptr);
    memset(&wide, 0xff, sizeof wide);
    name = "gone!";
    EXPECT_EQ(Check(Make(call)).second, "");
    EXPECT_EQ(call->report.n_rounds, 2u);
    EXPECT_EQ(call->report.n_launches, 4u);
    g_autoptr(ReinCall) read = rein_call_new(REIN_CALL_READ, 1);
    read->token = second;
    read->size = 4;
    Make(read);
    EXPECT_EQ(*static_cast<const uint32_t *>(g_bytes_get_data(read->data, nullptr)), 10u);
}

TEST_F(CallTest, ShorterStagesOfAnOlderCallerReadAsZeroBehind)
{
    std::vector<char> room(offsetof(ReinStage, n_buffers));
    ReinStage stage = CountStage(7, 8, 9);

    memcpy(room.data(), &stage, room.size());
    ReinSlice slice = Rounds(reinterpret_cast<const ReinStage *>(room.data()), 1);
    slice.stage_size = static_cast<uint32_t>(room.size());
    g_autoptr(ReinCall) call = rein_call_new_run(1, &slice, nullptr);
    EXPECT_EQ(call->stages[0].n_items, 9u);
    EXPECT_EQ(call->stages[0].n_buffers, 0u);
    EXPECT_EQ(call->slice.stage_size, sizeof(ReinStage));
}

TEST_F(CallTest, CallTimesItsSlot)
{
    ASSERT_NE(Open(), nullptr);
    const gint64 before = rein_now_ns();
    g_autoptr(ReinCall) call = Make(rein_call_new(REIN_CALL_USAGE, 1));

    EXPECT_GE(call->begun_ns, before);
    EXPECT_GE(call->ended_ns, call->begun_ns);
    EXPECT_LE(call->ended_ns, rein_now_ns());
}

TEST_F(CallTest, TextIsNeverNullOnceDone)
{
    ASSERT_NE(Open(), nullptr);
    g_autoptr(ReinCall) call = Make(rein_call_new(REIN_CALL_USAGE, 1));

    EXPECT_STREQ(call->text, "");
}

TEST_F(CallTest, UnterminatedMessageIsBounded)
{
    ASSERT_NE(Open([](ReinPluginTable &table) {
                  table.memory_info = [](ReinPluginDevice *, uint64_t *, uint64_t *, ReinMsg *msg) {
                      memset(msg->text, 0xff, msg->size);
                      msg->text = nullptr;
                      msg->size = 1u << 30;
                      return ReinStatus(REIN_ERR_FAILED);
                  };
              }),
              nullptr);
    g_autoptr(ReinCall) call = Make(rein_call_new(REIN_CALL_MEMORY_INFO, 0));

    EXPECT_TRUE(g_utf8_validate(call->text, -1, nullptr));
    EXPECT_EQ(g_utf8_strlen(call->text, -1), long(REIN_MSG_SIZE));
}

TEST_F(CallTest, MoreRoundsThanAskedForIsABreach)
{
    EXPECT_EQ(Report([](const ReinSlice *, ReinSliceReport *report) { report->n_rounds = 3; }),
              std::make_pair(int(REIN_ERROR_PLUGIN),
                             std::string("call on fake:0: plugin lies: run_fitness reports 3 "
                                         "rounds of 2")));
}

TEST_F(CallTest, MoreItemsThanAskedForIsABreach)
{
    EXPECT_THAT(
        Report([](const ReinSlice *, ReinSliceReport *report) { report->n_items = 5; }, true)
            .second,
        HasSubstr("plugin lies: run_fitness reports 5 items of 4"));
}

TEST_F(CallTest, ItemsOfASliceOfRoundsAreABreach)
{
    EXPECT_THAT(
        Report([](const ReinSlice *, ReinSliceReport *report) { report->n_items = 1; }).second,
        HasSubstr("plugin lies: run_fitness reports 1 items of 0"));
}

TEST_F(CallTest, AllItemsOfARangeAreFine)
{
    EXPECT_EQ(
        Report([](const ReinSlice *, ReinSliceReport *report) { report->n_items = 4; }, true).first,
        0);
}

TEST_F(CallTest, UnknownStatusIsABreach)
{
    ASSERT_NE(Open(), nullptr);
    wrapping_->FailCall(Slot::kMemoryInfo, 1, 4711, "who knows");
    g_autoptr(ReinCall) call = Make(rein_call_new(REIN_CALL_MEMORY_INFO, 0));

    EXPECT_EQ(call->status, REIN_ERR_FAILED);
    EXPECT_EQ(Check(call),
              std::make_pair(int(REIN_ERROR_PLUGIN),
                             std::string("call on fake:0: plugin lies: it answered with the "
                                         "unknown status 4711: who knows")));
}

TEST_F(CallTest, TokenZeroIsABreach)
{
    ASSERT_NE(Open([](ReinPluginTable &table) {
                  table.build = [](ReinPluginDevice *, uint64_t, const ReinSource *, uint64_t *,
                                   ReinMsg *) {
                      return ReinStatus(REIN_OK);
                  };
                  table.allocate = [](ReinPluginDevice *, uint64_t, uint64_t, uint32_t, uint64_t *,
                                      ReinMsg *) {
                      return ReinStatus(REIN_OK);
                  };
              }),
              nullptr);
    g_autoptr(GBytes) text = g_bytes_new_static("x", 1);
    g_autoptr(ReinCall) build = Make(rein_call_new_build(1, "a.cl", text, 0));
    g_autoptr(ReinCall) allocate = rein_call_new(REIN_CALL_ALLOCATE, 1);

    allocate->size = 1;
    EXPECT_EQ(Check(build).second, "call on fake:0: plugin lies: build answered without a program");
    EXPECT_EQ(Check(Make(allocate)).second,
              "call on fake:0: plugin lies: allocate answered without a buffer");
}

TEST_F(CallTest, TokenOfAFailedCallIsZero)
{
    ASSERT_NE(Open([](ReinPluginTable &table) {
                  table.allocate = [](ReinPluginDevice *, uint64_t, uint64_t, uint32_t,
                                      uint64_t *buffer, ReinMsg *) {
                      *buffer = 99;
                      return ReinStatus(REIN_ERR_OUT_OF_MEMORY);
                  };
              }),
              nullptr);
    g_autoptr(ReinCall) call = rein_call_new(REIN_CALL_ALLOCATE, 1);

    call->size = 1;
    EXPECT_EQ(Check(Make(call)).first, REIN_ERROR_OUT_OF_MEMORY);
    EXPECT_EQ(call->token, 0u);
}

TEST_F(CallTest, MoreFreeThanThereIsIsABreach)
{
    ASSERT_NE(Open([](ReinPluginTable &table) {
                  table.memory_info = [](ReinPluginDevice *, uint64_t *free_size,
                                         uint64_t *total_size, ReinMsg *) {
                      *free_size = 2;
                      *total_size = 1;
                      return ReinStatus(REIN_OK);
                  };
              }),
              nullptr);
    g_autoptr(ReinCall) call = Make(rein_call_new(REIN_CALL_MEMORY_INFO, 0));

    EXPECT_THAT(Check(call).second,
                HasSubstr("plugin lies: memory_info says 2 bytes are free of 1"));
    EXPECT_EQ(call->free_size, 0u);
}

TEST_F(CallTest, ReadOfMoreThanThereIsMemoryForFails)
{
    ASSERT_NE(Open(), nullptr);
    allows_breaches_ = true;
    g_autoptr(ReinCall) call = rein_call_new(REIN_CALL_READ, 1);

    call->token = 1;
    call->size = G_MAXUINT64 / 2;
    EXPECT_EQ(Check(Make(call)).first, REIN_ERROR_FAILED);
    EXPECT_THAT(call->text, StartsWith("no host memory for 9223372036854775807 bytes"));
    EXPECT_EQ(call->data, nullptr);
}

TEST_F(CallTest, MemoryInfoIsUnsupportedWithoutTheSlot)
{
    ASSERT_NE(Open([](ReinPluginTable &table) { table.memory_info = nullptr; }), nullptr);
    g_autoptr(ReinCall) call = Make(rein_call_new(REIN_CALL_MEMORY_INFO, 0));

    EXPECT_EQ(Check(call).first, REIN_ERROR_UNSUPPORTED);
    EXPECT_EQ(Check(call).second, "call on fake:0: this plugin has no memory_info");
}

TEST_F(CallTest, UnrefOfNullIsANoOp)
{
    rein_call_unref(nullptr);
}

} // namespace
