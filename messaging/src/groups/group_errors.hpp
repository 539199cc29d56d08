// What the members of a consumer group are refused with.
#pragma once

#include <eventloom/framework/result.hpp>

#include <string>

namespace eventloom {

// Failure::conflict "lease-ended".
Error lease_ended(const std::string& group, const std::string& member);
// Failure::unavailable "group-closed".
Error group_closed(const std::string& group);

} // namespace eventloom
