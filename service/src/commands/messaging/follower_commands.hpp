// What follows the log, for people and for programs.
#pragma once

#include <eventloom/messaging/detail/followers.hpp>
#include <eventloom/service/output.hpp>

namespace eventloom {

// The JSON of one; it has the same members everywhere.
Json json_of(const FollowerStatus& follower);

// "until resumed", a time, or null.
Json json_of_pause(const std::optional<Time>& until);

} // namespace eventloom
