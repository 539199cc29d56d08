// What was asked of the streams of a log (stream_limits.hpp), as a list for each of them, and what it leaves of them. For the
// store's model: written apart from the store's own rules. Threads: one.
#pragma once

#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/framework/stream_limits.hpp>

#include <map>
#include <string>
#include <vector>

namespace eventloom::testing {

class AskedOfStreams {
public:
    // An event of the log, in the order of the log: it may say something.
    void take(const RecordedEvent& event);

    // What stood before the event at `position`.
    StreamStatus before(const std::string& stream, Position position) const;
    StreamStatus now(const std::string& stream) const;

private:
    struct Asked {
        Position position = 0;
        StreamStatus status;
    };
    std::map<std::string, std::vector<Asked>> by_stream_;
};

// The stream of which events in this one say something; empty: it is an ordinary stream.
std::string asked_in(const std::string& stream);

// Whether a stream of `length` events, of which that is asked, has none from the first version on that it is to keep.
bool is_begun_anew(const StreamStatus& asked, std::uint64_t length);

// Whether a reader of the stream of this event is not to see it.
bool hides(const StreamStatus& asked, std::uint64_t length, const RecordedEvent& event, Time now);

} // namespace eventloom::testing
