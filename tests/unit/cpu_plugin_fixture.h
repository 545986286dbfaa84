/* SPDX-License-Identifier: MIT */

/*
 * The CPU plugin as a core sees it: loaded with dlopen(), called through its table. Folders, settings
 * and log belong to one test; what a test leaves open is closed after it.
 */

#pragma once

#include <gmock/gmock.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "rein/plugin_abi.h"

class CpuPluginFixture : public ::testing::Test
{
  protected:
    static constexpr uint64_t kJob = 11;
    static constexpr uint64_t kOtherJob = 12;

    void SetUp() override;
    void TearDown() override;

    /* Opens cpu:0 with the settings so far; the device is closed by Close() or by TearDown(). */
    ReinStatus TryOpen();
    void Open();
    void Close();
    /* Closes and opens again, with these two settings changed ("" leaves them alone). */
    void Reopen(const std::string &threads, const std::string &level = "");

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

    static std::string Digest(const std::string &text);
    std::string Logged();
    std::vector<std::string> FilesIn(const std::string &folder);
    /* Writes an executable script and names it as the compiler. */
    void UseCompilerScript(const std::string &text);

    const ReinPluginTable *table = nullptr;
    ReinPluginDevice *device = nullptr;
    ReinHost host = {};
    std::map<std::string, std::string> settings;
    std::string folder; /* of this test; removed after it */
    std::string cache;
    std::string scratch;
    volatile uint32_t stop = 0;
    ReinSliceReport report = {};
    char text[REIN_MSG_SIZE] = "";
    ReinMsg msg = {};

  private:
    static void Log(void *context, int32_t level, const char *text);
    static const char *Setting(void *context, const char *key);

    void *library = nullptr;
    std::mutex log_mutex;
    std::string log;
    std::vector<ReinStage> slice_stages;
};
