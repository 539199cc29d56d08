// Puts the checkpoints of consumer groups into the backups of the store that the groups follow.
//
//     GroupsInBackups groups{open_groups};
//     BOOST_OUTCOME_TRY(const auto made, back_up(runtime, *store, {.into = "/backups/shop", .attachments = {&groups}}));
#pragma once

#include <eventloom/messaging/consumer_groups.hpp>
#include <eventloom/storage/backup_attachment.hpp>

#include <memory>

namespace eventloom {

class GroupsInBackups final : public BackupAttachment {
public:
    // nullptr: nothing is captured. Use it to verify or to restore.
    explicit GroupsInBackups(const ConsumerGroups* groups = nullptr) : groups_{groups} {}

    std::string_view directory() const override { return "groups"; }
    result<std::unique_ptr<DatabaseCapture>> capture() override;
    // Reports groups whose checkpoint is after `head`: they claim to have handled events that the log does not hold.
    result<std::vector<std::string>> verify(const Runtime& runtime, const std::string& directory,
                                            Position head) const override;

private:
    const ConsumerGroups* groups_;
};

} // namespace eventloom
