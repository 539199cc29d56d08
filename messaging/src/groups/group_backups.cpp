#include <eventloom/messaging/group_backups.hpp>

#include "group_checkpoint.hpp"

#include <fmt/core.h>

namespace eventloom {

result<std::unique_ptr<DatabaseCapture>> GroupsInBackups::capture()
{
    if (groups_ == nullptr) return std::unique_ptr<DatabaseCapture>{};
    return groups_->capture();
}

result<std::vector<std::string>> GroupsInBackups::verify(const Runtime& runtime, const std::string& directory,
                                                         Position head) const
{
    BOOST_OUTCOME_TRY(const auto table, CheckpointTable::open(runtime, directory));
    BOOST_OUTCOME_TRY(const auto names, table->names());
    std::vector<std::string> findings;
    for (const std::string& name : names) {
        BOOST_OUTCOME_TRY(const auto checkpoint, table->find(name));
        if (not checkpoint || checkpoint->read <= head) continue;
        findings.push_back(fmt::format(
            "read the checkpoint of the consumer group {} and found position {}, after the end of the log, which is {}",
            name, checkpoint->read, head));
    }
    return findings;
}

} // namespace eventloom
