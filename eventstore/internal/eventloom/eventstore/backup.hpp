// Backups of an event store, made while it is written to. Each contains whole appends, and takes only the space of new files.
//
//     BOOST_OUTCOME_TRY(const auto made, back_up(runtime, *store, {.into = "/backups/shop"}));
//     BOOST_OUTCOME_TRY(const auto checked, verify_backup(runtime, "/backups/shop", made.name));
//     BOOST_OUTCOME_TRY(restore_backup(runtime, {.from = "/backups/shop", .name = made.name, .into = "var/shop"}));
//
// A directory holds many backups and nothing else. A directory with other files is refused, and only files with the names of
// backups are ever removed. A file of the store that never changes is there once for all backups: as a hard link to the store's
// file where the file system allows it, otherwise as a copy. So every backup is complete, and only the first one takes long.
// docs/format.md has its bytes.
//
// A backup holds every append that was acknowledged before it began, and no part of an append. It contains the log, its index
// and the attachments, such as the checkpoints of consumer groups. It does not contain what can be built again (read models,
// the sagas' table, snapshots, clusters), and never the keys of personal data: otherwise a restore would bring back erased data.
//
// Threads: any. One call at a time changes a directory of backups; others get "backups-in-use".
#pragma once

#include <eventloom/eventstore/detail/store_capture.hpp>
#include <eventloom/storage/backup_attachment.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace eventloom {

enum class BackupStep : std::uint8_t {
    reading,   // bytes of the store's files, into the backup
    checking,  // bytes of the backup's files
    copying,   // bytes of the backup's files, into a new store
    verifying, // positions of the log
};

// Told how far a step has come; an error that it answers ends the work, and is the answer.
using BackupProgress = std::function<result<void>(BackupStep step, std::uint64_t done, std::uint64_t total)>;

struct BackupOptions {
    std::string into              = {}; // the directory of backups; it is made when it is not there
    BackupAttachments attachments = {}; // what else belongs to the store
    bool only_copies = false; // no hard links: a byte that rots on the store's disk is not in the backup too; what
                              // it needs and earlier backups have as links is copied, for them as well
    bool dry_run = false;
};

struct BackupReport {
    std::string name        = {};
    Position head           = 0; // up to here
    std::uint64_t files     = 0;
    std::uint64_t bytes     = 0;
    std::uint64_t new_files = 0; // of them, that no earlier backup has, or as a link where copies were asked for; a dry
                                 // run counts what it has not read as new
    std::uint64_t new_bytes    = 0;
    std::uint64_t linked_bytes = 0; // of these, that take no room of their own
    Duration held{};                // for which appends were held
};

// Its name is when it was made, in UTC; where the directory has a later one already (the clock was set back), that one with
// a number. So the order of names is that of making.
// Failure::invalid      "no-backup-directory": `into` holds something else; nothing was changed.
// Failure::unavailable  "backups-in-use"; and what BackupSource::capture() says. When it fails, no backup was made; what it
//                       has left is removed, or used, by the next one.
result<BackupReport> back_up(const Runtime& runtime, BackupSource& store, const BackupOptions& options,
                             const BackupProgress& progress = {});

struct BackupSummary {
    std::string name = {};
    Time made{};
    Position head               = 0;
    std::uint64_t files         = 0;
    std::uint64_t bytes         = 0;
    std::uint64_t own_bytes     = 0;  // that no other backup has
    std::optional<Error> damage = {}; // why its list of files cannot be read; then all but the name is missing
};

// The oldest first. Failure::invalid "no-backup-directory".
result<std::vector<BackupSummary>> list_backups(const Runtime& runtime, const std::string& directory);

struct PruneOptions {
    std::string directory = {};
    std::uint64_t keep    = 1; // of the newest; at least one
    bool dry_run          = false;
};

struct PruneReport {
    std::vector<std::string> removed; // or, of a dry run, what would be
    std::uint64_t files = 0;          // that no backup needs any more
    std::uint64_t bytes = 0;
};

// Removes backups, and the files that only they had. Interrupted, it has removed some of them whole; the next one goes on.
// Failure::corrupt "damaged-backup": the list of one of them cannot be read, so it is not known which files it needs; nothing
// was removed.
result<PruneReport> prune_backups(const Runtime& runtime, const PruneOptions& options);

struct BackupCheck {
    std::string name            = {};
    Position head               = 0;
    std::uint64_t files         = 0;
    std::uint64_t bytes         = 0;
    std::uint64_t index_entries = 0;
    std::vector<std::string> findings; // a sentence each, the first hundred
    std::uint64_t findings_total = 0;
};

// Reads every file of a backup (`name` empty: of the newest), then verifies the store that they are, as
// Upkeep::verify() does, where they lie: nothing is copied, and none of them is changed.
// Failure::invalid  "no-such-backup"; "unknown-attachment": it holds what none of these attachments knows.
// Failure::corrupt  "damaged-backup": its list of files cannot be read.
result<BackupCheck> verify_backup(const Runtime& runtime, const std::string& directory, const std::string& name,
                                  const BackupAttachments& attachments = {}, const BackupProgress& progress = {});

struct RestoreOptions {
    std::string from = {}; // the directory of backups
    std::string name = {}; // empty: the newest
    std::string into = {}; // the data directory: log/ and the attachments are made in it; not there yet, or empty
    BackupAttachments attachments = {};
    bool verify = true; // false: only that the files are those of the backup; for a store that is damaged in it as well
    bool dry_run = false;
};

struct RestoreReport {
    std::string name            = {};
    Position head               = 0;
    std::uint64_t files         = 0;
    std::uint64_t bytes         = 0;
    std::uint64_t index_entries = 0; // that were compared, when it was verified
    // Files that are missing in the backup, or not as they were written: only where that was not verified.
    std::vector<std::string> damaged = {};
};

// The store is there when this returns without an error, and not before: until then none can be opened in `into`. When it
// fails everything that it made is removed; when it is killed, the next call begins again.
// Failure::invalid      "directory-not-empty", "no-such-backup", "unknown-attachment"
// Failure::unavailable  "held-by-another-process": another process restores into it; nothing was changed.
// Failure::corrupt      "damaged-backup": with the first file, or the first position, that is not as it was written.
result<RestoreReport> restore_backup(const Runtime& runtime, const RestoreOptions& options,
                                     const BackupProgress& progress = {});

} // namespace eventloom
