/* SPDX-License-Identifier: MIT */

#include "support/temporary_folder.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace rein_test
{

TemporaryFolder::TemporaryFolder()
{
    std::string place = (std::filesystem::temp_directory_path() / "rein-test-XXXXXX").string();

    if (mkdtemp(place.data()) == nullptr) {
        throw std::runtime_error("no temporary folder " + place);
    }
    path_ = std::filesystem::canonical(place);
}

TemporaryFolder::~TemporaryFolder()
{
    std::error_code ignored;

    std::filesystem::remove_all(path_, ignored);
}

std::string
TemporaryFolder::Write(const std::string &name, const std::string &bytes) const
{
    const std::filesystem::path path = path_ / name;

    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
}

std::string
TemporaryFolder::MakeFolder(const std::string &name) const
{
    std::filesystem::create_directories(path_ / name);
    return At(name);
}

std::string
ReadFile(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);

    return std::string(std::istreambuf_iterator<char>(file), {});
}

} // namespace rein_test
