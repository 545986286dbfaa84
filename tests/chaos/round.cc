/* SPDX-License-Identifier: MIT */
#include "round.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "observer.h"

namespace chaos
{

namespace fs = std::filesystem;

namespace
{

constexpr double kGoneWithinMs = 10000;     /* what is there then is a survivor */
constexpr double kHostEndsWithinMs = 60000; /* a run of 20 s that lost nothing goes on */
constexpr const char *kMarkName = "CHAOS_MARK";

/* As run_fixture.h and host/README.md have them; a host that lives on has to give one of these. */
constexpr int kExitCodes[] = { 0, 2, 3, 4, 5, 10, 11, 12 };

pid_t
start(const Plan &plan, const Place &place)
{
    const pid_t observer = getpid();
    const pid_t pid = fork();
    std::vector<char *> argv = { const_cast<char *>(place.program.c_str()) };

    if (pid != 0) {
        return pid;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != observer) {
        _exit(127);
    }
    setpgid(0, 0);
    setenv("HOME", place.home.c_str(), 1);
    setenv("XDG_STATE_HOME", (place.home + "/state").c_str(), 1);
    setenv("XDG_RUNTIME_DIR", (place.home + "/run").c_str(), 1);
    setenv("XDG_CONFIG_HOME", (place.home + "/config").c_str(), 1);
    setenv("TMPDIR", (place.home + "/tmp").c_str(), 1);
    setenv("REIN_DEVICE_ISOLATION", plan.isolation.c_str(), 1);
    if (plan.has_orphan) {
        setenv("REIN_PLUGIN_PATH", place.plugins.c_str(), 1);
        setenv("FAULTY_INNER", (std::string(REIN_PLUGIN_DIR) + "/rein_plugin_cpu.so").c_str(), 1);
        setenv("FAULTY_FAULT", "run_fitness:1:fork", 1);
    }
    if (std::freopen((place.home + "/out").c_str(), "w", stdout) == nullptr ||
        std::freopen((place.home + "/err").c_str(), "w", stderr) == nullptr) {
        _exit(127);
    }
    for (const std::string &word : plan.words) {
        argv.push_back(const_cast<char *>(word.c_str()));
    }
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
}

/* Those in the round but for the host, by what they are to it. */
std::vector<pid_t>
children_of(pid_t parent, const std::vector<Seen> &all)
{
    std::vector<pid_t> found;

    for (const Seen &seen : all) {
        if (seen.parent == parent) {
            found.push_back(seen.pid);
        }
    }
    return found;
}

void
send(const std::vector<pid_t> &pids, int number)
{
    for (const pid_t pid : pids) {
        kill(pid, number);
    }
}

/* Strikes what the plan says or, where that is not there, the host. */
void
strike(const Plan &plan, pid_t host, Outcome *outcome)
{
    const std::vector<Seen> all = find_marked(get_mark());
    const std::vector<pid_t> supervisors = children_of(host, all);
    std::vector<pid_t> plugins;
    std::vector<pid_t> victims = { host };

    for (const pid_t supervisor : supervisors) {
        const std::vector<pid_t> children = children_of(supervisor, all);
        plugins.insert(plugins.end(), children.begin(), children.end());
    }
    outcome->n_seen = static_cast<unsigned>(all.size());
    outcome->had_orphan = std::any_of(
        all.begin(), all.end(), [](const Seen &seen) { return seen.program == "rein-orphan"; });
    outcome->victim = plan.victim;
    if (plan.victim == "supervisor" && !supervisors.empty()) {
        victims = supervisors;
    } else if (plan.victim == "plugin" && !plugins.empty()) {
        victims = plugins;
    } else if (plan.victim == "all" && !all.empty()) {
        victims.clear();
        for (const Seen &seen : all) {
            victims.push_back(seen.pid);
        }
    } else if (plan.victim == "stopped-supervisor" && !supervisors.empty()) {
        send(supervisors, SIGSTOP);
    } else if (plan.victim == "stopped-plugin" && !plugins.empty()) {
        send(plugins, SIGSTOP);
    } else if (plan.victim == "stopped-both" && !plugins.empty()) {
        send(plugins, SIGSTOP);
        send(supervisors, SIGSTOP);
    } else {
        outcome->victim = "host";
    }
    outcome->n_struck = static_cast<unsigned>(victims.size());
    send(victims, SIGKILL);
}

/* Whether it has ended by then; its code. */
bool
wait_for_host(pid_t host, double until_ms, int *code)
{
    int status = 0;

    while (waitpid(host, &status, WNOHANG) == 0) {
        if (now_ms() > until_ms || is_interrupted != 0) {
            return false;
        }
        pause_ms(1);
    }
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return true;
}

std::string
name_all(const std::vector<Seen> &all)
{
    std::string text;

    for (const Seen &seen : all) {
        text += " " + seen.program + " (" + std::to_string(seen.pid) + ")";
    }
    return text;
}

/* Text of a file, "" if there is none. */
std::string
read_text(const fs::path &path)
{
    std::ifstream file(path);

    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

/* What is in a folder, which may be missing. */
std::string
list_folder(const std::string &folder, const char *what)
{
    std::error_code failed;
    std::string text;

    for (const auto &entry : fs::directory_iterator(folder, failed)) {
        text += std::string(" ") + what + " " + entry.path().string();
    }
    return text;
}

std::string
list_unfinished(const std::string &cache)
{
    std::error_code failed;
    std::string text;

    for (const auto &entry : fs::recursive_directory_iterator(cache, failed)) {
        const std::string name = entry.path().filename().string();

        if (name.rfind("tempfile", 0) == 0 || name.find(".tmp") != std::string::npos ||
            name.find(".new") != std::string::npos) {
            text += " unfinished " + entry.path().string();
        }
    }
    return text;
}

std::string
list_shared_memory()
{
    std::error_code failed;
    std::string text;

    for (const auto &entry : fs::directory_iterator("/dev/shm", failed)) {
        if (entry.path().filename().string().find("rein") != std::string::npos) {
            text += " shared memory " + entry.path().string();
        }
    }
    return text;
}

/* Each job that has begun has ended once, and last. */
std::string
list_endless_jobs(const std::string &jobs)
{
    std::error_code failed;
    std::string text;

    for (const auto &entry : fs::directory_iterator(jobs, failed)) {
        const std::string events = read_text(entry.path() / "events.ndjson");
        const std::string ended = "\"event\":\"job_ended\"";
        const std::size_t at = events.find(ended);

        if (!events.empty() && (at == std::string::npos || at != events.rfind(ended) ||
                                events.find('\n', at) + 1 != events.size())) {
            text += " job without one end " + entry.path().string();
        }
    }
    return text;
}

} // namespace

std::string
get_mark()
{
    return std::string(kMarkName) + "=" + std::to_string(getpid());
}

Plan
plan_round(std::uint64_t seed, unsigned round, const Place &place)
{
    static const char *const victims[] = { "host",           "host",        "host",
                                           "supervisor",     "supervisor",  "plugin",
                                           "plugin",         "all",         "stopped-supervisor",
                                           "stopped-plugin", "stopped-both" };
    std::seed_seq seeds = { static_cast<std::uint32_t>(seed),
                            static_cast<std::uint32_t>(seed >> 32),
                            static_cast<std::uint32_t>(round) };
    std::mt19937 random(seeds);
    const auto below = [&random](unsigned limit) {
        return static_cast<unsigned>(random() % limit);
    };
    const unsigned command = below(10);
    const unsigned isolation = below(10);
    const unsigned moment = below(10);
    Plan plan;

    plan.victim = victims[below(sizeof victims / sizeof *victims)];
    plan.isolation = isolation < 6 ? "namespace" : isolation < 9 ? "subreaper" : "in-process";
    if (command < 7) {
        plan.name = "run";
        plan.words = { "run",    place.data + "/comp01.ctt", "--time",   "20s",
                       "--seed", std::to_string(round + 1),  "--no-grid" };
    } else if (command < 8) {
        plan.name = "short-run";
        plan.words = { "run", place.data + "/toy.ctt", "--rounds", "5", "--no-grid" };
    } else if (command < 9) {
        plan.name = "devices";
        plan.words = { "devices", "--why" };
    } else {
        plan.name = "sweep";
        plan.words = { "sweep",    place.home + "/chaos.sweep", "--workers", "2",
                       "--output", place.home + "/results" };
    }
    /* starting, probing and opening take the first tenths of a second; then it computes */
    plan.delay_ms = moment < 5 ? below(300) : 300 + below(900);
    plan.stop_lead_ms = moment == 9 ? static_cast<double>(below(30)) : -1;
    /* in process there is nobody who could end it */
    plan.has_orphan = below(2) == 0 && plan.isolation != "in-process";
    return plan;
}

Outcome
run_round(const Plan &plan, const Place &place)
{
    Outcome outcome = { "", plan.victim, 0, 0, 0, false, 0 };

    fs::remove_all(place.home + "/results");
    fs::remove(place.home + "/state/rein/quarantine"); /* where three losses bring the device */
    const pid_t host = start(plan, place);
    if (host < 0) {
        outcome.failure = "cannot be started";
        return outcome;
    }
    pause_ms(plan.delay_ms);
    if (plan.stop_lead_ms >= 0) {
        kill(host, SIGINT);
        pause_ms(plan.stop_lead_ms);
    }
    double from_ms = now_ms();
    strike(plan, host, &outcome);
    if (!wait_for_host(host, now_ms() + kHostEndsWithinMs, &outcome.exit_code)) {
        outcome.failure = "the host does not end";
        kill(host, SIGKILL);
        waitpid(host, nullptr, 0);
    } else if (outcome.exit_code != -SIGKILL) {
        from_ms = now_ms();
        if (std::find(std::begin(kExitCodes), std::end(kExitCodes), outcome.exit_code) ==
            std::end(kExitCodes)) {
            outcome.failure = "the host ended with " + std::to_string(outcome.exit_code) + ": " +
                              read_text(place.home + "/err");
        }
    }
    double gone_ms = 0;
    const std::vector<Seen> left = wait_until_gone(get_mark(), from_ms + kGoneWithinMs, &gone_ms);
    outcome.gone_ms = gone_ms - from_ms;
    if (!left.empty()) {
        outcome.failure += " survivors:" + name_all(left);
        kill_marked(get_mark());
    }
    return outcome;
}

std::string
find_leftovers(const Place &place, bool *cache_is_judged)
{
    const Plan clean = { "clean", { "clean" }, "namespace", "", 0, -1, false };
    const double until_ms = now_ms() + kGoneWithinMs;
    std::string failure;
    int code = 0;

    do { /* what was written a moment ago is not judged at once */
        const pid_t pid = start(clean, place);
        if (!wait_for_host(pid, now_ms() + kHostEndsWithinMs, &code) || code != 0) {
            return " rein clean ended with " + std::to_string(code);
        }
        *cache_is_judged = !is_rein_running();
        failure = *cache_is_judged ? list_unfinished(place.home + "/state/rein/cache") +
                                         list_folder(place.home + "/tmp", "temporary")
                                   : "";
    } while (!failure.empty() && now_ms() < until_ms);

    failure += list_folder(place.home + "/state/rein/processes", "record");
    failure += list_folder(place.home + "/run/rein/scratch", "scratch folder");
    failure += list_shared_memory();
    failure += list_endless_jobs(place.home + "/state/rein/jobs");
    return failure;
}

} // namespace chaos
