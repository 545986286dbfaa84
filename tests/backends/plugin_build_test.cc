/* SPDX-License-Identifier: MIT */

/* What build() of every plugin does: errors with the user's lines, and the cache on disk. */

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "plugin_fixture.h"

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
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

class PluginBuildTest : public PluginFixture
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
};

/* Entries come into being under their final name whole, so a new one is another file. */
class PluginCacheTest : public PluginBuildTest
{
  protected:
    static ino_t
    FileOf(const std::string &entry)
    {
        struct stat info = {};

        EXPECT_EQ(stat(entry.c_str(), &info), 0) << entry;
        return info.st_ino;
    }

    /* Builds once, and gives the path of the entry that this left in the cache. */
    std::string
    CacheEntry()
    {
        Open();
        Build(kAnswer);
        const std::vector<std::string> files = FilesIn(cache);
        EXPECT_THAT(files, SizeIs(1));
        Close();
        return files.empty() ? "" : files[0];
    }

    /* That a build, now that the entry was changed, compiles again and works. */
    void
    ExpectBuiltAgain(const std::string &entry)
    {
        const std::string before = ReadFile(entry);

        Open();
        ExpectAnswer(Build(kAnswer));
        EXPECT_THAT(Logged(), HasSubstr(entry + " is damaged: removed, built again"));
        EXPECT_THAT(FilesIn(cache), ElementsAre(entry));
        EXPECT_NE(ReadFile(entry), before);

        const ino_t again = FileOf(entry);
        ExpectAnswer(Build(kAnswer));
        EXPECT_EQ(FileOf(entry), again);
        Close();
    }
};

} // namespace

/* ---- texts ---- */

TEST_F(PluginBuildTest, UserKernelIsCompiledAndRuns)
{
    Open();
    ExpectAnswer(Build(kAnswer));
}

TEST_F(PluginBuildTest, ErrorNamesTheUsersFileAndLine)
{
    uint64_t program = 5;

    Open();
    EXPECT_EQ(TryBuild(kBroken, &program), REIN_ERR_BUILD);
    EXPECT_EQ(program, 0u);
    EXPECT_THAT(text, HasSubstr("user.cl:4:"));
    EXPECT_THAT(text, HasSubstr("quite_unknown"));
    EXPECT_EQ(Usage().n_programs, 0u);
}

TEST_F(PluginBuildTest, CallOfAnUnknownFunctionIsAnErrorWithItsLine)
{
    uint64_t program = 0;

    Open();
    EXPECT_EQ(TryBuild("\n\nREIN_KERNEL(answer, OUT(u32, out))\n{\n    out[0] = guess(1);\n}\n",
                       &program),
              REIN_ERR_BUILD);
    EXPECT_THAT(text, HasSubstr("user.cl:5:"));
    EXPECT_THAT(text, HasSubstr("guess"));
}

TEST_F(PluginBuildTest, LongCompilerLogIsCutToItsBeginning)
{
    std::string broken = "REIN_KERNEL(answer, OUT(u32, out))\n{\n";
    std::vector<char> room(1 << 20);
    uint64_t program = 0;

    for (int i = 0; i < 100; i++) {
        const std::string name(static_cast<size_t>(100 - i), 'u'); /* later lines would fit again */
        broken += "    out[item] = " + name + ";\n";
    }
    Open();
    msg.text = room.data();
    msg.size = static_cast<uint32_t>(room.size());
    EXPECT_EQ(TryBuild(broken + "}\n", &program), REIN_ERR_BUILD);
    const std::string whole = room.data();
    EXPECT_THAT(whole, HasSubstr("user.cl:3:"));
    for (uint32_t size : { 1024, 300, 40, 2, 1 }) {
        msg.size = size;
        EXPECT_EQ(TryBuild(broken + "}\n", &program), REIN_ERR_BUILD);
        const std::string cut = room.data();
        EXPECT_LT(cut.size(), size);
        EXPECT_TRUE(size == 1 || !cut.empty());
        EXPECT_EQ(cut, whole.substr(0, cut.size()));
    }
}

TEST_F(PluginBuildTest, FileNameWithQuotesIsStillNamedWithItsLine)
{
    const std::string dialect = "typedef int rein_unused;\n";
    const std::string digest(64, 'a');
    const std::string kernels = "\nbroken\n";
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
    EXPECT_THAT(text, HasSubstr(".cl:2:"));
}

TEST_F(PluginBuildTest, ContractionIsOffUnlessAskedFor)
{
    const char kernels[] = "REIN_KERNEL(answer, IN(f32, a), OUT(f32, out))\n"
                           "{\n"
                           "    out[item] = a[0] * a[1] + a[2];\n"
                           "}\n";
    /* 1 + 2^-23 and 1 + 2^-12, squared less the rounded square: 0 unless that is one operation */
    const std::vector<uint32_t> numbers[] = { { 0x3F800001u, 0x3F800001u, 0xBF800002u },
                                              { 0x3F800800u, 0x3F800800u, 0xBF801000u } };

    Open();
    const uint64_t program = Build(kernels);
    for (const std::vector<uint32_t> &a : numbers) {
        const uint64_t out = Buffer(4);
        Run(Slice({ Stage(program, "answer", 1, { BufferOf(a), out }) }));
        EXPECT_EQ(Words(out, 1)[0], 0u);
    }
}

TEST_F(PluginBuildTest, MalformedSourceIsRefused)
{
    const std::string good(64, '0');
    uint64_t program = 5;
    ReinSource source = {};

    Open();
    source.struct_size = sizeof source;
    source.name = "user.cl";
    source.text = source.dialect = "";
    for (const std::string &digest :
         { std::string(), std::string(63, '0'), std::string(65, '0'), std::string(64, 'A'),
           "../" + std::string(61, '0'), std::string(63, '0') + "g" }) {
        source.digest = digest.c_str();
        EXPECT_EQ(table->build(device, kJob, &source, &program, &msg), REIN_ERR_INVALID_ARGUMENT);
        EXPECT_THAT(text, HasSubstr("user.cl"));
        EXPECT_EQ(program, 0u);
    }
    source.digest = nullptr;
    EXPECT_EQ(table->build(device, kJob, &source, &program, &msg), REIN_ERR_INVALID_ARGUMENT);
    source.digest = good.c_str();
    source.text = nullptr;
    EXPECT_EQ(table->build(device, kJob, &source, &program, &msg), REIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(table->build(device, kJob, nullptr, &program, &msg), REIN_ERR_INVALID_ARGUMENT);
    source.struct_size = 4;
    EXPECT_EQ(table->build(device, kJob, &source, &program, &msg), REIN_ERR_INVALID_ARGUMENT);
}

/* ---- the cache ---- */

TEST_F(PluginCacheTest, SecondBuildComesFromTheCache)
{
    const std::string entry = CacheEntry();
    const ino_t file = FileOf(entry);

    Open();
    ExpectAnswer(Build(kAnswer));
    EXPECT_EQ(FileOf(entry), file);
    EXPECT_THAT(FilesIn(cache), ElementsAre(entry));
    EXPECT_THAT(Logged(), Not(HasSubstr("built again")));
}

TEST_F(PluginCacheTest, OtherTextOrFlagsIsAnotherEntry)
{
    uint64_t program = 0;

    Open();
    Build(kAnswer);
    Build(std::string(kAnswer) + "\n");
    EXPECT_EQ(TryBuild(kAnswer, &program, kJob, REIN_SOURCE_FAST_MATH), REIN_OK) << text;
    EXPECT_THAT(FilesIn(cache), SizeIs(3));
}

TEST_F(PluginCacheTest, TextThatDoesNotCompileLeavesNoEntry)
{
    uint64_t program = 0;

    Open();
    EXPECT_EQ(TryBuild(kBroken, &program), REIN_ERR_BUILD);
    EXPECT_THAT(FilesIn(cache), IsEmpty());
    EXPECT_THAT(FilesIn(scratch), IsEmpty());
}

TEST_F(PluginCacheTest, WithoutACacheFolderNothingIsKept)
{
    host.cache_directory = nullptr;
    Open();
    ExpectAnswer(Build(kAnswer));
    ExpectAnswer(Build(kAnswer));
    EXPECT_THAT(FilesIn(cache), IsEmpty());
}

TEST_F(PluginCacheTest, TruncatedCacheEntryIsBuiltAgain)
{
    const std::string entry = CacheEntry();
    for (uintmax_t size : { std::filesystem::file_size(entry) - 1, uintmax_t{ 100 }, uintmax_t{ 1 },
                            uintmax_t{ 0 } }) {
        std::filesystem::resize_file(entry, size);
        ExpectBuiltAgain(entry);
    }
}

TEST_F(PluginCacheTest, AlteredCacheEntryIsBuiltAgain)
{
    const std::string entry = CacheEntry();
    const size_t size = ReadFile(entry).size();
    for (size_t offset : { size_t{ 0 }, size / 2, size - 1, size - 20 }) {
        std::string bytes = ReadFile(entry);
        bytes[offset] = static_cast<char>(bytes[offset] ^ 1);
        std::ofstream(entry, std::ios::binary) << bytes;
        ExpectBuiltAgain(entry);
    }
}

TEST_F(PluginCacheTest, CacheEntryThatIsAFolderIsSurvived)
{
    const std::string entry = CacheEntry();
    std::filesystem::remove(entry);
    std::filesystem::create_directory(entry);
    Open();
    ExpectAnswer(Build(kAnswer));
}

TEST_F(PluginCacheTest, CacheFolderThatCannotBeWrittenToCostsOnlyTheCaching)
{
    for (const char *path : { "/proc", "/nonexistent/cache", "/dev/null" }) {
        Close();
        host.cache_directory = path;
        Open();
        ExpectAnswer(Build(kAnswer));
        EXPECT_THAT(Logged(), HasSubstr("1 " + std::string(path) + "/"));
    }
    EXPECT_THAT(FilesIn(scratch), IsEmpty());
}
