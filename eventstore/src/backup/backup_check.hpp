// Verifies the store in the files of a backup, without changing them.
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
// Removes an empty directory; a missing one is not an error.
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

    // Damage is a finding; an error means that it could not look. `place_of` gives the path of a file; everything that is
    // written goes to a temporary directory.
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
