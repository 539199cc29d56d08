// The status of projections, for people and for programs.
#pragma once

#include <eventloom/projections/detail/projections.hpp>
#include <eventloom/service/output.hpp>

namespace eventloom {

// The JSON of a status; it has the same members everywhere.
Json json_of(const ProjectionStatus& status);
// The same, with the events of unknown types.
result<Json> json_of(const Projections& projections, const ProjectionStatus& status);

// One row for each, also for those that an earlier program left behind.
result<void> show_status(Output& out, const Projections& projections);

// Further sentences about a projection: why its rows are incomplete, and which version is being built.
void say_what_is_built(Output& out, const ProjectionStatus& status);

// Reports events that no event list of a projection's aggregates names; says nothing when there are none.
result<void> say_what_is_unknown(Output& out, const Projections& projections, const std::vector<std::string>& names);

// Whole seconds, and whole events a second.
std::int64_t seconds_behind(const ProjectionStatus& status);
std::int64_t whole(double rate);

} // namespace eventloom
