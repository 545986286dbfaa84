/* SPDX-License-Identifier: MIT */

#include "support/process_counts.h"

#include <chrono>
#include <filesystem>
#include <iterator>
#include <thread>

namespace rein_test
{

namespace
{

int
CountEntries(const char *folder)
{
    const std::filesystem::directory_iterator entries(folder);

    return static_cast<int>(std::distance(begin(entries), end(entries)));
}

} // namespace

int
CountThreads()
{
    return CountEntries("/proc/self/task");
}

int
CountDescriptors()
{
    return CountEntries("/proc/self/fd");
}

int
WaitForThreads(int n)
{
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);

    while (CountThreads() > n && std::chrono::steady_clock::now() < until) {
        std::this_thread::yield();
    }
    return CountThreads();
}

} // namespace rein_test
