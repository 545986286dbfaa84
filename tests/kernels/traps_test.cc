/* SPDX-License-Identifier: MIT */

/*
 * What kernels/README.md says of traps is so, with the compilers that are here. A file of traps/ has one
 * kernel `trap` and, with INSTEAD defined, what to write instead of it. It says in its comment
 *
 *     builds: gcc yes, opencl no        which compilers take it; they all take what is to be instead
 *     names: min max                    it is built for each in the place of NAME
 *     in: 3f800001                      hexadecimal words of its buffer `in`
 *     aliased                           `out` is the same buffer as `in`
 *     gives gcc-fast: 28800000          the first words of `out`, or dies
 *     gives instead: 0                  the same on every way named, and the usual ones
 *
 * The kernels of this project build everywhere too, without a warning.
 */

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "dialect_text.h"
#include "evolve_int16_text.h"
#include "evolve_int32_text.h"
#include "examples_text.h"
#include "functions_text.h"
#include "none_text.h"
#include "timetable_text.h"

namespace
{

using Words = std::vector<std::string>;

const char kTraps[] = REIN_TEST_DATA_DIR "/../kernels/traps";
/* How a text is compiled: the folder has it as text.c, text.cl, text.cu and text.cc. */
struct Compiler {
    const char *name;
    const char *probe;   /* succeeds where it is installed */
    const char *command; /* $OPTIONS stands for its options */
    const char *warnings;
};

/* What the CPU plugin makes an error. */
#define AS_THE_PLUGIN \
    "-Werror=implicit-function-declaration -Werror=implicit-int -Werror=int-conversion " \
    "-Werror=incompatible-pointer-types "
#define WARNINGS " -Wall -Wextra -Wno-unused-parameter -Werror "

const Compiler kCompilers[] = {
    { "gcc", "gcc --version", "gcc -std=c17 -O2 " AS_THE_PLUGIN "$OPTIONS -c -o object text.c",
      WARNINGS },
    { "clang", "clang --version",
      "clang -std=c17 -O2 " AS_THE_PLUGIN "$OPTIONS -c -o object text.c", WARNINGS },
    { "opencl", "clang --version",
      "clang -x cl -cl-std=CL1.2 -Xclang -finclude-default-header $OPTIONS -fsyntax-only text.cl",
      WARNINGS },
    { "cuda", "nvcc --version", "nvcc -ptx --fmad=false $OPTIONS -o object text.cu",
      " --Werror all-warnings " },
    { "c++", "g++ --version", "g++ -std=c++17 -pedantic-errors $OPTIONS -c -o object text.cc",
      WARNINGS },
    { "gcc-m32", "echo | gcc -m32 -x c - -fsyntax-only",
      "gcc -m32 -std=c17 -ffreestanding $OPTIONS -fsyntax-only text.c", WARNINGS },
    { "pocl", "test -x " REIN_OPENCL_PLAN " && test -e /etc/OpenCL/vendors/pocl.icd",
      "echo 'options $OPTIONS' >plan && echo 'program text text.cl' >>plan && "
      "OCL_ICD_VENDORS=/etc/OpenCL/vendors/pocl.icd " REIN_OPENCL_PLAN " <plan",
      "" },
};

const char kCommon[] =
    " -std=c17 -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math -w " AS_THE_PLUGIN;

/* What is added to the usual options of a compiler, to see what another machine or user would. */
const std::map<std::string, std::string> kVariants = {
    { "gcc", "gcc" },
    { "clang", "clang" },
    { "gcc-O0", "gcc -O0" },
    { "gcc-fast", "gcc -mfma -ffp-contract=fast -fassociative-math -freciprocal-math "
                  "-fno-signed-zeros" },
    { "gcc-flush", "gcc -DFLUSH" },
    { "gcc-pattern", "gcc -O0 -ftrivial-auto-var-init=pattern" },
    { "gcc-single", "gcc -fsingle-precision-constant" },
    { "gcc-ubsan", "gcc -fsanitize=undefined,float-cast-overflow "
                   "-fsanitize-undefined-trap-on-error" },
    { "gcc-unsigned-char", "gcc -funsigned-char" },
    { "gcc-zeros", "gcc -O0 -ftrivial-auto-var-init=zero" },
};

const char kMain[] = R"(
#include <stdio.h>
#include <stdlib.h>
#ifdef FLUSH
#include <xmmintrin.h>
#endif
int
main(int argc, char **argv)
{
    u32 in[16] = { 0 };
    u32 out[4] = { 0 };
#ifdef ALIASED
    void *buffers[] = { in, in };
#else
    void *buffers[] = { in, out };
#endif
    for (int i = 1; i < argc; i++) {
        in[i - 1] = (u32)strtoul(argv[i], NULL, 16);
    }
#ifdef FLUSH
    _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
    trap(buffers, 0, 1, 0, 0);
    for (int i = 0; i < 4; i++) {
        printf("%x ", ((u32 *)buffers[1])[i]);
    }
    return 0;
}
)";

std::string
ReadFile(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;

    text << file.rdbuf();
    return text.str();
}

Words
Split(const std::string &text)
{
    std::istringstream stream(text);
    Words words;

    for (std::string word; stream >> word;) {
        words.push_back(word);
    }
    return words;
}

/* A file of traps/, read. */
struct Trap {
    std::string name;
    std::string text;
    std::vector<std::pair<std::string, bool>> builds;
    std::map<std::string, std::string> gives;
    Words names;
    Words in;
    bool is_aliased = false;
};

Trap
ReadTrap(const std::filesystem::path &path)
{
    Trap trap;
    std::string line;

    trap.name = path.stem();
    trap.text = ReadFile(path);
    for (std::istringstream stream(trap.text); std::getline(stream, line);) {
        const size_t colon = line.find(": ");
        const std::string value = colon == std::string::npos ? "" : line.substr(colon + 2);
        if (line.rfind(" * builds: ", 0) == 0) {
            Words words = Split(value);
            for (size_t i = 0; i + 1 < words.size(); i += 2) {
                trap.builds.emplace_back(words[i], words[i + 1].rfind("yes", 0) == 0);
            }
        } else if (line.rfind(" * gives ", 0) == 0) {
            trap.gives[line.substr(9, colon - 9)] = value;
        } else if (line.rfind(" * names: ", 0) == 0) {
            trap.names = Split(value);
        } else if (line.rfind(" * in: ", 0) == 0) {
            trap.in = Split(value);
        }
        trap.is_aliased |= line == " * aliased";
    }
    return trap;
}

const std::vector<Trap> &
Traps()
{
    static const std::vector<Trap> traps = [] {
        std::vector<Trap> all;
        for (const auto &entry : std::filesystem::directory_iterator(kTraps)) {
            all.push_back(ReadTrap(entry.path()));
        }
        std::sort(all.begin(), all.end(),
                  [](const Trap &a, const Trap &b) { return a.name < b.name; });
        return all;
    }();
    return traps;
}

/* A trap, and what is to be instead, on one way. */
struct Case {
    const Trap *trap;
    std::string way;      /* a compiler, or one of its variants */
    std::string expected; /* of the trap; empty: not known */
    std::string instead;
};

void
PrintTo(const Case &one, std::ostream *stream)
{
    *stream << one.trap->name << " " << one.way;
}

std::string
CaseName(const testing::TestParamInfo<Case> &which)
{
    std::string name = which.param.trap->name + "_" + which.param.way;

    std::replace_if(
        name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
    return name;
}

std::vector<Case>
Builds()
{
    std::vector<Case> cases;

    for (const Trap &trap : Traps()) {
        for (const auto &[compiler, is_built] : trap.builds) {
            cases.push_back({ &trap, compiler, is_built ? "yes" : "no", "yes" });
        }
    }
    return cases;
}

std::vector<Case>
Runs()
{
    std::vector<Case> cases;

    for (const Trap &trap : Traps()) {
        std::map<std::string, std::string> gives = trap.gives;
        const std::string instead = gives["instead"];
        gives.erase("instead");
        for (const char *usual : { "gcc", "clang", "opencl" }) {
            gives.emplace(usual, "");
        }
        for (const auto &[way, words] : gives) {
            cases.push_back({ &trap, way, words, instead });
        }
    }
    return cases;
}

class TrapFolder
{
  public:
    void
    Make()
    {
        std::string pattern = testing::TempDir() + "rein-traps-XXXXXX";

        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }

    void
    Remove()
    {
        std::filesystem::remove_all(folder_);
    }

    void
    Write(const std::string &name, const std::string &text)
    {
        std::ofstream(folder_ + "/" + name) << text;
    }

    /* The text as each compiler wants it named. */
    void
    WriteText(const std::string &text)
    {
        for (const char *suffix : { "c", "cl", "cu", "cc" }) {
            Write(std::string("text.") + suffix, dialect_text + text);
        }
    }

    /* Runs the command in the folder; what it says lies in `log`. */
    int
    Shell(const std::string &command)
    {
        const std::string line = "cd " + folder_ + " && { " + command + "; } >log 2>&1";
        return std::system(line.c_str());
    }

    std::string
    Log() const
    {
        return ReadFile(folder_ + "/log");
    }

  private:
    std::string folder_;
};

class TrapsTest : public testing::TestWithParam<Case>
{
  protected:
    void
    SetUp() override
    {
        folder.Make();
    }

    void
    TearDown() override
    {
        folder.Remove();
    }

    TrapFolder folder;
};

std::string
Command(const Compiler &compiler, const std::string &options)
{
    std::string command = compiler.command;

    return command.replace(command.find("$OPTIONS"), 8, options);
}

const Compiler *
FindCompiler(const std::string &name)
{
    for (const Compiler &compiler : kCompilers) {
        if (name == compiler.name) {
            return &compiler;
        }
    }
    return nullptr;
}

/* ---- compiled ---- */

using TrapBuildTest = TrapsTest;

/* The text about `name`; not by a macro, which a kernel's name must not be. */
std::string
WithName(std::string text, const std::string &name)
{
    for (size_t at = text.find("NAME"); at != std::string::npos; at = text.find("NAME", at)) {
        text.replace(at, 4, name);
    }
    return text;
}

TEST_P(TrapBuildTest, IsTakenByTheCompilersThatItSays)
{
    const Case &one = GetParam();
    const Compiler *compiler = FindCompiler(one.way);

    ASSERT_NE(compiler, nullptr) << one.way;
    if (folder.Shell(compiler->probe) != 0) {
        GTEST_SKIP() << one.way << " is not installed";
    }
    for (const std::string &name : one.trap->names.empty() ? Words{ "unnamed" } : one.trap->names) {
        folder.WriteText(WithName(one.trap->text, name));
        const bool is_built = folder.Shell(Command(*compiler, "")) == 0;
        EXPECT_EQ(is_built ? "yes" : "no", one.expected) << name << "\n" << folder.Log();
    }
    EXPECT_EQ(folder.Shell(Command(*compiler, "-DINSTEAD")), 0) << folder.Log();
}

INSTANTIATE_TEST_SUITE_P(All, TrapBuildTest, testing::ValuesIn(Builds()), CaseName);

/* ---- run ---- */

class TrapRunTest : public TrapsTest
{
  protected:
    /* The words of `out` as far as they are expected, or "dies". */
    std::string
    Result(int status, const Case &one, bool is_instead)
    {
        const size_t n_words = Split(is_instead ? one.instead : one.expected).size();
        std::string result;

        if (status != 0) {
            return "dies";
        }
        const Words words = Split(folder.Log());
        for (size_t i = 0; i < n_words && i < words.size(); i++) {
            const std::string word =
                words[i].substr(std::min(words[i].find_first_not_of('0'), words[i].size() - 1));
            result += (i > 0 ? " " : "") + word;
        }
        return result;
    }

    std::string
    RunNatively(const Case &one, bool is_instead)
    {
        std::string command = kVariants.at(one.way);
        std::string arguments;

        command.insert(command.find(' ') == std::string::npos ? command.size() : command.find(' '),
                       kCommon);
        command += std::string(is_instead ? " -DINSTEAD" : "") +
                   (one.trap->is_aliased ? " -DALIASED" : "") + " -o program text.c -lm";
        folder.WriteText(one.trap->text + kMain);
        if (folder.Shell(command) != 0) {
            return folder.Log();
        }
        for (const std::string &word : one.trap->in) {
            arguments += " " + word;
        }
        return Result(folder.Shell("ulimit -c 0; exec ./program" + arguments), one, is_instead);
    }

    std::string
    RunOnDevice(const Case &one, bool is_instead, bool is_oclgrind)
    {
        std::vector<uint32_t> in(16);

        for (size_t i = 0; i < one.trap->in.size(); i++) {
            in[i] = static_cast<uint32_t>(std::stoul(one.trap->in[i], nullptr, 16));
        }
        folder.WriteText(one.trap->text);
        folder.Write("in", std::string(reinterpret_cast<char *>(in.data()), 64));
        folder.Write("plan", std::string("options -cl-std=CL1.2 ") +
                                 (is_oclgrind ? "-cl-opt-disable" : "") +
                                 (is_instead ? " -DINSTEAD" : "") +
                                 "\nprogram text text.cl\nbuffer in 64 in\nbuffer out 16\n"
                                 "run text trap 1 0 0 in out\nprint out 4\n");
        const std::string command =
            is_oclgrind ? "oclgrind --log complaints " REIN_OPENCL_PLAN
                        : "OCL_ICD_VENDORS=/etc/OpenCL/vendors/pocl.icd " REIN_OPENCL_PLAN;
        return Result(folder.Shell(command + " <plan 2>warnings"), one, is_instead);
    }
};

/* What the trap gives is known for x86-64. */
bool
IsKnown(const Case &one)
{
#if defined(__x86_64__)
    return !one.expected.empty() && (one.way != "gcc-fast" || __builtin_cpu_supports("fma"));
#else
    (void)one;
    return false;
#endif
}

TEST_P(TrapRunTest, GivesWhatItSays)
{
    const Case &one = GetParam();

    if (one.way == "opencl" || one.way == "oclgrind") {
        const bool has_oclgrind =
            folder.Shell("oclgrind --version && test -x " REIN_OPENCL_PLAN) == 0;
        if (!has_oclgrind &&
            (one.way == "oclgrind" || folder.Shell(FindCompiler("pocl")->probe) != 0)) {
            GTEST_SKIP() << "there is no Oclgrind, or no PoCL, or no OpenCL headers";
        }
        if (IsKnown(one)) {
            EXPECT_EQ(RunOnDevice(one, false, has_oclgrind), one.expected);
        }
        EXPECT_EQ(RunOnDevice(one, true, has_oclgrind), one.instead);
        return;
    }
    ASSERT_EQ(kVariants.count(one.way), 1u) << one.way;
    if (folder.Shell(Split(kVariants.at(one.way))[0] + " --version") != 0) {
        GTEST_SKIP() << one.way << " is not installed";
    }
    if (IsKnown(one)) {
        EXPECT_EQ(RunNatively(one, false), one.expected);
    }
    EXPECT_EQ(RunNatively(one, true), one.instead);
}

INSTANTIATE_TEST_SUITE_P(All, TrapRunTest, testing::ValuesIn(Runs()), CaseName);

/* ---- what all are told ---- */

TEST(TrapsTest, EachIsInTheReadmeAndNoneBesides)
{
    const std::string readme = ReadFile(std::string(kTraps) + "/../../../kernels/README.md");

    for (const Trap &trap : Traps()) {
        EXPECT_THAT(readme, testing::HasSubstr("`" + trap.name + ".cl`"));
        EXPECT_FALSE(trap.builds.empty()) << trap.name;
        EXPECT_FALSE(trap.gives.empty()) << trap.name;
    }
}

/* ---- the dialect ---- */

TEST(DialectTest, ScratchIsInterleavedWhereItemsRunInLockstep)
{
    const std::string main = "#include <stdio.h>\n"
                             "int main(void) { printf(\"%u\", REIN_SCRATCH_AT(10u, 17u, 3u)); }\n";
    const std::map<std::string, std::string> expected = { { "", "173" },
                                                          { "-DREIN_LOCKSTEP=0", "173" },
                                                          { "-DREIN_LOCKSTEP=1", "209" } };
    TrapFolder folder;

    folder.Make();
    if (folder.Shell(FindCompiler("gcc")->probe) != 0) {
        folder.Remove();
        GTEST_SKIP() << "gcc is not installed";
    }
    folder.WriteText(main);
    for (const auto &[options, index] : expected) {
        EXPECT_EQ(folder.Shell("gcc " + options + " -o program text.c && ./program"), 0);
        EXPECT_EQ(folder.Log(), index) << options;
    }
    folder.Remove();
}

/* ---- the kernels ---- */

struct Program {
    const char *name;
    const char *text;
};

const Program kPrograms[] = {
    { "dialect", "" },
    { "evolve_int16", evolve_int16_text },
    { "evolve_int32", evolve_int32_text },
    { "examples", examples_text },
    { "functions", functions_text },
    { "none", none_text },
    { "timetable", timetable_text },
};

class KernelBuildTest : public testing::TestWithParam<std::tuple<Program, const char *>>
{
};

TEST_P(KernelBuildTest, GivesNoWarning)
{
    const auto &[program, name] = GetParam();
    const Compiler *compiler = FindCompiler(name);
    TrapFolder folder;

    folder.Make();
    if (folder.Shell(compiler->probe) == 0) {
        folder.WriteText(program.text);
        EXPECT_EQ(folder.Shell(Command(*compiler, compiler->warnings)), 0) << folder.Log();
        folder.Remove();
    } else {
        folder.Remove();
        GTEST_SKIP() << name << " is not installed";
    }
}

INSTANTIATE_TEST_SUITE_P(All, KernelBuildTest,
                         testing::Combine(testing::ValuesIn(kPrograms),
                                          testing::Values("gcc", "clang", "opencl", "cuda")),
                         [](const auto &which) {
                             return std::string(std::get<0>(which.param).name) + "_" +
                                    std::get<1>(which.param);
                         });

} // namespace
