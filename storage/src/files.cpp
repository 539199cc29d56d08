#include <eventloom/storage/database.hpp>

#include "damage/log_scrub.hpp"
#include "env/owner_lock.hpp"
#include "env/status.hpp"

#include <fmt/core.h>
#include <leveldb/env.h>

#include <algorithm>
#include <filesystem>

namespace eventloom {

namespace {

leveldb::Status write_and_sync(leveldb::Env& files, const std::string& path, std::string_view content)
{
    leveldb::WritableFile* opened = nullptr;
    auto status                   = files.NewWritableFile(path, &opened);
    if (not status.ok()) return status;
    const std::unique_ptr<leveldb::WritableFile> file{opened};
    status = file->Append({content.data(), content.size()});
    if (status.ok()) status = file->Sync();
    const auto closed = file->Close();
    return status.ok() ? closed : status;
}

std::string beside(const std::string& path)
{
    return path + ".new";
}

result<void> remove_if_there(const Runtime& runtime, const std::string& path)
{
    if (not runtime.files.FileExists(path)) return done();
    const auto status = runtime.files.RemoveFile(path);
    if (not status.ok()) return error_of(status, "remove the file " + path);
    return done();
}

bool is_own_or_parent(const std::string& name)
{
    return name == "." || name == "..";
}

} // namespace

result<void> replace_file(const Runtime& runtime, const std::string& path, std::string_view content)
{
    auto status = write_and_sync(runtime.files, beside(path), content);
    if (status.ok()) status = runtime.files.RenameFile(beside(path), path);
    if (status.ok()) return done();
    runtime.files.RemoveFile(beside(path)); // on a full disk it takes the room that others need
    return error_of(status, "write the file " + path);
}

result<void> remove_unfinished_replacement(const Runtime& runtime, const std::string& path)
{
    return remove_if_there(runtime, beside(path));
}

result<void> remove_file(const Runtime& runtime, const std::string& path)
{
    BOOST_OUTCOME_TRY(remove_unfinished_replacement(runtime, path));
    return remove_if_there(runtime, path);
}

result<std::optional<std::string>> read_file(const Runtime& runtime, const std::string& path, std::size_t limit)
{
    const std::string asked         = "read the file " + path;
    leveldb::SequentialFile* opened = nullptr;
    auto status                     = runtime.files.NewSequentialFile(path, &opened);
    if (status.IsNotFound()) return std::optional<std::string>{};
    if (not status.ok()) return error_of(status, asked);
    const std::unique_ptr<leveldb::SequentialFile> file{opened};

    std::string content;
    const auto scratch_bytes = std::min<std::size_t>(limit + 1, 1u << 16);
    const auto scratch       = std::make_unique_for_overwrite<char[]>(scratch_bytes);
    while (content.size() <= limit) {
        leveldb::Slice piece;
        status = file->Read(scratch_bytes, &piece, scratch.get());
        if (not status.ok()) return error_of(status, asked);
        if (piece.empty()) return std::optional{std::move(content)};
        content.append(piece.data(), piece.size());
    }
    return fail(Failure::invalid, "file-too-large",
                fmt::format("{} and found more than {} bytes; it is not the right file", asked, limit));
}

result<void> make_directory(const Runtime& runtime, const std::string& directory)
{
    const std::filesystem::path path{directory};
    std::filesystem::path so_far;
    for (const auto& part : path) {
        so_far /= part;
        std::vector<std::string> names;
        if (so_far.empty()) continue;
        const auto seen = runtime.files.GetChildren(so_far.string(), &names);
        if (seen.ok()) continue;
        if (not seen.IsNotFound()) return error_of(seen, "make the directory " + directory);
        const auto status = runtime.files.CreateDir(so_far.string());
        // Another process may have made it in between.
        if (not status.ok() && not runtime.files.GetChildren(so_far.string(), &names).ok()) {
            return error_of(status, "make the directory " + directory);
        }
    }
    return done();
}

result<std::vector<std::string>> list_directory(const Runtime& runtime, const std::string& directory)
{
    std::vector<std::string> names;
    const auto status = runtime.files.GetChildren(directory, &names);
    if (status.IsNotFound()) return std::vector<std::string>{};
    if (not status.ok()) return error_of(status, "list the directory " + directory);
    std::erase_if(names, is_own_or_parent);
    std::sort(names.begin(), names.end());
    return names;
}

result<void> remove_with_content(const Runtime& runtime, const std::string& directory)
{
    std::vector<std::string> within;
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, directory));
    for (const std::string& name : names) {
        const auto path = directory + "/" + name;
        if (runtime.files.GetChildren(path, &within).ok()) {
            BOOST_OUTCOME_TRY(remove_with_content(runtime, path));
            continue;
        }
        const auto status = runtime.files.RemoveFile(path);
        if (not status.ok() && runtime.files.FileExists(path)) return error_of(status, "remove the file " + path);
    }
    const auto status = runtime.files.RemoveDir(directory);
    if (not status.ok() && runtime.files.GetChildren(directory, &within).ok()) {
        return error_of(status, "remove the directory " + directory);
    }
    return done();
}

result<void> remove_database(const Runtime& runtime, const std::string& directory)
{
    std::vector<std::string> within;
    if (not runtime.files.GetChildren(directory, &within).ok()) return done();
    BOOST_OUTCOME_TRY(const auto lock, OwnerLock::take(runtime.files, directory, "remove the database " + directory));
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, directory));
    for (const std::string& name : names) {
        const auto status = runtime.files.RemoveFile(directory + "/" + name);
        if (not status.ok()) return error_of(status, "remove the database " + directory);
    }
    const auto status = runtime.files.RemoveDir(directory);
    std::vector<std::string> left;
    if (not status.ok() && runtime.files.GetChildren(directory, &left).ok()) {
        return error_of(status, "remove the database " + directory);
    }
    return done();
}

result<void> remove_cut_tails(const Runtime& runtime, const std::string& directory)
{
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, directory));
    for (const std::string& name : names) {
        if (not name.ends_with(torn_tail_ending)) continue;
        const auto status = runtime.files.RemoveFile(directory + "/" + name);
        if (not status.ok()) return error_of(status, "remove the file " + directory + "/" + name);
    }
    return done();
}

} // namespace eventloom
