// The positions of events by stream, category, type, tag and id. Made only from the log, and made again when it is lost.
//
// The newest events are in memory (index_tail.hpp). When there are enough of them they are written to a database of its
// own in one batch, which says up to where the index on disk now reaches; so an append writes nothing but its record.
#pragma once

#include "index/index_tail.hpp"

#include <eventloom/storage/database.hpp>

#include <atomic>
#include <memory>
#include <mutex>

namespace eventloom {

inline constexpr std::size_t id_entry_bytes = 24; // in a block of event ids: id, position

// One entry of the index on disk, and an event that it names, for messages.
struct IndexEntry {
    std::string key;
    std::string value;
    Position position = 0;
};

// Up to where an index on disk reaches, and the checksum of the record that ends there.
struct IndexEnd {
    Position position      = 0;
    std::uint64_t checksum = 0;
};

// Failure::corrupt "damaged-index" when it is damaged, or laid out as another version of the program does.
result<IndexEnd> read_index_end(const Database& database, const DatabaseSnapshot& at = nullptr);

// The greatest event id in a block. Ids of version 7 come in ascending order, so most are found absent without a look at
// the disk.
class OrderedIds {
public:
    bool surely_new(const Uuid& id) const { return is_ordered_id(id) && id > greatest_; }
    bool take(const Uuid& id)
    {
        if (not surely_new(id)) return false;
        greatest_ = id;
        return true;
    }

private:
    Uuid greatest_{};
};

// All entries that a flush of `tail` writes, but those of the lengths of streams, which later flushes overwrite.
std::vector<IndexEntry> entries_of(const IndexTail& tail, OrderedIds& ordered_ids);

// A moment of the index. Tails are in the order of positions, the newest last.
struct IndexView {
    Position on_disk      = 0;
    bool settings_on_disk = false;
    std::vector<std::shared_ptr<const IndexTail>> tails;
};

// Where the events of a stream stand, from one version on, in the order of reading.
struct StreamPlaces {
    Version from = 0;
    std::vector<Position> positions;
};

class EventIndex {
public:
    // Failure::corrupt when it must be built again: see discard().
    static result<std::unique_ptr<EventIndex>> open(const Runtime& runtime, const std::string& directory);
    static result<void> discard(const Runtime& runtime, const std::string& directory);
    ~EventIndex();

    // Up to where the index on disk reaches, and the checksum of the record that ends there.
    Position on_disk() const;
    std::uint64_t checksum_at_end() const { return checksum_at_end_; }

    IndexView view() const;

    // The writer's side: one thread at a time.
    IndexTail& newest() { return *newest_; }
    const IndexTail& newest() const { return *newest_; }
    // No event has this id, and no look at the ids is needed to tell.
    bool surely_new(const Uuid& id) const;
    // Tells that the newest events, up to now, end with a record of this checksum and are durable; says whether flush()
    // should be called soon, by any thread.
    bool is_due(std::uint64_t checksum_of_last_record, std::uint64_t events_max);
    // Writes what is_due() has set aside.
    result<void> flush();
    // Sets aside all that is in memory, and writes it.
    result<void> flush_all(std::uint64_t checksum_of_last_record);

    // Whether any stream has settings (stream_limits.hpp). Most stores have none.
    bool has_settings(const IndexView& view) const;

    // The types of all events, each once, in order.
    result<std::vector<std::string>> types(const IndexView& view) const;

    // Lookups, through a view, of what is not after `head`.
    result<std::uint64_t> length_of(const IndexView& view, std::string_view stream, Position head) const;
    result<std::optional<Position>> position_of(const IndexView& view, const Uuid& id) const;
    result<std::optional<CommandRecord>> command(const IndexView& view, const Uuid& id) const;
    // Up to `limit` positions of a stream's events, from a version on, in the order of reading. Backwards, a version after
    // the end means the end; what is staged and not durable yet may be among them.
    result<StreamPlaces> of_stream(const IndexView& view, std::string_view stream, Version from, Direction direction,
                                   std::size_t limit) const;

    const Database& database() const { return *database_; }

private:
    explicit EventIndex(std::unique_ptr<Database> database);
    result<void> load();
    result<std::uint64_t> length_on_disk(std::string_view stream) const;
    result<std::uint64_t> length_up_to(const IndexView& view, std::string_view stream, std::uint64_t length,
                                       Position head) const;
    result<std::optional<Position>> position_on_disk(const Uuid& id) const;

    std::unique_ptr<Database> database_;
    std::uint64_t checksum_at_end_ = 0;

    mutable std::mutex mutex_; // over which tails there are
    Position on_disk_ = 0;
    std::shared_ptr<IndexTail> set_aside_;
    std::uint64_t set_aside_checksum_ = 0;
    std::shared_ptr<IndexTail> newest_;
    bool settings_on_disk_ = false;
    OrderedIds ordered_ids_; // of the index on disk, and of what is set aside

    std::mutex flushing_;
};

} // namespace eventloom
