// JSON from outside: how deep it nests is looked at before it is parsed, because deep nesting ends the process in
// nlohmann's writer and destructor.
#pragma once

#include <eventloom/framework/result.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace eventloom {

// Failure::invalid  "json-too-deep", "not-json".
result<nlohmann::ordered_json> parse_limited_json(std::string_view text, std::size_t depth_max);

// Any bytes as JSON, and back: a string when they are UTF-8, else {"hex": "..."}.
nlohmann::ordered_json json_of_bytes(std::string_view bytes);
result<std::string> bytes_of_json(const nlohmann::ordered_json& json);

} // namespace eventloom
