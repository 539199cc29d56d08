#include "compare/event_frames.hpp"

#include <eventloom/framework/detail/value_codec.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <fmt/core.h>
#include <xxhash.h>

namespace eventloom {

namespace {

constexpr std::size_t number_bytes     = 8;
constexpr std::uint64_t frame_max      = 1u << 30; // longer than any event; room is made only for what has come
constexpr std::size_t frame_read_bytes = 256u << 10;
constexpr std::string_view first_line  = "eventloom events 1\n";

Error broken(std::string code, const std::string& what)
{
    return {Failure::corrupt, std::move(code),
            "read recorded events from another program and found " + what + "; send what docs/format.md shows"};
}

} // namespace

std::string_view event_frames::beginning()
{
    return first_line;
}

void event_frames::append(std::string& bytes, const RecordedEvent& event)
{
    std::string body;
    codec<RecordedEvent>::encode(event, body);
    append_big_endian(bytes, body.size());
    bytes += body;
    append_big_endian(bytes, XXH3_64bits(body.data(), body.size()));
}

void event_frames::append_end(std::string& bytes, std::uint64_t events)
{
    append_big_endian(bytes, 0);
    append_big_endian(bytes, events);
}

result<void> EventFrameReader::fill(std::size_t bytes)
{
    if (used_ > 0 && buffer_.size() - used_ < bytes) {
        buffer_.erase(0, used_);
        used_ = 0;
    }
    while (buffer_.size() - used_ < bytes) {
        const auto before = buffer_.size();
        buffer_.resize(before + frame_read_bytes);
        auto read = read_(buffer_.data() + before, frame_read_bytes);
        buffer_.resize(before + (read ? read.value() : 0));
        BOOST_OUTCOME_TRY(const auto come, std::move(read));
        if (come == 0) {
            return broken("events-cut-short",
                          fmt::format("that they end after {} of them, without their end", events_));
        }
    }
    return done();
}

result<std::string_view> EventFrameReader::take(std::size_t bytes)
{
    BOOST_OUTCOME_TRY(fill(bytes));
    const auto taken = std::string_view{buffer_}.substr(used_, bytes);
    used_ += bytes;
    return taken;
}

result<const RecordedEvent*> EventFrameReader::next()
{
    if (not begun_) {
        BOOST_OUTCOME_TRY(const auto line, take(first_line.size()));
        if (line != first_line) return broken("not-events", "something else");
        begun_ = true;
    }
    BOOST_OUTCOME_TRY(const auto length, take(number_bytes));
    const auto body_bytes = read_big_endian(length);
    if (body_bytes == 0) {
        BOOST_OUTCOME_TRY(const auto number, take(number_bytes));
        const auto sent = read_big_endian(number);
        if (sent == events_) return nullptr;
        return broken("events-cut-short", fmt::format("{} of the {} that were sent", events_, sent));
    }
    if (body_bytes > frame_max) return broken("damaged-events", "one that is longer than any event");
    BOOST_OUTCOME_TRY(const auto frame, take(body_bytes + number_bytes));
    const auto body = frame.substr(0, body_bytes);
    if (XXH3_64bits(body.data(), body.size()) != read_big_endian(frame.substr(body_bytes))) {
        return broken("damaged-events",
                      "a checksum that does not match, after position " + std::to_string(event_.position));
    }
    const auto before = event_.position;
    BOOST_OUTCOME_TRY(event_, codec<RecordedEvent>::decode(body));
    if (event_.position <= before) {
        return broken("damaged-events", fmt::format("position {} after {}", event_.position, before));
    }
    ++events_;
    return &event_;
}

} // namespace eventloom
