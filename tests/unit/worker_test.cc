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
    }

    void
    TearDown() override
    {
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
        CloseEnd();
    }

    void
    CloseEnd()
    {
        if (ends_[0] >= 0) {
            close(ends_[0]);
        }
        ends_[0] = -1;
    }

    /* Starts it with these arguments; without a number of its parent that is the right one. */
    void
    Start(std::vector<std::string> arguments = { std::to_string(getpid()) })
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
            dup2(ends_[1], REIN_WORKER_SOCKET);
            execv(program, argv.data());
            _exit(127);
        }
        close(ends_[1]);
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

    /* Its exit status, or minus the signal. */
    int
    Wait()
    {
        int status = 0;
        const bool has_ended = rein_test::WaitUntil([this] { return !rein_test::IsRunning(pid_); });

        EXPECT_TRUE(has_ended);
        if (!has_ended) {
            return 0;
        }
        waitpid(pid_, &status, 0);
        pid_ = -1;
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
        Start({ number });
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

TEST_F(WorkerTest, LeavesNoCoreFile)
{
    Start();
    Say(REIN_WIRE_LOAD, Fake("good").c_str());
    EXPECT_EQ(Hear(), REIN_WIRE_PLUGIN);
    rlimit limit = {};

    ASSERT_EQ(prlimit(pid_, RLIMIT_CORE, nullptr, &limit), 0);
    EXPECT_EQ(limit.rlim_cur, 0u);
}

} // namespace
