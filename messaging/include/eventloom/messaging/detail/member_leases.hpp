// Events of a consumer group for a member in another process: each batch is leased for a time, the lease is extended while the
// member lives, and ends with the batch.
//
//     groups.pull({.group = "mail", .member = "host-7/4711", .id = id, .lease = 30s, .until = now + 5s}, [](auto batch) { ... });
//     const auto lost = groups.extend({{batch.lease, ReportedProgress{.done = 3}}}); // the first three are handled
//     groups.finish("mail", batch.lease, {.handled = batch.events.size()}, [](el::result<void> ended) { ... });
//
// The first pull joins the group. A member that is not heard of within its lease is none any more, and what it says later is
// refused. Who has which events is in the group's checkpoint before they are given, so that it outlives the service. The command
// `groups work GROUP` is such a member. Threads: values.
#pragma once

#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/runtime.hpp>
#include <eventloom/messaging/detail/leases.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace eventloom {

struct PullEvents {
    std::string group;
    std::string member;                        // for people: where it is. At most 128 bytes
    Uuid id;                                   // its own, the same in each pull
    Duration lease = std::chrono::seconds{30}; // from 100 milliseconds to an hour
    Time until{};                              // if there are no events, how long to wait for some
    // Whether the member still waits. It is asked before events are leased, with a lock held, so it is quick.
    std::function<bool()> still_there = [] { return true; };
};

struct LeasedEvents {
    Lease lease; // of the member
    std::vector<RecordedEvent>
        events; // those of one stream are together and in order; empty: there was nothing until then
};
using PullEventsDone = std::function<void(result<LeasedEvents>)>;

// How a batch has ended.
struct EndedBatch {
    std::size_t handled         = 0;            // its first so many events
    std::optional<Error> failed = std::nullopt; // why the handler did not handle the next one
    bool leaves                 = false;        // the member gives the rest and its streams back, and pulls no more
};

} // namespace eventloom
