// What a consumer group reads: first the events that were open when it stopped, then the log from there on, in pieces.
//
// Threads: one at a time.
#pragma once

#include "group_checkpoint.hpp"

#include <eventloom/messaging/consumer_groups.hpp>

namespace eventloom {

class GroupReader {
public:
    GroupReader(const EventStore& store, const ConsumerGroupOptions& options, const GroupCheckpoint& checkpoint);

    struct Piece {
        std::vector<std::shared_ptr<const RecordedEvent>> events;
        std::vector<Position> not_wanted; // of those that were open: the group's options have changed
        Position read = 0;
        bool at_end   = false; // nothing more was known
    };

    // The next events, at most `events_max` of them, and no more once they have `bytes_max`. A piece ends also after so
    // many unwanted events, so that other work gets a turn.
    result<Piece> read(std::size_t events_max, std::size_t bytes_max);

    // Events that were open when the group stopped are still to be read.
    bool has_open() const { return not again_.empty(); }

    // Releases what it holds of the store: nothing will be read for a while.
    void pause();

private:
    result<void> read_again(Piece& piece, std::size_t events_max, std::size_t bytes_max);
    result<void> read_on(Piece& piece, std::size_t events_max, std::size_t bytes_max);
    result<const RecordedEvent*> event_at(Position position);
    bool wants(const RecordedEvent& event) const;

    const EventStore& store_;
    const Scope scope_;
    std::vector<std::string> types_;
    std::vector<Position> again_; // the last of them is the next
    Position read_;
    std::optional<std::uint64_t> next_version_; // when the scope is a stream
    std::unique_ptr<EventCursor> cursor_;
    Position cursor_at_      = 0;
    Position cursor_reaches_ = 0;
};

} // namespace eventloom
