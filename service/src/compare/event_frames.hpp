// Recorded events on their way from one program to another: framed, checksummed, with an end that says how many there were.
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

#include <eventloom/framework/recorded_event.hpp>
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
    // Gives at most so many bytes; none when nothing more comes.
    using Read = std::function<result<std::size_t>(char* into, std::size_t most)>;

    explicit EventFrameReader(Read read) : read_{std::move(read)} {}

    // The next event, until the next call; nothing after the last. What comes is believed in nothing.
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
