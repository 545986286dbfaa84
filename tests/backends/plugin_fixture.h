/* SPDX-License-Identifier: MIT */

/*
 * A plugin as a core sees it: loaded with dlopen(), called through its table, on the device of the
 * backend that the program runs on. Folders, settings and log belong to one test; what a test leaves
 * open is closed after it. A plugin that may not be unloaded stays.
 */

#pragma once

#include <gmock/gmock.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "backends.h"
#include "rein/plugin_abi.h"

class PluginFixture : public ::testing::Test
{
  protected:
    static constexpr uint64_t kJob = 11;
    static constexpr uint64_t kOtherJob = 12;

    void SetUp() override;
    void TearDown() override;

    /* What probe() finds; and the backend's device among that. */
    std::vector<ReinDeviceInfo> Probe();
    ReinDeviceInfo Info();

    /* Opens the device with the settings so far; it is closed by Close() or by TearDown(). */
    ReinStatus TryOpen();
    void Open();
    void Close();
    /* Closes and opens again, with these settings changed. */
    void Reopen(const rein_test::Settings &changes = {});

    ReinStatus TryBuild(const std::string &text, uint64_t *program, uint64_t job = kJob,
                        uint32_t flags = 0);
    uint64_t Build(const std::string &text, uint64_t job = kJob);
    uint64_t Buffer(uint64_t size, uint64_t job = kJob);
    uint64_t BufferOf(const std::vector<uint32_t> &words, uint64_t job = kJob);
    std::vector<uint32_t> Words(uint64_t buffer, size_t n_words, uint64_t job = kJob);
    ReinUsage Usage(uint64_t job = kJob);
    ReinUsage Cleanup(uint64_t job = kJob);

    /* A stage of single buffers; Slice() of whole rounds over stages, or of one stage's items. */
    static ReinStage Stage(uint64_t program, const char *kernel, uint32_t n_items,
                           const std::vector<uint64_t> &buffers);
    ReinSlice Slice(const std::vector<ReinStage> &stages, uint32_t n_rounds = 1);
    ReinStatus TryRun(const ReinSlice &slice, uint64_t job = kJob);
    void Run(const ReinSlice &slice, uint64_t job = kJob);

    /* All bytes of a file; and the dialect as the core hands it over. */
    static std::string ReadFile(const std::string &path);
    static const std::string &Dialect();

    static std::string Digest(const std::string &text);
    std::string Logged();
    static std::vector<std::string> FilesIn(const std::string &folder);

    const rein_test::Backend &backend = rein_test::CurrentBackend();
    const ReinPluginTable *table = nullptr;
    ReinPluginDevice *device = nullptr;
    ReinHost host = {};
    rein_test::Settings settings;
    std::string folder; /* of this test; removed after it */
    std::string cache;
    std::string scratch;
    volatile uint32_t stop = 0;
    ReinSliceReport report = {};
    char text[REIN_MSG_SIZE] = "";
    ReinMsg msg = {};

  private:
    void Load();
    void MakeFolders();
    static void Log(void *context, int32_t level, const char *text);
    static const char *Setting(void *context, const char *key);

    void *library = nullptr;
    std::mutex log_mutex;
    std::string log;
    std::vector<ReinStage> slice_stages;
};
