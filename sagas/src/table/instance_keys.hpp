// The keys of the engine's database. docs/format.md, "Saga engine", has the same table.
//
//     batch.put(keys::of_instance(keys::row, key), bytes);
//     batch.put(keys::by_step("charge", SagaStatus::running, key), began);
//
// Threads: pure functions.
#pragma once

#include "table/instance_table.hpp"

namespace eventloom::keys {

inline constexpr char row        = 'i'; // saga, key (texts)                        -> instance without its state, ...
inline constexpr char state      = 's'; // saga, key                                -> bytes of the state
inline constexpr char at_work    = 'n'; // saga, key                                -> nothing
inline constexpr char due        = 'd'; // time, saga, key                          -> nothing
inline constexpr char status     = 't'; // status, saga, key                        -> when it began, and its version
inline constexpr char error      = 'e'; // code (text), status, saga, key           -> when it began
inline constexpr char step       = 'g'; // step (text), status, saga, key           -> when it began
inline constexpr char step_error = 'h'; // step, code (texts), status, saga, key    -> when it began
inline constexpr char began      = 'b'; // status, saga (text), time, key (text)    -> nothing
inline constexpr char checkpoint_ =
    'm';                           // saga                                     -> position up to which events were heard
inline constexpr char young = 'p'; // nothing                                  -> position of the youngest event
inline constexpr char complete =
    'f'; // nothing                                  -> position up to which none is missing
inline constexpr char last_time = 'l'; // nothing                                  -> latest time of a change
inline constexpr char called    = 'k'; // key of a call (text)                     -> saga (text), key (text)
inline constexpr char version   = 'v'; // nothing                                  -> of this table of keys

inline constexpr std::string_view present_version = "4";

std::string of_instance(char space, const InstanceKey& key);
std::string by_due(Time time, const InstanceKey& key);
// The index that has these properties, up to the status; an empty error or step is not asked for.
std::string index_of(const std::string& step, const std::string& error, SagaStatus status);
// Those that have ended are not: they are many, and of all ages.
bool is_listed_by_age(SagaStatus status);
std::string by_began(SagaStatus status, const std::string& saga);
std::string by_began(SagaStatus status, const InstanceKey& key, Time began);
std::string by_call(std::string_view call);
std::string of_checkpoint(const std::string& saga);

// Saga and key as they end a key.
void append(std::string& bytes, const InstanceKey& key);
InstanceKey parse(std::string_view bytes);
std::string big_endian(std::uint64_t number);
std::string ordered(Time time);
Time read_ordered_time(std::string_view eight_bytes);

// Brings the keys by which an instance is found from what they were to what they are now.
void put_indexes(Batch& batch, const InstanceKey& key, const std::optional<IndexedInstance>& before,
                 const IndexedInstance& now);

} // namespace eventloom::keys
