// Recorded events as bytes for another program: framed, with checksums, and with an end that has their number.
// docs/format.md, "Events between programs".
//
//     std::string bytes = event_frames::beginning();
//     event_frames::append(bytes, event);
//     event_frames::append_end(bytes, 1);
//
//     EventFrameReader reader{[](char* into, std::size_t most) -> result<std::size_t> { ... }};
//     BOOST_OUTCOME_TRY(const RecordedEvent* event, reader.next());   // nothing at the end
//
// Threads: one.
#pragma once

#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/framework/result.hpp>

#include <functional>
#include <string>

namespace eventloom {

namespace event_frames {

std::string_view beginning();
void append(std::string& bytes, const RecordedEvent& event);
void append_end(std::string& bytes, std::uint64_t events);

} // namespace event_frames

class EventFrameReader {
public:
    // Reads at most this many bytes; 0 at the end.
    using Read = std::function<result<std::size_t>(char* into, std::size_t most)>;

    explicit EventFrameReader(Read read) : read_{std::move(read)} {}

    // The next event, valid until the next call; nullptr after the last. All input is checked.
    // Failure::corrupt  "not-events", "damaged-events", "events-cut-short".
    result<const RecordedEvent*> next();

private:
    result<std::string_view> take(std::size_t bytes);
    result<void> fill(std::size_t bytes);

    const Read read_;
    std::string buffer_;
    std::size_t used_     = 0; // of the buffer
    bool begun_           = false;
    std::uint64_t events_ = 0;
    RecordedEvent event_;
};

} // namespace eventloom
