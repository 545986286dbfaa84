/* SPDX-License-Identifier: MIT */

#include <dlfcn.h>
#include <elf.h>
#include <sys/stat.h>

#include <gmock/gmock.h>

#include <cstring>
#include <functional>
#include <string>

#include "plugin_private.h"
#include "support/fake_table.h"
#include "support/process_counts.h"
#include "support/temporary_folder.h"

#include <rein/error.h>

namespace
{

using rein_test::FakeTable;
using rein_test::ReadFile;
using testing::HasSubstr;

class PluginTest : public testing::Test
{
  protected:
    static std::string
    FakePath(const std::string &name)
    {
        return std::string(REIN_FAKE_PLUGIN_DIR) + "/rein_plugin_fake_" + name + ".so";
    }

    /* Why loading fails; "" if it does not. */
    static std::string
    Refusal(const std::string &path)
    {
        g_autoptr(GError) error = nullptr;
        g_autoptr(ReinPlugin) plugin = rein_plugin_load(path.c_str(), &error);

        EXPECT_EQ(plugin == nullptr, error != nullptr);
        if (error == nullptr) {
            return "";
        }
        EXPECT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_PLUGIN)) << error->message;
        return error->message;
    }

    /* The same for a table that is the fake's but for one change. */
    static std::string
    TableRefusal(const std::function<void(ReinPluginTable &)> &spoil)
    {
        ReinPluginTable table = *FakeTable();
        g_autoptr(GError) error = nullptr;

        spoil(table);
        g_autoptr(ReinPlugin) plugin = rein_plugin_new_for_table(&table, &error);
        EXPECT_EQ(plugin == nullptr, error != nullptr);
        return error != nullptr ? error->message : "";
    }

    /* Why a good plugin is refused after its ELF header was changed. */
    std::string
    HeaderRefusal(const std::function<void(Elf64_Ehdr &)> &change) const
    {
        std::string bytes = ReadFile(FakePath("good"));
        Elf64_Ehdr header;

        memcpy(&header, bytes.data(), sizeof header);
        change(header);
        memcpy(bytes.data(), &header, sizeof header);
        return Refusal(folder_.Write("changed.so", bytes));
    }

    static bool
    IsLoaded(const std::string &path)
    {
        void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD);

        if (library != nullptr) {
            dlclose(library);
        }
        return library != nullptr;
    }

    rein_test::TemporaryFolder folder_;
};

TEST_F(PluginTest, GoodPluginIsLoaded)
{
    g_autoptr(GError) error = nullptr;
    g_autoptr(ReinPlugin) plugin = rein_plugin_load(FakePath("good").c_str(), &error);

    ASSERT_NE(plugin, nullptr) << error->message;
    EXPECT_STREQ(rein_plugin_get_name(plugin), "good");
    EXPECT_STREQ(rein_plugin_get_path(plugin), FakePath("good").c_str());
    EXPECT_STREQ(rein_plugin_get_table(plugin)->name, "good");
    EXPECT_STREQ(rein_plugin_get_table(plugin)->version, "1.0");
}

TEST_F(PluginTest, RelativePathIsLoadedFromTheCurrentFolder)
{
    const auto before = std::filesystem::current_path();
    std::filesystem::copy_file(FakePath("good"), folder_.At("plain.so"));

    std::filesystem::current_path(folder_.path());
    const std::string refusal = Refusal("plain.so");
    std::filesystem::current_path(before);
    EXPECT_EQ(refusal, "");
}

TEST_F(PluginTest, MissingFileIsRefused)
{
    EXPECT_EQ(Refusal(folder_.At("none.so")), "cannot be opened: No such file or directory");
}

TEST_F(PluginTest, FolderIsRefused)
{
    EXPECT_EQ(Refusal(folder_.MakeFolder("folder.so")), "not a regular file");
}

TEST_F(PluginTest, FifoIsRefusedWithoutWaitingForAWriter)
{
    ASSERT_EQ(mkfifo(folder_.At("fifo.so").c_str(), 0600), 0);
    EXPECT_EQ(Refusal(folder_.At("fifo.so")), "not a regular file");
}

TEST_F(PluginTest, EmptyFileIsRefused)
{
    EXPECT_EQ(Refusal(folder_.Write("empty.so", "")), "not an ELF file: it is empty");
}

TEST_F(PluginTest, TextFileIsRefused)
{
    EXPECT_EQ(Refusal(folder_.Write("text.so", "INPUT(libfoo.so)\n")), "not an ELF file");
    EXPECT_EQ(Refusal(folder_.Write("short.so", "\x7f"
                                                "E")),
              "not an ELF file");
}

TEST_F(PluginTest, FileTruncatedAnywhereIsRefused)
{
    const std::string bytes = ReadFile(FakePath("good"));

    for (size_t size :
         { size_t(4), size_t(20), sizeof(Elf64_Ehdr) - 1, sizeof(Elf64_Ehdr),
           sizeof(Elf64_Ehdr) + 100, bytes.size() / 4, bytes.size() / 2, bytes.size() - 1 }) {
        const std::string path = folder_.Write("truncated.so", bytes.substr(0, size));

        EXPECT_THAT(Refusal(path), HasSubstr("truncated ELF file: it ends after " +
                                             std::to_string(size) + " bytes"))
            << size;
        EXPECT_FALSE(IsLoaded(path)) << size;
    }
}

TEST_F(PluginTest, HeaderThatPointsOutsideTheFileIsRefused)
{
    EXPECT_THAT(HeaderRefusal([](Elf64_Ehdr &header) { header.e_phoff = ~0ull - 8; }),
                HasSubstr("truncated ELF file"));
    EXPECT_THAT(HeaderRefusal([](Elf64_Ehdr &header) { header.e_shoff = ~0ull - 8; }),
                HasSubstr("truncated ELF file"));
    EXPECT_EQ(HeaderRefusal([](Elf64_Ehdr &header) { header.e_phnum = 0; }),
              "damaged ELF file: no segments to load");
    EXPECT_EQ(HeaderRefusal([](Elf64_Ehdr &header) { header.e_phentsize = 7; }),
              "damaged ELF file: no segments to load");
}

#if defined(__x86_64__)
TEST_F(PluginTest, FileForAnotherArchitectureIsRefusedByName)
{
    EXPECT_EQ(HeaderRefusal([](Elf64_Ehdr &header) { header.e_machine = EM_AARCH64; }),
              "is for aarch64 (ELF machine 183, 64 bits), this is x86_64");
    EXPECT_EQ(HeaderRefusal([](Elf64_Ehdr &header) {
                  header.e_machine = EM_386;
                  header.e_ident[EI_CLASS] = ELFCLASS32;
              }),
              "is for i386 (ELF machine 3, 32 bits), this is x86_64");
    EXPECT_EQ(HeaderRefusal([](Elf64_Ehdr &header) { header.e_machine = 4242; }),
              "is for another architecture (ELF machine 4242, 64 bits), this is x86_64");
    EXPECT_EQ(HeaderRefusal([](Elf64_Ehdr &header) { header.e_ident[EI_DATA] = ELFDATA2MSB; }),
              "is for an architecture of another byte order, this is x86_64");
}
#endif

TEST_F(PluginTest, ExecutableIsRefused)
{
    EXPECT_EQ(HeaderRefusal([](Elf64_Ehdr &header) { header.e_type = ET_EXEC; }),
              "an ELF file, but not a shared object");
}

TEST_F(PluginTest, LibraryWithoutTheEntryIsRefused)
{
    EXPECT_EQ(Refusal(FakePath("no_entry")), "no plugin of rein: it has no symbol rein_plugin");
}

TEST_F(PluginTest, EntryThatIsNoFunctionIsNotCalled)
{
    EXPECT_EQ(Refusal(FakePath("data_entry")),
              "no plugin of rein: its symbol rein_plugin is no function");
}

TEST_F(PluginTest, EntryThatReturnsNullIsRefused)
{
    EXPECT_EQ(Refusal(FakePath("null_table")), "rein_plugin() returned NULL");
}

TEST_F(PluginTest, UndefinedSymbolIsRefusedByName)
{
    EXPECT_THAT(
        Refusal(FakePath("undefined")),
        testing::AllOf(HasSubstr("cannot be loaded: "), HasSubstr("fake_that_nobody_defines")));
}

TEST_F(PluginTest, OtherMajorIsRefusedBeforeAnythingElseIsRead)
{
    EXPECT_THAT(Refusal(FakePath("other_major")), HasSubstr("built for plugin ABI 7."));
}

TEST_F(PluginTest, TableSmallerThanItsHeadIsRefused)
{
    EXPECT_EQ(Refusal(FakePath("tiny_table")),
              "its table claims 8 bytes, less than the table's head of 16");
}

TEST_F(PluginTest, TableWithoutARequiredSlotIsRefusedByName)
{
    EXPECT_EQ(Refusal(FakePath("null_slot")), "required slot run_fitness is NULL");
    EXPECT_EQ(Refusal(FakePath("old_table")),
              "required slot cleanup is missing: its table ends before it");
}

TEST_F(PluginTest, EachRequiredSlotIsRefusedByName)
{
#define EXPECT_REQUIRED(slot) \
    EXPECT_EQ(TableRefusal([](ReinPluginTable &table) { table.slot = nullptr; }), \
              "required slot " #slot " is NULL")
    EXPECT_REQUIRED(probe);
    EXPECT_REQUIRED(open);
    EXPECT_REQUIRED(close);
    EXPECT_REQUIRED(build);
    EXPECT_REQUIRED(discard);
    EXPECT_REQUIRED(allocate);
    EXPECT_REQUIRED(release);
    EXPECT_REQUIRED(write);
    EXPECT_REQUIRED(read);
    EXPECT_REQUIRED(run_fitness);
    EXPECT_REQUIRED(usage);
    EXPECT_REQUIRED(cleanup);
#undef EXPECT_REQUIRED
}

TEST_F(PluginTest, BadNameIsRefused)
{
    EXPECT_EQ(Refusal(FakePath("bad_name")),
              "its name \"Fancy Name\" has other characters than a-z, 0-9 and -");
    EXPECT_EQ(TableRefusal([](ReinPluginTable &table) { table.name = nullptr; }),
              "its table has no name");
    EXPECT_EQ(TableRefusal([](ReinPluginTable &table) { table.name = ""; }),
              "its name \"\" is empty: 1 to 32 characters");
    EXPECT_THAT(TableRefusal([](ReinPluginTable &table) {
                    table.name = "a-name-that-is-too-long-for-any-id";
                }),
                HasSubstr("is too long: 1 to 32 characters"));
    EXPECT_EQ(TableRefusal(
                  [](ReinPluginTable &table) { table.name = "a-name-of-thirty-two-characters-"; }),
              "");
}

TEST_F(PluginTest, MissingVersionReadsAsNone)
{
    ReinPluginTable table = *FakeTable();
    g_autoptr(ReinPlugin) plugin = nullptr;

    table.version = nullptr;
    plugin = rein_plugin_new_for_table(&table, nullptr);
    ASSERT_NE(plugin, nullptr);
    EXPECT_STREQ(rein_plugin_get_table(plugin)->version, "");
}

TEST_F(PluginTest, LargerTableOfANewerMinorIsAccepted)
{
    EXPECT_EQ(Refusal(FakePath("large_table")), "");
}

TEST_F(PluginTest, SlotsBehindAShorterTableAreStubs)
{
    g_autoptr(GError) error = nullptr;
    g_autoptr(ReinPlugin) plugin = rein_plugin_load(FakePath("short_table").c_str(), &error);
    char room[64] = "";
    ReinMsg msg = { room, sizeof room };
    uint64_t free_size = 1;
    uint64_t total_size = 1;

    ASSERT_NE(plugin, nullptr) << error->message;
    const ReinPluginTable *table = rein_plugin_get_table(plugin);
    EXPECT_EQ(table->struct_size, sizeof *table);
    EXPECT_EQ(table->memory_info(nullptr, &free_size, &total_size, &msg), REIN_ERR_UNSUPPORTED);
    EXPECT_STREQ(room, "this plugin has no memory_info");
    EXPECT_EQ(free_size + total_size, 0u);
    table->interrupt(nullptr, 1);
    EXPECT_FALSE(rein_plugin_has_interrupt(plugin));
}

TEST_F(PluginTest, OptionalSlotThatIsNullIsAStub)
{
    ReinPluginTable table = *FakeTable();
    g_autoptr(ReinPlugin) whole = rein_plugin_new_for_table(&table, nullptr);
    g_autoptr(ReinPlugin) plugin = nullptr;

    EXPECT_TRUE(rein_plugin_has_interrupt(whole));
    table.memory_info = nullptr;
    table.interrupt = nullptr;
    plugin = rein_plugin_new_for_table(&table, nullptr);
    ASSERT_NE(plugin, nullptr);
    EXPECT_NE(rein_plugin_get_table(plugin)->memory_info, nullptr);
    EXPECT_NE(rein_plugin_get_table(plugin)->interrupt, nullptr);
    EXPECT_FALSE(rein_plugin_has_interrupt(plugin));
    EXPECT_STREQ(rein_plugin_get_path(plugin), "");
}

TEST_F(PluginTest, TableThatEndsInsideASlotHasNotGotThatSlot)
{
    EXPECT_EQ(TableRefusal([](ReinPluginTable &table) {
                  table.struct_size = offsetof(ReinPluginTable, cleanup) + 4;
              }),
              "required slot cleanup is missing: its table ends before it");
}

TEST_F(PluginTest, UnloadablePluginIsClosedWithItsLastReference)
{
    const std::string path = FakePath("unloadable");
    ReinPlugin *plugin = rein_plugin_load(path.c_str(), nullptr);

    ASSERT_NE(plugin, nullptr);
    rein_plugin_unref(rein_plugin_ref(plugin));
    EXPECT_TRUE(IsLoaded(path));
    rein_plugin_unref(plugin);
    EXPECT_FALSE(IsLoaded(path));
}

TEST_F(PluginTest, OtherPluginsStayLoaded)
{
    const std::string path = FakePath("large_table");

    rein_plugin_unref(rein_plugin_load(path.c_str(), nullptr));
    EXPECT_TRUE(IsLoaded(path));
}

TEST_F(PluginTest, UnrefOfNullIsANoOp)
{
    rein_plugin_unref(nullptr);
}

TEST_F(PluginTest, LoadingLeavesNoDescriptor)
{
    const std::string text = folder_.Write("text.so", "no plugin");
    const int n_before = rein_test::CountDescriptors();

    for (int i = 0; i < 20; i++) {
        Refusal(text);
        Refusal(FakePath("good"));
        Refusal(FakePath("null_slot"));
    }
    EXPECT_EQ(rein_test::CountDescriptors(), n_before);
}

ReinStatus
NoDrivers(const ReinHost *, ReinDriverCb, void *, ReinMsg *)
{
    return REIN_OK;
}

TEST_F(PluginTest, DriversIsNullWhereThePluginHasNone)
{
    ReinPluginTable table = *FakeTable();

    table.drivers = NoDrivers;
    g_autoptr(ReinPlugin) with = rein_plugin_new_for_table(&table, nullptr);
    EXPECT_EQ(rein_plugin_get_table(with)->drivers, &NoDrivers);

    table.drivers = nullptr;
    g_autoptr(ReinPlugin) without = rein_plugin_new_for_table(&table, nullptr);
    EXPECT_EQ(rein_plugin_get_table(without)->drivers, nullptr);

    table.drivers = NoDrivers; /* behind the end of an older plugin's table */
    table.struct_size = offsetof(ReinPluginTable, drivers);
    g_autoptr(ReinPlugin) older = rein_plugin_new_for_table(&table, nullptr);
    EXPECT_EQ(rein_plugin_get_table(older)->drivers, nullptr);
}

} // namespace
