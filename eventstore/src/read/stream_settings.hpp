// The settings of streams of a log on disk: read from the settings streams, with the latest kept in memory.
// Threads: any.
#pragma once

#include "index/event_index.hpp"

#include <eventloom/framework/stream_limits.hpp>

#include <functional>
#include <mutex>

namespace eventloom {

class StreamSettingsReader {
public:
    using ReadEvent = std::function<result<RecordedEvent>(Position)>;

    StreamSettingsReader(const EventIndex& index, ReadEvent read) : index_{index}, read_{std::move(read)} {}

    // The position of the last settings event of a stream, before a position; 0: there is none.
    result<Position> position_of(const IndexView& view, std::string_view stream, Position before) const;
    // The settings in the event at that position, which must be durable; at 0 no settings.
    result<StreamStatus> status_at(Position position, std::string_view stream) const;
    // Both.
    result<StreamStatus> status_of(const IndexView& view, std::string_view stream, Position before) const;

private:
    struct Known {
        Position position = 0;
        StreamStatus status;
    };

    const EventIndex& index_;
    const ReadEvent read_;
    mutable std::mutex mutex_;
    mutable TextMap<Known> known_;
};

} // namespace eventloom
