/* SPDX-License-Identifier: MIT */

#include <gmock/gmock.h>

#include <set>
#include <string>

#include "receipt_private.h"
#include "result_private.h"

#include <rein/error.h>

namespace
{

class ResultTest : public testing::Test
{
  protected:
    ~ResultTest() override
    {
        rein_result_unref(result_);
    }

    ReinResult *result_ = rein_result_new();
};

TEST_F(ResultTest, EveryOutcomeHasAWordOfItsOwn)
{
    std::set<std::string> words;

    for (int i = REIN_OUTCOME_ROUNDS; i <= REIN_OUTCOME_FAILED; i++) {
        const std::string word = rein_outcome_to_string(static_cast<ReinOutcome>(i));
        EXPECT_TRUE(words.insert(word).second) << word;
        EXPECT_EQ(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), std::string::npos);
    }
    EXPECT_EQ(words.count("unknown"), 0u);
    EXPECT_STREQ(rein_outcome_to_string(REIN_OUTCOME_STOPPED), "stopped");
    EXPECT_STREQ(rein_outcome_to_string(static_cast<ReinOutcome>(99)), "unknown");
}

TEST_F(ResultTest, ABestThatWasNeverEvaluatedHasNoFitness)
{
    result_->best_genes = g_bytes_new("ab", 2);
    EXPECT_NE(rein_result_get_best_genes(result_), nullptr);
    EXPECT_EQ(rein_result_get_best(result_), nullptr);
    result_->has_best = TRUE;
    result_->best[0] = 4;
    ASSERT_NE(rein_result_get_best(result_), nullptr);
    EXPECT_EQ(rein_result_get_best(result_)[0], 4);
}

TEST_F(ResultTest, TellsWhatItWasFilledWith)
{
    result_->outcome = REIN_OUTCOME_FAILED;
    result_->error = g_error_new(REIN_ERROR, REIN_ERROR_FAILED, "broken");
    result_->n_rounds = 1;
    result_->n_evaluations = 2;
    result_->n_moves = 3;
    result_->elapsed_ns = 4;
    result_->receipt = rein_receipt_builder_seal(rein_receipt_builder_new());
    EXPECT_EQ(rein_result_get_outcome(result_), REIN_OUTCOME_FAILED);
    EXPECT_STREQ(rein_result_get_error(result_)->message, "broken");
    EXPECT_EQ(rein_result_get_n_rounds(result_), 1u);
    EXPECT_EQ(rein_result_get_n_evaluations(result_), 2u);
    EXPECT_EQ(rein_result_get_n_moves(result_), 3u);
    EXPECT_EQ(rein_result_get_elapsed_ns(result_), 4);
    EXPECT_EQ(rein_result_get_receipt(result_), result_->receipt);
}

TEST_F(ResultTest, LivesAsLongAsItsLastReference)
{
    g_autoptr(ReinResult) other = rein_result_ref(result_);

    g_clear_pointer(&result_, rein_result_unref);
    EXPECT_EQ(rein_result_get_n_rounds(other), 0u);
    rein_result_unref(nullptr);
}

} // namespace
