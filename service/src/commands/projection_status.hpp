// Where projections stand, for people and for programs.
#pragma once

#include <eventloom/projections/projections.hpp>
#include <eventloom/service/output.hpp>

namespace eventloom {

// The same members wherever a program asks.
Json json_of(const ProjectionStatus& status);
// The same, with the events that it knows nothing of.
result<Json> json_of(const Projections& projections, const ProjectionStatus& status);

// A row each, also for those that an earlier program left behind.
result<void> show_status(Output& out, const Projections& projections);

// What else is to be said of one: why its rows are not whole, what is built.
void say_what_is_built(Output& out, const ProjectionStatus& status);

// What the log has that no event list of a projection's aggregates names: nothing said when there is none.
result<void> say_what_is_unknown(Output& out, const Projections& projections, const std::vector<std::string>& names);

// Whole seconds, and whole events a second.
std::int64_t seconds_behind(const ProjectionStatus& status);
std::int64_t whole(double rate);

} // namespace eventloom
