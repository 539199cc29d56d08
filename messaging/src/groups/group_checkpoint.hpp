// What of the log a consumer group has handled, to the event: everything up to `read` but for those that are open. And which of
// those are in the hands of members in other processes, who outlive this one.
// The bytes are described in docs/format.md, "Consumer groups".
#pragma once

#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/id.hpp>
#include <eventloom/storage/database.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

// A member in another process.
struct MemberElsewhere {
    Uuid id;
    std::string name; // for people
    std::int64_t lease_ms = 0;
    std::uint64_t batch   = 0;     // the number of its last one; 0: it had none
    std::uint64_t size    = 0;     // events of that batch
    std::vector<Position> in_hand; // those that are not handled, in the order in which they were given

    friend bool operator==(const MemberElsewhere&, const MemberElsewhere&) = default;
};

struct GroupCheckpoint {
    Position read = 0;
    std::vector<Position> open; // ascending, not after `read`
    std::uint64_t batches = 0;  // no member elsewhere was given one with a higher number; 0: there was none
    std::vector<MemberElsewhere> members;

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
