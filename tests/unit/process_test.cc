/* SPDX-License-Identifier: MIT */

#include <gmock/gmock.h>
#include <rein/process.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace
{

/* A child that has ended; a zombie until it is reaped. */
pid_t
StartAndEnd()
{
    siginfo_t info = {};
    const pid_t pid = fork();

    if (pid == 0) {
        _exit(0);
    }
    EXPECT_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
    return pid;
}

TEST(ProcessTest, OwnProcessIsAlive)
{
    ReinProcess process = {};

    rein_process_get_own(&process);
    EXPECT_EQ(process.pid, getpid());
    EXPECT_TRUE(rein_process_is_alive(&process));
}

TEST(ProcessTest, ProcessWithAnotherStartTimeIsDead)
{
    ReinProcess process = {};

    rein_process_get_own(&process);
    process.start_time++; /* another one with its number */
    EXPECT_FALSE(rein_process_is_alive(&process));
}

TEST(ProcessTest, ProcessOfAnotherBootIsDead)
{
    ReinProcess process = {};

    rein_process_get_own(&process);
    process.boot_id[0] = process.boot_id[0] == '0' ? '1' : '0';
    EXPECT_FALSE(rein_process_is_alive(&process));
}

TEST(ProcessTest, ZombieDoesNotRun)
{
    ReinProcess process = {};
    const pid_t pid = StartAndEnd();

    EXPECT_FALSE(rein_process_get(pid, &process));
    waitpid(pid, nullptr, 0);
    EXPECT_FALSE(rein_process_get(pid, &process));
}

TEST(ProcessTest, OtherProcessIsReadByItsNumber)
{
    ReinProcess process = {};
    ReinProcess own = {};

    rein_process_get_own(&own);
    ASSERT_TRUE(rein_process_get(getppid(), &process));
    EXPECT_EQ(process.pid, getppid());
    EXPECT_STREQ(process.boot_id, own.boot_id);
    EXPECT_TRUE(rein_process_is_alive(&process));
}

TEST(ProcessTest, TextSaysWhichProcessItWas)
{
    ReinProcess process = {};
    ReinProcess read = {};

    rein_process_get_own(&process);
    g_autofree char *text = rein_process_to_text(&process);
    ASSERT_TRUE(rein_process_from_text(text, &read));
    EXPECT_TRUE(rein_process_is_alive(&read));
    EXPECT_FALSE(rein_process_from_text("", &read));
    EXPECT_FALSE(rein_process_from_text("nobody 5", &read));
}

/* In a child of a new PID namespace which has kept our /proc: whether a dead process counts as alive
 * and a live one is unknown; -1 where there can be no such namespace. */
int
AskInAnotherNamespace()
{
    ReinProcess dead = {};
    ReinProcess found = {};
    int status = 0;

    rein_process_get_own(&dead);
    dead.start_time++;
    if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) {
        return -1;
    }
    const pid_t pid = fork();
    if (pid == 0) {
        _exit(rein_process_is_alive(&dead) && !rein_process_get(getpid(), &found) ? 1 : 0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        return -1;
    }
    return WEXITSTATUS(status);
}

TEST(ProcessTest, WhereProcIsOfAnotherNamespaceNothingIsTold)
{
    int status = 0;
    const pid_t pid = fork();

    if (pid == 0) {
        _exit(AskInAnotherNamespace() & 0xff);
    }
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 0xff) {
        GTEST_SKIP() << "no PID namespace is allowed here";
    }
    EXPECT_EQ(WEXITSTATUS(status), 1);
}

TEST(ProcessTest, PidNamespaceIsKnown)
{
    EXPECT_NE(rein_process_get_pid_namespace(), 0u);
}

} // namespace
