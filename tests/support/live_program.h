/* SPDX-License-Identifier: MIT */

/*
 * A program of ours that a test watches and sends signals while it runs. It has a home of its own,
 * like Program. Everything is waited for with a deadline that only a broken program reaches; what
 * still runs when the object goes is killed.
 */

#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include "support/program.h"

namespace rein_test
{

class LiveProgram
{
  public:
    /* What its stderr is. */
    enum class Err { kPipe, kTerminal };

    /* Starts it in `home`, with `variables` (NAME=value) beside what every program is given. */
    LiveProgram(const TemporaryFolder &home, const std::string &name,
                const std::vector<std::string> &arguments,
                const std::vector<std::string> &variables = {}, Err err = Err::kPipe)
    {
        std::vector<std::string> environment = make_environment(home, variables);
        std::vector<std::string> words = { std::string(REIN_PROGRAM_DIR) + "/" + name };
        words.insert(words.end(), arguments.begin(), arguments.end());

        EXPECT_EQ(pipe(out_), 0);
        if (err == Err::kTerminal) {
            open_terminal();
        } else {
            EXPECT_EQ(pipe(err_), 0);
        }
        pid_ = fork();
        if (pid_ == 0) {
            dup2(out_[1], STDOUT_FILENO);
            dup2(err_[1], STDERR_FILENO);
            for (int fd : { out_[0], out_[1], err_[0], err_[1] }) {
                close(fd);
            }
            execve(words[0].c_str(), pointers(words).data(), pointers(environment).data());
            _exit(127);
        }
        close(out_[1]);
        close(err_[1]);
    }
    ~LiveProgram()
    {
        if (pid_ > 0 && !has_ended_) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
        close_out();
        close(err_[0]);
    }
    LiveProgram(const LiveProgram &) = delete;
    LiveProgram &operator=(const LiveProgram &) = delete;

    pid_t
    pid() const
    {
        return pid_;
    }
    /* The next line of stdout without its end; "" and a failure of the test if none comes. */
    std::string
    read_line()
    {
        std::size_t end = std::string::npos;
        while ((end = out_text_.find('\n', out_at_)) == std::string::npos) {
            if (!read_more(out_[0], &out_text_)) {
                ADD_FAILURE() << "no further line after: " << out_text_ << err_text_;
                return "";
            }
        }
        std::string line = out_text_.substr(out_at_, end - out_at_);
        out_at_ = end + 1;
        return line;
    }
    /* Reads lines of stdout up to one that contains `part`, and returns it. */
    std::string
    read_until(const std::string &part)
    {
        for (;;) {
            std::string line = read_line();
            if (line.empty() || line.find(part) != std::string::npos) {
                return line;
            }
        }
    }
    /* The same of stderr; the text up to there. */
    void
    read_err_until(const std::string &part)
    {
        while (err_text_.find(part) == std::string::npos) {
            if (!read_more(err_[0], &err_text_)) {
                ADD_FAILURE() << "stderr never said " << part << ": " << err_text_;
                return;
            }
        }
    }
    void
    send(int number) const
    {
        EXPECT_EQ(kill(pid_, number), 0);
    }
    /* Nobody reads stdout any more. */
    void
    close_out()
    {
        if (out_[0] >= 0) {
            close(out_[0]);
        }
        out_[0] = -1;
    }
    /* Reads the rest and waits for the end. */
    Ended
    wait()
    {
        Ended ended;
        int status = 0;

        while (out_[0] >= 0 && read_more(out_[0], &out_text_)) {
        }
        while (read_more(err_[0], &err_text_)) {
        }
        int fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
        if (!is_ready(fd)) {
            ADD_FAILURE() << "the program does not end";
            kill(pid_, SIGKILL);
        }
        close(fd);
        EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
        has_ended_ = true;
        ended.code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
        ended.out = out_text_;
        ended.err = err_text_;
        return ended;
    }

    static constexpr int kColumns = 100; /* of the terminal */

  private:
    static constexpr int kDeadlineMs = 60000;

    void
    open_terminal()
    {
        char name[64] = "";
        winsize size = {};

        size.ws_col = kColumns;
        err_[0] = posix_openpt(O_RDWR | O_NOCTTY);
        EXPECT_EQ(grantpt(err_[0]), 0);
        EXPECT_EQ(unlockpt(err_[0]), 0);
        EXPECT_EQ(ptsname_r(err_[0], name, sizeof name), 0);
        err_[1] = open(name, O_RDWR | O_NOCTTY);
        EXPECT_EQ(ioctl(err_[1], TIOCSWINSZ, &size), 0);
    }
    static std::vector<char *>
    pointers(const std::vector<std::string> &texts)
    {
        std::vector<char *> pointers;
        for (const std::string &text : texts) {
            pointers.push_back(const_cast<char *>(text.c_str()));
        }
        pointers.push_back(nullptr);
        return pointers;
    }
    static std::vector<std::string>
    make_environment(const TemporaryFolder &home, const std::vector<std::string> &variables)
    {
        std::vector<std::string> environment = {
            "HOME=" + home.path(),
            "LC_ALL=C.UTF-8",
            "XDG_CONFIG_HOME=" + home.file("config"),
            "XDG_CONFIG_DIRS=" + home.file("system"),
            "XDG_STATE_HOME=" + home.file("state"),
            "XDG_DATA_HOME=" + home.file("data"),
            "XDG_CACHE_HOME=" + home.file("cache"),
            "XDG_RUNTIME_DIR=" + home.file("run"),
        };
        for (const char *name : { "PATH", "OCL_ICD_VENDORS", "REIN_WORKER_ENVIRONMENT",
                                  "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS" }) {
            const char *value = getenv(name);
            if (value != nullptr) {
                environment.push_back(std::string(name) + "=" + value);
            }
        }
        environment.insert(environment.end(), variables.begin(), variables.end());
        return environment;
    }
    static bool
    is_ready(int fd)
    {
        pollfd waited = { fd, POLLIN, 0 };
        return poll(&waited, 1, kDeadlineMs) == 1;
    }
    static bool
    read_more(int fd, std::string *text)
    {
        char chunk[4096];
        if (!is_ready(fd)) {
            ADD_FAILURE() << "the program says nothing";
            return false;
        }
        ssize_t size = read(fd, chunk, sizeof chunk);
        if (size <= 0) {
            return false;
        }
        text->append(chunk, static_cast<std::size_t>(size));
        return true;
    }

    pid_t pid_ = -1;
    bool has_ended_ = false;
    int out_[2] = { -1, -1 };
    int err_[2] = { -1, -1 };
    std::string out_text_;
    std::size_t out_at_ = 0;
    std::string err_text_;
};

} // namespace rein_test
