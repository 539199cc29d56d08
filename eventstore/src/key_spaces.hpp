// Every key of the store's database, by its first byte. docs/format.md, "Key spaces of the event store", is the same table
// with the values. Numbers are big-endian, so byte order is numeric order; text is as ordered_key.hpp writes it.
#pragma once

#include <eventloom/framework/recorded_event.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <string>

namespace eventloom::key_spaces {

inline constexpr char event       = 'e'; // position                      -> record
inline constexpr char in_stream   = 's'; // stream (text), version        -> position
inline constexpr char in_category = 'c'; // category (text), position    -> nothing
inline constexpr char length      = 'l'; // stream (bytes)                -> number of events
inline constexpr char event_id    = 'i'; // event id                      -> position
inline constexpr char command     = 'k'; // command id                    -> command record
inline constexpr char about       = 'm'; // "format"                      -> format version

inline std::string of_event(Position position)
{
    std::string key{event};
    append_big_endian(key, position);
    return key;
}

inline std::string of_stream(std::string_view stream)
{
    std::string key{in_stream};
    append_ordered_text(key, stream);
    return key;
}

inline std::string of_category(std::string_view category)
{
    std::string key{in_category};
    append_ordered_text(key, category);
    return key;
}

inline std::string with_number(std::string key, std::uint64_t number)
{
    append_big_endian(key, number);
    return key;
}

inline std::string of_length(std::string_view stream)
{
    return std::string{length}.append(stream);
}

inline std::string of_id(char space, const Uuid& id)
{
    std::string key{space};
    key.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
    return key;
}

inline std::string of_format()
{
    return std::string{about}.append("format");
}

// The number in a value of eight bytes, or at the end of a key.
inline std::uint64_t last_number(std::string_view bytes)
{
    return read_big_endian(bytes.substr(bytes.size() - 8));
}

} // namespace eventloom::key_spaces
