// The list of a backup's files: what makes it one. docs/format.md, "Backups", has the text.
#pragma once

#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/runtime.hpp>

#include <xxhash.h>

#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

// How a list begins, of whatever version.
inline constexpr std::string_view title_of_list = "eventloom backup ";

// The identity of a file's content, by length and checksum.
struct FileContent {
    std::string checksum; // XXH3-128, 32 hexadecimal digits
    std::uint64_t bytes = 0;

    // The name that it has among the files of backups.
    std::string name() const { return checksum + "-" + std::to_string(bytes); }

    friend bool operator==(const FileContent&, const FileContent&) = default;
};

// Of bytes that come piece by piece.
class ContentSum {
public:
    ContentSum();
    ~ContentSum();
    ContentSum(const ContentSum&)            = delete;
    ContentSum& operator=(const ContentSum&) = delete;
    void add(std::string_view bytes);
    FileContent content() const;

private:
    XXH3_state_t* const state_;
    std::uint64_t bytes_ = 0;
};

struct BackupFile {
    std::string name; // in a data directory: "log/000005.ldb"
    FileContent content;
    std::string identity; // of the store's own file when it was read (LinkingFiles); empty: not known
};

struct BackupManifest {
    Time made{};
    std::uint32_t store_format = 0;
    Position head              = 0;
    std::uint64_t checksum     = 0; // of the last record, as the witness has it
    std::vector<BackupFile> files;
    std::uint64_t first = 0; // the checksum of the first record; 0: the log had none, or the list is an older one

    std::uint64_t bytes() const;
};

std::string encode(const BackupManifest& manifest);

// Failure::corrupt "damaged-backup", "newer-backup-format". `path` for the sentence.
result<BackupManifest> decode_manifest(std::string_view text, const std::string& path);

} // namespace eventloom
