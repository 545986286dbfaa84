/* SPDX-License-Identifier: MIT */

/* A folder that is gone with its object, and with all that was put into it. [one thread] */

#pragma once

#include <filesystem>
#include <string>

namespace rein_test
{

class TemporaryFolder
{
  public:
    TemporaryFolder();
    ~TemporaryFolder();

    TemporaryFolder(const TemporaryFolder &) = delete;
    TemporaryFolder &operator=(const TemporaryFolder &) = delete;

    const std::filesystem::path &
    path() const
    {
        return path_;
    }

    /* The path of a file or folder in it. */
    std::string
    At(const std::string &name) const
    {
        return (path_ / name).string();
    }

    /* Writes a file in it, with the folders above; its path. */
    std::string Write(const std::string &name, const std::string &bytes) const;

    std::string MakeFolder(const std::string &name) const;

  private:
    std::filesystem::path path_;
};

/* All bytes of a file. */
std::string ReadFile(const std::string &path);

} // namespace rein_test
