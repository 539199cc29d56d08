// Reads of the log on disk: single events, and cursors that hold nothing of the database between their pages.
#pragma once

#include "clusters/cluster_shelf.hpp"
#include "index/event_index.hpp"
#include "read/stream_settings.hpp"
#include "record/record.hpp"

#include <eventloom/storage/database.hpp>

#include <atomic>
#include <deque>

namespace eventloom {

// The newest records, in memory: what has just been written is read without the disk.
class RecentRecords {
public:
    void add(Position first, Position last, std::string bytes);
    // A string that reuses the memory of a dropped record: new memory costs as much as writing into it.
    std::string spare();
    // Drops the records of these positions, because they were rewritten.
    void drop(Position first, Position last);
    // The record that holds `position`, if it is here.
    std::shared_ptr<const std::string> find(Position position, Position& last) const;

private:
    struct Entry {
        Position first = 0;
        Position last  = 0;
        std::shared_ptr<std::string> bytes;
    };
    mutable std::shared_mutex mutex_;
    std::vector<std::string> spare_;
    std::deque<Entry> entries_;
    std::size_t bytes_ = 0; // of memory: a string that was used before has room to spare
};

// Takes events out of the log one after the other; best when their positions lie near each other. Holds a cursor of the
// database as long as it lives.
class LogWalk {
public:
    enum class Way : std::uint8_t { here_and_there, through }; // through: event after event, as a scan does

    LogWalk(const Database& database, const RecentRecords& recent, Way way)
        : database_{database}, recent_{recent}, way_{way}
    {
    }

    result<void> take(Position position, RecordedEvent& event);
    // Only when it was recorded.
    result<Time> recorded_at(Position position);

private:
    result<void> find(Position position);

    const Database& database_;
    const RecentRecords& recent_;
    const Way way_;
    std::optional<DatabaseCursor> cursor_;
    std::shared_ptr<const std::string> bytes_; // of a recent record
    RecordView record_;
};

class LogReader {
public:
    LogReader(const Database& database, const EventIndex& index, const Clock& clock)
        : database_{database}, index_{index}, clock_{clock}
    {
    }

    // The last acknowledged position: nothing after it is read.
    Position head() const { return head_.load(); }
    void move_head(Position head) { head_ = head; }
    RecentRecords& recent() { return recent_; }
    ClusterShelf& clusters() { return clusters_; }
    const ClusterShelf& clusters() const { return clusters_; }

    result<RecordedEvent> event_at(Position position) const;
    // Of the record that holds `position`.
    result<Chain> chain_at(Position position) const;
    // Whether a record that ends at `position`, of events or of commands after it, has this checksum.
    result<bool> holds_record(Position position, std::uint64_t checksum) const;
    LogWalk walk(LogWalk::Way way = LogWalk::Way::here_and_there) const { return {database_, recent_, way}; }
    const EventIndex& index() const { return index_; }
    std::unique_ptr<EventCursor> read(const ReadRequest& request) const;

    const StreamSettingsReader& settings() const { return settings_; }
    // What the limits of a stream leave of it, given the events up to `head` and a time.
    struct Kept {
        Version version   = 0; // and all after it
        Position position = 0; // the same
    };
    result<Kept> kept_of(const IndexView& view, std::string_view stream, Position head, Time now) const;
    const Clock& clock() const { return clock_; }

    // The first position that was recorded at or after `time`; after the head when there is none.
    result<Position> first_at(Time time) const;

private:
    const Database& database_;
    const EventIndex& index_;
    const Clock& clock_;
    const StreamSettingsReader settings_{index_, [this](Position position) { return event_at(position); }};
    RecentRecords recent_;
    ClusterShelf clusters_;
    std::atomic<Position> head_{0};
};

} // namespace eventloom
