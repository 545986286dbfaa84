/* SPDX-License-Identifier: MIT */

/* `rein sweep` in a home of its own. */

#pragma once

#include <map>

#include "host/run_fixture.h"

namespace rein_test
{

class SweepTest : public RunTest
{
  protected:
    SweepTest()
    {
        std::error_code failed;
        for (const char *name : { "comp01.ctt", "toy.ctt" }) {
            std::filesystem::create_symlink(data(name), home(name), failed);
        }
    }
    /* Writes NAME.sweep with these keys of [sweep] and of [settings]; returns its path. */
    std::string
    write(const std::string &name, const std::string &sweep, const std::string &settings) const
    {
        return rein_.home().write(name + ".sweep",
                                  "[sweep]\n" + sweep + "\n[settings]\n" + settings + "\n");
    }
    Ended
    sweep(const std::string &path, std::vector<std::string> flags = {}) const
    {
        flags.insert(flags.begin(), { "sweep", path });
        return rein_.run(flags);
    }
    /* Of a sweep that must end with `code`: its document. */
    Json
    sweep_json(const std::string &path, std::vector<std::string> flags = {}, int code = 0) const
    {
        flags.insert(flags.end(), { "--format", "json" });
        Ended ended = sweep(path, flags);
        EXPECT_EQ(ended.code, code) << ended.err;
        return Json(ended.out);
    }
    /* The last result of each combination in a folder of the home. */
    std::map<gint64, Json>
    results(const std::string &folder) const
    {
        std::map<gint64, Json> by_index;
        for (const Json &line : Json::lines(read_text(home(folder + "/results.ndjson")))) {
            by_index.insert_or_assign(line.number("index"), line);
        }
        return by_index;
    }
    std::string
    solution(const std::string &folder, const Json &result) const
    {
        std::string text = read_text(home(folder + "/" + result.text("solution")));
        EXPECT_FALSE(text.empty());
        return text;
    }
    /* Both folders hold the same results, but for what the clock says. */
    void
    expect_same(const std::string &a, const std::string &b, std::size_t n) const
    {
        std::map<gint64, Json> first = results(a);
        std::map<gint64, Json> second = results(b);

        ASSERT_EQ(first.size(), n);
        ASSERT_EQ(second.size(), n);
        for (const auto &[index, result] : first) {
            const Json &other = second.at(index);
            EXPECT_EQ(solution(a, result), solution(b, other)) << index;
            for (const char *member : { "rounds", "evaluations", "moves", "exit_code" }) {
                EXPECT_EQ(result.number(member), other.number(member)) << index << member;
            }
            for (const char *member : { "instance", "outcome", "solution" }) {
                EXPECT_EQ(result.text(member), other.text(member)) << index;
            }
            EXPECT_EQ(result.at("best").number("soft"), other.at("best").number("soft"));
        }
    }
    /* The table that `rein sweep` prints, without what follows it. */
    static std::string
    table(const Ended &ended)
    {
        return ended.out.substr(0, ended.out.find("\n\n"));
    }
    /* The CPU plugin with a fault, see faulty_plugin.c. */
    std::vector<std::string>
    faulty(const std::string &fault) const
    {
        std::string folder = home("plugins");
        std::error_code exists;
        std::filesystem::create_directory(folder, exists);
        std::filesystem::create_symlink(std::string(REIN_FAKE_PLUGIN_DIR) +
                                            "/rein_plugin_faulty.so",
                                        folder + "/rein_plugin_cpu.so", exists);
        return { "REIN_PLUGIN_PATH=" + folder,
                 "FAULTY_INNER=" REIN_PLUGIN_DIR "/rein_plugin_cpu.so", "FAULTY_FAULT=" + fault };
    }
    bool
    exists(const std::string &name) const
    {
        return std::filesystem::exists(home(name));
    }
    std::size_t
    count_files(const std::string &folder) const
    {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator(home(folder)), {}));
    }
};

} // namespace rein_test
