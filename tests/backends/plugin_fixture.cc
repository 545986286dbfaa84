/* SPDX-License-Identifier: MIT */

#include "plugin_fixture.h"

#include <dlfcn.h>
#include <glib.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

const std::string &
PluginFixture::Dialect()
{
    static const std::string folder = REIN_TEST_DATA_DIR "/../../kernels/";
    static const std::string text =
        ReadFile(folder + "rein_kernel.h") + ReadFile(folder + "rein_math.h");

    return text;
}

std::string
PluginFixture::ReadFile(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    std::stringstream contents;

    contents << file.rdbuf();
    return contents.str();
}

void
PluginFixture::Load()
{
    library = dlopen(backend.plugin.c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << dlerror();
    auto entry = reinterpret_cast<ReinPluginEntry>(dlsym(library, REIN_PLUGIN_SYMBOL));
    ASSERT_NE(entry, nullptr) << dlerror();
    table = entry();
}

void
PluginFixture::MakeFolders()
{
    std::string pattern = ::testing::TempDir() + "rein-plugin-test-XXXXXX";

    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    cache = folder + "/cache";
    scratch = folder + "/scratch";
    std::filesystem::create_directory(cache);
    std::filesystem::create_directory(scratch);
}

void
PluginFixture::SetUp()
{
    const ::testing::TestInfo *info = ::testing::UnitTest::GetInstance()->current_test_info();
    const std::string missing = rein_test::WhyMissing(backend);
    const std::string skipped =
        rein_test::WhySkipped(backend, info->test_suite_name(), info->name());

    if (!missing.empty() || !skipped.empty()) {
        GTEST_SKIP() << missing << skipped;
    }
    ASSERT_NO_FATAL_FAILURE(Load());
    ASSERT_NO_FATAL_FAILURE(MakeFolders());
    settings = backend.settings;
    host.struct_size = sizeof host;
    host.context = this;
    host.log = Log;
    host.setting = Setting;
    host.cache_directory = cache.c_str();
    host.scratch_directory = scratch.c_str();
    msg.text = text;
    msg.size = sizeof text;
    report.struct_size = sizeof report;
}

void
PluginFixture::TearDown()
{
    Close();
    if (!folder.empty()) {
        std::filesystem::remove_all(folder);
    }
    if (table != nullptr && (table->flags & REIN_PLUGIN_UNLOADABLE) != 0) {
        dlclose(library);
    }
}

static void
KeepInfo(void *context, const ReinDeviceInfo *info)
{
    static_cast<std::vector<ReinDeviceInfo> *>(context)->push_back(*info);
}

std::vector<ReinDeviceInfo>
PluginFixture::Probe()
{
    std::vector<ReinDeviceInfo> devices;

    EXPECT_EQ(table->probe(&host, KeepInfo, &devices, &msg), REIN_OK) << text;
    return devices;
}

ReinDeviceInfo
PluginFixture::Info()
{
    for (const ReinDeviceInfo &info : Probe()) {
        if (info.id == backend.device) {
            return info;
        }
    }
    ADD_FAILURE() << backend.device << " is not there: " << text;
    return {};
}

ReinStatus
PluginFixture::TryOpen()
{
    return table->open(backend.device.c_str(), &host, &device, &msg);
}

void
PluginFixture::Open()
{
    ASSERT_EQ(TryOpen(), REIN_OK) << text;
}

void
PluginFixture::Close()
{
    if (table != nullptr) {
        table->close(device);
        device = nullptr;
    }
}

void
PluginFixture::Reopen(const rein_test::Settings &changes)
{
    Close();
    for (const auto &[key, value] : changes) {
        settings[key] = value;
    }
    Open();
}

ReinStatus
PluginFixture::TryBuild(const std::string &kernels, uint64_t *program, uint64_t job, uint32_t flags)
{
    const std::string digest = Digest(kernels);
    ReinSource source = {};

    source.struct_size = sizeof source;
    source.flags = flags;
    source.name = "user.cl";
    source.text = kernels.c_str();
    source.text_size = kernels.size();
    source.dialect = Dialect().c_str();
    source.dialect_size = Dialect().size();
    source.digest = digest.c_str();
    return table->build(device, job, &source, program, &msg);
}

uint64_t
PluginFixture::Build(const std::string &kernels, uint64_t job)
{
    uint64_t program = 0;

    EXPECT_EQ(TryBuild(kernels, &program, job), REIN_OK) << text;
    EXPECT_NE(program, 0u);
    return program;
}

uint64_t
PluginFixture::Buffer(uint64_t size, uint64_t job)
{
    uint64_t buffer = 0;

    EXPECT_EQ(table->allocate(device, job, size, REIN_BUFFER_KERNEL_READ, &buffer, &msg), REIN_OK)
        << text;
    EXPECT_NE(buffer, 0u);
    return buffer;
}

uint64_t
PluginFixture::BufferOf(const std::vector<uint32_t> &words, uint64_t job)
{
    const uint64_t buffer = Buffer(words.size() * 4, job);

    EXPECT_EQ(table->write(device, job, buffer, 0, words.data(), words.size() * 4, &msg), REIN_OK)
        << text;
    return buffer;
}

std::vector<uint32_t>
PluginFixture::Words(uint64_t buffer, size_t n_words, uint64_t job)
{
    std::vector<uint32_t> words(n_words, 0xEEEEEEEEu);

    EXPECT_EQ(table->read(device, job, buffer, 0, words.data(), n_words * 4, &msg), REIN_OK)
        << text;
    return words;
}

ReinUsage
PluginFixture::Usage(uint64_t job)
{
    ReinUsage usage = {};

    usage.struct_size = sizeof usage;
    table->usage(device, job, &usage);
    return usage;
}

ReinUsage
PluginFixture::Cleanup(uint64_t job)
{
    ReinUsage released = {};

    released.struct_size = sizeof released;
    table->cleanup(device, job, &released);
    return released;
}

ReinStage
PluginFixture::Stage(uint64_t program, const char *kernel, uint32_t n_items,
                     const std::vector<uint64_t> &buffers)
{
    ReinStage stage = {};

    stage.program = program;
    stage.kernel = kernel;
    stage.n_items = n_items;
    stage.n_buffers = static_cast<uint32_t>(buffers.size());
    for (size_t i = 0; i < buffers.size(); i++) {
        stage.buffers[i][0] = stage.buffers[i][1] = buffers[i];
    }
    return stage;
}

ReinSlice
PluginFixture::Slice(const std::vector<ReinStage> &stages, uint32_t n_rounds)
{
    ReinSlice slice = {};

    slice_stages = stages;
    slice.struct_size = sizeof slice;
    slice.stage_size = sizeof(ReinStage);
    slice.stages = slice_stages.data();
    slice.n_stages = static_cast<uint32_t>(slice_stages.size());
    slice.n_rounds = n_rounds;
    slice.budget_ns = UINT64_MAX;
    return slice;
}

ReinStatus
PluginFixture::TryRun(const ReinSlice &slice, uint64_t job)
{
    return table->run_fitness(device, job, &slice, &stop, &report, &msg);
}

void
PluginFixture::Run(const ReinSlice &slice, uint64_t job)
{
    ASSERT_EQ(TryRun(slice, job), REIN_OK) << text;
}

std::string
PluginFixture::Digest(const std::string &kernels)
{
    const std::string both = Dialect() + kernels;
    char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, both.c_str(),
                                                 static_cast<gssize>(both.size()));
    std::string copy = digest;

    g_free(digest);
    return copy;
}

std::string
PluginFixture::Logged()
{
    std::lock_guard<std::mutex> lock(log_mutex);

    return log;
}

std::vector<std::string>
PluginFixture::FilesIn(const std::string &path)
{
    std::vector<std::string> files;

    for (const auto &entry : std::filesystem::directory_iterator(path)) {
        files.push_back(entry.path().string());
    }
    return files;
}

void
PluginFixture::Log(void *context, int32_t level, const char *line)
{
    auto *self = static_cast<PluginFixture *>(context);
    std::lock_guard<std::mutex> lock(self->log_mutex);

    self->log += std::to_string(level) + " " + line + "\n";
}

const char *
PluginFixture::Setting(void *context, const char *key)
{
    auto *self = static_cast<PluginFixture *>(context);
    auto found = self->settings.find(key);

    return found != self->settings.end() ? found->second.c_str() : nullptr;
}
