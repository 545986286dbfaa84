/* SPDX-License-Identifier: MIT */

/* A worker as its starter holds it: how it ends, what is told of that, and what is left to look for. */

#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <iterator>
#include <string>
#include <vector>

#include "support/processes.h"
#include "support/temporary_folder.h"
#include "tag_private.h"
#include "wire_private.h"
#include "worker_process_private.h"
#include "worker_spawn_private.h"

namespace
{

constexpr int kLongMs = 60000; /* only a broken program takes it */

class WorkerProcessTest : public testing::Test
{
  protected:
    void
    TearDown() override
    {
        rein_worker_process_clear(&process_);
        if (stranger_ > 1) {
            kill(stranger_, SIGKILL);
            waitpid(stranger_, nullptr, 0);
        }
        g_free(tag_);
    }

    static ReinWorkerProcess
    Nothing()
    {
        ReinWorkerProcess process = {};

        process.pidfd = process.socket = process.control = process.output = -1;
        return process;
    }

    void
    Start(ReinIsolation isolation = REIN_ISOLATION_SUBREAPER)
    {
        g_autofree char *program = rein_worker_process_find_program(nullptr);
        g_autoptr(GError) error = nullptr;
        ReinWorkerStart start = {};

        g_free(tag_);
        tag_ = rein_tag_new();
        start.program = program;
        start.environment = environ;
        start.tag = tag_;
        start.isolation = isolation;
        start.staging = -1;
        start.stop = -1;
        ASSERT_TRUE(rein_worker_process_start(&process_, &start, &error)) << error->message;
    }

    void
    Say(ReinWireType type, const char *text = nullptr)
    {
        char room[REIN_WIRE_PACKET_SIZE];
        ReinWirePacket packet = {};

        packet.type = type;
        packet.texts[0] = text;
        ASSERT_EQ(rein_wire_send(process_.socket, TRUE, room, rein_wire_encode(&packet, room)), 0);
    }

    /* Once the plugin fake_NAME has answered to its probe. */
    void
    Probe(const std::string &name)
    {
        const std::string path =
            std::string(REIN_FAKE_PLUGIN_DIR) + "/rein_plugin_fake_" + name + ".so";
        char room[REIN_WIRE_PACKET_SIZE];
        ReinWirePacket packet = {};

        Say(REIN_WIRE_LOAD, path.c_str());
        Say(REIN_WIRE_PROBE);
        while (packet.type != REIN_WIRE_PROBED) {
            ASSERT_EQ(
                rein_wire_receive(process_.socket, TRUE, REIN_WIRE_WORKER, room, &packet, nullptr),
                REIN_WIRE_GOT);
        }
    }

    /* Of the supervisor, once there are so many. */
    std::vector<pid_t>
    Children(std::size_t n)
    {
        std::vector<pid_t> children;

        EXPECT_TRUE(rein_test::WaitUntil([&] {
            children = rein_test::FindChildren(process_.pid);
            return children.size() == n;
        }));
        return children;
    }

    /* A process that carries the worker's tag, and is none of its supervisor's. */
    void
    StartStranger()
    {
        int told[2];
        char byte = 0;

        ASSERT_EQ(pipe2(told, O_CLOEXEC), 0);
        stranger_ = fork();
        if (stranger_ == 0) {
            g_autofree char *variable = g_strconcat(REIN_TAG_VARIABLE "=", tag_, nullptr);
            char sleep[] = "sleep";
            char seconds[] = "600";
            char *argv[] = { sleep, seconds, nullptr };
            char *environment[] = { variable, nullptr };

            execve("/bin/sleep", argv, environment);
            _exit(127);
        }
        close(told[1]);
        ASSERT_EQ(read(told[0], &byte, 1), 0); /* its end is closed by exec */
        close(told[0]);
    }

    ReinWorkerProcess process_ = Nothing();
    char *tag_ = nullptr;
    pid_t stranger_ = -1;
};

TEST_F(WorkerProcessTest, WhatTheSupervisorHadToKillIsCounted)
{
    Start();
    Probe("forks");
    const std::vector<pid_t> children = Children(2);

    rein_worker_process_close_socket(&process_);
    ASSERT_TRUE(rein_worker_process_wait(&process_, kLongMs));
    EXPECT_EQ(rein_worker_process_get_n_swept(&process_), 1u);
    EXPECT_EQ(process_.end_code, CLD_EXITED);
    EXPECT_EQ(process_.end_status, 0);
    for (const pid_t child : children) {
        EXPECT_FALSE(rein_test::IsRunning(child));
    }
}

TEST_F(WorkerProcessTest, NothingIsCountedWhereNothingWasLeft)
{
    for (const ReinIsolation isolation : { REIN_ISOLATION_NAMESPACE, REIN_ISOLATION_SUBREAPER }) {
        Start(isolation);
        Probe("good");
        rein_worker_process_kill(&process_);
        ASSERT_TRUE(rein_worker_process_wait(&process_, kLongMs));
        EXPECT_EQ(rein_worker_process_get_n_swept(&process_), 0u);
        rein_worker_process_clear(&process_);
        process_ = Nothing();
    }
}

/* Anybody in the worker has the control socket. */
TEST_F(WorkerProcessTest, EndThatCannotBeIsNotBelieved)
{
    const struct {
        guint32 value;
        guint32 n_swept;
    } lies[] = {
        { rein_wire_end(CLD_KILLED, SIGSEGV), REIN_WIRE_MAX_SWEPT + 1 },
        { rein_wire_end(CLD_STOPPED, SIGSEGV), 0 },
        { 0, 3 },
    };

    for (const auto &lie : lies) {
        int control[2];
        char room[REIN_WIRE_PACKET_SIZE];
        ReinWirePacket packet = {};

        Start();
        Probe("good");
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), 0);
        packet.type = REIN_WIRE_ENDED;
        packet.value = lie.value;
        packet.bytes = &lie.n_swept;
        ASSERT_EQ(rein_wire_send(control[1], TRUE, room, rein_wire_encode(&packet, room)), 0);
        close(control[1]);
        close(process_.control); /* which ends it */
        process_.control = control[0];
        ASSERT_TRUE(rein_worker_process_wait(&process_, kLongMs));
        EXPECT_EQ(process_.end_code, CLD_EXITED);
        EXPECT_EQ(process_.end_status, 0);
        EXPECT_EQ(rein_worker_process_get_n_swept(&process_), 0u);
        rein_worker_process_clear(&process_);
    }
}

/* An interrupt that was not read makes the end of the connection the first thing to be read. */
TEST_F(WorkerProcessTest, EndIsKnownThoughTheWorkerLeftSomethingUnread)
{
    const guint64 job = 1;
    char room[REIN_WIRE_PACKET_SIZE];
    ReinWirePacket packet = {};
    pid_t parent = 0;

    Start();
    Probe("good");
    const std::vector<pid_t> children = Children(1);
    ASSERT_EQ(children.size(), 1u);
    kill(children[0], SIGSTOP);
    ASSERT_TRUE(
        rein_test::WaitUntil([&] { return rein_test::ReadProcess(children[0], &parent) == 'T'; }));
    packet.type = REIN_WIRE_INTERRUPT;
    packet.bytes = &job;
    ASSERT_EQ(rein_wire_send(process_.control, TRUE, room, rein_wire_encode(&packet, room)), 0);
    kill(children[0], SIGKILL);
    ASSERT_TRUE(rein_worker_process_wait(&process_, kLongMs));
    EXPECT_EQ(process_.end_code, CLD_KILLED);
    EXPECT_EQ(process_.end_status, SIGKILL);
}

/* The search costs a walk through /proc, or two: only who was told nothing needs it. */
TEST_F(WorkerProcessTest, NothingIsSearchedForByTheTagWhereTheSupervisorHasSwept)
{
    Start();
    Probe("good");
    StartStranger();
    rein_worker_process_kill(&process_);
    ASSERT_TRUE(rein_worker_process_wait(&process_, kLongMs));
    EXPECT_TRUE(rein_test::IsRunning(stranger_));
}

TEST_F(WorkerProcessTest, WhatCarriesTheTagIsKilledWhereTheSupervisorWasKilled)
{
    Start();
    Probe("good");
    StartStranger();
    kill(process_.pid, SIGKILL);
    ASSERT_TRUE(rein_worker_process_wait(&process_, kLongMs));
    EXPECT_FALSE(rein_test::IsRunning(stranger_));
}

/* Who ignores SIGCHLD has no child to wait for. */
TEST_F(WorkerProcessTest, EndIsSeenThoughTheKernelReapsIt)
{
    const auto before = signal(SIGCHLD, SIG_IGN);

    Start();
    Probe("good");
    const std::vector<pid_t> children = Children(1);
    kill(process_.pid, SIGKILL);
    EXPECT_TRUE(rein_worker_process_wait(&process_, kLongMs));
    EXPECT_FALSE(rein_test::IsRunning(children.at(0)));
    signal(SIGCHLD, before);
}

/* Makes clone() of a new PID namespace fail in this process. FALSE where that is not allowed. */
bool
RefuseNamespaces(int failure)
{
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWPID, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(failure)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    sock_fprog program = {};

    program.len = std::size(filter);
    program.filter = filter;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* What became of the start of a worker; -1: cannot be tried. */
int
StartWhere(int failure, ReinIsolation *isolation)
{
    struct {
        int result;
        ReinIsolation isolation;
    } outcome = { -1, REIN_ISOLATION_NONE };
    int told[2];

    EXPECT_EQ(pipe2(told, O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) {
        const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        const int fds[] = { null, null, null, null, null };
        ReinWorkerSpawn spawn = {};
        ReinWorkerSpawned spawned = {};

        spawn.program = "/bin/true";
        spawn.environment = environ;
        spawn.fds = fds;
        spawn.n_fds = std::size(fds);
        spawn.isolation = REIN_ISOLATION_NAMESPACE;
        if (RefuseNamespaces(failure)) {
            outcome.result = rein_worker_spawn(&spawn, &spawned);
            outcome.isolation = spawned.isolation;
        }
        const ssize_t n_written = write(told[1], &outcome, sizeof outcome);
        _exit(n_written == sizeof outcome ? 0 : 1);
    }
    close(told[1]);
    EXPECT_EQ(read(told[0], &outcome, sizeof outcome), ssize_t{ sizeof outcome });
    close(told[0]);
    waitpid(child, nullptr, 0);
    *isolation = outcome.isolation;
    return outcome.result;
}

/* The number of a program, started by a host that has ended since. */
pid_t
StartAndDie(const std::string &program, ReinIsolation isolation)
{
    pid_t started = -1;
    int told[2];

    EXPECT_EQ(pipe2(told, O_CLOEXEC), 0);
    const pid_t host = fork();
    if (host == 0) {
        const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        ReinWorkerSpawn spawn = {};
        ReinWorkerSpawned spawned = {};

        spawn.program = program.c_str();
        spawn.environment = environ;
        spawn.fds = &null;
        spawn.n_fds = 1;
        spawn.isolation = isolation;
        const int failure = rein_worker_spawn(&spawn, &spawned);
        const ssize_t n_written = write(told[1], &spawned.pid, sizeof spawned.pid);
        _exit(failure == 0 && n_written == sizeof spawned.pid ? 0 : 1);
    }
    close(told[1]);
    EXPECT_EQ(read(told[0], &started, sizeof started), ssize_t{ sizeof started });
    close(told[0]);
    waitpid(host, nullptr, 0);
    return started;
}

/* As one that was stopped before it could see to that itself. */
TEST(WorkerSpawnTest, ProgramThatHasDoneNothingYetDiesWithTheHost)
{
    const rein_test::TemporaryFolder folder;
    const std::string program = folder.Write("sleeper", "#!/bin/sh\nexec sleep 600\n");

    ASSERT_EQ(chmod(program.c_str(), 0700), 0);
    for (const ReinIsolation isolation : { REIN_ISOLATION_NAMESPACE, REIN_ISOLATION_SUBREAPER }) {
        const pid_t started = StartAndDie(program, isolation);

        ASSERT_GT(started, 1);
        if (!rein_test::WaitUntil([started] { return !rein_test::IsRunning(started); })) {
            ADD_FAILURE() << rein_isolation_to_string(isolation) << ": it goes on";
            kill(started, SIGKILL);
        }
    }
}

TEST(WorkerSpawnTest, NamespaceThatIsNotPermittedIsDoneWithout)
{
    for (const int failure : { EPERM, EACCES, EINVAL, ENOSPC, ENOSYS }) {
        ReinIsolation isolation = REIN_ISOLATION_NONE;
        const int result = StartWhere(failure, &isolation);

        if (result == -1) {
            GTEST_SKIP() << "no filter of system calls is allowed here";
        }
        EXPECT_EQ(result, 0) << strerror(failure);
        EXPECT_EQ(isolation, REIN_ISOLATION_SUBREAPER) << strerror(failure);
    }
}

TEST(WorkerSpawnTest, WhatRunsOutIsAnErrorAndNoLowerIsolation)
{
    for (const int failure : { EMFILE, ENFILE, EAGAIN, ENOMEM }) {
        ReinIsolation isolation = REIN_ISOLATION_NONE;
        const int result = StartWhere(failure, &isolation);

        if (result == -1) {
            GTEST_SKIP() << "no filter of system calls is allowed here";
        }
        EXPECT_EQ(result, failure) << strerror(failure);
    }
}

} // namespace
