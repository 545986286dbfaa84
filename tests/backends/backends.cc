/* SPDX-License-Identifier: MIT */

#include "backends.h"

#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace rein_test
{

namespace
{

struct Skip {
    const char *backend;
    const char *test; /* "Suite.Name", or "Suite.*" */
    const char *reason;
};

#define NO_LINES "its compiler does not heed #line"
#define SIMULATOR "it is more work than a simulator gets through in seconds"

/* Unsupported for ever, because ... */
const std::vector<Skip> unsupported = {
    { "cpu", "PluginRunTest.StageOfAnotherNumberOfBuffersIsRefused",
      "a kernel of the CPU plugin is handed an array of pointers and cannot tell how many it reads" },
    { "oclgrind", "PluginBuildTest.CallOfAnUnknownFunctionIsAnErrorWithItsLine", NO_LINES },
    { "oclgrind", "PluginBuildTest.ErrorNamesTheUsersFileAndLine", NO_LINES },
    { "oclgrind", "PluginBuildTest.FileNameWithQuotesIsStillNamedWithItsLine", NO_LINES },
    { "oclgrind", "PluginBuildTest.LongCompilerLogIsCutToItsBeginning", NO_LINES },
    { "oclgrind", "PluginCacheTest.*",
      "a simulator compiles too long for what does not depend on the device" },
    { "oclgrind", "PluginFunctionTest.OfOneNumberHaveTheBitsOfC", SIMULATOR },
    { "oclgrind", "PluginFunctionTest.OfTwoNumbersHaveTheBitsOfC", SIMULATOR },
    { "oclgrind", "PluginRunTest.EveryItemRunsOnce", SIMULATOR },
    { "oclgrind", "PluginRunTest.ItemsUnderABudgetAreAtLeastOneAndTheirNumberIsExact", SIMULATOR },
    { "oclgrind", "PluginRunTest.NothingRunsOnAfterReturn", SIMULATOR },
    { "oclgrind", "PluginRunTest.StageSeesAllResultsOfTheStageBefore", SIMULATOR },
    { "oclgrind", "PluginRunTest.StopByAnotherThreadEndsASliceThatHasNoEndAfterWholeRounds",
      SIMULATOR },
    { "rusticl", "CourseTest.OfComp05AsRecommendedIsTheCpus",
      "30000 moves are more iterations than the 65535 that llvmpipe goes through" },
    { "oclgrind", "PluginTest.OpenAgainAndAgainLeavesNoDescriptorAndNoThread", SIMULATOR },
};

/* Fails until ... */
const std::vector<Skip> failing = {};

std::string
Variable(const char *name, const std::string &otherwise)
{
    const char *value = std::getenv(name);

    return value != nullptr ? value : otherwise;
}

std::string
Find(const std::vector<Skip> &skips, const std::string &backend, const std::string &test)
{
    const std::string suite = test.substr(0, test.find('.')) + ".*";

    for (const Skip &skip : skips) {
        if (skip.backend == backend && (skip.test == test || skip.test == suite)) {
            return skip.reason;
        }
    }
    return "";
}

Backend
ReadBackend()
{
    Backend backend;
    std::stringstream settings(Variable("REIN_TEST_SETTINGS", ""));
    std::string setting;

    backend.name = Variable("REIN_TEST_BACKEND", "cpu");
    backend.plugin = Variable("REIN_TEST_PLUGIN", REIN_PLUGIN_DIR "/rein_plugin_cpu.so");
    backend.device = Variable("REIN_TEST_DEVICE", "cpu:0");
    backend.needs = Variable("REIN_TEST_NEEDS", "");
    while (std::getline(settings, setting, ',')) {
        const size_t equals = setting.find('=');
        backend.settings[setting.substr(0, equals)] = setting.substr(equals + 1);
    }
    return backend;
}

} // namespace

const Backend &
CurrentBackend()
{
    static const Backend backend = ReadBackend();

    return backend;
}

std::string
WhyMissing(const Backend &backend)
{
    for (const std::string &file : { backend.plugin, backend.needs }) {
        if (!file.empty() && !std::filesystem::exists(file)) {
            return backend.name + ": not installed: there is no " + file;
        }
    }
    return "";
}

std::string
WhySkipped(const Backend &backend, const std::string &suite, const std::string &name)
{
    const std::string test = suite + "." + name;
    const std::string reason = Find(unsupported, backend.name, test);
    const std::string until = Find(failing, backend.name, test);

    if (!reason.empty()) {
        return backend.name + ": unsupported for ever, because " + reason;
    }
    return until.empty() ? "" : backend.name + ": fails until " + until;
}

std::vector<Settings>
WaysOf(const Backend &backend)
{
    if (backend.name == "cpu") {
        return { { { "threads", "1" } }, { { "threads", "2" } }, { { "threads", "5" } } };
    }
    return { {} };
}

std::vector<std::string>
SkippedCases()
{
    std::vector<std::string> cases;

    for (const Skip &skip : unsupported) {
        cases.push_back(skip.test);
    }
    for (const Skip &skip : failing) {
        cases.push_back(skip.test);
    }
    return cases;
}

} // namespace rein_test
