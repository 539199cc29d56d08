// An event before and after it is in the log: bytes with a name, and metadata about their origin.
//
//     NewEvent event{.id = ids.next(), .type = "order-paid", .schema_version = 1, .data = bytes};
//
// Threads: values.
// For aggregate.hpp and event_store.hpp: include one of them.
#pragma once

#include <eventloom/framework/id.hpp>
#include <eventloom/framework/time.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventloom {

// The place of an event in its stream: 0, 1, 2, ... without gaps.
using Version = std::uint64_t;

// The place of an event in the whole log: 1, 2, 3, ... without gaps. 0 is "before the first".
using Position = std::uint64_t;

// Where an event comes from. Ids that are nil mean "not given".
struct Metadata {
    Uuid correlation; // what the whole conversation shares
    Uuid causation;   // the id of the command or event that led to this event
    std::vector<std::string> tags;
    std::vector<std::pair<std::string, std::string>> headers; // free pairs, `traceparent` among them

    friend bool operator==(const Metadata&, const Metadata&) = default;
};

struct NewEvent {
    Uuid id;
    std::string type; // the stable stored name: "order-placed"
    std::uint32_t schema_version = 1;
    std::string data; // bytes, as the codec wrote them
    Metadata metadata;

    friend bool operator==(const NewEvent&, const NewEvent&) = default;
};

struct RecordedEvent {
    Uuid id;
    std::string stream;
    Version version   = 0;
    Position position = 0;
    std::string type;
    std::uint32_t schema_version = 1;
    std::string data;
    Metadata metadata;
    Time recorded_at;

    friend bool operator==(const RecordedEvent&, const RecordedEvent&) = default;
};

// The category of the stream "order-536365" is "order": all before the first hyphen. A stream without one is its own.
inline std::string_view category_of(std::string_view stream)
{
    return stream.substr(0, stream.find('-'));
}

// What can be a category, and so the name of a saga: a word without a hyphen, which would end it in a stream's name.
constexpr bool is_category(std::string_view name)
{
    return not name.empty() && name.find('-') == std::string_view::npos;
}

} // namespace eventloom
