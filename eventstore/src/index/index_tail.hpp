// The index of the newest events, in memory: those that the index on disk does not know yet. One thread adds; others may
// read under the lock. What it holds of events that are not durable yet is told apart by their positions alone.
#pragma once

#include "index/position_list.hpp"

#include <functional>
#include <shared_mutex>
#include <string>
#include <unordered_map>

namespace eventloom {

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

struct UuidHash {
    std::size_t operator()(const Uuid& id) const;
};

// Ids of version 7 begin with the time, so that most new ones are greater than all before.
inline bool is_ordered_id(const Uuid& id)
{
    return id.bytes[6] >> 4 == 7;
}

// Ids and the positions of their events: open addressing, because every event is put here.
class IdTable {
public:
    void add(const Uuid& id, Position position);
    std::optional<Position> find(const Uuid& id) const;
    // All of them, in the order of ids.
    std::vector<std::pair<Uuid, Position>> sorted() const;

private:
    struct Slot {
        Uuid id;
        Position position = 0; // 0: free
    };
    std::vector<Slot> slots_;
    std::size_t used_ = 0;
};

// The fields of an event that the index needs.
struct IndexedEvent {
    const Uuid& id;
    std::string_view stream;
    Version version   = 0;
    Position position = 0;
    std::string_view type;
    const std::vector<std::string>& tags;
};

class IndexTail {
public:
    // The events after `after`.
    explicit IndexTail(Position after) : after_{after}, last_{after} {}

    struct Stream {
        Version first_version = 0; // of the first event that is here
        PositionList positions;
    };

    void add(const IndexedEvent& event);
    // The greatest id of version 7 that is here, or nil.
    const Uuid& greatest_ordered_id() const { return greatest_ordered_id_; }
    void add(const CommandRecord& command) { commands_.insert_or_assign(command.id, command); }

    Position after() const { return after_; }
    Position last() const { return last_; }
    std::uint64_t events() const { return last_ - after_; }

    const Stream* stream(std::string_view name) const;
    // By the key space of the index: category, type or tag.
    const PositionList* positions(char space, std::string_view name) const;
    std::optional<Position> position_of(const Uuid& id) const { return ids_.find(id); }
    const CommandRecord* command(const Uuid& id) const;

    const TextMap<Stream>& streams() const { return streams_; }
    const TextMap<PositionList>& lists(char space) const;
    const IdTable& ids() const { return ids_; }
    const std::unordered_map<Uuid, CommandRecord, UuidHash>& commands() const { return commands_; }

    std::shared_mutex& mutex() const { return mutex_; }

private:
    const Position after_;
    Position last_;
    // The entry that was used last: the next event is most often of the same stream, category and type.
    template <class Value>
    struct LastUsed {
        std::string_view name; // in the map
        Value* value = nullptr;
    };
    LastUsed<Stream> last_stream_;
    LastUsed<PositionList> last_category_;
    LastUsed<PositionList> last_type_;
    Uuid greatest_ordered_id_;
    TextMap<Stream> streams_;
    TextMap<PositionList> categories_;
    TextMap<PositionList> types_;
    TextMap<PositionList> tags_;
    IdTable ids_;
    std::unordered_map<Uuid, CommandRecord, UuidHash> commands_;
    mutable std::shared_mutex mutex_;
};

} // namespace eventloom
