/* SPDX-License-Identifier: MIT */

/* The program rein-worker, as a host that does everything wrong would have it. */

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "supervisor_private.h"
#include "support/processes.h"
#include "support/temporary_folder.h"
#include "wire_private.h"
#include "worker_process_private.h"
#include "worker_spawn_private.h"

namespace
{

using testing::HasSubstr;

class WorkerTest : public testing::Test
{
  protected:
    void
    SetUp() override
    {
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_), 0);
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control_), 0);
    }

    void
    TearDown() override
    {
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
        CloseEnd();
        Close(&ends_[1]);
        Close(&control_[0]);
        Close(&control_[1]);
    }

    static void
    Close(int *fd)
    {
        if (*fd >= 0) {
            close(*fd);
        }
        *fd = -1;
    }

    void
    CloseEnd()
    {
        Close(&ends_[0]);
    }

    /* Starts it with these arguments; without any, with those that are right. */
    void
    Start(std::vector<std::string> arguments = { std::to_string(getpid()), "subreaper" },
          bool has_control = true)
    {
        g_autofree char *program = rein_worker_process_find_program(nullptr);
        const std::string printed = folder_.At("printed");

        arguments.insert(arguments.begin(), program);
        std::vector<char *> argv;
        for (std::string &argument : arguments) {
            argv.push_back(argument.data());
        }
        argv.push_back(nullptr);
        pid_ = fork();
        if (pid_ == 0) {
            const int fd = open(printed.c_str(), O_WRONLY | O_CREAT, 0600);

            dup2(fd, STDERR_FILENO);
            dup2(ends_[1], 20);
            dup2(control_[1], 21);
            dup2(20, REIN_WORKER_SOCKET);
            dup2(21, REIN_WORKER_CONTROL);
            if (!has_control) {
                close(REIN_WORKER_CONTROL);
            }
            execv(program, argv.data());
            _exit(127);
        }
        Close(&ends_[1]);
        Close(&control_[1]);
    }

    /* The number of the plugin's process, once it is there. */
    pid_t
    PluginPid() const
    {
        std::vector<pid_t> children;

        EXPECT_TRUE(rein_test::WaitUntil([&] {
            children = rein_test::FindChildren(pid_);
            return !children.empty();
        }));
        return children.empty() ? -1 : children[0];
    }

    void
    Say(ReinWireType type, const char *first = nullptr, const char *second = nullptr)
    {
        char room[REIN_WIRE_PACKET_SIZE];
        ReinWirePacket packet = {};

        packet.type = type;
        packet.texts[0] = first;
        packet.texts[1] = second;
        const gsize size = rein_wire_encode(&packet, room);
        ASSERT_EQ(rein_wire_send(ends_[0], TRUE, room, size), 0);
    }

    /* The type of its next answer, or -1. */
    int
    Hear()
    {
        return rein_wire_receive(ends_[0], TRUE, REIN_WIRE_WORKER, room_, &packet_, nullptr) ==
                       REIN_WIRE_GOT
                   ? packet_.type
                   : -1;
    }

    /* The exit status of the plugin's process or minus its signal; the supervisor's where it has none. */
    int
    Wait()
    {
        char room[REIN_WIRE_PACKET_SIZE];
        ReinWirePacket told = {};
        int status = 0;
        const bool has_ended = rein_test::WaitUntil([this] { return !rein_test::IsRunning(pid_); });

        EXPECT_TRUE(has_ended);
        if (!has_ended) {
            return 0;
        }
        waitpid(pid_, &status, 0);
        pid_ = -1;
        if (control_[0] >= 0 &&
            rein_wire_receive(control_[0], FALSE, REIN_WIRE_WORKER, room, &told, nullptr) ==
                REIN_WIRE_GOT &&
            told.type == REIN_WIRE_ENDED) {
            const int end = rein_wire_end_status(told.value);

            return rein_wire_end_code(told.value) == CLD_EXITED ? end : -end;
        }
        return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    }

    std::string
    Printed()
    {
        return rein_test::ReadFile(folder_.At("printed"));
    }

    static std::string
    Fake(const std::string &name)
    {
        return std::string(REIN_FAKE_PLUGIN_DIR) + "/rein_plugin_fake_" + name + ".so";
    }

    rein_test::TemporaryFolder folder_;
    int ends_[2] = { -1, -1 };
    int control_[2] = { -1, -1 };
    pid_t pid_ = -1;
    char room_[REIN_WIRE_PACKET_SIZE];
    ReinWirePacket packet_;
};

TEST_F(WorkerTest, SaysThatItDoesNothingByItself)
{
    Start({});
    EXPECT_EQ(Wait(), EXIT_FAILURE);
    EXPECT_EQ(Printed(), "rein-worker: is started by librein, and does nothing by itself\n");
}

TEST_F(WorkerTest, EndsAtOnceIfItsParentIsAnother)
{
    for (const char *number : { "1", "no number", "" }) {
        Start({ number, "subreaper" });
        EXPECT_EQ(Wait(), EXIT_FAILURE) << number;
        TearDown();
        SetUp();
    }
}

TEST_F(WorkerTest, EndsWhenTheHostHasNothingMoreToAsk)
{
    Start();
    Say(REIN_WIRE_LOAD, Fake("good").c_str());
    EXPECT_EQ(Hear(), REIN_WIRE_PLUGIN);
    CloseEnd();
    EXPECT_EQ(Wait(), EXIT_SUCCESS);
}

TEST_F(WorkerTest, LoadsThenProbes)
{
    Start();
    Say(REIN_WIRE_LOAD, Fake("good").c_str());
    EXPECT_EQ(Hear(), REIN_WIRE_PLUGIN);
    EXPECT_STREQ(packet_.texts[0], "good");
    Say(REIN_WIRE_PROBE);
    EXPECT_EQ(Hear(), REIN_WIRE_DEVICE);
    EXPECT_EQ(Hear(), REIN_WIRE_DEVICE);
    EXPECT_EQ(Hear(), REIN_WIRE_PROBED);
}

TEST_F(WorkerTest, EndsAfterAPacketThatIsNone)
{
    Start();
    ASSERT_EQ(send(ends_[0], "garbage", 7, 0), 7);
    EXPECT_EQ(Wait(), EXIT_FAILURE);
    EXPECT_THAT(Printed(), HasSubstr("the host sent a packet of 7 bytes"));
}

TEST_F(WorkerTest, EndsAfterAQuestionOutOfTurn)
{
    const std::vector<std::function<void()>> turns = {
        [this] { Say(REIN_WIRE_PROBE); },
        [this] { Say(REIN_WIRE_LIST); },
        [this] { /* one that has no drivers */
                 Say(REIN_WIRE_LOAD, Fake("good").c_str());
                 Say(REIN_WIRE_LIST);
        },
        [this] {
            Say(REIN_WIRE_LOAD, Fake("good").c_str());
            Say(REIN_WIRE_LOAD, Fake("good").c_str());
        },
    };

    for (const auto &turn : turns) {
        Start();
        turn();
        EXPECT_EQ(Wait(), EXIT_FAILURE);
        EXPECT_THAT(Printed(), HasSubstr("cannot go on after a packet of type"));
        TearDown();
        SetUp();
    }
}

TEST_F(WorkerTest, EndsAtOnceWithoutAControlSocket)
{
    Start({ std::to_string(getpid()), "subreaper" }, false);
    EXPECT_EQ(Wait(), EXIT_FAILURE);
}

TEST_F(WorkerTest, EndsAtOnceIfItsHostIsGoneAlready)
{
    Close(&control_[0]);
    Start();
    EXPECT_EQ(Wait(), EXIT_FAILURE);
}

TEST_F(WorkerTest, EndOfTheControlSocketEndsAPluginThatIsBusy)
{
    Start();
    Say(REIN_WIRE_LOAD, Fake("hangs").c_str());
    EXPECT_EQ(Hear(), REIN_WIRE_PLUGIN);
    Say(REIN_WIRE_PROBE);
    const pid_t plugin = PluginPid();

    Close(&control_[0]);
    Wait();
    EXPECT_TRUE(rein_test::WaitUntil([&] { return !rein_test::IsRunning(plugin); }));
}

TEST_F(WorkerTest, DeathOfTheSupervisorEndsThePlugin)
{
    Start();
    Say(REIN_WIRE_LOAD, Fake("good").c_str());
    EXPECT_EQ(Hear(), REIN_WIRE_PLUGIN);
    const pid_t plugin = PluginPid();

    kill(pid_, SIGKILL);
    EXPECT_EQ(Wait(), -SIGKILL);
    EXPECT_TRUE(rein_test::WaitUntil([&] { return !rein_test::IsRunning(plugin); }));
}

TEST_F(WorkerTest, TerminationIsPassedOnToThePlugin)
{
    Start();
    Say(REIN_WIRE_LOAD, Fake("good").c_str());
    EXPECT_EQ(Hear(), REIN_WIRE_PLUGIN);
    kill(pid_, SIGTERM);
    EXPECT_EQ(Wait(), -SIGTERM);
}

TEST_F(WorkerTest, LeavesNoCoreFile)
{
    Start();
    Say(REIN_WIRE_LOAD, Fake("good").c_str());
    EXPECT_EQ(Hear(), REIN_WIRE_PLUGIN);
    rlimit limit = {};

    ASSERT_EQ(prlimit(PluginPid(), RLIMIT_CORE, nullptr, &limit), 0);
    EXPECT_EQ(limit.rlim_cur, 0u);
}

/* The processes of a worker, with one that the plugin has left in a session of its own. */
struct Family {
    pid_t supervisor = -1;
    pid_t plugin = -1;
    pid_t forked = -1;
};

class WorkerDeathTest : public WorkerTest, public testing::WithParamInterface<ReinIsolation>
{
  protected:
    void
    TearDown() override
    {
        if (host_ > 0) {
            kill(host_, SIGKILL);
            waitpid(host_, nullptr, 0);
        }
        if (family_.forked > 0 && rein_test::IsRunning(family_.forked)) {
            kill(family_.forked, SIGKILL);
        }
        WorkerTest::TearDown();
    }

    /* As librein starts it. FALSE where the kernel allows no namespace. */
    bool
    Spawn()
    {
        g_autofree char *program = rein_worker_process_find_program(nullptr);
        const int printed = open(folder_.At("printed").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        const int fds[] = { printed, printed, printed, ends_[1], control_[1] };
        ReinWorkerSpawn spawn = {};
        ReinWorkerSpawned spawned = {};

        spawn.program = program;
        spawn.environment = environ;
        spawn.fds = fds;
        spawn.n_fds = std::size(fds);
        spawn.isolation = GetParam();
        EXPECT_EQ(rein_worker_spawn(&spawn, &spawned), 0);
        close(printed);
        close(spawned.pidfd);
        pid_ = spawned.pid;
        Close(&ends_[1]);
        Close(&control_[1]);
        return spawned.isolation == GetParam();
    }

    /* Once the plugin has answered, and what it left is the supervisor's child. */
    Family
    Fork()
    {
        Family family;

        Say(REIN_WIRE_LOAD, Fake("forks").c_str());
        EXPECT_EQ(Hear(), REIN_WIRE_PLUGIN);
        Say(REIN_WIRE_PROBE);
        while (Hear() == REIN_WIRE_DEVICE) {
        }
        EXPECT_EQ(packet_.type, REIN_WIRE_PROBED);
        family.supervisor = pid_;
        EXPECT_TRUE(rein_test::WaitUntil([&] { return FindBoth(&family); }));
        return family;
    }

    /* Whether both are its children, and the one that was left has taken its name. */
    bool
    FindBoth(Family *family)
    {
        family->plugin = -1;
        family->forked = -1;
        for (const pid_t child : rein_test::FindChildren(pid_)) {
            (Name(child) == "rein-forked" ? family->forked : family->plugin) = child;
        }
        return family->plugin > 0 && family->forked > 0;
    }

    /* In a host of its own, whose end of the control socket stays open here. */
    bool
    ForkInAHost()
    {
        int told[2];

        EXPECT_EQ(pipe2(told, O_CLOEXEC), 0);
        host_ = fork();
        if (host_ == 0) {
            Family family;
            if (Spawn()) {
                family = Fork();
            } else {
                kill(pid_, SIGKILL);
            }
            const ssize_t n_written = write(told[1], &family, sizeof family);
            (void)n_written;
            pause();
        }
        Close(&told[1]);
        Close(&ends_[1]);
        Close(&control_[1]);
        EXPECT_EQ(read(told[0], &family_, sizeof family_), ssize_t{ sizeof family_ });
        Close(&told[0]);
        return family_.supervisor > 0;
    }

    static std::string
    Name(pid_t pid)
    {
        std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
        std::string name;

        std::getline(file, name);
        return name;
    }

    static void
    Stop(pid_t pid)
    {
        pid_t parent = 0;

        ASSERT_GT(pid, 1); /* or it would be all that there are */
        kill(pid, SIGSTOP);
        EXPECT_TRUE(
            rein_test::WaitUntil([&] { return rein_test::ReadProcess(pid, &parent) == 'T'; }));
    }

    void
    KillHost()
    {
        kill(host_, SIGKILL);
        waitpid(host_, nullptr, 0);
        host_ = -1;
    }

    void
    ExpectGone()
    {
        for (const pid_t pid : { family_.supervisor, family_.plugin, family_.forked }) {
            ASSERT_GT(pid, 0);
            EXPECT_TRUE(rein_test::WaitUntil([&] { return !rein_test::IsRunning(pid); })) << pid;
        }
    }

    pid_t host_ = -1;
    Family family_;
};

/* One way to die with the host, alone: its process lives, and so does the thread. */
TEST_P(WorkerDeathTest, EndOfTheControlSocketAloneEndsAll)
{
    if (!Spawn()) {
        GTEST_SKIP() << "no namespace is allowed here";
    }
    family_ = Fork();
    Close(&control_[0]);
    ExpectGone();
}

/* The other way, alone: the host's end of the control socket stays open, here. */
TEST_P(WorkerDeathTest, DeathOfTheHostAloneEndsAll)
{
    if (!ForkInAHost()) {
        GTEST_SKIP() << "no namespace is allowed here";
    }
    KillHost();
    ExpectGone();
}

/* Nothing in them runs that could see the host's end. */
TEST_P(WorkerDeathTest, DeathOfTheHostAloneEndsAllThoughTheyWereStopped)
{
    if (!ForkInAHost()) {
        GTEST_SKIP() << "no namespace is allowed here";
    }
    Stop(family_.plugin);
    Stop(family_.forked);
    Stop(family_.supervisor);
    KillHost();
    ExpectGone();
}

/* The plugin's process has a thread for it, which needs no supervisor, and no signal of the kernel's. */
TEST_P(WorkerDeathTest, EndOfTheControlSocketEndsAllThoughTheSupervisorWasStopped)
{
    if (!Spawn()) {
        GTEST_SKIP() << "no namespace is allowed here";
    }
    family_ = Fork();
    Stop(family_.supervisor);
    Close(&control_[0]);
    ExpectGone();
}

TEST_P(WorkerDeathTest, HostThatIsGoneBeforeAnythingIsArmedIsNotMissed)
{
    Close(&control_[0]);
    if (!Spawn()) {
        GTEST_SKIP() << "no namespace is allowed here";
    }
    EXPECT_EQ(Wait(), EXIT_FAILURE);
}

/* As the kernel sends it to a group that is stopped and has lost its parent. */
TEST_P(WorkerDeathTest, HangUpDoesNotKeepTheSupervisorFromItsSweep)
{
    if (!Spawn()) {
        GTEST_SKIP() << "no namespace is allowed here";
    }
    family_ = Fork();
    ASSERT_GT(family_.supervisor, 1);
    kill(-family_.supervisor, SIGHUP);
    EXPECT_EQ(Wait(), -SIGHUP);
    ExpectGone();
}

INSTANTIATE_TEST_SUITE_P(All, WorkerDeathTest,
                         testing::Values(REIN_ISOLATION_NAMESPACE, REIN_ISOLATION_SUBREAPER),
                         [](const auto &each) {
                             return std::string(rein_isolation_to_string(each.param));
                         });

/* The kernel tells of the end of the thread that started it as of the host's. */
TEST_F(WorkerTest, EndOfTheStartingThreadIsNotThatOfTheHost)
{
    pid_t starter = -1;

    std::thread([&] {
        starter = gettid();
        Start();
        Say(REIN_WIRE_LOAD, Fake("good").c_str());
        EXPECT_EQ(Hear(), REIN_WIRE_PLUGIN);
    }).join();
    ASSERT_TRUE(rein_test::WaitUntil(
        [&] { return access(("/proc/self/task/" + std::to_string(starter)).c_str(), F_OK) != 0; }));
    /* the supervisor has read what it was told, and sleeps, or has ended */
    EXPECT_TRUE(rein_test::WaitUntil([this] {
        std::ifstream file("/proc/" + std::to_string(pid_) + "/status");
        const std::string status{ std::istreambuf_iterator<char>(file), {} };

        return status.find("ShdPnd:\t0000000000000000") != std::string::npos &&
               status.find("State:\tR") == std::string::npos;
    }));
    EXPECT_TRUE(rein_test::IsRunning(pid_));
    Say(REIN_WIRE_PROBE);
    EXPECT_EQ(Hear(), REIN_WIRE_DEVICE);
}

TEST_F(WorkerTest, SupervisorThatIsResumedGoesOn)
{
    Start();
    Say(REIN_WIRE_LOAD, Fake("good").c_str());
    EXPECT_EQ(Hear(), REIN_WIRE_PLUGIN);
    kill(pid_, SIGSTOP);
    kill(pid_, SIGCONT);
    Say(REIN_WIRE_PROBE);
    EXPECT_EQ(Hear(), REIN_WIRE_DEVICE);
    kill(pid_, SIGTERM);
    EXPECT_EQ(Wait(), -SIGTERM);
}

} // namespace
