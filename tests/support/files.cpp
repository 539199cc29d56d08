#include "support/files.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace eventloom::testing {

std::string content_of(const std::string& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void write_file(const std::string& path, std::string_view content)
{
    std::ofstream{path, std::ios::binary | std::ios::trunc} << content;
}

std::map<std::string, std::string> files_in(const std::string& directory)
{
    namespace fs = std::filesystem;
    std::map<std::string, std::string> files;
    if (not fs::exists(directory)) return files;
    for (const auto& entry : fs::recursive_directory_iterator{directory}) {
        if (entry.is_regular_file()) files[fs::relative(entry.path(), directory)] = content_of(entry.path());
    }
    return files;
}

} // namespace eventloom::testing
