// The keys of the table of jobs. docs/format.md, "Table of jobs". Threads: pure functions.
#pragma once

#include "job_table.hpp"

#include <eventloom/storage/ordered_key.hpp>

namespace eventloom::queues::keys {

inline constexpr char row        = 'j'; // id (16 bytes)                          -> row
inline constexpr char ready      = 'r'; // queue (text), 9 - priority, place (BE) -> id, key, 0x00, type
inline constexpr char wakes      = 'w'; // time, id                               -> nothing
inline constexpr char held       = 'h'; // queue, key (texts), 9 - priority, place -> id
inline constexpr char head       = 'o'; // queue, key (texts)                     -> id: its turn in a queue in order
inline constexpr char begun      = 'b'; // id                                     -> nothing
inline constexpr char listed     = 'l'; // queue (text), state, id                -> nothing
inline constexpr char counted    = 'c'; // queue (text), state                    -> BE: how many
inline constexpr char paused     = 'q'; // queue (text)                           -> BE: until, in microseconds
inline constexpr char limited    = 'n'; // queue (text)                           -> its limits, if it has some
inline constexpr char checkpoint = 'm'; // nothing                                -> BE: position
inline constexpr char clean      = 'u'; // nothing                                -> nothing
inline constexpr char settings = 's'; // nothing                                -> BE: position, of settings of streams
inline constexpr char version = 'v'; // nothing                                -> of this table, and the queues in order

inline std::string_view bytes_of(const Uuid& id)
{
    return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

inline Uuid id_in(std::string_view bytes)
{
    Uuid id;
    std::copy_n(bytes.begin(), std::min(bytes.size(), id.bytes.size()), id.bytes.begin());
    return id;
}

inline std::string of_id(char space, const Uuid& id)
{
    return std::string{space}.append(bytes_of(id));
}

inline std::string of_queue(char space, std::string_view queue)
{
    std::string key{space};
    append_ordered_text(key, queue);
    return key;
}

inline std::string of_priority(const std::string& queue, std::uint32_t priority)
{
    auto key = of_queue(ready, queue);
    key.push_back(static_cast<char>(9 - priority));
    return key;
}

inline std::string of_ready(const Job& job)
{
    auto key = of_priority(job.queue, job.terms.priority);
    append_big_endian(key, job.place);
    return key;
}

inline std::string of_key(char space, const std::string& queue, const std::string& job_key)
{
    auto key = of_queue(space, queue);
    append_ordered_text(key, job_key);
    return key;
}

// In a queue in order the priority does not count.
inline std::string of_held(const Job& job, bool in_order)
{
    auto key = of_key(held, job.queue, job.terms.key);
    key.push_back(static_cast<char>(in_order ? 0 : 9 - job.terms.priority));
    append_big_endian(key, job.place);
    return key;
}

inline std::string of_wake(const WakeKey& wake)
{
    std::string key{wakes};
    append_ordered(key, wake.first);
    return key.append(bytes_of(wake.second));
}

inline WakeKey wake_in(std::string_view key)
{
    // An ordered time is its number with the sign bit flipped.
    const auto count = static_cast<std::int64_t>(read_big_endian(key.substr(1, 8)) ^ (std::uint64_t{1} << 63));
    return {Time{Duration{count}}, id_in(key.substr(9))};
}

inline std::string of_listed(const std::string& queue, JobState state)
{
    auto key = of_queue(listed, queue);
    key.push_back(static_cast<char>(state));
    return key;
}

inline std::string of_count(const std::string& queue, JobState state)
{
    auto key = of_queue(counted, queue);
    key.push_back(static_cast<char>(state));
    return key;
}

// The names of queues have no control characters, so that no part of the text has an escape.
inline std::string queue_in(std::string_view key)
{
    return std::string{key.substr(1, key.find('\0') - 1)};
}

inline std::string big_endian(std::uint64_t number)
{
    std::string bytes;
    append_big_endian(bytes, number);
    return bytes;
}

} // namespace eventloom::queues::keys
