// A value of a program's own struct from JSON that somebody has typed: every member has to be there, and to fit.
//
//     SendMail mail;
//     BOOST_OUTCOME_TRY(read_value(detail::description_of<SendMail>, &mail, json));
//
// It reads what events show as JSON: texts, numbers, times as ISO 8601, lists, structs, optional members. A wrong one is named
// with its path: lines[2].pieces. Threads: pure functions.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/service/json.hpp>

#include <string>

namespace eventloom {

namespace detail {
struct Description;
} // namespace detail

// Failure::invalid "json-does-not-fit"
result<void> read_value(const detail::Description& type, void* value, const Json& json);

} // namespace eventloom
