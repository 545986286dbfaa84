/* SPDX-License-Identifier: MIT */

/* What only librein as a shared library can show: it finds plugins and its worker beside itself. */

#include <dlfcn.h>

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "support/temporary_folder.h"

#include <rein/registry.h>

namespace
{

namespace fs = std::filesystem;

class RegistryLibraryTest : public testing::Test
{
  protected:
    void
    SetUp() override
    {
        unsetenv("REIN_PLUGIN_PATH");
        unsetenv("REIN_WORKER");
        setenv("XDG_DATA_HOME", folder_.At("data").c_str(), 1);
    }

    static fs::path
    Library()
    {
        Dl_info info = {};

        EXPECT_NE(dladdr(reinterpret_cast<void *>(&rein_registry_new), &info), 0);
        return fs::canonical(info.dli_fname);
    }

    rein_test::TemporaryFolder folder_;
};

TEST_F(RegistryLibraryTest, PluginsAndWorkerAreFoundBesideLibrein)
{
    g_autoptr(ReinRegistry) registry = rein_registry_new();
    const fs::path expected = Library().parent_path() / "rein/plugins/rein_plugin_cpu.so";
    bool is_there = false;

    rein_registry_scan(registry);
    for (guint i = 0; i < rein_registry_get_n_candidates(registry); i++) {
        const ReinCandidate *candidate = rein_registry_get_candidate(registry, i);

        if (candidate->path == expected.string()) {
            is_there = true;
            EXPECT_EQ(candidate->state, REIN_CANDIDATE_LOADED) << candidate->reason;
            EXPECT_STREQ(candidate->name, "cpu");
        }
    }
    EXPECT_TRUE(is_there) << expected;
}

TEST_F(RegistryLibraryTest, CpuPluginOpensWithNothingSet)
{
    g_autoptr(ReinRegistry) registry = rein_registry_new();
    g_autoptr(GError) error = nullptr;

    rein_registry_set(registry, "cache-folder", folder_.At("cache").c_str());
    g_autoptr(ReinDevice) device =
        rein_registry_open_device(registry, "cpu", REIN_DEVICE_IN_PROCESS, &error);
    ASSERT_NE(device, nullptr) << error->message;
    EXPECT_TRUE(rein_device_is_cpu(device));
}

} // namespace
