// A second opinion on the history of jobs, which shares nothing with their engine.
//
//     CHECK(broken_history(read_all(store, {}), acknowledged, completed) == "");
//
// Threads: any.
#pragma once

#include <eventloom/framework/detail/recorded_event.hpp>

#include <set>
#include <string>
#include <vector>

namespace eventloom::testing {

// The first promise that the log breaks; empty when there is none. `acknowledged`: the jobs that somebody was told of. `completed`: those
// of which a worker was told that they are completed. Each job that is completed has added 1 to the counter with its id.
std::string broken_history(const std::vector<RecordedEvent>& log, const std::set<Uuid>& acknowledged,
                           const std::set<Uuid>& completed);

} // namespace eventloom::testing
