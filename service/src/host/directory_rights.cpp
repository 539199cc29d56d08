#include "host/directory_rights.hpp"

#include <filesystem>
#include <functional>

namespace eventloom {

namespace {

namespace fs = std::filesystem;

constexpr fs::perms of_others = fs::perms::group_all | fs::perms::others_all;

bool is_open(const fs::path& path)
{
    std::error_code error;
    const auto status = fs::symlink_status(path, error);
    const bool counts = fs::is_regular_file(status) || fs::is_directory(status);
    return not error && counts && (status.permissions() & of_others) != fs::perms::none;
}

// The directory itself and all beneath it, what a directory holds after the directory. Links are not followed.
std::error_code visit(const fs::path& directory, const std::function<std::error_code(const fs::path&)>& look)
{
    if (auto error = look(directory)) return error;
    std::error_code gone;
    for (auto at = fs::recursive_directory_iterator{directory, gone}; not gone && at != fs::end(at);
         at.increment(gone)) {
        if (auto error = look(at->path())) return error;
    }
    return {};
}

} // namespace

bool is_open_to_others(const std::string& directory)
{
    if (not is_open(directory)) return false;
    std::error_code gone;
    for (auto at = fs::directory_iterator{directory, gone}; not gone && at != fs::end(at); at.increment(gone)) {
        if (is_open(at->path())) return true;
    }
    return false;
}

std::uint64_t count_open_to_others(const std::string& directory)
{
    std::uint64_t count = 0;
    if (not is_open_to_others(directory)) return count;
    static_cast<void>(visit(directory, [&](const fs::path& path) {
        count += is_open(path) ? 1 : 0;
        return std::error_code{};
    }));
    return count;
}

result<std::uint64_t> take_rights_of_others(const std::string& directory)
{
    std::uint64_t count = 0;
    std::string path_of_fault;
    const auto error = visit(directory, [&](const fs::path& path) {
        std::error_code fault;
        if (not is_open(path)) return fault;
        fs::permissions(path, of_others, fs::perm_options::remove, fault);
        if (fault == std::errc::no_such_file_or_directory) return std::error_code{};
        path_of_fault = path.string();
        count += fault ? 0 : 1;
        return fault;
    });
    if (not error) return count;
    return fail(Failure::storage, "rights-not-taken",
                "removed the rights of other users from " + path_of_fault + " and found: " + error.message() +
                    "; run the command as the owner of the file, or as root");
}

Error open_to_others(const std::string& directory)
{
    return {
        Failure::refused, "open-to-others",
        "opened " + directory +
            " and found that other users of this machine may read its content; `store protect` removes their rights"};
}

} // namespace eventloom
