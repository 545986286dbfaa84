/* SPDX-License-Identifier: MIT */

/* The CPU plugin's build(): prebuilt programs, the system compiler, the cache on disk. */

#include "cpu_plugin_fixture.h"

#include <cpu_process.h>
#include <none_text.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

namespace
{

const char kAnswer[] = "REIN_KERNEL(answer, OUT(u32, out))\n"
                       "{\n"
                       "    out[item] = 42;\n"
                       "}\n";

const char kBroken[] = "REIN_KERNEL(answer, OUT(u32, out))\n"
                       "{\n"
                       "    u32 x = 1;\n"
                       "    out[item] = x + quite_unknown;\n"
                       "}\n";

/* A compiler that leaves a line in `runs` each time, then works as cc does. */
std::string
CountingScript(const std::string &runs)
{
    return "echo run >> " + runs + "\nexec cc \"$@\"\n";
}

std::string
Contents(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;

    text << file.rdbuf();
    return text.str();
}

class CpuBuildTest : public CpuPluginFixture
{
  protected:
    void
    ExpectAnswer(uint64_t program)
    {
        const uint64_t out = Buffer(8);
        Run(Slice({ Stage(program, "answer", 2, { out }) }));
        EXPECT_THAT(Words(out, 2), Each(42u));
        EXPECT_EQ(table->release(device, kJob, out, &msg), REIN_OK);
    }

    void
    OpenWithCountingCompiler()
    {
        runs = folder + "/runs";
        UseCompilerScript(CountingScript(runs));
        Open();
    }

    size_t
    Runs()
    {
        const std::string lines = Contents(runs);
        return static_cast<size_t>(std::count(lines.begin(), lines.end(), '\n'));
    }

    std::string runs;
};

} // namespace

/* ---- prebuilt ---- */

TEST_F(CpuBuildTest, PrebuiltProgramIsFoundByItsDigestWithoutACompiler)
{
    settings["compiler"] = "/nonexistent/cc";
    for (const char *level : { "baseline", "auto" }) {
        Reopen("", level);
        const uint64_t program = Build(std::string(none_text, none_text_size));
        std::vector<uint32_t> params(32, 0);
        params[0] = 16;
        const uint64_t genes = Buffer(64);
        const uint64_t fitness = BufferOf(std::vector<uint32_t>(16, 5));
        Run(Slice({ Stage(program, "none_fitness", 16,
                          { BufferOf(params), genes, genes, fitness, genes, genes }) }));
        EXPECT_THAT(Words(fitness, 16), Each(0u));
    }
    EXPECT_THAT(FilesIn(cache), IsEmpty());
}

/* For the thread sanitizer, which sees into prebuilt kernels only. */
TEST_F(CpuBuildTest, StagesOnManyThreadsAreOrdered)
{
    const uint32_t n = 200000;

    Reopen("5");
    const uint64_t program = Build(std::string(none_text, none_text_size));
    std::vector<uint32_t> params(32, 0);
    params[0] = n;
    const uint64_t genes = Buffer(64);
    const uint64_t fitness = BufferOf(std::vector<uint32_t>(n, 5));
    const ReinStage stage = Stage(program, "none_fitness", n,
                                  { BufferOf(params), genes, genes, fitness, genes, genes });
    Run(Slice({ stage, stage, stage }, 20));
    EXPECT_THAT(Words(fitness, n), Each(0u));
}

/* ---- the system compiler ---- */

TEST_F(CpuBuildTest, LongCompilerLogKeepsItsBeginningInWholeLines)
{
    std::string broken = "REIN_KERNEL(answer, OUT(u32, out))\n{\n";
    uint64_t program = 0;

    for (int i = 0; i < 200; i++) {
        broken += "    out[item] = unknown_" + std::to_string(i) + ";\n";
    }
    Open();
    EXPECT_EQ(TryBuild(broken + "}\n", &program), REIN_ERR_BUILD);
    EXPECT_THAT(text, HasSubstr("user.cl:3:"));
    const std::string whole = text;
    EXPECT_GT(whole.size(), sizeof text / 2);
    const std::string last = whole.substr(whole.rfind('\n') + 1);
    EXPECT_THAT(Logged(), HasSubstr("3 cpu: " + last + "\n"));

    msg.size = 40;
    EXPECT_EQ(TryBuild(broken + "}\n", &program), REIN_ERR_BUILD);
    EXPECT_LT(strlen(text), 40u);
    EXPECT_STRNE(text, "");
}

TEST_F(CpuBuildTest, FileNameWithQuotesStaysOneName)
{
    const std::string dialect = "typedef int rein_unused;\n";
    const std::string digest(64, 'a');
    const std::string kernels = "broken\n";
    ReinSource source = {};
    uint64_t program = 0;

    Open();
    source.struct_size = sizeof source;
    source.name = "a \"b\"\\\n.cl";
    source.text = kernels.c_str();
    source.text_size = kernels.size();
    source.dialect = dialect.c_str();
    source.dialect_size = dialect.size();
    source.digest = digest.c_str();
    EXPECT_EQ(table->build(device, kJob, &source, &program, &msg), REIN_ERR_BUILD);
    EXPECT_THAT(text, HasSubstr("a \"b\"\\?.cl:1:"));
}

TEST_F(CpuBuildTest, MissingCompilerIsUnsupportedAndNamed)
{
    uint64_t program = 5;

    for (const char *compiler : { "no-such-cc", "/no/such/cc", "/tmp", "/proc/version" }) {
        Close();
        settings["compiler"] = compiler;
        Open();
        EXPECT_EQ(TryBuild(kAnswer, &program), REIN_ERR_UNSUPPORTED);
        EXPECT_EQ(program, 0u);
        EXPECT_THAT(text, HasSubstr("'" + std::string(compiler) + "'"));
        EXPECT_THAT(text, HasSubstr("install gcc or clang"));
    }
}

TEST_F(CpuBuildTest, CompilerOfAnotherFormatIsUnsupported)
{
    uint64_t program = 0;

    UseCompilerScript("");
    std::ofstream(settings["compiler"]) << "\177ELF but not really";
    Open();
    EXPECT_EQ(TryBuild(kAnswer, &program), REIN_ERR_UNSUPPORTED);
    EXPECT_THAT(text, HasSubstr("start " + settings["compiler"]));
}

TEST_F(CpuBuildTest, CompilerKilledBySignalIsNotTheTextsFault)
{
    uint64_t program = 0;

    UseCompilerScript("kill -9 $$\n");
    Open();
    EXPECT_EQ(TryBuild(kAnswer, &program), REIN_ERR_FAILED);
    EXPECT_THAT(text, HasSubstr("signal 9"));
}

TEST_F(CpuBuildTest, CompilerThatMakesNothingIsAnError)
{
    uint64_t program = 0;

    UseCompilerScript("exit 0\n");
    Open();
    EXPECT_EQ(TryBuild(kAnswer, &program), REIN_ERR_BUILD);
    EXPECT_STRNE(text, "");
}

TEST_F(CpuBuildTest, CompilerThatMakesNoLibraryIsAnError)
{
    uint64_t program = 0;

    UseCompilerScript(
        "while [ $# -gt 0 ]; do [ \"$1\" = -o ] && echo junk > \"$2\"; shift; done\n");
    Open();
    EXPECT_EQ(TryBuild(kAnswer, &program), REIN_ERR_BUILD);
    EXPECT_THAT(text, HasSubstr("kernel.so"));
    EXPECT_THAT(FilesIn(cache), IsEmpty());
}

TEST_F(CpuBuildTest, CompilerSeesNoDescriptorOfOursAndAnEmptyInput)
{
    const std::string seen = folder + "/seen";
    std::string line;
    uint64_t program = 0;
    int n_null = 0;

    FILE *leak = fopen("/dev/zero", "r"); /* not close-on-exec, as hosts do */
    UseCompilerScript("for i in /proc/$$/fd/*; do readlink $i; done > " + seen + "\ncat\nexit 1\n");
    Open();
    EXPECT_EQ(TryBuild(kAnswer, &program), REIN_ERR_BUILD);
    fclose(leak);

    std::stringstream lines(Contents(seen));
    while (getline(lines, line)) {
        n_null += line == "/dev/null";
        /* the shell itself holds its script and the file it writes to */
        EXPECT_TRUE(line == "/dev/null" || line == seen || line == settings["compiler"] ||
                    line.rfind(scratch, 0) == 0)
            << line;
    }
    EXPECT_EQ(n_null, 1);
}

TEST_F(CpuBuildTest, HostThatReapsEveryChildItselfStillGetsTheLog)
{
    const auto before = signal(SIGCHLD, SIG_IGN);
    uint64_t program = 0;

    Open();
    ExpectAnswer(Build(kAnswer));
    EXPECT_EQ(TryBuild(kBroken, &program), REIN_ERR_BUILD);
    EXPECT_THAT(text, HasSubstr("user.cl:4:"));
    signal(SIGCHLD, before);
}

TEST_F(CpuBuildTest, TemporaryFilesAreRemovedOnEveryWay)
{
    uint64_t program = 0;

    Open();
    Build(kAnswer);
    EXPECT_THAT(FilesIn(scratch), IsEmpty());
    EXPECT_EQ(TryBuild(kBroken, &program), REIN_ERR_BUILD);
    EXPECT_THAT(FilesIn(scratch), IsEmpty());
    Close();
    UseCompilerScript("touch $TMPDIR/left-over\nkill -9 $$\n");
    Open();
    EXPECT_EQ(TryBuild(kBroken, &program), REIN_ERR_FAILED);
    EXPECT_THAT(FilesIn(scratch), IsEmpty());
}

TEST_F(CpuBuildTest, WithoutScratchFolderTheCacheFolderThenTmpIsUsed)
{
    host.scratch_directory = nullptr;
    Open();
    ExpectAnswer(Build(kAnswer));
    EXPECT_THAT(FilesIn(cache), SizeIs(1));
    Close();

    host.cache_directory = nullptr;
    Open();
    ExpectAnswer(Build(kAnswer));
    Close();

    host.scratch_directory = "/proc";
    Open();
    ExpectAnswer(Build(kAnswer));
}

/* ---- the process ---- */

TEST_F(CpuBuildTest, ProcessPastItsLimitIsEndedWithItsChildren)
{
    const std::string log_path = folder + "/log";
    const std::string script = "sleep 1000 & echo $!; wait";
    std::string arguments[] = { "sh", "-c", script };
    char *argv[] = { arguments[0].data(), arguments[1].data(), arguments[2].data(), nullptr };
    CpuProcess process = {};

    process.path = "/bin/sh";
    process.arguments = argv;
    process.folder = folder.c_str();
    process.log_path = log_path.c_str();
    process.limit_ns = 300000000;
    ASSERT_EQ(cpu_process_run(&process, &msg), REIN_OK) << text;
    EXPECT_EQ(process.ended, CPU_PROCESS_TIMED_OUT);

    const std::string child = "/proc/" + std::to_string(atoi(Contents(log_path).c_str())) + "/stat";
    for (std::string state = Contents(child); !state.empty(); state = Contents(child)) {
        if (state.find(") Z ") != std::string::npos) {
            break; /* dead: its new parent has not reaped it yet */
        }
    }
}

/* ---- the cache ---- */

TEST_F(CpuBuildTest, OtherTextLevelFlagsOrCompilerIsAnotherEntry)
{
    uint64_t program = 0;

    OpenWithCountingCompiler();
    settings["level"] = "baseline";
    Reopen("");
    Build(kAnswer);
    Build(std::string(kAnswer) + "\n");
    EXPECT_EQ(TryBuild(kAnswer, &program, kJob, REIN_SOURCE_FAST_MATH), REIN_OK) << text;
    EXPECT_EQ(Runs(), 3u);

    UseCompilerScript(CountingScript(runs) + "# another compiler of the same name\n");
    Reopen("");
    Build(kAnswer);
    EXPECT_EQ(Runs(), 4u);

    Close();
    settings["level"] = "avx2";
    if (TryOpen() == REIN_OK) {
        Build(kAnswer);
        EXPECT_EQ(Runs(), 5u);
    }
    EXPECT_THAT(FilesIn(cache), SizeIs(Runs()));
}

TEST_F(CpuBuildTest, DiscardUnloadsTheLibrary)
{
    Open();
    const uint64_t first = Build(kAnswer);
    const uint64_t second = Build(kAnswer, kOtherJob);
    const std::string entry = FilesIn(cache).at(0);

    EXPECT_THAT(Contents("/proc/self/maps"), HasSubstr(entry));
    EXPECT_EQ(table->discard(device, kJob, first, &msg), REIN_OK) << text;
    EXPECT_EQ(table->discard(device, kOtherJob, second, &msg), REIN_OK) << text;
    EXPECT_THAT(Contents("/proc/self/maps"), Not(HasSubstr(entry)));
}

/* ---- fast math ---- */

TEST_F(CpuBuildTest, FastMathKeepsDenormalsOfTheProcess)
{
    uint64_t program = 0;
    volatile float tiny = 1e-40f;

    Open();
    ASSERT_EQ(TryBuild(kAnswer, &program, kJob, REIN_SOURCE_FAST_MATH), REIN_OK) << text;
    EXPECT_GT(tiny * 0.5f, 0.0f);
    ExpectAnswer(program);
}
