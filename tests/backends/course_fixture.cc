/* SPDX-License-Identifier: MIT */

#include "course_fixture.h"

#include "device_private.h"
#include "plugin_private.h"
#include "probe_private.h"

namespace rein_test
{

namespace
{

constexpr gint64 kMs = 1000 * 1000;

/* It stays loaded. */
ReinPlugin *
BackendPlugin()
{
    static ReinPlugin *plugin = [] {
        g_autoptr(GError) error = nullptr;
        ReinPlugin *loaded = rein_plugin_load(CurrentBackend().plugin.c_str(), &error);

        EXPECT_NE(loaded, nullptr) << error->message;
        return loaded;
    }();

    return plugin;
}

GHashTable *
NewSettings(const Backend &backend)
{
    const std::string prefix = backend.device.substr(0, backend.device.find(':')) + ".";
    GHashTable *settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (const auto &[key, value] : backend.settings) {
        g_hash_table_insert(settings, g_strdup((prefix + key).c_str()), g_strdup(value.c_str()));
    }
    g_hash_table_insert(settings, g_strdup("cache-folder"),
                        g_build_filename(g_get_user_cache_dir(), "engine", nullptr));
    return settings;
}

} // namespace

void
CourseFixture::SetUp()
{
    const testing::TestInfo *info = testing::UnitTest::GetInstance()->current_test_info();
    const std::string missing = WhyMissing(backend);
    const std::string skipped = WhySkipped(backend, info->test_suite_name(), info->name());

    if (!missing.empty() || !skipped.empty()) {
        GTEST_SKIP() << missing << skipped;
    }
}

void
CourseFixture::TearDown()
{
    g_clear_pointer(&file, rein_problem_file_free);
    EngineFixture::TearDown();
}

void
CourseFixture::OpenBackend()
{
    g_autoptr(GHashTable) settings = NewSettings(backend);
    g_autoptr(GArray) devices = g_array_new(FALSE, TRUE, sizeof(ReinDeviceInfo));
    g_autofree char *reason = rein_probe(BackendPlugin(), settings, devices);
    g_autoptr(GError) error = nullptr;

    Close();
    for (guint i = 0; i < devices->len; i++) {
        const ReinDeviceInfo *found = &g_array_index(devices, ReinDeviceInfo, i);
        if (backend.device == found->id) {
            device_ = rein_device_open(BackendPlugin(), found, settings, nullptr, &error);
            ASSERT_NE(device_, nullptr) << error->message;
            return;
        }
    }
    FAIL() << backend.device << " is not there: " << reason;
}

void
CourseFixture::LoadTimetable(const std::string &name)
{
    const std::string path = REIN_TEST_DATA_DIR "/itc2007/" + name + ".ctt";
    g_autoptr(GError) error = nullptr;

    file = rein_problem_file_load(path.c_str(), &error);
    ASSERT_NE(file, nullptr) << error->message;
    g_clear_pointer(&problem_, rein_problem_unref);
    problem_ = file->format->make_problem(file->instance);
}

void
CourseFixture::Recommend(ReinEvolution *evolution, guint64 seed, guint32 n_moves) const
{
    const gsize size = rein_problem_get_genome_size(problem_);
    ReinTuning tuning = {};

    file->format->recommend(file->instance, &tuning);
    std::vector<guint8> genes(size * tuning.population);
    for (guint32 i = 0; i < tuning.population; i++) {
        file->format->construct(file->instance, seed * tuning.population + i, &genes[i * size]);
    }
    g_autoptr(GBytes) start = g_bytes_new(genes.data(), genes.size());
    rein_evolution_set_population(evolution, tuning.population);
    rein_evolution_set_seed(evolution, seed);
    rein_evolution_set_operators(evolution, tuning.select_rate, tuning.tournament,
                                 tuning.cross_rate, tuning.mutate_rate, tuning.mutate_genes,
                                 tuning.n_elites, n_moves > 0 ? n_moves : tuning.n_moves);
    rein_evolution_set_start(evolution, start, tuning.population);
}

Course
CourseFixture::RunHere(const std::function<void(ReinEvolution *)> &set)
{
    EngineRun run(device_, problem_);

    set(*run);
    run.Go();
    if (rein_result_get_error(run.result()) != nullptr) {
        ADD_FAILURE() << rein_result_get_error(run.result())->message;
    }
    ExpectClean(run.receipt());
    return { run.Course(), run.BestGenes() };
}

void
CourseFixture::ExpectOneCourse(const std::function<void(ReinEvolution *)> &set, size_t n_least)
{
    ASSERT_NE(Open(), nullptr);
    const Course expected = RunHere(set);
    ASSERT_GE(expected.records.size(), n_least);
    ASSERT_NO_FATAL_FAILURE(OpenBackend());
    /* llvmpipe compiles at every launch, and slices of 1 ms are as many launches as there can be */
    const std::vector<gint64> slices =
        backend.name == "rusticl" ? std::vector<gint64>{ 100 } : std::vector<gint64>{ 1, 100 };
    for (const gint64 slice_ms : slices) {
        SCOPED_TRACE(backend.device + ", slices of " + std::to_string(slice_ms) + " ms");
        const Course course = RunHere([&set, slice_ms](ReinEvolution *evolution) {
            set(evolution);
            rein_evolution_set_slice_target(evolution, slice_ms * kMs);
        });
        ASSERT_EQ(course.records.size(), expected.records.size());
        for (size_t i = 0; i < course.records.size(); i++) {
            ASSERT_EQ(course.records[i], expected.records[i]);
        }
        EXPECT_EQ(course.genes, expected.genes);
    }
}

} // namespace rein_test
