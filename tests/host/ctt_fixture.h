/* SPDX-License-Identifier: MIT */
/*
 * What the tests of course timetabling share: a small instance as text, the instances and solutions
 * in tests/data, and holders that free what the library returns.
 */
#pragma once

#include "ctt.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace ctt
{

struct Free {
    void
    operator()(CttInstance *instance) const
    {
        ctt_instance_free(instance);
    }
    void
    operator()(CttSolution *solution) const
    {
        ctt_solution_free(solution);
    }
    void
    operator()(GError *error) const
    {
        g_error_free(error);
    }
    void
    operator()(char *text) const
    {
        g_free(text);
    }
};

using Instance = std::unique_ptr<CttInstance, Free>;
using Solution = std::unique_ptr<CttSolution, Free>;
using Error = std::unique_ptr<GError, Free>;
using Genome = std::vector<CttGene>;

/* Three courses, two rooms, three days of three periods: seven lectures in eighteen places. */
inline const std::string small_text = "Name: Small\n"                 /* 1 */
                                      "Courses: 3\n"                  /* 2 */
                                      "Rooms: 2\n"                    /* 3 */
                                      "Days: 3\n"                     /* 4 */
                                      "Periods_per_day: 3\n"          /* 5 */
                                      "Curricula: 2\n"                /* 6 */
                                      "Constraints: 4\n"              /* 7 */
                                      "\n"                            /* 8 */
                                      "COURSES:\n"                    /* 9 */
                                      "Sce Ocra 2 2 30\n"             /* 10 */
                                      "Tec Indaco 3 3 42\n"           /* 11 */
                                      "Geo Ocra 2 2 40\n"             /* 12 */
                                      "\n"                            /* 13 */
                                      "ROOMS:\n"                      /* 14 */
                                      "rA 32\n"                       /* 15 */
                                      "rB 50\n"                       /* 16 */
                                      "\n"                            /* 17 */
                                      "CURRICULA:\n"                  /* 18 */
                                      "Cur1 2 Sce Tec\n"              /* 19 */
                                      "Cur2 1 Geo\n"                  /* 20 */
                                      "\n"                            /* 21 */
                                      "UNAVAILABILITY_CONSTRAINTS:\n" /* 22 */
                                      "Tec 2 0\n"                     /* 23 */
                                      "Tec 2 2\n"                     /* 24 */
                                      "Sce 1 0\n"                     /* 25 */
                                      "Sce 1 1\n"                     /* 26 */
                                      "\n"                            /* 27 */
                                      "END.\n";                       /* 28 */

inline std::string
data_path(const std::string &name)
{
    return std::string(REIN_TEST_DATA_DIR "/itc2007/") + name;
}

/* `text` with the first `from` in it replaced by `to`. */
inline std::string
replaced(std::string text, const std::string &from, const std::string &to)
{
    size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/* `text` with every `from` in it replaced by `to`. */
inline std::string
replaced_all(std::string text, const std::string &from, const std::string &to)
{
    for (size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
    return text;
}

inline Instance
parse_instance(const std::string &text)
{
    GError *error = nullptr;
    Instance instance(ctt_instance_parse(text.data(), text.size(), "small.ctt", &error));
    EXPECT_EQ(error, nullptr) << error->message;
    return instance;
}

inline Instance
read_instance(const std::string &name)
{
    GError *error = nullptr;
    Instance instance(ctt_instance_read(data_path(name + ".ctt").c_str(), &error));
    EXPECT_EQ(error, nullptr) << error->message;
    return instance;
}

inline Solution
parse_solution(const Instance &instance, const std::string &text)
{
    GError *error = nullptr;
    Solution solution(
        ctt_solution_parse(instance.get(), text.data(), text.size(), "small.sol", &error));
    EXPECT_EQ(error, nullptr) << error->message;
    return solution;
}

inline Solution
read_solution(const Instance &instance, const std::string &name)
{
    GError *error = nullptr;
    Solution solution(ctt_solution_read(instance.get(), data_path(name).c_str(), &error));
    EXPECT_EQ(error, nullptr) << error->message;
    return solution;
}

inline CttScore
score(const Instance &instance, const Solution &solution)
{
    CttScore result;
    ctt_score_solution(instance.get(), solution.get(), &result);
    return result;
}

/* The string the library returned, freed. */
inline std::string
take(char *text)
{
    std::unique_ptr<char, Free> holder(text);
    return text;
}

inline std::string
file_content(const std::string &path)
{
    char *text = nullptr;
    gsize size = 0;
    EXPECT_TRUE(g_file_get_contents(path.c_str(), &text, &size, nullptr)) << path;
    std::string content(text != nullptr ? text : "", size);
    g_free(text);
    return content;
}

/* A row of one of the tables of the official validator's results. */
struct Expected {
    std::string solution; /* path below tests/data/itc2007 */
    std::string instance;
    std::vector<gint64> parts; /* the kinds in order, then the soft cost, then the warnings */
};

inline std::vector<Expected>
read_expected(const std::string &folder)
{
    std::vector<Expected> rows;
    std::string table = file_content(data_path(folder + "/expected.tsv"));
    char **lines = g_strsplit(table.c_str(), "\n", -1);

    for (guint i = 1; lines[i] != nullptr && lines[i][0] != '\0'; i++) {
        char **fields = g_strsplit(lines[i], "\t", -1);
        Expected row = { folder + "/" + fields[0], fields[1], {} };
        for (guint j = 2; fields[j] != nullptr; j++) {
            row.parts.push_back(g_ascii_strtoll(fields[j], nullptr, 10));
        }
        rows.push_back(row);
        g_strfreev(fields);
    }
    g_strfreev(lines);
    return rows;
}

/* All rows of both tables. */
inline std::vector<Expected>
all_expected()
{
    std::vector<Expected> rows = read_expected("solutions");
    for (const Expected &row : read_expected("mutated")) {
        rows.push_back(row);
    }
    return rows;
}

/* The name of a solution as a test's name may be. */
inline std::string
test_name(const testing::TestParamInfo<Expected> &info)
{
    std::string name;
    for (char letter : info.param.solution) {
        name += g_ascii_isalnum(letter) ? std::string(1, letter) : "";
    }
    return name;
}

} // namespace ctt
