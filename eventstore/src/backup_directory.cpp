#include "backup_directory.hpp"

#include <eventloom/framework/time_text.hpp>
#include <eventloom/storage/linking_files.hpp>
#include <eventloom/storage/written_once.hpp>

#include <leveldb/env.h>

#include <algorithm>
#include <utility>

namespace eventloom {

namespace {

constexpr std::string_view ending      = ".backup";
constexpr std::size_t piece_bytes      = 1u << 20;
constexpr std::size_t list_bytes_max   = 256u << 20;
constexpr std::string_view half_ending = ".new";

Error no_backup_directory(const std::string& path, const std::string& found)
{
    return {Failure::invalid, "no-backup-directory",
            "looked for backups in " + path + " and found " + found + "; check the name"};
}

bool is_half_written(const std::string& name)
{
    return name.ends_with(half_ending);
}

} // namespace

result<FileContent> read_content(const Runtime& runtime, const std::string& path, std::uint64_t bytes,
                                 const BytesRead& read, const std::function<result<void>(std::string_view)>& take)
{
    ContentSum sum;
    std::string scratch;
    if (bytes == 0) return sum.content();
    BOOST_OUTCOME_TRY(const auto file, FileReader::open(runtime, path));
    for (std::uint64_t at = 0; at < bytes;) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, bytes - at));
        BOOST_OUTCOME_TRY(const auto piece, file->read(at, count, scratch));
        sum.add(piece);
        if (take) {
            BOOST_OUTCOME_TRY(take(piece));
        }
        at += count;
        BOOST_OUTCOME_TRY(read(count));
    }
    return sum.content();
}

BackupDirectory::BackupDirectory(BackupDirectory&& other) noexcept
    : runtime_{other.runtime_}, path_{other.path_}, lock_{std::exchange(other.lock_, nullptr)}
{
}

BackupDirectory::~BackupDirectory()
{
    if (lock_ != nullptr) runtime_.files.UnlockFile(lock_);
}

result<BackupDirectory> BackupDirectory::open(const Runtime& runtime, const std::string& path)
{
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, path));
    if (names.empty()) return no_backup_directory(path, "nothing");
    return open_or_imagine(runtime, path);
}

result<BackupDirectory> BackupDirectory::open_or_imagine(const Runtime& runtime, const std::string& path)
{
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, path));
    const bool is_one = std::find(names.begin(), names.end(), "files") != names.end();
    if (not names.empty() && not is_one) return no_backup_directory(path, "something else (" + names.front() + ")");
    return BackupDirectory{runtime, path};
}

result<BackupDirectory> BackupDirectory::open_alone(const Runtime& runtime, const std::string& path)
{
    BOOST_OUTCOME_TRY(auto directory, open_or_imagine(runtime, path));
    BOOST_OUTCOME_TRY(make_directory(runtime, path + "/files"));
    const auto status = runtime.files.LockFile(path + "/LOCK", &directory.lock_);
    if (not status.ok()) {
        directory.lock_ = nullptr;
        return fail(Failure::unavailable, "backups-in-use",
                    "began to work on the backups in " + path + " and found that somebody else does, or that " + path +
                        "/LOCK cannot be written (" + status.ToString() + "); try again when that one has ended");
    }
    for (const auto& within : {path, path + "/files"}) {
        BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, within));
        for (const std::string& name : names) {
            // What cannot be removed is in nobody's way: it is begun anew under the same name.
            if (is_half_written(name)) static_cast<void>(runtime.files.RemoveFile(within + "/" + name));
        }
    }
    return directory;
}

std::string BackupDirectory::path_of(const std::string& name) const
{
    return path_ + "/" + name + std::string{ending};
}

// Their names are times, so their order is that of their making; only of one second it is that of their numbers.
result<std::vector<std::string>> BackupDirectory::names() const
{
    BOOST_OUTCOME_TRY(const auto files, list_directory(runtime_, path_));
    std::vector<std::string> names;
    for (const std::string& file : files) {
        if (file.ends_with(ending)) names.push_back(file.substr(0, file.size() - ending.size()));
    }
    std::sort(names.begin(), names.end(), [](const std::string& one, const std::string& other) {
        const auto key = [](const std::string& name) {
            const auto seconds = std::min(name.size(), name.find('Z'));
            return std::tuple{name.substr(0, seconds), name.size(), name};
        };
        return key(one) < key(other);
    });
    return names;
}

result<BackupManifest> BackupDirectory::read(const std::string& name) const
{
    BOOST_OUTCOME_TRY(const auto text, read_file(runtime_, path_of(name), list_bytes_max));
    if (not text || name.find('/') != std::string::npos) {
        return fail(Failure::invalid, "no-such-backup",
                    "looked for the backup " + name + " in " + path_ + " and found none; `store backups` lists them");
    }
    return decode_manifest(*text, path_of(name));
}

result<std::string> BackupDirectory::name_or_newest(const std::string& name) const
{
    if (not name.empty()) return name;
    BOOST_OUTCOME_TRY(auto all, names());
    if (not all.empty()) return std::move(all.back());
    return fail(Failure::invalid, "no-such-backup",
                "looked for a backup in " + path_ + " and found none; `store backup` makes one");
}

result<std::string> BackupDirectory::new_name(Time made) const
{
    auto name = time_text(std::chrono::floor<std::chrono::seconds>(made));
    std::replace(name.begin(), name.end(), ':', '-');
    BOOST_OUTCOME_TRY(const auto taken, names());
    auto free = name;
    for (int number = 2; std::find(taken.begin(), taken.end(), free) != taken.end(); ++number) {
        free = name + "-" + std::to_string(number);
    }
    return free;
}

result<void> BackupDirectory::write(const std::string& name, const BackupManifest& manifest) const
{
    return replace_file(runtime_, path_of(name), encode(manifest));
}

result<void> BackupDirectory::remove(const std::string& name) const
{
    return eventloom::remove_file(runtime_, path_of(name));
}

bool BackupDirectory::has(const FileContent& content) const
{
    std::uint64_t bytes = 0;
    return runtime_.files.GetFileSize(path_of(content), &bytes).ok() && bytes == content.bytes;
}

result<std::map<std::string, std::uint64_t>> BackupDirectory::files() const
{
    std::map<std::string, std::uint64_t> files;
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime_, path_ + "/files"));
    for (const std::string& name : names) {
        std::uint64_t bytes = 0;
        static_cast<void>(runtime_.files.GetFileSize(path_ + "/files/" + name, &bytes)); // else it counts nothing
        files[name] = bytes;
    }
    return files;
}

result<void> BackupDirectory::remove_file(const std::string& name) const
{
    return eventloom::remove_file(runtime_, path_ + "/files/" + name);
}

bool BackupDirectory::link(const std::string& path, const FileContent& content) const
{
    auto* const linking = linking_files(runtime_.files);
    return linking != nullptr && linking->link_file(path, path_of(content)).ok();
}

result<BackupDirectory::Taken> BackupDirectory::take(const std::string& path, std::uint64_t bytes, bool may_link,
                                                     const BytesRead& read) const
{
    if (may_link) {
        BOOST_OUTCOME_TRY(const auto content, read_content(runtime_, path, bytes, read));
        if (has(content)) return Taken{content, false, false};
        if (link(path, content)) return Taken{content, true, true};
    }
    // What it holds is known when it is copied: then it gets its name.
    BOOST_OUTCOME_TRY(const auto writer, FileWriter::create(runtime_, path_ + "/files/incoming"));
    const auto unread = [](std::uint64_t) { return result<void>{done()}; };
    BOOST_OUTCOME_TRY(const auto content, read_content(runtime_, path, bytes, may_link ? BytesRead{unread} : read,
                                                       [&](std::string_view piece) { return writer->add(piece); }));
    if (has(content)) return Taken{content, false, false};
    BOOST_OUTCOME_TRY(writer->finish_as(path_of(content)));
    return Taken{content, true, false};
}

result<BackupDirectory::Taken> BackupDirectory::take(std::string_view bytes) const
{
    ContentSum sum;
    sum.add(bytes);
    const auto content = sum.content();
    if (has(content)) return Taken{content, false, false};
    BOOST_OUTCOME_TRY(const auto writer, FileWriter::create(runtime_, path_of(content)));
    BOOST_OUTCOME_TRY(writer->append(bytes));
    BOOST_OUTCOME_TRY(writer->finish());
    return Taken{content, true, false};
}

} // namespace eventloom
