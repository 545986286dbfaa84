/* SPDX-License-Identifier: MIT */

/* A registry over a folder of fakes that a test puts together. */

#pragma once

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "support/temporary_folder.h"

#include <rein/error.h>
#include <rein/registry.h>

namespace rein_test
{

namespace fs = std::filesystem;

class RegistryTest : public testing::Test
{
  protected:
    void
    SetUp() override
    {
        SetPath("");
        setenv("XDG_DATA_HOME", folder_.At("data").c_str(), 1);
    }

    void
    TearDown() override
    {
        rein_registry_free(registry_);
    }

    static void
    SetPath(const std::string &path)
    {
        setenv("REIN_PLUGIN_PATH", path.c_str(), 1);
    }

    /* Puts the fake called `name` into a folder, as `file`. */
    std::string
    Put(const std::string &folder, const std::string &name, const std::string &file)
    {
        const fs::path from = fs::path(REIN_FAKE_PLUGIN_DIR) / ("rein_plugin_fake_" + name + ".so");

        folder_.MakeFolder(folder);
        fs::copy_file(from, folder_.path() / folder / file, fs::copy_options::overwrite_existing);
        return folder_.At(folder + "/" + file);
    }

    ReinRegistry *
    Registry()
    {
        if (registry_ == nullptr) {
            registry_ = rein_registry_new();
        }
        return registry_;
    }

    /* A registry that has scanned one folder with these fakes. */
    void
    Scan(const std::vector<std::string> &fakes)
    {
        folder_.MakeFolder("plugins");
        for (const std::string &fake : fakes) {
            Put("plugins", fake, "rein_plugin_" + fake + ".so");
        }
        rein_registry_add_folder(Registry(), folder_.At("plugins").c_str());
        rein_registry_scan(Registry());
    }

    /* "file state name: reason" for each candidate, "name/driver" where there is a driver. */
    std::vector<std::string>
    Candidates()
    {
        static const char *const states[] = { "loaded", "refused", "shadowed", "failed",
                                              "quarantined" };
        std::vector<std::string> rows;

        for (guint i = 0; i < rein_registry_get_n_candidates(Registry()); i++) {
            const ReinCandidate *candidate = rein_registry_get_candidate(Registry(), i);

            rows.push_back(fs::path(candidate->path).lexically_relative(folder_.path()).string() +
                           " " + states[candidate->state] + " " + candidate->name +
                           (*candidate->driver != '\0' ? "/" : "") + candidate->driver + ": " +
                           candidate->reason);
        }
        return rows;
    }

    std::vector<std::string>
    Devices()
    {
        std::vector<std::string> ids;

        for (guint i = 0; i < rein_registry_get_n_devices(Registry()); i++) {
            ids.push_back(rein_registry_get_device(Registry(), i)->id);
        }
        return ids;
    }

    /* The id of the device that is opened, or the error. */
    std::string
    Open(const std::string &selector, int code = REIN_ERROR_NO_DEVICE,
         ReinDeviceFlags flags = REIN_DEVICE_IN_PROCESS)
    {
        g_autoptr(GError) error = nullptr;
        g_autoptr(ReinDevice) device =
            rein_registry_open_device(Registry(), selector.c_str(), flags, &error);

        EXPECT_EQ(device == nullptr, error != nullptr);
        if (device != nullptr) {
            return rein_device_get_id(device);
        }
        EXPECT_TRUE(g_error_matches(error, REIN_ERROR, code)) << error->message;
        return error->message;
    }

    TemporaryFolder folder_;
    ReinRegistry *registry_ = nullptr;
};

} // namespace rein_test
