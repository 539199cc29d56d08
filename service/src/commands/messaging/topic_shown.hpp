// A topic as commands and `/status` show it.
#pragma once

#include <eventloom/messaging/topics.hpp>
#include <eventloom/service/detail/json.hpp>
#include <eventloom/service/service.hpp>

namespace eventloom {

// What it keeps, since when, and what it has dropped; `lost` is what its subscriptions have not heard of that, all together.
// Fails as Subscriptions::open does.
result<Json> topic_shown(Service& service, const TopicStatus& topic);

// All of them, in the order in which they were added. Fails as Topics::list and topic_shown do.
result<Json> topics_shown(Service& service);

} // namespace eventloom
