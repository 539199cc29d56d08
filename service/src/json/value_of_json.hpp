// Reads a value of any described type from JSON as people write it: the form in which `events show` shows it.
//
//     BOOST_OUTCOME_TRY(const auto bytes, event_of_json(type, json));      // the stored form of the event
//
// Threads: pure functions.
#pragma once

#include <eventloom/framework/event.hpp>
#include <eventloom/framework/result.hpp>
#include <eventloom/service/json.hpp>

#include <string>

namespace eventloom {

// The bytes of an event in its present form. Each of its members must be there, but optional ones; none may be left over.
// Failure::invalid "json-does-not-fit", with the name of the member.
result<std::string> event_of_json(const EventType& type, const Json& json);

} // namespace eventloom
