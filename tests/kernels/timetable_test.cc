/* SPDX-License-Identifier: MIT */
#include "ctt.h"
#include "ctt_block.h"
#include "native_timetable.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace
{

constexpr guint32 kInterleave = 16; /* REIN_INTERLEAVE of the native build */
constexpr guint32 kLastProgress = G_MAXUINT32;

struct InstanceFree {
    void
    operator()(CttInstance *instance) const
    {
        ctt_instance_free(instance);
    }
};
using Instance = std::unique_ptr<CttInstance, InstanceFree>;
using Genome = std::vector<CttGene>;

std::string
DataPath(const std::string &name)
{
    return std::string(REIN_TEST_DATA_DIR "/itc2007/") + name;
}

Instance
ReadInstance(const std::string &name)
{
    g_autoptr(GError) error = nullptr;
    Instance instance(ctt_instance_read(DataPath(name + ".ctt").c_str(), &error));

    EXPECT_NE(instance, nullptr) << (error != nullptr ? error->message : "");
    return instance;
}

Instance
ParseInstance(const std::string &text)
{
    g_autoptr(GError) error = nullptr;
    Instance instance(ctt_instance_parse(text.data(), text.size(), "test.ctt", &error));

    EXPECT_NE(instance, nullptr) << (error != nullptr ? error->message : "");
    return instance;
}

/* Courses of `n_lectures`, a curriculum for each two neighbours, the first period forbidden to all. */
std::string
InstanceText(guint32 n_courses, guint32 n_lectures, guint32 n_rooms, guint32 n_days,
             guint32 n_hours)
{
    std::string text = "Name: made\nCourses: " + std::to_string(n_courses) +
                       "\nRooms: " + std::to_string(n_rooms) + "\nDays: " + std::to_string(n_days) +
                       "\nPeriods_per_day: " + std::to_string(n_hours) +
                       "\nCurricula: " + std::to_string(n_courses - 1) +
                       "\nConstraints: " + std::to_string(n_courses) + "\n\nCOURSES:\n";

    for (guint32 i = 0; i < n_courses; i++) {
        text += "c" + std::to_string(i) + " t" + std::to_string(i / 3) + " " +
                std::to_string(n_lectures) + " 3 " + std::to_string(20 + i % 7) + "\n";
    }
    text += "\nROOMS:\n";
    for (guint32 i = 0; i < n_rooms; i++) {
        text += "r" + std::to_string(i) + " " + std::to_string(22 + i) + "\n";
    }
    text += "\nCURRICULA:\n";
    for (guint32 i = 0; i + 1 < n_courses; i++) {
        text += "q" + std::to_string(i) + " 2 c" + std::to_string(i) + " c" +
                std::to_string(i + 1) + "\n";
    }
    text += "\nUNAVAILABILITY_CONSTRAINTS:\n";
    for (guint32 i = 0; i < n_courses; i++) {
        text += "c" + std::to_string(i) + " 0 0\n";
    }
    return text + "\nEND.\n";
}

std::vector<std::string>
AllInstances()
{
    return {
        "comp01", "comp02", "comp03", "comp04", "comp05", "comp06", "comp07", "toy", "toytoy"
    };
}

using Costs = std::pair<gint32, gint32>; /* hard, soft */

/* A population and the buffers of its kernels, laid out as the CPU plugin has them. */
class Population
{
  public:
    Population(const CttInstance *instance, guint32 n_items, guint32 seed)
        : instance_(instance), n_items_(n_items), n_genes_(instance->n_lectures), params_(32)
    {
        const guint32 n_tiles = (n_items + kInterleave - 1) / kInterleave;

        block_ = ctt_block_new(instance, nullptr);
        genes_.resize(n_tiles * kInterleave * n_genes_);
        state_.resize(n_tiles * kInterleave * 2);
        changed_.assign(n_items, 1);
        fitness_.assign(2 * n_items, -1);
        params_[0] = n_items;
        params_[1] = n_genes_;
        params_[2] = 2;
        params_[4] = seed;
        params_[13] = ctt_block_n_scratch(instance);
        params_[14] = 2;
        FillScratch(0xA5A5A5A5u);
    }

    ~Population()
    {
        g_bytes_unref(block_);
    }
    Population(const Population &) = delete;
    Population &operator=(const Population &) = delete;

    void
    FillScratch(guint32 value)
    {
        scratch_.assign(static_cast<gsize>(params_[13]) * n_items_, value);
    }

    void
    SetGenome(guint32 item, const Genome &genome)
    {
        for (guint32 i = 0; i < n_genes_; i++) {
            genes_[At(item, i, n_genes_)] = genome[i];
        }
    }

    void
    Randomise(guint32 seed)
    {
        std::mt19937 random(seed);

        for (guint32 item = 0; item < n_items_; item++) {
            Genome genome(n_genes_);
            for (CttGene &gene : genome) {
                gene = static_cast<CttGene>(random() % (ctt_instance_not_placed(instance_) + 1u));
            }
            SetGenome(item, genome);
        }
    }

    Genome
    GetGenome(guint32 item) const
    {
        Genome genome(n_genes_);

        for (guint32 i = 0; i < n_genes_; i++) {
            genome[i] = genes_[At(item, i, n_genes_)];
        }
        return genome;
    }

    Costs
    Evaluate(guint32 item)
    {
        std::fill(changed_.begin(), changed_.end(), 1u);
        RunFitness(item);
        return GetFitness(item);
    }

    void
    RunFitness(guint32 item)
    {
        void *buffers[] = { params_.data(),  genes_.data(), changed_.data(),
                            fitness_.data(), Block(),       scratch_.data() };

        timetable_fitness(buffers, item, item + 1, 0, 0);
    }

    void
    Improve(guint32 first, guint32 end, guint32 n_moves, guint32 round, guint32 progress)
    {
        void *buffers[] = { params_.data(), genes_.data(),   changed_.data(), fitness_.data(),
                            Block(),        scratch_.data(), state_.data() };

        params_[12] = n_moves;
        timetable_improve(buffers, first, end, round, progress);
    }

    Costs
    GetFitness(guint32 item) const
    {
        return { fitness_[item], fitness_[n_items_ + item] };
    }

    /* What improve says that its result costs. */
    Costs
    GetCounted(guint32 item) const
    {
        return { static_cast<gint32>(state_[At(item, 0, 2)]),
                 static_cast<gint32>(state_[At(item, 1, 2)]) };
    }

    guint32 &
    changed(guint32 item)
    {
        return changed_[item];
    }
    gint32 &
    soft(guint32 item)
    {
        return fitness_[n_items_ + item];
    }

  private:
    static gsize
    At(guint32 item, guint32 i, guint32 n)
    {
        return (item / kInterleave * n + i) * kInterleave + item % kInterleave;
    }

    void *
    Block()
    {
        return const_cast<void *>(g_bytes_get_data(block_, nullptr));
    }

    const CttInstance *instance_;
    guint32 n_items_;
    guint32 n_genes_;
    GBytes *block_;
    std::vector<guint32> params_;
    std::vector<CttGene> genes_;
    std::vector<guint32> changed_;
    std::vector<gint32> fitness_;
    std::vector<guint32> state_;
    std::vector<guint32> scratch_;
};

Costs
HostScore(const CttInstance *instance, const Genome &genome)
{
    CttScore score;

    ctt_score_genome(instance, genome.data(), &score);
    return { static_cast<gint32>(score.hard), static_cast<gint32>(score.soft) };
}

class TimetableTest : public ::testing::Test
{
  protected:
    /* Compares kernel and validator on each row of a table of expected costs. */
    static guint32
    CheckExpected(const std::string &folder)
    {
        g_autofree char *text = nullptr;
        guint32 n_checked = 0;

        EXPECT_TRUE(g_file_get_contents(DataPath(folder + "/expected.tsv").c_str(), &text, nullptr,
                                        nullptr));
        g_auto(GStrv) lines = g_strsplit(text != nullptr ? text : "", "\n", -1);
        for (guint i = 1; lines[0] != nullptr && lines[i] != nullptr; i++) {
            g_auto(GStrv) fields = g_strsplit(lines[i], "\t", -1);
            if (g_strv_length(fields) >= 11) {
                CheckSolution(folder + "/" + fields[0], fields);
                n_checked++;
            }
        }
        return n_checked;
    }

    static void
    CheckSolution(const std::string &name, char *const *fields)
    {
        const Instance instance = ReadInstance(fields[1]);
        g_autoptr(CttSolution) solution =
            ctt_solution_read(instance.get(), DataPath(name).c_str(), nullptr);
        Genome genome(instance->n_lectures);
        Population population(instance.get(), 1, 1);
        const gint32 hard = std::stoi(fields[2]) + std::stoi(fields[3]) + std::stoi(fields[4]) +
                            std::stoi(fields[5]);

        ASSERT_NE(solution, nullptr) << name;
        ctt_solution_to_genome(solution, instance.get(), genome.data());
        population.SetGenome(0, genome);
        EXPECT_EQ(population.Evaluate(0), Costs(hard, std::stoi(fields[10]))) << name;
    }

    /* Runs rounds from random genomes, hot to cold; each must cost what improve counted. */
    static void
    CheckCounting(const CttInstance *instance, guint32 n_rounds, guint32 n_moves)
    {
        Population population(instance, 3, 7);

        population.Randomise(11);
        for (guint32 round = 0; round < n_rounds; round++) {
            const guint32 progress = kLastProgress / (n_rounds - 1) * round;
            for (guint32 item = 0; item < 3; item++) {
                population.Improve(item, item + 1, n_moves, round, progress);
                ASSERT_EQ(population.Evaluate(item), population.GetCounted(item)) << round;
                ASSERT_EQ(population.GetFitness(item),
                          HostScore(instance, population.GetGenome(item)));
            }
        }
    }
};

TEST_F(TimetableTest, FitnessOfSolutionsIsTheValidators)
{
    EXPECT_EQ(CheckExpected("solutions"), 17u);
}

TEST_F(TimetableTest, FitnessOfMutatedSolutionsIsTheValidators)
{
    EXPECT_EQ(CheckExpected("mutated"), 18u);
}

TEST_F(TimetableTest, FitnessOfRandomGenomesIsTheHostsScore)
{
    for (const std::string &name : AllInstances()) {
        const Instance instance = ReadInstance(name);
        Population population(instance.get(), 20, 1);

        population.Randomise(5);
        for (guint32 item = 0; item < 20; item++) {
            EXPECT_EQ(population.Evaluate(item),
                      HostScore(instance.get(), population.GetGenome(item)))
                << name << " " << item;
        }
    }
}

TEST_F(TimetableTest, FitnessOfUnchangedIndividualIsLeftAlone)
{
    const Instance instance = ReadInstance("toy");
    Population population(instance.get(), 2, 1);

    population.changed(0) = 0;
    population.soft(0) = 4711;
    population.RunFitness(0);
    EXPECT_EQ(population.soft(0), 4711);
}

TEST_F(TimetableTest, ImproveCountsWhatItsResultCosts)
{
    for (const std::string &name : AllInstances()) {
        SCOPED_TRACE(name);
        CheckCounting(ReadInstance(name).get(), 40, 300);
    }
}

TEST_F(TimetableTest, ImproveCountsWhatItsResultCostsOverManyPeriods)
{
    const Instance instance = ParseInstance(InstanceText(12, 8, 3, 9, 11));

    ASSERT_GT(instance->n_periods, 64u);
    CheckCounting(instance.get(), 60, 300);
}

TEST_F(TimetableTest, ImproveCountsWhatItsResultCostsInDaysOfOnePeriod)
{
    CheckCounting(ParseInstance(InstanceText(9, 6, 2, 70, 1)).get(), 60, 300);
}

TEST_F(TimetableTest, ImproveCountsWhatItsResultCostsInOneRoom)
{
    CheckCounting(ParseInstance(InstanceText(5, 4, 1, 5, 5)).get(), 60, 300);
}

TEST_F(TimetableTest, ImproveCountsWhatItsResultCostsWithTooFewPlaces)
{
    CheckCounting(ParseInstance(InstanceText(6, 9, 1, 2, 3)).get(), 60, 300);
}

TEST_F(TimetableTest, MovesChangeTheCostByWhatTheyWereCostedAt)
{
    std::vector<Instance> instances;

    for (const std::string &name : AllInstances()) {
        instances.push_back(ReadInstance(name));
    }
    instances.push_back(ParseInstance(InstanceText(12, 8, 3, 9, 11)));
    instances.push_back(ParseInstance(InstanceText(9, 6, 2, 70, 1)));
    instances.push_back(ParseInstance(InstanceText(6, 9, 1, 2, 3)));
    for (const Instance &instance : instances) {
        g_autoptr(GBytes) block = ctt_block_new(instance.get(), nullptr);
        std::vector<guint32> row(ctt_block_n_scratch(instance.get()), 0xA5A5A5A5u);
        Genome genome(instance->n_lectures);

        ctt_construct(instance.get(), 3, genome.data());
        EXPECT_EQ(native_timetable_check_deltas(
                      static_cast<const gint32 *>(g_bytes_get_data(block, nullptr)), row.data(),
                      genome.data(), 5, 50000),
                  0u)
            << instance->name;
    }
}

TEST_F(TimetableTest, ImproveOverManyPeriodsFindsAFeasibleTimetable)
{
    const Instance instance = ParseInstance(InstanceText(12, 8, 3, 9, 11));
    Population population(instance.get(), 1, 3);

    population.Randomise(3);
    for (guint32 round = 0; round < 20; round++) {
        population.Improve(0, 1, 10000, round, kLastProgress / 20 * round);
    }
    EXPECT_EQ(population.Evaluate(0).first, 0);
}

TEST_F(TimetableTest, ImproveFromRandomGenomeMakesComp01Feasible)
{
    const Instance instance = ReadInstance("comp01");
    Population population(instance.get(), 1, 3);

    population.Randomise(3);
    ASSERT_GT(population.Evaluate(0).first, 50);
    for (guint32 round = 0; round < 40; round++) {
        population.Improve(0, 1, 10000, round, kLastProgress / 40 * round);
    }
    EXPECT_EQ(population.Evaluate(0).first, 0);
    EXPECT_LT(population.GetFitness(0).second, 50);
}

TEST_F(TimetableTest, ImproveNeverBreaksAvailabilityOrRoomOccupation)
{
    const Instance instance = ReadInstance("comp05");
    Population population(instance.get(), 1, 3);

    population.Randomise(3);
    for (guint32 round = 0; round < 10; round++) {
        CttScore score;
        population.Improve(0, 1, 1000, round, 0);
        ctt_score_genome(instance.get(), population.GetGenome(0).data(), &score);
        EXPECT_EQ(score.cost[CTT_KIND_AVAILABILITY], 0);
        EXPECT_EQ(score.cost[CTT_KIND_ROOM_OCCUPATION], 0);
        EXPECT_EQ(score.n_warnings, 0u);
    }
}

TEST_F(TimetableTest, ImproveIsTheSameWhateverScratchHeld)
{
    for (const std::string &name : AllInstances()) {
        const Instance instance = ReadInstance(name);
        std::vector<Genome> results;

        for (guint32 fill : { 0xA5A5A5A5u, 0u, 0xFFFFFFFFu }) {
            Population population(instance.get(), 1, 9);
            population.Randomise(2);
            for (guint32 round = 0; round < 5; round++) {
                population.FillScratch(fill);
                population.Improve(0, 1, 5000, round, kLastProgress / 5 * round);
            }
            results.push_back(population.GetGenome(0));
        }
        EXPECT_EQ(results[0], results[1]) << name;
        EXPECT_EQ(results[0], results[2]) << name;
    }
}

TEST_F(TimetableTest, ImproveIsTheSameItemByItemAndTogether)
{
    const Instance instance = ReadInstance("comp01");
    Population together(instance.get(), 18, 9);
    Population apart(instance.get(), 18, 9);

    together.Randomise(2);
    apart.Randomise(2);
    together.Improve(0, 18, 500, 4, 0);
    for (guint32 item = 18; item > 0; item--) {
        apart.Improve(item - 1, item, 500, 4, 0);
    }
    for (guint32 item = 0; item < 18; item++) {
        EXPECT_EQ(together.GetGenome(item), apart.GetGenome(item)) << item;
    }
}

TEST_F(TimetableTest, ImproveDiffersBySeedRoundAndItem)
{
    const Instance instance = ReadInstance("comp01");
    Genome start(instance->n_lectures);
    std::vector<Genome> results;

    ctt_construct(instance.get(), 1, start.data());
    for (const auto &[seed, round] : { std::pair(1u, 0u), std::pair(2u, 0u), std::pair(1u, 1u) }) {
        Population population(instance.get(), 2, seed);
        population.SetGenome(0, start);
        population.SetGenome(1, start);
        population.Improve(0, 2, 1000, round, 0);
        results.push_back(population.GetGenome(0));
        results.push_back(population.GetGenome(1));
    }
    std::sort(results.begin(), results.end());
    EXPECT_EQ(std::unique(results.begin(), results.end()), results.end());
}

TEST_F(TimetableTest, ImproveMarksWhatItChangedAndNothingElse)
{
    const Instance instance = ReadInstance("toy");
    Genome start(instance->n_lectures);
    Population population(instance.get(), 1, 1);

    ctt_construct(instance.get(), 1, start.data());
    population.SetGenome(0, start);
    population.changed(0) = 0;
    population.Improve(0, 1, 0, 0, 0);
    EXPECT_EQ(population.changed(0), 0u);
    EXPECT_EQ(population.GetGenome(0), start);
    population.Improve(0, 1, 1000, 0, 0);
    EXPECT_EQ(population.changed(0), population.GetGenome(0) == start ? 0u : 1u);
    EXPECT_NE(population.GetGenome(0), start);
}

TEST_F(TimetableTest, ImproveDrawsTheDialectsRandomNumbers)
{
    const guint32 seed[] = { 0xDEADBEEFu, 42u };

    for (guint32 move : { 0u, 1u, 15u, 16u, 17u, 49999u }) {
        guint32 words[4];
        guint32 expected[4];
        native_timetable_words(seed, 3, 77, move, words, expected);
        EXPECT_EQ(memcmp(words, expected, sizeof words), 0) << move;
    }
}

TEST_F(TimetableTest, BlockOfSameInstanceIsSameBytes)
{
    const Instance instance = ReadInstance("comp03");
    g_autoptr(GBytes) first = ctt_block_new(instance.get(), nullptr);
    g_autoptr(GBytes) second = ctt_block_new(instance.get(), nullptr);

    EXPECT_TRUE(g_bytes_equal(first, second));
}

TEST_F(TimetableTest, EvolutionOfInstanceTooLargeForSearchHasNoMoves)
{
    const Instance large = ParseInstance(InstanceText(4096, 1, 4, 64, 64));
    const Instance small = ReadInstance("comp01");
    CttEvolution evolution;

    ctt_evolution_init(&evolution, large.get());
    EXPECT_EQ(evolution.n_moves, 0u);
    EXPECT_LT(ctt_block_n_scratch(large.get()), CTT_MAX_SEARCH_WORDS);
    ctt_evolution_init(&evolution, small.get());
    EXPECT_GT(evolution.n_moves, 0u);
}

} // namespace
