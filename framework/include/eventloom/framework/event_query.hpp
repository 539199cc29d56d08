// Which events belong to a decision: a query over the types and tags of events, and the condition of an append on it
// (the "dynamic consistency boundary", https://dcb.events/specification/).
//
//     const EventQuery seats{{{.types = {"course-defined"}, .tags = {"course:c1"}},
//                             {.types = {"student-subscribed"}, .tags = {"course:c1"}}}};
//     request.condition = {.fails_if_matched = seats, .after = last_position_that_was_read};
//
// Threads: values.
#pragma once

#include <eventloom/framework/recorded_event.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

// An event matches when its type is one of `types` (none given: any type) and it carries all of `tags`.
struct QueryItem {
    std::vector<std::string> types = {}; // stored names
    std::vector<std::string> tags  = {};

    bool matches(std::string_view type, std::span<const std::string> event_tags) const;

    friend bool operator==(const QueryItem&, const QueryItem&) = default;
};

// An event matches when it matches one of the items. A query without items matches every event.
struct EventQuery {
    std::vector<QueryItem> items = {};

    bool matches(std::string_view type, std::span<const std::string> event_tags) const;

    // "course-defined or student-subscribed with course:c1"
    std::string describe() const;

    friend bool operator==(const EventQuery&, const EventQuery&) = default;
};

// The append fails when an event after position `after` matches the query. Checked and written as one atomic step.
struct AppendCondition {
    EventQuery fails_if_matched;
    Position after = 0; // the position up to which the decision has read; 0: no event may match at all
};

} // namespace eventloom
