#include "backup/backup_directory.hpp"

#include "backup/backup_names.hpp"

#include <eventloom/storage/linking_files.hpp>
#include <eventloom/storage/written_once.hpp>

#include <leveldb/env.h>

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::size_t piece_bytes    = 1u << 20;
constexpr std::size_t list_bytes_max = 256u << 20;

Error no_backup_directory(const std::string& path, const std::string& found)
{
    return {Failure::invalid, "no-backup-directory", "looked for backups in " + path + " and found " + found};
}

void remove_half_written(const Runtime& runtime, const std::string& directory,
                         bool (*is_half_written)(std::string_view))
{
    const auto names = list_directory(runtime, directory);
    if (not names) return;
    for (const std::string& name : names.value()) {
        // What cannot be removed is in nobody's way: it is begun anew under the same name.
        if (is_half_written(name)) static_cast<void>(runtime.files.RemoveFile(directory + "/" + name));
    }
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

result<BackupDirectory> BackupDirectory::open(const Runtime& runtime, const std::string& path)
{
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, path));
    if (names.empty()) return no_backup_directory(path, "nothing; check the name");
    return open_or_imagine(runtime, path);
}

result<BackupDirectory> BackupDirectory::open_or_imagine(const Runtime& runtime, const std::string& path)
{
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, path));
    const auto foreign = foreign_in(runtime, path, names);
    if (not foreign) return BackupDirectory{runtime, path};
    return no_backup_directory(path, "something else (" + *foreign +
                                         "); nothing was changed; give a directory of backups, or for new ones an "
                                         "empty directory");
}

result<BackupDirectory> BackupDirectory::open_alone(const Runtime& runtime, const std::string& path)
{
    BOOST_OUTCOME_TRY(auto directory, open_or_imagine(runtime, path));
    BOOST_OUTCOME_TRY(make_directory(runtime, path));
    directory.lock_    = std::make_unique<const FileLock>(runtime.files, path + "/LOCK");
    const auto& status = directory.lock_->status();
    if (not status.ok()) {
        return fail(Failure::unavailable, "backups-in-use",
                    "began to work on the backups in " + path + " and found that another process does, or that " +
                        path + "/LOCK cannot be written (" + status.ToString() +
                        "); try again when that process has ended");
    }
    BOOST_OUTCOME_TRY(directory.mark());
    BOOST_OUTCOME_TRY(make_directory(runtime, path + "/files"));
    remove_half_written(runtime, path, is_half_written_list);
    remove_half_written(runtime, path + "/files", is_half_written_file);
    return directory;
}

// Before the first backup, so that an interrupted one is known. Where there is one no room is needed to say so: whoever
// prunes may have none.
result<void> BackupDirectory::mark() const
{
    const auto path = path_ + "/" + std::string{backups_mark};
    BOOST_OUTCOME_TRY(const auto made, names());
    if (not made.empty() || has_title(runtime_, path, backups_mark_title)) return done();
    return replace_file(runtime_, path, backups_mark_text);
}

std::string BackupDirectory::path_of(const std::string& name) const
{
    return path_ + "/" + name + std::string{backup_ending};
}

result<std::vector<std::string>> BackupDirectory::names() const
{
    BOOST_OUTCOME_TRY(const auto files, list_directory(runtime_, path_));
    std::vector<std::string> names;
    for (const std::string& file : files) {
        if (not file.ends_with(backup_ending)) continue;
        auto name = file.substr(0, file.size() - backup_ending.size());
        // One that was given another name is a backup still: what it needs must not be removed.
        if (is_backup_name(name) || has_title(runtime_, path_ + "/" + file, title_of_list))
            names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end(), is_older);
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
    BOOST_OUTCOME_TRY(const auto taken, names());
    return name_of_new_backup(made, taken.empty() ? std::string{} : taken.back());
}

result<void> BackupDirectory::write(const std::string& name, const BackupManifest& manifest) const
{
    return replace_file(runtime_, path_of(name), encode(manifest));
}

result<void> BackupDirectory::remove(const std::string& name) const
{
    return eventloom::remove_file(runtime_, path_of(name));
}

bool BackupDirectory::has(const FileContent& content, Taking taking) const
{
    std::uint64_t bytes = 0;
    if (not runtime_.files.GetFileSize(path_of(content), &bytes).ok() || bytes != content.bytes) return false;
    return taking != Taking::own_copy || not is_linked(content);
}

// Where nobody can tell there are no links.
bool BackupDirectory::is_linked(const FileContent& content) const
{
    auto* const linking = linking_files(runtime_.files);
    std::uint64_t names = 0;
    return linking != nullptr && linking->count_names(path_of(content), &names).ok() && names > 1;
}

result<std::map<std::string, std::uint64_t>> BackupDirectory::files() const
{
    std::map<std::string, std::uint64_t> files;
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime_, path_ + "/files"));
    for (const std::string& name : names) {
        if (not is_shared_file_name(name)) continue;
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

result<BackupDirectory::Taken> BackupDirectory::take(const std::string& path, std::uint64_t bytes, Taking taking,
                                                     const BytesRead& read) const
{
    const bool may_link = taking == Taking::link;
    if (may_link) {
        BOOST_OUTCOME_TRY(const auto content, read_content(runtime_, path, bytes, read));
        if (has(content)) return Taken{content, false, false};
        if (link(path, content)) return Taken{content, true, true};
    }
    // What it holds is known when it is copied: then it gets its name.
    BOOST_OUTCOME_TRY(const auto writer, FileWriter::create(runtime_, path_ + "/files/" + std::string{incoming_name}));
    const auto unread = [](std::uint64_t) { return result<void>{done()}; };
    BOOST_OUTCOME_TRY(const auto content, read_content(runtime_, path, bytes, may_link ? BytesRead{unread} : read,
                                                       [&](std::string_view piece) { return writer->add(piece); }));
    if (has(content, taking)) return Taken{content, false, false};
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
