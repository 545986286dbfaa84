/* SPDX-License-Identifier: MIT */

/*
 * Kills rein, its supervisors and its plugins' processes at random moments, and looks from outside for
 * what is left. Ends with 1 if there ever was anything.
 *     chaos [--rounds N] [--seed S] [--first I] [--json]
 */

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "observer.h"
#include "round.h"

namespace
{

namespace fs = std::filesystem;

constexpr unsigned kRoundsBetweenChecks = 10;
constexpr unsigned kRoundsBetweenLines = 100;
constexpr unsigned kFewAimed = 20;
constexpr unsigned kManyRounds = 50;

struct Options {
    unsigned n_rounds = 100;
    unsigned first = 0;
    std::uint64_t seed = 1;
    bool is_json = false;
};

/* Times until all were gone, by isolation level. */
using Times = std::map<std::string, std::vector<double>>;

struct Tally {
    unsigned n_rounds = 0;
    unsigned n_failed = 0;
    unsigned n_aimed = 0;   /* at another than the host */
    unsigned n_hit = 0;     /* it was there */
    unsigned n_orphans = 0; /* grandchildren that were there at the strike */
    unsigned n_checks = 0;
    unsigned n_cache_checks = 0;
    std::map<std::string, unsigned> victims;
    std::map<std::string, unsigned> commands;
    std::map<int, unsigned> codes;
    Times times;
};

void
on_signal(int)
{
    chaos::is_interrupted = 1;
}

bool
read_options(int argc, char **argv, Options *options)
{
    for (int i = 1; i < argc; i++) {
        const bool has_value = i + 1 < argc;

        if (std::strcmp(argv[i], "--json") == 0) {
            options->is_json = true;
        } else if (std::strcmp(argv[i], "--rounds") == 0 && has_value) {
            options->n_rounds = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
        } else if (std::strcmp(argv[i], "--first") == 0 && has_value) {
            options->first = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
        } else if (std::strcmp(argv[i], "--seed") == 0 && has_value) {
            options->seed = std::strtoull(argv[++i], nullptr, 10);
        } else {
            std::fprintf(stderr, "usage: chaos [--rounds N] [--seed S] [--first I] [--json]\n");
            return false;
        }
    }
    return true;
}

/* A home of its own, with what the sweep of a round runs. */
chaos::Place
make_place()
{
    std::string home = (fs::temp_directory_path() / "rein-chaos-XXXXXX").string();
    chaos::Place place;

    place.program = std::string(REIN_PROGRAM_DIR) + "/rein";
    place.data = std::string(REIN_TEST_DATA_DIR) + "/itc2007";
    if (mkdtemp(home.data()) == nullptr) {
        std::perror("chaos: no folder for temporary files");
        std::exit(1);
    }
    place.home = home;
    fs::create_directory(home + "/run");
    fs::create_directory(home + "/tmp");
    place.plugins = home + "/plugins";
    fs::create_directory(place.plugins);
    fs::create_symlink(std::string(REIN_FAKE_PLUGIN_DIR) + "/rein_plugin_faulty.so",
                       place.plugins + "/rein_plugin_faulty.so");
    std::ofstream(home + "/chaos.sweep")
        << "[sweep]\ninstances = " << place.data << "/comp01.ctt; " << place.data
        << "/toy.ctt\nseeds = 1-50\n[settings]\nrounds = 20\n";
    return place;
}

void
add(Tally *tally, const chaos::Plan &plan, const chaos::Outcome &outcome)
{
    tally->n_rounds++;
    tally->n_aimed += plan.victim != "host" ? 1 : 0;
    tally->n_hit += plan.victim != "host" && outcome.victim == plan.victim ? 1 : 0;
    tally->n_orphans += outcome.had_orphan ? 1 : 0;
    tally->victims[outcome.victim]++;
    tally->commands[plan.name]++;
    tally->codes[outcome.exit_code]++;
    tally->times[plan.isolation].push_back(outcome.gone_ms);
}

void
report_failure(Tally *tally, const Options &options, unsigned round, const chaos::Plan &plan,
               const std::string &failure)
{
    tally->n_failed++;
    std::fprintf(stderr,
                 "chaos: round %u (%s, %s, strikes %s after %.0f ms): %s\n"
                 "chaos: once more: chaos --seed %llu --first %u --rounds 1\n",
                 round, plan.name.c_str(), plan.isolation.c_str(), plan.victim.c_str(),
                 plan.delay_ms, failure.c_str(), static_cast<unsigned long long>(options.seed),
                 round);
}

/* Rounds in which rein did not get far show nothing, however many there are. */
void
check_hits(Tally *tally)
{
    if (tally->n_aimed >= kFewAimed && tally->n_hit * 4 < tally->n_aimed) {
        std::fprintf(stderr,
                     "chaos: of %u strikes at a worker only %u found it (see the "
                     "exit codes)\n",
                     tally->n_aimed, tally->n_hit);
        tally->n_failed++;
    }
    if (tally->n_rounds >= kManyRounds && tally->n_orphans == 0) {
        std::fprintf(stderr, "chaos: no plugin ever left a grandchild\n");
        tally->n_failed++;
    }
}

/* The value that `part` of them do not exceed. */
double
quantile(std::vector<double> *values, double part)
{
    if (values->empty()) {
        return 0;
    }
    std::sort(values->begin(), values->end());
    const std::size_t at = static_cast<std::size_t>(part * static_cast<double>(values->size()));
    return (*values)[std::min(at, values->size() - 1)];
}

template <typename Key>
void
print_counts(const char *name, const std::map<Key, unsigned> &counts)
{
    std::printf("%-10s", name);
    for (const auto &[key, count] : counts) {
        if constexpr (std::is_same_v<Key, int>) {
            std::printf("  %d: %u", key, count);
        } else {
            std::printf("  %s: %u", key.c_str(), count);
        }
    }
    std::printf("\n");
}

void
print_text(const Options &options, Tally *tally)
{
    std::printf(
        "%u rounds of seed %llu, %u failed; looked for leftovers %u times, in the cache too "
        "%u times\n",
        tally->n_rounds, static_cast<unsigned long long>(options.seed), tally->n_failed,
        tally->n_checks, tally->n_cache_checks);
    print_counts("struck", tally->victims);
    std::printf("%-10s  %u had left its session\n", "grandchild", tally->n_orphans);
    print_counts("command", tally->commands);
    print_counts("ended with", tally->codes);
    std::printf("%-12s %7s %10s %10s %10s\n", "gone after", "rounds", "median/ms", "p99/ms",
                "worst/ms");
    for (auto &[isolation, times] : tally->times) {
        std::printf("%-12s %7zu %10.1f %10.1f %10.1f\n", isolation.c_str(), times.size(),
                    quantile(&times, 0.5), quantile(&times, 0.99), quantile(&times, 1));
    }
}

void
print_json(const Options &options, Tally *tally)
{
    const char *comma = "";

    std::printf("{\"seed\":%llu,\"rounds\":%u,\"failed\":%u,\"checks\":%u,\"cache_checks\":%u,"
                "\"grandchildren\":%u,\"struck\":{",
                static_cast<unsigned long long>(options.seed), tally->n_rounds, tally->n_failed,
                tally->n_checks, tally->n_cache_checks, tally->n_orphans);
    for (const auto &[victim, count] : tally->victims) {
        std::printf("%s\"%s\":%u", comma, victim.c_str(), count);
        comma = ",";
    }
    std::printf("},\"gone_ms\":{");
    comma = "";
    for (auto &[isolation, times] : tally->times) {
        std::printf("%s\"%s\":{\"rounds\":%zu,\"median\":%.1f,\"p99\":%.1f,\"worst\":%.1f}", comma,
                    isolation.c_str(), times.size(), quantile(&times, 0.5), quantile(&times, 0.99),
                    quantile(&times, 1));
        comma = ",";
    }
    std::printf("}}\n");
}

void
run_all(const Options &options, const chaos::Place &place, Tally *tally)
{
    const unsigned end = options.first + options.n_rounds;

    for (unsigned round = options.first; round < end && chaos::is_interrupted == 0; round++) {
        const chaos::Plan plan = chaos::plan_round(options.seed, round, place);
        const chaos::Outcome outcome = chaos::run_round(plan, place);
        std::string failure = outcome.failure;

        add(tally, plan, outcome);
        if (chaos::is_interrupted == 0 &&
            ((round + 1) % kRoundsBetweenChecks == 0 || round + 1 == end || !failure.empty())) {
            bool cache_is_judged = false;
            failure += chaos::find_leftovers(place, &cache_is_judged);
            tally->n_checks++;
            tally->n_cache_checks += cache_is_judged ? 1 : 0;
        }
        if (!failure.empty() && chaos::is_interrupted == 0) {
            report_failure(tally, options, round, plan, failure);
        }
        if ((round + 1) % kRoundsBetweenLines == 0) {
            std::fprintf(stderr, "chaos: %u of %u rounds, %u failed\n", tally->n_rounds,
                         options.n_rounds, tally->n_failed);
        }
    }
}

} // namespace

int
main(int argc, char **argv)
{
    Options options;
    Tally tally;
    struct sigaction action = {};

    if (!read_options(argc, argv, &options)) {
        return 2;
    }
    action.sa_handler = on_signal; /* which ends the pauses, too */
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    const std::string mark = chaos::get_mark();
    const std::size_t equals = mark.find('=');
    setenv(mark.substr(0, equals).c_str(), mark.substr(equals + 1).c_str(), 1);
    const char *more = getenv("REIN_WORKER_ENVIRONMENT"); /* the mark of who runs chaos, say */
    setenv("REIN_WORKER_ENVIRONMENT",
           (mark.substr(0, equals) + ",FAULTY_*," + (more != nullptr ? more : "")).c_str(), 1);

    const chaos::Place place = make_place();
    run_all(options, place, &tally);
    if (chaos::is_interrupted != 0) {
        chaos::kill_marked(mark);
    }
    fs::remove_all(place.home);
    check_hits(&tally);
    if (options.is_json) {
        print_json(options, &tally);
    } else {
        print_text(options, &tally);
    }
    if (chaos::is_interrupted != 0) {
        std::fprintf(stderr, "chaos: interrupted\n");
        return 130;
    }
    return tally.n_failed == 0 ? 0 : 1;
}
