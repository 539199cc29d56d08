#include "upkeep/file_sizes.hpp"

#include <eventloom/storage/database.hpp>

#include <leveldb/env.h>

#include <algorithm>

namespace eventloom {

result<std::uint64_t> bytes_in(const Runtime& runtime, const std::string& directory)
{
    std::uint64_t all = 0;
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, directory));
    for (const std::string& name : names) {
        const auto path = directory + "/" + name;
        std::vector<std::string> within;
        std::uint64_t bytes = 0;
        if (runtime.files.GetChildren(path, &within).ok()) continue;
        if (runtime.files.GetFileSize(path, &bytes).ok()) all += bytes;
    }
    return all;
}

result<std::uint64_t> bytes_written_in(const Runtime& runtime, const std::string& directory)
{
    BOOST_OUTCOME_TRY(auto all, bytes_in(runtime, directory));
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, directory));
    for (const std::string& name : names) {
        std::string content;
        if (not name.ends_with(".log") ||
            not leveldb::ReadFileToString(&runtime.files, directory + "/" + name, &content).ok()) {
            continue;
        }
        all -= std::min<std::uint64_t>(all, content.size() - (content.find_last_not_of('\0') + 1));
    }
    return all;
}

} // namespace eventloom
