/* SPDX-License-Identifier: MIT */

/* Runs that are short of what the system gives: descriptors, file sizes, memory. */

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "host/run_fixture.h"
#include "support/processes.h"

namespace
{

using rein_test::Ended;
using rein_test::Json;
using rein_test::read_text;
using rein_test::RunTest;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

/* `rein run` as another program starts it, with all its folders in the home. */
class RunLimitTest : public RunTest
{
  protected:
    void
    SetUp() override
    {
        /* what a run would leave behind becomes a child of the test */
        ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        fs::create_directory(home("tmp"));
    }

    /* `words` begin the line that ends with `rein run`, `flags`. */
    Ended
    run_after(const std::vector<std::string> &words, const std::vector<std::string> &flags) const
    {
        std::vector<std::string> line = { "env", "XDG_STATE_HOME=" + home("state"),
                                          "XDG_CACHE_HOME=" + home("cache"),
                                          "XDG_RUNTIME_DIR=" + home("run"),
                                          "TMPDIR=" + home("tmp") };
        line.insert(line.end(), words.begin(), words.end());
        line.insert(line.end(), { REIN_PROGRAM_DIR "/rein", "run" });
        line.insert(line.end(), flags.begin(), flags.end());
        return spawn(line);
    }
    Ended
    run_small(const std::string &limit, const std::string &flag) const
    {
        std::vector<std::string> flags = { data("toy.ctt"), "--rounds", "2", "--quiet" };
        if (!flag.empty()) {
            flags.push_back(flag);
        }
        return run_after({ "prlimit", limit }, flags);
    }
    /* No process, scratch folder or temporary file. */
    void
    expect_nothing_left() const
    {
        EXPECT_TRUE(rein_test::WaitUntil([] {
            while (waitpid(-1, nullptr, WNOHANG) > 0) {
            }
            return rein_test::FindChildren(getpid()).empty();
        }));
        std::error_code missing;
        for (const char *folder : { "run/rein/scratch", "tmp" }) {
            for (const auto &entry : fs::directory_iterator(home(folder), missing)) {
                ADD_FAILURE() << entry.path() << " is left";
            }
        }
        expect_nothing_unfinished();
    }
    /* Once the limit is away, the next run gives each job that has no end yet its end. */
    void
    expect_all_ended() const
    {
        ASSERT_EQ(run({ data("toy.ctt"), "--rounds", "1", "--quiet" }).code, 0);
        for (const auto &job : fs::directory_iterator(home("state/rein/jobs"))) {
            const std::vector<Json> events =
                Json::lines(read_text(job.path().string() + "/events.ndjson"));
            EXPECT_EQ(events.back().text("event"), "job_ended") << job.path();
        }
    }
};

TEST_F(RunLimitTest, ThirtyTwoDescriptorsAreEnough)
{
    const Ended ended = run_small("--nofile=32:32", "");

    EXPECT_EQ(ended.code, 0) << ended.err;
    expect_nothing_left();
}

TEST_F(RunLimitTest, FewerDescriptorsGiveAClearErrorAndLeaveNothing)
{
    for (const char *flag : { "", "--in-process" }) {
        for (int n = 31; n >= 8; n--) {
            const std::string limit = std::to_string(n) + ":" + std::to_string(n);
            const Ended ended = run_small("--nofile=" + limit, flag);

            EXPECT_THAT(ended.code, AnyOf(0, 10, 12)) << n << flag << ended.err;
            if (ended.code != 0) {
                EXPECT_THAT(ended.err,
                            HasSubstr("Too many open files (raise the limit: ulimit -n)"))
                    << n << flag;
            }
            expect_nothing_left();
        }
    }
    /* and none of it was held against the device */
    expect_all_ended();
}

TEST_F(RunLimitTest, SmallFileSizeWithAWorkerNamesTheWayWithoutOne)
{
    for (const char *size : { "0", "1000", "300000", "4194304" }) {
        const Ended ended = run_small("--fsize=" + std::string(size), "");

        EXPECT_EQ(ended.code, 12);
        EXPECT_THAT(ended.err, HasSubstr("File too large (raise the limit: ulimit -f, or do "
                                         "without a worker: --in-process)"));
        expect_nothing_left();
    }
    expect_all_ended();
}

TEST_F(RunLimitTest, SmallFileSizeInThisProcessGivesAClearErrorAndATerminalState)
{
    for (const char *size : { "0", "200", "600", "1000", "2000", "5000" }) {
        const Ended ended = run_small("--fsize=" + std::string(size), "--in-process");

        EXPECT_THAT(ended.code, AnyOf(0, 2)) << ended.err;
        if (ended.code != 0) {
            EXPECT_THAT(ended.err, HasSubstr("File too large"));
        }
        expect_nothing_left();
    }
    expect_all_ended();
}

/* ---- memory ---- */

/* A group of processes with little memory; "" is its path where none can be made. */
class MemoryGroup
{
  public:
    explicit MemoryGroup(const std::string &size)
    {
        const std::string root = "/sys/fs/cgroup";
        for (const std::string &parent :
             { root + "/memory" + own_path(":memory:"), root + "/memory", root + own_path("0::"),
               root, root + "/unified" }) {
            path_ = parent + "/rein-test-" + std::to_string(getpid());
            std::error_code failure;
            if (fs::create_directory(path_, failure) && limit(size)) {
                return;
            }
            fs::remove(path_, failure);
        }
        path_.clear();
    }
    ~MemoryGroup()
    {
        if (!path_.empty()) {
            EXPECT_TRUE(rein_test::WaitUntil(
                [this] { return rmdir(path_.c_str()) == 0 || errno == ENOENT; }));
        }
    }
    MemoryGroup(const MemoryGroup &) = delete;
    MemoryGroup &operator=(const MemoryGroup &) = delete;

    const std::string &
    path() const
    {
        return path_;
    }
    std::string
    processes() const
    {
        return read_text(path_ + "/cgroup.procs");
    }

  private:
    /* Where this process is in the hierarchy that `mark` names. */
    static std::string
    own_path(const std::string &mark)
    {
        std::ifstream file("/proc/self/cgroup");
        std::string line;
        while (std::getline(file, line)) {
            const std::size_t at = line.find(mark);
            if (at != std::string::npos) {
                return line.substr(at + mark.size());
            }
        }
        return "";
    }
    /* The first of these that is there, of version 1 or 2; none of it may be swapped instead. */
    bool
    limit(const std::string &size) const
    {
        if (write("memory.limit_in_bytes", size)) {
            write("memory.memsw.limit_in_bytes", size);
            return true;
        }
        write("memory.swap.max", "0");
        return write("memory.max", size);
    }
    bool
    write(const std::string &name, const std::string &text) const
    {
        const std::string file = path_ + "/" + name;
        std::ofstream stream;
        if (!fs::exists(file)) {
            return false;
        }
        stream.open(file);
        stream << text << std::flush;
        return stream.good();
    }

    std::string path_;
};

class RunMemoryTest : public RunLimitTest, public testing::WithParamInterface<const char *>
{
};

TEST_P(RunMemoryTest, WorkerThatTheKernelKillsCostsTheDeviceAndLeavesTheBestSoFar)
{
    const MemoryGroup group("419430400");
    if (group.path().empty()) {
        GTEST_SKIP() << "memory: no control group can be made here: " << strerror(errno);
    }
    fs::create_directory(home("plugins"));
    fs::create_symlink(REIN_FAKE_PLUGIN_DIR "/rein_plugin_faulty.so",
                       home("plugins/rein_plugin_cpu.so"));

    const Ended ended =
        run_after({ "REIN_PLUGIN_PATH=" + home("plugins"),
                    "FAULTY_INNER=" REIN_PLUGIN_DIR "/rein_plugin_cpu.so",
                    "FAULTY_FAULT=run_fitness:3:eat", "sh", "-c",
                    "echo $$ > '" + group.path() + "/cgroup.procs' || exit 99; exec \"$@\"", "sh" },
                  { data("comp01.ctt"), "--rounds", "1000", "--format", "json", "--set",
                    "device.isolation=" + std::string(GetParam()) });
    ASSERT_EQ(ended.code, 12) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("the plugin ended the process by SIGKILL in a slice of "));
    EXPECT_THAT(ended.err, HasSubstr("by the kernel because memory ran out"));
    const Json document(ended.out);
    EXPECT_EQ(document.text("outcome"), "failed");
    EXPECT_EQ(document.at("receipt").text("worker"), "died");
    EXPECT_TRUE(document.at("receipt").truth("clean"));
    expect_verified(data("comp01.ctt"), document);
    EXPECT_THAT(group.processes(), IsEmpty());
    expect_nothing_left();
    expect_all_ended();
}

INSTANTIATE_TEST_SUITE_P(All, RunMemoryTest, testing::Values("namespace", "subreaper"),
                         [](const auto &each) { return std::string(each.param); });

} // namespace
