// What of the log a consumer group has handled, to the event: everything up to `read` but for those that are open.
// The bytes are described in docs/format.md, "Consumer groups".
#pragma once

#include <eventloom/framework/event_store.hpp>
#include <eventloom/storage/database.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

struct GroupCheckpoint {
    Position read = 0;
    std::vector<Position> open; // ascending, not after `read`

    friend bool operator==(const GroupCheckpoint&, const GroupCheckpoint&) = default;
};

std::string encode(const GroupCheckpoint& checkpoint);

// Failure::corrupt "damaged-checkpoint".
result<GroupCheckpoint> decode_checkpoint(std::string_view bytes, std::string_view group);

// The checkpoints of all groups, in a database of their own.
class CheckpointTable {
public:
    static result<std::shared_ptr<CheckpointTable>> open(const Runtime& runtime, const std::string& directory);

    result<std::optional<GroupCheckpoint>> find(std::string_view group) const;
    result<void> put(std::string_view group, const GroupCheckpoint& checkpoint);
    result<std::vector<std::string>> names() const;
    result<std::unique_ptr<DatabaseCapture>> capture() const { return database_->capture(); }

private:
    explicit CheckpointTable(std::unique_ptr<Database> database) : database_{std::move(database)} {}
    const std::unique_ptr<Database> database_;
};

} // namespace eventloom
