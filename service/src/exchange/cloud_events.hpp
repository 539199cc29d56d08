// The history of a store as CloudEvents 1.0 in JSON, one on each line: what `store export` writes and `store import` reads.
// docs/format.md, "Exports", has the members.
//
//     std::string line = cloud_events::line_of(event, 1);                    // its first, without the end
//     BOOST_OUTCOME_TRY(const HistoryLine read, cloud_events::read_line(line));
//
// Each line has its number and a checksum, so a changed, lost or moved line is noticed. Threads: pure functions.
#pragma once

#include <eventloom/eventstore/gone.hpp>
#include <eventloom/framework/event_store.hpp>

#include <string>
#include <string_view>
#include <variant>

namespace eventloom {

// The last line of an export.
struct HistoryEnd {
    Position position = 0; // of the last event

    friend bool operator==(const HistoryEnd&, const HistoryEnd&) = default;
};

struct HistoryLine {
    std::uint64_t number = 0; // of the line in its export, from 1
    std::variant<RecordedEvent, CommandRecord, HistoryEnd> content;
};

namespace cloud_events {

// An event at its limits, with its data in base64 and every character of its metadata escaped, is shorter.
inline constexpr std::size_t line_bytes_max = 16u << 20;

std::string line_of(const RecordedEvent& event, std::uint64_t number);
std::string line_of(const CommandRecord& command, std::uint64_t number);
std::string line_of(const HistoryEnd& end, std::uint64_t number);

// Whether its number and its checksum are right: much faster than reading it.
bool is_line(std::string_view text, std::uint64_t number);

// An event for other programs, with its data as JSON: it cannot be read again.
std::string readable_line_of(const RecordedEvent& event, std::string_view data_json);

// Accepts any order and spacing of the members. The sentence is only about the line.
// Failure::invalid  "not-a-cloud-event", "not-an-exported-line", "json-too-deep", "not-json".
// Failure::corrupt  "damaged-line".
result<HistoryLine> read_line(std::string_view line);

} // namespace cloud_events

} // namespace eventloom
