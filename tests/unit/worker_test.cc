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
#include <functional>
#include <string>
#include <vector>

#include "supervisor_private.h"
#include "support/processes.h"
#include "support/temporary_folder.h"
#include "wire_private.h"
#include "worker_process_private.h"

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

/* The second way to die with the host, alone: its process lives, and so does the thread. */
TEST_F(WorkerTest, EndOfTheControlSocketEndsBothProcesses)
{
    Start();
    Say(REIN_WIRE_LOAD, Fake("good").c_str());
    EXPECT_EQ(Hear(), REIN_WIRE_PLUGIN);
    const pid_t plugin = PluginPid();

    Close(&control_[0]);
    Wait();
    EXPECT_TRUE(rein_test::WaitUntil([&] { return !rein_test::IsRunning(plugin); }));
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

/* The first way, alone: the host's end of the control socket stays open, here. */
TEST_F(WorkerTest, DeathOfTheParentEndsBothProcesses)
{
    int told[2];
    pid_t numbers[2] = { -1, -1 };

    ASSERT_EQ(pipe(told), 0);
    const pid_t parent = fork();
    if (parent == 0) {
        Start({ std::to_string(getpid()), "subreaper" });
        Say(REIN_WIRE_LOAD, Fake("good").c_str());
        Hear();
        numbers[0] = pid_;
        numbers[1] = PluginPid();
        const ssize_t n_written = write(told[1], numbers, sizeof numbers);
        (void)n_written;
        raise(SIGKILL);
    }
    Close(&told[1]);
    ASSERT_EQ(read(told[0], numbers, sizeof numbers), static_cast<ssize_t>(sizeof numbers));
    waitpid(parent, nullptr, 0);
    EXPECT_TRUE(rein_test::WaitUntil([&] { return !rein_test::IsRunning(numbers[0]); }));
    EXPECT_TRUE(rein_test::WaitUntil([&] { return !rein_test::IsRunning(numbers[1]); }));
    Close(&told[0]);
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

} // namespace
