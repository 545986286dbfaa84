/* SPDX-License-Identifier: MIT */

/*
 * Runs the programs that were built, as a user would: with arguments, in a home of their own that
 * is empty at first and gone afterwards, without any REIN_* variable but those a test sets.
 */

#pragma once

#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace rein_test
{

/* A folder that is gone with the object. */
class TemporaryFolder
{
  public:
    TemporaryFolder()
    {
        char *folder = g_dir_make_tmp("rein-test-XXXXXX", nullptr);
        path_ = folder != nullptr ? folder : "";
        g_free(folder);
    }
    ~TemporaryFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder &) = delete;
    TemporaryFolder &operator=(const TemporaryFolder &) = delete;

    const std::string &
    path() const
    {
        return path_;
    }
    std::string
    file(const std::string &name) const
    {
        return path_ + "/" + name;
    }

    /* Writes a file, and the folders it is in; returns its path. */
    std::string
    write(const std::string &name, const std::string &text) const
    {
        std::filesystem::create_directories(std::filesystem::path(file(name)).parent_path());
        std::ofstream(file(name), std::ios::binary) << text;
        return file(name);
    }

  private:
    std::string path_;
};

inline std::string
read_text(const std::string &path)
{
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;

    text << stream.rdbuf();
    return text.str();
}

/* How a program ended. */
struct Ended {
    int code = -1; /* exit code, or minus the signal */
    std::string out;
    std::string err;
};

/* Both ends of a pseudo-terminal. */
class Terminal
{
  public:
    Terminal() = default;
    ~Terminal()
    {
        if (master_ >= 0) {
            close(master_);
            close(slave_);
        }
    }
    Terminal(const Terminal &) = delete;
    Terminal &operator=(const Terminal &) = delete;

    /* Makes it; returns a descriptor of the program's end, the caller's. */
    int
    open()
    {
        master_ = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        EXPECT_EQ(grantpt(master_), 0);
        EXPECT_EQ(unlockpt(master_), 0);
        slave_ = ::open(ptsname(master_), O_RDWR | O_NOCTTY | O_CLOEXEC);
        return dup(slave_);
    }
    std::string
    read_all() const
    {
        std::string text;
        char chunk[4096];

        for (ssize_t size = 0; master_ >= 0; text.append(chunk, static_cast<size_t>(size))) {
            size = read(master_, chunk, sizeof chunk);
            if (size <= 0) {
                break;
            }
        }
        return text;
    }

  private:
    int master_ = -1;
    int slave_ = -1; /* stays open, so that what was printed can still be read */
};

/* A program with its own home: the folders config/, state/, data/, cache/ and run/ in it. */
class Program
{
  public:
    explicit Program(std::string name) : path_(std::string(REIN_PROGRAM_DIR) + "/" + name)
    {
    }

    const TemporaryFolder &
    home() const
    {
        return home_;
    }
    void
    set(const std::string &variable, const std::string &value)
    {
        variables_[variable] = value;
    }
    /* Where stdout goes instead of into the answer. */
    void
    send_out_to(const std::string &path)
    {
        out_path_ = path;
    }

    /* Gives it a pipe as stdout that nobody reads. */
    void
    break_out()
    {
        is_out_broken_ = true;
    }

    /* Gives it a terminal as stdout; what it prints there, little, is in the answer. */
    void
    use_terminal()
    {
        is_terminal_ = true;
    }

    /* Runs it to its end. */
    Ended
    run(const std::vector<std::string> &arguments) const
    {
        GSubprocessLauncher *launcher = g_subprocess_launcher_new(static_cast<GSubprocessFlags>(
            G_SUBPROCESS_FLAGS_STDERR_PIPE |
            (out_path_.empty() && !is_out_broken_ && !is_terminal_ ? G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                                                   : G_SUBPROCESS_FLAGS_NONE)));
        Ended ended;
        GError *error = nullptr;

        if (!out_path_.empty()) {
            g_subprocess_launcher_set_stdout_file_path(launcher, out_path_.c_str());
        }
        if (is_out_broken_) {
            int ends[2] = { -1, -1 };
            EXPECT_EQ(pipe(ends), 0);
            close(ends[0]);
            g_subprocess_launcher_take_stdout_fd(launcher, ends[1]);
        }
        Terminal terminal;
        if (is_terminal_) {
            g_subprocess_launcher_take_stdout_fd(launcher, terminal.open());
        }
        set_environment(launcher);
        std::vector<const char *> argv = { path_.c_str() };
        for (const std::string &argument : arguments) {
            argv.push_back(argument.c_str());
        }
        argv.push_back(nullptr);

        GSubprocess *process = g_subprocess_launcher_spawnv(launcher, argv.data(), &error);
        g_object_unref(launcher);
        if (process == nullptr) {
            ADD_FAILURE() << error->message;
            g_error_free(error);
            return ended;
        }
        collect(process, &ended);
        ended.out += terminal.read_all();
        g_object_unref(process);
        return ended;
    }

  private:
    void
    set_environment(GSubprocessLauncher *launcher) const
    {
        char **environment = g_get_environ();
        for (char **entry = environment; *entry != nullptr; entry++) {
            std::string name = std::string(*entry).substr(0, std::string(*entry).find('='));
            if (name.rfind("REIN_", 0) == 0 || name.rfind("XDG_", 0) == 0 || name == "NO_COLOR") {
                g_subprocess_launcher_unsetenv(launcher, name.c_str());
            }
        }
        g_strfreev(environment);

        std::map<std::string, std::string> variables = {
            { "HOME", home_.path() },
            { "LC_ALL", "C.UTF-8" },
            { "XDG_CONFIG_HOME", home_.file("config") },
            { "XDG_CONFIG_DIRS", home_.file("system") },
            { "XDG_STATE_HOME", home_.file("state") },
            { "XDG_DATA_HOME", home_.file("data") },
            { "XDG_CACHE_HOME", home_.file("cache") },
            { "XDG_RUNTIME_DIR", home_.file("run") },
        };
        for (const auto &[name, value] : variables_) {
            variables[name] = value;
        }
        for (const auto &[name, value] : variables) {
            g_subprocess_launcher_setenv(launcher, name.c_str(), value.c_str(), TRUE);
        }
    }

    static std::string
    take(GBytes *bytes)
    {
        if (bytes == nullptr) {
            return "";
        }
        gsize size = 0;
        const char *data = static_cast<const char *>(g_bytes_get_data(bytes, &size));
        std::string text(data != nullptr ? data : "", size);
        g_bytes_unref(bytes);
        return text;
    }

    static void
    collect(GSubprocess *process, Ended *ended)
    {
        GBytes *out = nullptr;
        GBytes *err = nullptr;

        g_subprocess_communicate(process, nullptr, nullptr, &out, &err, nullptr);
        ended->out = take(out);
        ended->err = take(err);
        if (ended->err.find("Sanitizer") != std::string::npos ||
            ended->err.find("runtime error: ") != std::string::npos) {
            ADD_FAILURE() << "a sanitizer speaks up in the program:\n" << ended->err;
        }
        if (g_subprocess_get_if_signaled(process)) {
            ended->code = -g_subprocess_get_term_sig(process);
        } else if (g_subprocess_get_if_exited(process)) {
            ended->code = g_subprocess_get_exit_status(process);
        }
    }

    std::string path_;
    std::string out_path_;
    bool is_out_broken_ = false;
    bool is_terminal_ = false;
    TemporaryFolder home_;
    std::map<std::string, std::string> variables_;
};

} // namespace rein_test
