/* SPDX-License-Identifier: MIT */

/*
 * Every kernel runs on Oclgrind, an OpenCL device that watches each access: data races, reads of what
 * was never written, accesses outside of a buffer. It says what it found in a log and ends well all the
 * same, so its words are read; kernels with planted faults prove that there is something to read.
 */

#include <gmock/gmock.h>
#include <unistd.h>

#include <string>

#include "support/program.h"

namespace
{

using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kDriver[] = "/usr/lib/oclgrind/liboclgrind-rt-icd.so";

class OclgrindTest : public testing::TestWithParam<const char *>
{
  protected:
    void
    SetUp() override
    {
        if (access(kDriver, R_OK) != 0) {
            GTEST_SKIP() << "oclgrind is not installed: no " << kDriver;
        }
    }

    /* What Oclgrind says of one case of oclgrind_run; the case itself must end well. */
    std::string
    Findings(const std::string &name)
    {
        const std::string log = folder_.file("oclgrind.log");
        rein_test::Program program("../tests/bin/oclgrind_run");

        program.set("OCL_ICD_VENDORS", folder_.write("vendors/oclgrind.icd", kDriver));
        program.set("OCLGRIND_BUILD_OPTIONS",
                    "-cl-opt-disable"); /* it cannot run all it optimises */
        program.set("OCLGRIND_DATA_RACES", "1");
        program.set("OCLGRIND_UNINITIALIZED", "1");
        program.set("OCLGRIND_MAX_ERRORS", "20");
        program.set("OCLGRIND_LOG", log);
        const rein_test::Ended ended = program.run({ name });
        EXPECT_EQ(ended.code, 0) << ended.err;
        EXPECT_THAT(ended.out, HasSubstr(": 4 rounds"));
        return rein_test::read_text(log);
    }

    rein_test::TemporaryFolder folder_;
};

TEST_P(OclgrindTest, FindsNothing)
{
    EXPECT_THAT(Findings(GetParam()), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Kernels, OclgrindTest,
                         testing::Values(REIN_TEST_DATA_DIR "/itc2007/toy.ctt", "none_fitness",
                                         "planted_nothing", "sphere_fitness", "rosenbrock_fitness",
                                         "rastrigin_fitness", "ackley_fitness", "griewank_fitness",
                                         "schwefel_fitness"));

TEST_F(OclgrindTest, FindsAPlantedRace)
{
    EXPECT_THAT(Findings("planted_race"), HasSubstr("data race"));
}

TEST_F(OclgrindTest, FindsAPlantedReadOfWhatWasNeverWritten)
{
    EXPECT_THAT(Findings("planted_uninitialised"), HasSubstr("Uninitialized"));
}

TEST_F(OclgrindTest, FindsAPlantedWriteOutsideABuffer)
{
    EXPECT_THAT(Findings("planted_write_outside"), HasSubstr("Invalid write"));
}

TEST_F(OclgrindTest, FindsAPlantedReadOutsideABuffer)
{
    EXPECT_THAT(Findings("planted_read_outside"), HasSubstr("Invalid read"));
}

} // namespace
