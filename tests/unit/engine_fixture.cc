/* SPDX-License-Identifier: MIT */

#include "engine_fixture.h"

#include <engine_kernels.h>

#include <cinttypes>
#include <cstdio>

#include "device_private.h"
#include "plugin_private.h"
#include "probe_private.h"

namespace rein_test
{

namespace
{

/* The CPU plugin; it stays loaded. */
ReinPlugin *
CpuPlugin()
{
    static ReinPlugin *plugin = [] {
        g_autoptr(GError) error = nullptr;
        ReinPlugin *loaded = rein_plugin_load(REIN_PLUGIN_DIR "/rein_plugin_cpu.so", &error);

        EXPECT_NE(loaded, nullptr) << error->message;
        return loaded;
    }();

    return plugin;
}

GHashTable *
NewSettings(const std::string &threads, const std::string &level)
{
    GHashTable *settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    g_hash_table_insert(settings, g_strdup("cpu.threads"), g_strdup(threads.c_str()));
    g_hash_table_insert(settings, g_strdup("cpu.level"), g_strdup(level.c_str()));
    g_hash_table_insert(settings, g_strdup("cache-folder"),
                        g_build_filename(g_get_user_cache_dir(), "engine", nullptr));
    return settings;
}

ReinDevice *
OpenCpu(ReinPlugin *plugin, const std::string &threads, const std::string &level)
{
    g_autoptr(GHashTable) settings = NewSettings(threads, level);
    g_autoptr(GArray) devices = g_array_new(FALSE, TRUE, sizeof(ReinDeviceInfo));
    g_autofree char *reason = rein_probe(plugin, settings, devices);
    g_autoptr(GError) error = nullptr;

    EXPECT_EQ(devices->len, 1u) << reason;
    ReinDevice *device = rein_device_open(plugin, &g_array_index(devices, ReinDeviceInfo, 0),
                                          settings, nullptr, &error);
    if (g_error_matches(error, REIN_ERROR, REIN_ERROR_UNSUPPORTED)) {
        return nullptr;
    }
    EXPECT_NE(device, nullptr) << error->message;
    return device;
}

} // namespace

EngineRun::EngineRun(ReinDevice *device, ReinProblem *problem)
    : evolution_(rein_evolution_new(device, problem)),
      is_int16_(rein_problem_get_genome_kind(problem) == REIN_GENOME_INT16)
{
    rein_evolution_set_record_cb(evolution_, Keep, this);
}

EngineRun::~EngineRun()
{
    rein_result_unref(result_);
    rein_evolution_free(evolution_);
}

ReinOutcome
EngineRun::Go(GCancellable *cancellable, ReinProgressCb callback, gpointer user_data)
{
    result_ = rein_evolution_run(evolution_, cancellable, callback, user_data);
    return rein_result_get_outcome(result_);
}

std::vector<std::string>
EngineRun::Course() const
{
    std::vector<std::string> course;

    for (const ReinRecord &record : records_) {
        char line[256];
        int length =
            std::snprintf(line, sizeof line, "%u: %u %u %u %08x", record.round, record.best_index,
                          record.n_evaluated, record.n_nan, record.digest);
        for (unsigned plane = 0; plane < record.n_planes; plane++) {
            length += std::snprintf(line + length, sizeof line - static_cast<size_t>(length),
                                    " %.17g %.17g", record.best[plane], record.ever[plane]);
        }
        course.push_back(line);
    }
    return course;
}

std::vector<uint32_t>
EngineRun::BestGenes() const
{
    GBytes *bytes = rein_result_get_best_genes(result_);
    gsize size = 0;

    if (bytes == nullptr) {
        return {};
    }
    gconstpointer data = g_bytes_get_data(bytes, &size);
    if (is_int16_) {
        const auto *genes = static_cast<const uint16_t *>(data);
        return std::vector<uint32_t>(genes, genes + size / sizeof *genes);
    }
    const auto *genes = static_cast<const uint32_t *>(data);
    return std::vector<uint32_t>(genes, genes + size / sizeof *genes);
}

void
EngineRun::Keep(const ReinRecord *record, gpointer data)
{
    auto *self = static_cast<EngineRun *>(data);

    self->records_.push_back(*record);
    if (self->on_record) {
        self->on_record(*record);
    }
}

void
EngineFixture::TearDown()
{
    g_clear_pointer(&problem_, rein_problem_unref);
    Close();
    if (wrapping_ != nullptr) {
        EXPECT_TRUE(wrapping_->WaitUntilClosed());
        EXPECT_THAT(wrapping_->Breaches(), testing::IsEmpty());
        wrapping_.reset();
    }
}

ReinDevice *
EngineFixture::Open(const std::string &threads, const std::string &level)
{
    Close();
    device_ = OpenCpu(CpuPlugin(), threads, level);
    return device_;
}

ReinDevice *
EngineFixture::OpenWrapped(const std::string &threads)
{
    Close();
    if (wrapping_ == nullptr) {
        wrapping_ = std::make_unique<WrappingTable>(rein_plugin_get_table(CpuPlugin()));
    }
    g_autoptr(ReinPlugin) plugin = rein_plugin_new_for_table(wrapping_->table(), nullptr);
    device_ = OpenCpu(plugin, threads, "auto");
    return device_;
}

void
EngineFixture::Close()
{
    g_clear_pointer(&device_, rein_device_unref);
}

ReinProblem *
EngineFixture::NewProblem(const char *kernel, uint32_t n_genes, uint32_t bound, ReinGenomeKind kind,
                          const char *improve)
{
    g_autoptr(GBytes) text = g_bytes_new_static(engine_kernels, engine_kernels_size);
    const std::vector<guint32> bounds(n_genes, bound);

    g_clear_pointer(&problem_, rein_problem_unref);
    problem_ = rein_problem_new(kernel, kind, n_genes);
    rein_problem_set_kernel(problem_, "engine_kernels.cl", text, kernel, improve);
    rein_problem_set_bounds(problem_, bounds.data());
    return problem_;
}

void
EngineFixture::ExpectClean(ReinReceipt *receipt)
{
    EXPECT_TRUE(rein_receipt_is_clean(receipt));
    EXPECT_FALSE(rein_receipt_is_abandoned(receipt));
    EXPECT_EQ(rein_receipt_get_leaked_size(receipt), 0u);
    EXPECT_EQ(rein_receipt_get_n_launches_after_stop(receipt), 0u);
    for (guint i = 0; i < rein_receipt_get_n_kinds(receipt); i++) {
        const ReinReceiptKind *kind = rein_receipt_get_kind(receipt, i);
        EXPECT_EQ(kind->n_left, 0u) << kind->kind;
    }
}

GBytes *
NewGenes16(const std::vector<uint16_t> &genes)
{
    return g_bytes_new(genes.data(), genes.size() * sizeof genes[0]);
}

GBytes *
NewGenes32(const std::vector<uint32_t> &genes)
{
    return g_bytes_new(genes.data(), genes.size() * sizeof genes[0]);
}

} // namespace rein_test
