/* SPDX-License-Identifier: MIT */

/* `rein doctor` and its bundle. */

#include <gmock/gmock.h>
#include <rein/process.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "doctor/tar.h"
#include "support/json.h"
#include "support/program.h"

namespace
{

using rein_test::Ended;
using rein_test::Json;
using rein_test::Program;
using rein_test::read_text;
using rein_test::TemporaryFolder;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

/* What a shell command prints; it must succeed. */
std::string
sh(const std::string &command)
{
    char *out = nullptr;
    int status = 0;
    const char *argv[] = { "sh", "-c", command.c_str(), nullptr };

    EXPECT_TRUE(g_spawn_sync(nullptr, const_cast<char **>(argv), nullptr, G_SPAWN_SEARCH_PATH,
                             nullptr, nullptr, &out, nullptr, &status, nullptr));
    EXPECT_EQ(status, 0) << command;
    std::string text = out != nullptr ? out : "";
    g_free(out);
    return text;
}

class DoctorTest : public testing::Test
{
  protected:
    Json
    examine(int code = 0)
    {
        Ended ended = rein_.run({ "doctor", "--format", "json" });
        EXPECT_EQ(ended.code, code) << ended.out << ended.err;
        return Json(ended.out);
    }
    static Json
    section(const Json &document, const std::string &name)
    {
        for (const Json &section : document.items("sections")) {
            if (section.text("name") == name) {
                return section;
            }
        }
        ADD_FAILURE() << "no section " << name;
        return Json("{}");
    }
    static Json
    facts(const Json &document, const std::string &name)
    {
        return section(document, name).at("facts");
    }
    /* What the findings of a section say and advise, as one text. */
    static std::string
    findings(const Json &document, const std::string &name)
    {
        std::string text;
        for (const Json &finding : section(document, name).items("findings")) {
            text += finding.text("state") + ": " + finding.text("what") + " -> " +
                    finding.text("advice") + "\n";
        }
        return text;
    }
    std::string
    home(const std::string &name) const
    {
        return rein_.home().file(name);
    }
    /* A socket at run/rein/test.sock that this process listens on. */
    int
    listen_at(const std::string &path)
    {
        sockaddr_un address = {};
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        fs::create_directories(fs::path(path).parent_path());
        address.sun_family = AF_UNIX;
        g_strlcpy(address.sun_path, path.c_str(), sizeof address.sun_path);
        EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
        EXPECT_EQ(listen(fd, 1), 0);
        return fd;
    }

    Program rein_{ "rein" };
};

TEST_F(DoctorTest, DocumentHasAllSectionsInOrder)
{
    std::vector<std::string> names;
    Json document = examine();

    for (const Json &section : document.items("sections")) {
        names.push_back(section.text("name"));
        EXPECT_THAT(section.text("state"), AnyOf("ok", "warning", "problem"));
        section.items("findings");
    }
    EXPECT_THAT(names, ElementsAre("install", "drivers", "permissions", "isolation", "kernel",
                                   "limits", "state", "sockets", "counts", "leftovers"));
    EXPECT_THAT(document.text("state"), AnyOf("ok", "warning"));
}

TEST_F(DoctorTest, FactsHaveTheDocumentedMembers)
{
    const std::vector<std::pair<std::string, std::vector<std::string>>> expected = {
        { "install",
          { "version", "program", "librein", "worker", "worker_is_executable", "plugins" } },
        { "drivers", { "candidates", "devices", "gpus" } },
        { "permissions", { "nodes", "user", "uid", "groups" } },
        { "isolation", { "level" } },
        { "kernel", { "release", "machine", "pidfd", "memfd_sealing" } },
        { "limits",
          { "nofile", "nofile_hard", "nproc", "nproc_hard", "memlock_bytes", "memlock_hard_bytes",
            "memory_limit_bytes", "memory_used_bytes" } },
        { "state",
          { "folder", "jobs", "jobs_bytes", "cache_bytes", "exists", "writable", "mode",
            "free_bytes" } },
        { "sockets", { "folder", "sockets", "ports" } },
        { "counts",
          { "processes", "workers", "tagged_processes", "memory_files", "records",
            "scratch_folders", "shared_memory", "device_memory_bytes" } },
        { "leftovers", { "items" } },
    };
    Json document = examine();

    for (const auto &[name, members] : expected) {
        for (const std::string &member : members) {
            EXPECT_TRUE(facts(document, name).has(member)) << name << " " << member;
        }
    }
    EXPECT_TRUE(facts(document, "install").truth("worker_is_executable"));
    EXPECT_GT(facts(document, "counts").at("device_memory_bytes").number("cpu:0"), 0);
    EXPECT_THAT(facts(document, "isolation").text("level"),
                AnyOf("pid-namespace", "user-namespace", "subreaper", "unknown"));
    EXPECT_TRUE(facts(document, "kernel").truth("pidfd"));
}

TEST_F(DoctorTest, NdjsonHasALineForEachSection)
{
    EXPECT_EQ(Json::lines(rein_.run({ "doctor", "--format", "ndjson" }).out).size(), 10u);
}

TEST_F(DoctorTest, MissingWorkerIsAProblemWithWhatToDo)
{
    rein_.set("REIN_WORKER", "/no/such/worker");

    Json document = examine(10); /* nothing can be asked for its devices */
    EXPECT_EQ(document.text("state"), "problem");
    EXPECT_THAT(findings(document, "install"), HasSubstr("/no/such/worker is not there"));
    EXPECT_THAT(findings(document, "install"), HasSubstr("REIN_WORKER"));
    EXPECT_THAT(findings(document, "drivers"), HasSubstr("rein devices --why"));
}

TEST_F(DoctorTest, StateFolderThatCannotBeWrittenIsAProblem)
{
    rein_.home().write("file", "");
    rein_.set("XDG_STATE_HOME", home("file"));

    Json document = examine(75);
    EXPECT_FALSE(facts(document, "state").truth("writable"));
    EXPECT_THAT(findings(document, "state"), HasSubstr("XDG_STATE_HOME"));
}

TEST_F(DoctorTest, StateFolderThatOthersMayWriteInIsAWarning)
{
    fs::create_directories(home("state/rein"));
    fs::permissions(home("state/rein"), fs::perms::all);

    Json document = examine();
    EXPECT_EQ(section(document, "state").text("state"), "warning");
    EXPECT_EQ(facts(document, "state").text("mode"), "0777");
    EXPECT_THAT(findings(document, "state"), HasSubstr("chmod go-w " + home("state/rein")));
}

TEST_F(DoctorTest, LeftoversAreShownAndLeftAlone)
{
    ReinProcess own = {};
    rein_process_get_own(&own);
    const std::string tag =
        std::string(own.boot_id) + ":" + std::to_string(rein_process_get_pid_namespace()) + ":" +
        std::to_string(own.pid) + ":" + std::to_string(own.start_time + 1) + ":1";
    const std::string path =
        rein_.home().write("state/rein/processes/" + tag, "[record]\ntag=" + tag + "\n");

    Json document = examine();
    EXPECT_THAT(findings(document, "leftovers"), HasSubstr("rein clean"));
    bool is_there = false;
    for (const Json &item : facts(document, "leftovers").items("items")) {
        is_there |= item.text("path") == path && item.text("kind") == "record";
    }
    EXPECT_TRUE(is_there);
    EXPECT_EQ(facts(document, "counts").number("records"), 1);
    EXPECT_TRUE(fs::exists(path));
}

TEST_F(DoctorTest, HolderOfASocketIsNamed)
{
    const std::string path = home("run/rein/s");
    const int fd = listen_at(path);

    Json document = examine();
    const std::vector<Json> sockets = facts(document, "sockets").items("sockets");
    ASSERT_EQ(sockets.size(), 1u);
    EXPECT_EQ(sockets[0].text("path"), path);
    EXPECT_EQ(sockets[0].number("pid"), getpid());
    EXPECT_EQ(sockets[0].text("program"), "doctor_test");
    EXPECT_THAT(findings(document, "sockets"), HasSubstr("not rein's (doctor_test)"));

    close(fd);
    EXPECT_THAT(findings(examine(), "sockets"), HasSubstr("nobody holds the socket " + path));
}

TEST_F(DoctorTest, MemoryFilesOfOursAreCounted)
{
    const int fd = memfd_create("rein-test", MFD_CLOEXEC);
    const int copy = dup(fd);

    const gint64 with = facts(examine(), "counts").number("memory_files");
    EXPECT_GE(with, 1);
    close(fd);
    close(copy);
}

TEST_F(DoctorTest, FewDescriptorsAreAWarning)
{
    const std::string words = "ulimit -n 64; XDG_STATE_HOME=" + home("state") + " exec " +
                              REIN_PROGRAM_DIR + "/rein doctor --format json";

    EXPECT_THAT(findings(Json(sh(words)), "limits"), HasSubstr("64 open files"));
}

TEST_F(DoctorTest, TextSaysWhatToDo)
{
    rein_.set("REIN_WORKER", "/no/such/worker");

    Ended ended = rein_.run({ "doctor" });
    EXPECT_EQ(ended.code, 10);
    EXPECT_THAT(ended.out, HasSubstr("install      problem\n"));
    EXPECT_THAT(ended.out, HasSubstr("    do: install rein as a whole"));
    EXPECT_THAT(ended.out, HasSubstr(" to look after\n"));
    EXPECT_THAT(rein_.run({ "doctor", "--verbose" }).out, HasSubstr("    pidfd: true\n"));
}

TEST_F(DoctorTest, BundleIsAnArchiveWithTheEvidence)
{
    const std::string problem = std::string(REIN_TEST_DATA_DIR) + "/itc2007/toy.ctt";
    const std::string bundle = home("bundle.tar.gz");
    rein_.set("REIN_RUN_SEED", "7");
    for (int i = 0; i < 6; i++) {
        ASSERT_EQ(rein_.run({ "run", problem, "--rounds", "1", "--no-grid" }).code, 0);
    }

    Ended ended = rein_.run({ "doctor", "--bundle", bundle });
    ASSERT_EQ(ended.code, 0) << ended.err;
    const std::string names = sh("tar tzf " + bundle);
    for (const char *name : { "doctor.json", "devices.json", "config.json", "version", "ldd" }) {
        EXPECT_THAT(names, HasSubstr(std::string("rein-doctor/") + name + "\n"));
    }
    EXPECT_EQ(sh("tar tzf " + bundle + " | grep -c /receipt.json"), "5\n");
    EXPECT_EQ(sh("tar tzf " + bundle + " | grep -c /events.ndjson"), "5\n");
    EXPECT_EQ(sh("tar tzf " + bundle + " | grep -c /log"), "5\n");
    EXPECT_THAT(names, Not(HasSubstr(".sol")));
    EXPECT_THAT(names, Not(HasSubstr("spec.ini")));
    Json document(sh("tar xzOf " + bundle + " rein-doctor/doctor.json"));
    EXPECT_EQ(document.items("sections").size(), 10u);
    EXPECT_FALSE(
        Json(sh("tar xzOf " + bundle + " rein-doctor/devices.json")).items("devices").empty());
    EXPECT_THAT(sh("tar xzOf " + bundle + " rein-doctor/config.json"), HasSubstr("REIN_RUN_SEED"));
    EXPECT_THAT(sh("tar xzOf " + bundle + " rein-doctor/ldd"), HasSubstr("librein"));
}

TEST_F(DoctorTest, BundleHasNothingOfTheProblemOrTheEnvironment)
{
    const std::string problem = std::string(REIN_TEST_DATA_DIR) + "/itc2007/toy.ctt";
    const std::string bundle = home("bundle.tar.gz");
    rein_.set("SECRET_TOKEN", "xyzzy-never-shown");
    ASSERT_EQ(rein_.run({ "run", problem, "--rounds", "1", "--no-grid" }).code, 0);

    ASSERT_EQ(rein_.run({ "doctor", "--bundle", bundle }).code, 0);
    const std::string all = sh("tar xzOf " + bundle);
    EXPECT_THAT(all, Not(HasSubstr("xyzzy-never-shown")));
    EXPECT_THAT(all, Not(HasSubstr("SceCosC"))); /* a course of the problem */
    EXPECT_THAT(read_text(problem), HasSubstr("SceCosC"));
}

TEST_F(DoctorTest, BundleThatCannotBeWrittenIsAnError)
{
    Ended ended = rein_.run({ "doctor", "--bundle", home("no/such/bundle.tar.gz") });

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("rein: --bundle " + home("no/such/bundle.tar.gz")));
}

TEST(TarTest, FilesOfEverySizeComeBack)
{
    TemporaryFolder folder;
    g_autoptr(GError) error = nullptr;
    g_autoptr(DoctorTar) tar = doctor_tar_new(folder.file("a.tar.gz").c_str(), &error);

    ASSERT_NE(tar, nullptr) << error->message;
    for (const gsize size : { 0u, 1u, 511u, 512u, 513u, 100000u }) {
        const std::string text(size, 'x');
        const std::string name = "folder/" + std::to_string(size);
        ASSERT_TRUE(doctor_tar_add(tar, name.c_str(), text.data(), size, &error)) << error->message;
    }
    ASSERT_TRUE(doctor_tar_finish(tar, &error)) << error->message;
    sh("tar xzf " + folder.file("a.tar.gz") + " -C " + folder.path());
    for (const gsize size : { 0u, 1u, 511u, 512u, 513u, 100000u }) {
        EXPECT_EQ(read_text(folder.file("folder/" + std::to_string(size))), std::string(size, 'x'));
    }
}

TEST(TarTest, UnfinishedArchiveLeavesTheOldFile)
{
    TemporaryFolder folder;
    const std::string path = folder.write("a.tar.gz", "old");
    DoctorTar *tar = doctor_tar_new(path.c_str(), nullptr);

    ASSERT_TRUE(doctor_tar_add(tar, "name", "text", 4, nullptr));
    doctor_tar_free(tar);
    EXPECT_EQ(read_text(path), "old");
    EXPECT_EQ(sh("ls " + folder.path()), "a.tar.gz\n");
}

TEST(TarTest, NameThatDoesNotFitIsRefused)
{
    TemporaryFolder folder;
    g_autoptr(GError) error = nullptr;
    g_autoptr(DoctorTar) tar = doctor_tar_new(folder.file("a.tar.gz").c_str(), nullptr);

    EXPECT_FALSE(doctor_tar_add(tar, std::string(100, 'n').c_str(), "", 0, &error));
    EXPECT_NE(error, nullptr);
}

} // namespace
