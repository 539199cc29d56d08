// Reads a value of any described type from JSON as people write it: the form in which `events show` shows it.
//
//     BOOST_OUTCOME_TRY(const auto bytes, event_of_json(type, json));      // the stored form of the event
//
// Threads: pure functions.
#pragma once

#include <eventloom/framework/detail/event.hpp>
#include <eventloom/framework/result.hpp>
#include <eventloom/service/detail/json.hpp>

#include <string>
#include <string_view>

namespace eventloom {

namespace detail {
struct Description;
} // namespace detail

// Sets the members of a struct. Each must be there, but optional ones; none may be left over. `what` is read, for messages: the job
// "send-mail". Failure::invalid "json-does-not-fit", with the name of the member: lines[2].pieces.
result<void> read_json(const detail::Description& type, void* value, std::string_view what, const Json& json);

// The bytes of an event in its present form; the same error.
result<std::string> event_of_json(const EventType& type, const Json& json);

} // namespace eventloom
