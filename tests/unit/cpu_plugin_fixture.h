/* SPDX-License-Identifier: MIT */

/* The CPU plugin, with what only it has: threads, instruction levels, a compiler of one's own. */

#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "backends/plugin_fixture.h"

class CpuPluginFixture : public PluginFixture
{
  protected:
    /* Closes and opens again, with these two settings changed ("" leaves them alone). */
    void
    Reopen(const std::string &threads, const std::string &level = "")
    {
        rein_test::Settings changes;

        if (!threads.empty()) {
            changes["threads"] = threads;
        }
        if (!level.empty()) {
            changes["level"] = level;
        }
        PluginFixture::Reopen(changes);
    }

    /* Writes an executable script and names it as the compiler. */
    void
    UseCompilerScript(const std::string &script)
    {
        const std::string path = folder + "/compiler";

        std::ofstream(path) << "#!/bin/sh\n" << script;
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        settings["compiler"] = path;
    }
};
