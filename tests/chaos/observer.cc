/* SPDX-License-Identifier: MIT */
#include "observer.h"

#include <dirent.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace chaos
{

volatile sig_atomic_t is_interrupted;

namespace
{

constexpr int kLooks = 3; /* that see none, before there is none */
constexpr double kLookMs = 5;

std::string
read_file(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);

    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

bool
has_variable(const std::string &environment, const std::string &variable)
{
    for (std::size_t at = 0; at < environment.size();) {
        const std::size_t end = environment.find('\0', at);
        const std::size_t size = (end == std::string::npos ? environment.size() : end) - at;

        if (environment.compare(at, size, variable) == 0) {
            return true;
        }
        at += size + 1;
    }
    return false;
}

std::vector<pid_t>
list_processes()
{
    std::vector<pid_t> pids;
    DIR *folder = opendir("/proc");

    while (const dirent *entry = folder != nullptr ? readdir(folder) : nullptr) {
        const pid_t pid = static_cast<pid_t>(std::atoi(entry->d_name));

        if (pid > 0 && pid != getpid()) {
            pids.push_back(pid);
        }
    }
    if (folder != nullptr) {
        closedir(folder);
    }
    return pids;
}

/* "PID (NAME) STATE PARENT ...", of which the name may hold anything. */
Seen
see(pid_t pid)
{
    const std::string line = read_file("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t begin = line.find('(');
    const std::size_t end = line.rfind(')');
    Seen seen = { pid, 0, "" };

    if (begin != std::string::npos && end != std::string::npos && end + 4 < line.size()) {
        seen.program = line.substr(begin + 1, end - begin - 1);
        seen.parent = static_cast<pid_t>(std::atoi(line.c_str() + end + 4));
    }
    return seen;
}

} // namespace

std::vector<Seen>
find_marked(const std::string &mark)
{
    std::vector<Seen> found;

    for (const pid_t pid : list_processes()) {
        if (has_variable(read_file("/proc/" + std::to_string(pid) + "/environ"), mark)) {
            found.push_back(see(pid));
        }
    }
    return found;
}

std::vector<Seen>
wait_until_gone(const std::string &mark, double until_ms, double *gone_ms)
{
    std::vector<Seen> left = find_marked(mark);
    int n_looks = 0;

    *gone_ms = now_ms();
    while (n_looks < kLooks && now_ms() < until_ms && is_interrupted == 0) {
        n_looks = left.empty() ? n_looks + 1 : 0;
        pause_ms(left.empty() ? kLookMs : 1);
        left = find_marked(mark);
        if (!left.empty() || n_looks == 0) {
            *gone_ms = now_ms();
        }
    }
    return left;
}

bool
is_rein_running()
{
    for (const pid_t pid : list_processes()) {
        const std::string maps = read_file("/proc/" + std::to_string(pid) + "/maps");

        if (maps.find("/librein.so") != std::string::npos) {
            return true;
        }
    }
    return false;
}

void
kill_marked(const std::string &mark)
{
    for (const Seen &seen : find_marked(mark)) {
        kill(seen.pid, SIGKILL);
    }
}

double
now_ms()
{
    timespec now = {};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

void
pause_ms(double duration_ms)
{
    const timespec duration = { static_cast<time_t>(duration_ms / 1e3),
                                static_cast<long>(duration_ms * 1e6) % 1000000000 };

    nanosleep(&duration, nullptr);
}

} // namespace chaos
