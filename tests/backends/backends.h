/* SPDX-License-Identifier: MIT */

/*
 * The backend that a test program runs on. CTest runs one program once for each and says which in the
 * environment, as rein_backend() in cmake/ReinTest.cmake sets it; without that it is the CPU plugin.
 * [one thread]
 */

#pragma once

#include <map>
#include <string>
#include <vector>

namespace rein_test
{

using Settings = std::map<std::string, std::string>;

struct Backend {
    std::string name;   /* "pocl" */
    std::string plugin; /* path of the plugin's file */
    std::string device; /* "opencl:pocl:0" */
    std::string needs;  /* the file without which its driver is not installed; "" for none */
    Settings settings;
};

/* From REIN_TEST_BACKEND, _PLUGIN, _DEVICE, _NEEDS and _SETTINGS ("key=value,key=value"). */
const Backend &CurrentBackend();

/* Why the backend cannot be used here, with its name; "" if it can. */
std::string WhyMissing(const Backend &backend);

/* Why the case is not for this backend, from the two lists in backends.cc; "" if it is. */
std::string WhySkipped(const Backend &backend, const std::string &suite, const std::string &name);

/* The settings under which a case that asks for it runs again and again; at least one way. */
std::vector<Settings> WaysOf(const Backend &backend);

/* What the lists name: "Suite.Name", or "Suite.*" for all of a suite. */
std::vector<std::string> SkippedCases();

} // namespace rein_test
