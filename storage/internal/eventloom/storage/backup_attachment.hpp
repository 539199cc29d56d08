// What is kept beside the log and belongs into its backups, in a directory of its own: the checkpoints of consumer groups.
//
//     GroupsInBackups groups{open_groups};                                        // messaging/group_backups.hpp
//     back_up(runtime, *store, {.into = "/backups/shop", .attachments = {&groups}});
//
// So the log and its backups need not know who keeps something.
#pragma once

#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/storage/database.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

class BackupAttachment {
public:
    virtual ~BackupAttachment() = default;

    // Of the data directory: "groups".
    virtual std::string_view directory() const = 0;

    // The files as they are now, taken before those of the log. nullptr: there is nothing to keep.
    virtual result<std::unique_ptr<DatabaseCapture>> capture() = 0;

    // What in the files of `directory` does not fit a log that ends at `head`: a sentence each. What cannot be read is an error.
    virtual result<std::vector<std::string>> verify(const Runtime& runtime, const std::string& directory,
                                                    Position head) const = 0;
};

using BackupAttachments = std::vector<BackupAttachment*>;

} // namespace eventloom
