// Looks at the store that a backup's files are, without a change to them.
#pragma once

#include "backup/backup_directory.hpp"

#include <eventloom/eventstore/backup.hpp>

#include <functional>
#include <string>

namespace eventloom {

// The directories of a data directory that a backup has something for: made, and removed with whatever a store leaves there.
result<void> make_parts(const Runtime& runtime, const std::string& data, const BackupManifest& manifest);
result<void> remove_parts(const Runtime& runtime, const std::string& data, const BackupAttachments& attachments);
// Failure::invalid "unknown-attachment": the backup holds what none of these knows.
result<void> check_attachments(const std::string& backup, const BackupManifest& manifest,
                               const BackupAttachments& attachments);
// One that is empty; one that is not there is no error.
result<void> remove_directory(const Runtime& runtime, const std::string& directory);

std::string file_is_not_there(const BackupDirectory& directory, const BackupFile& file);
std::string file_is_damaged(const BackupDirectory& directory, const BackupFile& file);

class Check {
public:
    Check(const Runtime& runtime, const BackupManifest& manifest, const BackupAttachments& attachments,
          const BackupProgress& progress)
        : runtime_{runtime}, manifest_{manifest}, attachments_{attachments}, progress_{progress}
    {
    }

    void find(std::string sentence);

    // What is damaged is a finding; an error is what keeps from looking. `place_of` says where a file lies; what is written
    // goes to a directory that is there for a while.
    result<void> verify(const std::string& scratch_directory,
                        const std::function<std::string(const BackupFile&)>& place_of);

    BackupCheck take() { return std::move(check_); }
    const BackupCheck& check() const { return check_; }

private:
    result<void> look(const Runtime& overlaid, const std::string& data);

    const Runtime& runtime_;
    const BackupManifest& manifest_;
    const BackupAttachments& attachments_;
    const BackupProgress& progress_;
    BackupCheck check_;
};

} // namespace eventloom
