/* SPDX-License-Identifier: MIT */

/*
 * Courses of evolution on the CPU plugin, which is the reference, and on the backend that the program
 * runs on, to be compared in all fields of all records. The CPU's is taken first: it may start a
 * compiler, and nothing is started beside a driver. Kernels that were built are kept from test to
 * test. [one thread]
 */

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "backends.h"
#include "problems/format.h"
#include "unit/engine_fixture.h"

namespace rein_test
{

/* What one run came to. */
struct Course {
    std::vector<std::string> records;
    std::vector<uint32_t> genes; /* of the best */
};

class CourseFixture : public EngineFixture
{
  protected:
    void SetUp() override;

    /* An instance of tests/data/itc2007, and its problem as problem_. */
    void LoadTimetable(const std::string &name);

    /* Makes `evolution` what `rein run` makes of it, but for `n_moves` (0: as recommended). */
    void Recommend(ReinEvolution *evolution, guint64 seed, guint32 n_moves) const;

    /* Runs what `set` makes of an evolution on the device that is open. */
    Course RunHere(const std::function<void(ReinEvolution *)> &set);

    /*
     * Runs it on the CPU plugin, and on the backend in slices of 1 and of 100 ms, and compares.
     * At least `n_least` records must come of it.
     */
    void ExpectOneCourse(const std::function<void(ReinEvolution *)> &set, size_t n_least);

    void OpenBackend();

    const Backend &backend = CurrentBackend();
    ReinProblemFile *file = nullptr;

    void TearDown() override;
};

} // namespace rein_test
