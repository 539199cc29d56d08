// Every key of the store's two databases, by its first byte. docs/format.md, "Key spaces of the event store", is the same
// table with the values. Numbers are big-endian, so byte order is numeric order; text is as ordered_key.hpp writes it.
#pragma once

#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <string>

namespace eventloom::key_spaces {

// The log. `about` comes before all records, so that LevelDB never has to rewrite records to put another key among them.
inline constexpr char about  = 'a'; // "format"                              -> format version
inline constexpr char record = 'e'; // last position, ordinal (four bytes)   -> record
inline constexpr char row =
    'p'; // whatever inline projections put there -> the same. After all records, for the same reason.

// The index, which can be made anew from the log.
inline constexpr char in_category = 'c'; // category (text), last position     -> positions
inline constexpr char flushed     = 'f'; // last position of a flush           -> first position of it
inline constexpr char with_tag    = 'g'; // tag (text), last position          -> positions
inline constexpr char event_id    = 'i'; // event id                           -> position
inline constexpr char id_block    = 'j'; // last event id of a block           -> ids and their positions
inline constexpr char command     = 'k'; // command id                         -> command record
inline constexpr char length      = 'l'; // stream (bytes)                     -> number of events
inline constexpr char in_stream   = 's'; // stream (text), last version        -> positions
inline constexpr char of_type     = 't'; // type (text), last position         -> positions

// The last position of a record, so that one seek from any position finds the record that holds it. The ordinal is 0 for a
// record of events; those of commands alone, which follow it without an event of their own, are counted on from 1.
inline std::string of_record(Position last_position, std::uint32_t ordinal)
{
    std::string key{record};
    append_big_endian(key, last_position);
    for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(ordinal >> shift));
    return key;
}

inline bool is_of_record(std::string_view key)
{
    return key.size() == 13 && key[0] == record;
}

inline Position last_position_of_record(std::string_view key)
{
    return read_big_endian(key.substr(1));
}

inline std::uint32_t ordinal_of_record(std::string_view key)
{
    std::uint32_t ordinal = 0;
    for (const char byte : key.substr(9)) ordinal = ordinal << 8 | static_cast<unsigned char>(byte);
    return ordinal;
}

inline std::string of_text(char space, std::string_view text)
{
    std::string key{space};
    append_ordered_text(key, text);
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

inline std::string of_about(std::string_view what)
{
    return std::string{about}.append(what);
}

// The number in a value of eight bytes, or at the end of a key.
inline std::uint64_t last_number(std::string_view bytes)
{
    return read_big_endian(bytes.substr(bytes.size() - 8));
}

} // namespace eventloom::key_spaces
