/* SPDX-License-Identifier: MIT */

/* Processes as /proc shows them to one who did not start them. [any thread] */

#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace rein_test
{

/* State and parent of a process, from its stat: "PID (NAME) STATE PARENT ..."; '\0' if it is gone. */
inline char
ReadProcess(pid_t pid, pid_t *parent)
{
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    char state = '\0';

    *parent = 0;
    std::getline(file, line);
    const std::size_t end = line.rfind(')');
    if (end != std::string::npos && end + 4 < line.size()) {
        state = line[end + 2];
        *parent = static_cast<pid_t>(std::atoi(line.c_str() + end + 4));
    }
    return state;
}

/* A zombie does not run. */
inline bool
IsRunning(pid_t pid)
{
    pid_t parent = 0;
    const char state = ReadProcess(pid, &parent);

    return state != '\0' && state != 'Z' && state != 'X';
}

/* The children of a process, zombies among them. */
inline std::vector<pid_t>
FindChildren(pid_t pid)
{
    std::vector<pid_t> children;

    for (const auto &entry : std::filesystem::directory_iterator("/proc")) {
        const pid_t other = static_cast<pid_t>(std::atoi(entry.path().filename().c_str()));
        pid_t parent = 0;

        if (other > 0 && ReadProcess(other, &parent) != '\0' && parent == pid) {
            children.push_back(other);
        }
    }
    return children;
}

/* The processes that run under this name, whoever started them. */
inline std::vector<pid_t>
FindByName(const std::string &name)
{
    std::vector<pid_t> found;

    for (const auto &entry : std::filesystem::directory_iterator("/proc")) {
        const pid_t pid = static_cast<pid_t>(std::atoi(entry.path().filename().c_str()));
        std::ifstream file(entry.path() / "comm");
        std::string line;

        if (pid > 0 && std::getline(file, line) && line == name && IsRunning(pid)) {
            found.push_back(pid);
        }
    }
    return found;
}

/* Whether `is_so` comes true within 60 s, which only a broken program takes. */
inline bool
WaitUntil(const std::function<bool()> &is_so)
{
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);

    while (!is_so() && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return is_so();
}

} // namespace rein_test
