// A directory of backups: their lists, and the files that they share. docs/format.md, "Backups", has the layout.
#pragma once

#include "backup/backup_manifest.hpp"
#include "backup/file_lock.hpp"

#include <eventloom/storage/database.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace eventloom {

// Called with the bytes that were read; an error of it ends the reading.
using BytesRead = std::function<result<void>(std::uint64_t bytes)>;

// Reads the first `bytes` bytes of a file piece by piece, and adds them up. Each piece is shown to `take`, too.
result<FileContent> read_content(const Runtime& runtime, const std::string& path, std::uint64_t bytes,
                                 const BytesRead& read, const std::function<result<void>(std::string_view)>& take = {});

class BackupDirectory {
public:
    // To read in it. Failure::invalid "no-backup-directory".
    static result<BackupDirectory> open(const Runtime& runtime, const std::string& path);
    // Opens it to write, exclusively: makes it if it does not exist, and removes half-written files.
    // Failure::unavailable "backups-in-use".
    static result<BackupDirectory> open_alone(const Runtime& runtime, const std::string& path);
    // The mark that open_alone() would write, when there is none.
    static result<BackupDirectory> open_or_imagine(const Runtime& runtime, const std::string& path);

    const std::string& path() const { return path_; }

    // The backups' names, the oldest first.
    result<std::vector<std::string>> names() const;
    // Failure::invalid "no-such-backup", Failure::corrupt "damaged-backup".
    result<BackupManifest> read(const std::string& name) const;
    // The name, or that of the newest when it is empty. Failure::invalid "no-such-backup".
    result<std::string> name_or_newest(const std::string& name) const;
    // A name for a backup of this moment, after those of all others.
    result<std::string> new_name(Time made) const;
    // Adds this backup. All files that it needs must be durable.
    result<void> write(const std::string& name, const BackupManifest& manifest) const;
    result<void> remove(const std::string& name) const;

    std::string path_of(const FileContent& content) const { return path_ + "/files/" + content.name(); }
    // How a file comes to be among those of backups.
    enum class Taking : std::uint8_t {
        link, // another name of the store's file, where there can be one
        copy,
        own_copy, // and what is there already is good enough only when no store has it too
    };

    // Whether there is a file of that name, as long as it must be, and such as is taken.
    bool has(const FileContent& content, Taking taking = Taking::link) const;
    // Files of backups that are there, by name, with their bytes.
    result<std::map<std::string, std::uint64_t>> files() const;
    result<void> remove_file(const std::string& name) const;

    // Takes the first `bytes` of a file in, durably, unless what they hold is there already. A copy takes the place of a
    // link in one step: whatever needed that one, has the same bytes.
    struct Taken {
        FileContent content;
        bool is_new    = false;
        bool is_linked = false;
    };
    result<Taken> take(const std::string& path, std::uint64_t bytes, Taking taking, const BytesRead& read) const;
    // The same of bytes in memory, which no file of the store is.
    result<Taken> take(std::string_view bytes) const;

private:
    BackupDirectory(const Runtime& runtime, std::string path) : runtime_{runtime}, path_{std::move(path)} {}
    std::string path_of(const std::string& name) const;
    result<void> mark() const;
    bool is_linked(const FileContent& content) const;
    bool link(const std::string& path, const FileContent& content) const;

    const Runtime runtime_;
    const std::string path_;
    std::unique_ptr<const FileLock> lock_; // nothing: it is only read
};

} // namespace eventloom
