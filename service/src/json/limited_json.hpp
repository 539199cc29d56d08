// JSON from outside: its depth is checked before it is parsed, because writing and destroying a value recurses as deep as the
// value nests.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/service/detail/json.hpp>

#include <string>
#include <string_view>

namespace eventloom {

// How deep the events and jobs that people type may nest.
inline constexpr std::size_t typed_json_depth_max = 64;

// Failure::invalid  "json-too-deep", "not-json"; "member-twice": of two values of one name, one would be lost.
result<Json> parse_limited_json(std::string_view text, std::size_t depth_max);

// Any bytes as JSON, and back: a string when they are UTF-8, else {"hex": "..."}.
Json json_of_bytes(std::string_view bytes);
result<std::string> bytes_of_json(const Json& json);

} // namespace eventloom
