// What follows the log in a service, each kind made of what the service has anyway.
//
//     Followers followers = followers_of(service);
//
// Threads: as followers.hpp says.
#pragma once

#include <eventloom/messaging/detail/followers.hpp>

namespace eventloom {

struct Engine;
class Groups;
class Projections;
class Queues;
class Sagas;
class Subscriptions;

std::unique_ptr<FollowerKind> projection_followers(Projections& projections, const EventStore& store);
std::unique_ptr<FollowerKind> saga_followers(Sagas& sagas, const Engine& engine, const EventStore& store,
                                             const Clock& clock);
std::unique_ptr<FollowerKind> group_followers(Groups& groups, const EventStore& store, const Clock& clock);
std::unique_ptr<FollowerKind> queue_followers(Queues& queues, const EventStore& store, const Clock& clock);
std::unique_ptr<FollowerKind> subscription_followers(Subscriptions& subscriptions);

// The position of a letter that is named by one. Failure::invalid "not-a-position".
result<Position> position_of_letter(const std::string& id);
// What `act` answers for each of the letters that are named by their positions.
std::vector<result<void>> for_each_letter(std::span<const std::string> ids,
                                          const std::function<result<void>(Position)>& act);
// The event at a position, for letters of events. Failure::invalid "event-is-gone"; Failure::corrupt "log-behind-read-model".
result<RecordedEvent> event_of_letter(const EventStore& store, Position position);

} // namespace eventloom
