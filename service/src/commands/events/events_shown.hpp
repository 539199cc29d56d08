// A recorded event, or a message of a topic, as JSON.
#pragma once

#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/service/detail/json.hpp>

#include <string>

namespace eventloom {

// `data_json`: what its data say, in words.
Json json_of(const RecordedEvent& event, const std::string& data_json);

} // namespace eventloom
