/* SPDX-License-Identifier: MIT */

#include <gmock/gmock.h>

#include <set>
#include <string>
#include <vector>

#include "criticals.h"
#include "ledger_private.h"

#include <rein/error.h>

namespace
{

using testing::ElementsAre;
using testing::IsEmpty;

class LedgerTest : public testing::Test
{
  protected:
    ~LedgerTest() override
    {
        rein_ledger_free(ledger_);
        rein_receipt_unref(receipt_);
    }

    /* Gives `token` back, unless the test made it stick. */
    static gboolean
    Undo(gpointer owner, guint64 token, GError **error)
    {
        auto *self = static_cast<LedgerTest *>(owner);

        self->undone_.push_back(token);
        if (self->sticky_.count(token) != 0) {
            g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "piece %d sticks", (int)token);
            return FALSE;
        }
        return TRUE;
    }

    void
    Add(const char *kind, guint64 size, guint64 token)
    {
        const std::string name = std::string(kind) + " " + std::to_string(token);

        rein_ledger_add(ledger_, kind, name.c_str(), size, token, Undo);
    }

    void
    UndoAll()
    {
        ReinReceiptBuilder *builder = rein_receipt_builder_new();

        rein_ledger_undo_all(ledger_, builder);
        receipt_ = rein_receipt_builder_seal(builder);
    }

    std::vector<guint64> undone_;
    std::set<guint64> sticky_;
    ReinLedger *ledger_ = rein_ledger_new(this);
    ReinReceipt *receipt_ = nullptr;
};

TEST_F(LedgerTest, UndoesInReverseOrderOfAcquisition)
{
    Add(REIN_LEDGER_PROGRAM, 0, 1);
    Add(REIN_LEDGER_BUFFER, 10, 2);
    Add(REIN_LEDGER_BUFFER, 20, 3);
    UndoAll();
    EXPECT_THAT(undone_, ElementsAre(3u, 2u, 1u));
    EXPECT_EQ(rein_ledger_get_n_entries(ledger_), 0u);
}

TEST_F(LedgerTest, AFailingStepDoesNotStopTheNext)
{
    Add(REIN_LEDGER_BUFFER, 1, 1);
    Add(REIN_LEDGER_BUFFER, 2, 2);
    Add(REIN_LEDGER_BUFFER, 4, 3);
    sticky_ = { 2, 3 };
    UndoAll();
    EXPECT_THAT(undone_, ElementsAre(3u, 2u, 1u));
    ASSERT_EQ(rein_receipt_get_n_steps(receipt_), 3u);
    EXPECT_STREQ(rein_receipt_get_step(receipt_, 0)->error, "piece 3 sticks");
    EXPECT_STREQ(rein_receipt_get_step(receipt_, 1)->error, "piece 2 sticks");
    EXPECT_EQ(rein_receipt_get_step(receipt_, 2)->error, nullptr);
    EXPECT_EQ(rein_receipt_get_released_size(receipt_), 1u);
}

TEST_F(LedgerTest, StepsNameKindPieceAndBytes)
{
    Add(REIN_LEDGER_PROGRAM, 0, 7);
    Add(REIN_LEDGER_BUFFER, 64, 8);
    UndoAll();
    ASSERT_EQ(rein_receipt_get_n_steps(receipt_), 2u);
    const ReinReceiptStep *step = rein_receipt_get_step(receipt_, 0);
    EXPECT_STREQ(step->kind, "buffer");
    EXPECT_STREQ(step->name, "buffer 8");
    EXPECT_EQ(step->size, 64u);
    EXPECT_GE(step->duration_ns, 0);
    step = rein_receipt_get_step(receipt_, 1);
    EXPECT_STREQ(step->kind, "program");
    EXPECT_STREQ(step->name, "program 7");
    EXPECT_EQ(step->size, 0u);
}

TEST_F(LedgerTest, ReceiptCountsWhatWasHeldAndWhatIsLeftByKind)
{
    Add(REIN_LEDGER_PROGRAM, 0, 1);
    Add(REIN_LEDGER_BUFFER, 16, 2);
    Add(REIN_LEDGER_BUFFER, 32, 3);
    sticky_ = { 2 };
    UndoAll();
    ASSERT_EQ(rein_receipt_get_n_kinds(receipt_), 2u);
    const ReinReceiptKind *kind = rein_receipt_get_kind(receipt_, 0);
    EXPECT_STREQ(kind->kind, "program");
    EXPECT_EQ(kind->n_held, 1u);
    EXPECT_EQ(kind->n_left, 0u);
    kind = rein_receipt_get_kind(receipt_, 1);
    EXPECT_STREQ(kind->kind, "buffer");
    EXPECT_EQ(kind->n_held, 2u);
    EXPECT_EQ(kind->held_size, 48u);
    EXPECT_EQ(kind->n_left, 1u);
}

TEST_F(LedgerTest, EarlyUndoTakesThePieceOut)
{
    Add(REIN_LEDGER_BUFFER, 8, 1);
    Add(REIN_LEDGER_BUFFER, 16, 2);
    EXPECT_TRUE(rein_ledger_undo(ledger_, REIN_LEDGER_BUFFER, 1, nullptr));
    EXPECT_FALSE(rein_ledger_has(ledger_, REIN_LEDGER_BUFFER, 1));
    EXPECT_EQ(rein_ledger_get_size(ledger_, REIN_LEDGER_BUFFER), 16u);
    UndoAll();
    EXPECT_THAT(undone_, ElementsAre(1u, 2u));
}

TEST_F(LedgerTest, EarlyUndoThatFailsLeavesThePieceIn)
{
    g_autoptr(GError) error = nullptr;

    Add(REIN_LEDGER_BUFFER, 8, 1);
    sticky_ = { 1 };
    EXPECT_FALSE(rein_ledger_undo(ledger_, REIN_LEDGER_BUFFER, 1, &error));
    EXPECT_STREQ(error->message, "piece 1 sticks");
    EXPECT_TRUE(rein_ledger_has(ledger_, REIN_LEDGER_BUFFER, 1));
    sticky_.clear();
    UndoAll();
    EXPECT_THAT(undone_, ElementsAre(1u, 1u));
    EXPECT_EQ(rein_receipt_get_step(receipt_, 0)->error, nullptr);
}

TEST_F(LedgerTest, EarlyUndoOfAnUnknownPieceIsRefused)
{
    rein_test::Criticals criticals;

    Add(REIN_LEDGER_BUFFER, 8, 1);
    EXPECT_FALSE(rein_ledger_undo(ledger_, REIN_LEDGER_BUFFER, 2, nullptr));
    EXPECT_FALSE(rein_ledger_undo(ledger_, REIN_LEDGER_PROGRAM, 1, nullptr));
    EXPECT_EQ(criticals.Take(), 2u);
    EXPECT_THAT(undone_, IsEmpty());
    EXPECT_EQ(rein_ledger_get_n_entries(ledger_), 1u);
}

TEST_F(LedgerTest, TokensOfDifferentKindsAreDifferentPieces)
{
    Add(REIN_LEDGER_PROGRAM, 0, 5);
    Add(REIN_LEDGER_BUFFER, 8, 5);
    EXPECT_TRUE(rein_ledger_undo(ledger_, REIN_LEDGER_PROGRAM, 5, nullptr));
    EXPECT_TRUE(rein_ledger_has(ledger_, REIN_LEDGER_BUFFER, 5));
    EXPECT_FALSE(rein_ledger_has(ledger_, REIN_LEDGER_PROGRAM, 5));
}

TEST_F(LedgerTest, SizeIsThatOfTheKind)
{
    Add(REIN_LEDGER_BUFFER, G_GUINT64_CONSTANT(5) << 32, 1);
    Add(REIN_LEDGER_BUFFER, 1, 2);
    Add(REIN_LEDGER_PROGRAM, 100, 3);
    EXPECT_EQ(rein_ledger_get_size(ledger_, REIN_LEDGER_BUFFER), (G_GUINT64_CONSTANT(5) << 32) + 1);
    EXPECT_EQ(rein_ledger_get_size(ledger_, "scratch"), 0u);
    EXPECT_EQ(rein_ledger_get_n_entries(ledger_), 3u);
}

TEST_F(LedgerTest, UndoingAnEmptyLedgerWritesNothing)
{
    UndoAll();
    EXPECT_EQ(rein_receipt_get_n_steps(receipt_), 0u);
    EXPECT_EQ(rein_receipt_get_n_kinds(receipt_), 0u);
    EXPECT_TRUE(rein_receipt_is_clean(receipt_));
}

TEST_F(LedgerTest, FreeingUndoesNothing)
{
    Add(REIN_LEDGER_BUFFER, 8, 1);
    g_clear_pointer(&ledger_, rein_ledger_free);
    EXPECT_THAT(undone_, IsEmpty());
    rein_ledger_free(nullptr);
}

} // namespace
