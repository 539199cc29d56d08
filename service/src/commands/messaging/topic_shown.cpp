#include "commands/messaging/topic_shown.hpp"

#include "commands/age_text.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/messaging/subscriptions.hpp>

namespace eventloom {

namespace {

// When the oldest message that is kept was published.
Json oldest_of(Service& service, const TopicStatus& topic)
{
    if (topic.messages == 0) return nullptr;
    const auto log = service.topics().log_of(topic.name);
    if (not log) return nullptr; // the status says why
    const auto cursor = log.value()->read({.from = topic.first});
    const auto oldest = cursor->next();
    if (not oldest || oldest.value() == nullptr) return nullptr;
    return to_string(oldest.value()->recorded_at);
}

std::uint64_t lost_of(Service& service, const std::string& topic)
{
    std::uint64_t lost = 0;
    for (const auto& subscription : service.subscriptions().status()) {
        if (subscription.topic == topic) lost += subscription.lost;
    }
    return lost;
}

} // namespace

result<Json> topic_shown(Service& service, const TopicStatus& topic)
{
    BOOST_OUTCOME_TRY(service.subscriptions().open()); // they know what they have lost
    const auto limit = [](const std::optional<std::uint64_t>& of) { return of ? Json(*of) : Json(nullptr); };
    const auto& kept = topic.retention;
    return Json{{"topic", topic.name},
                {"messages", topic.messages},
                {"bytes", topic.bytes},
                {"first", topic.first},
                {"last", topic.last},
                {"oldest", oldest_of(service, topic)},
                {"dropped", topic.dropped},
                {"lost", lost_of(service, topic.name)},
                {"segments", topic.segments},
                {"max_age", kept.max_age ? Json(age_text(*kept.max_age)) : Json(nullptr)},
                {"max_bytes", limit(kept.max_bytes)},
                {"max_count", limit(kept.max_count)},
                {"error", topic.error ? Json(topic.error->sentence) : Json(nullptr)}};
}

result<Json> topics_shown(Service& service)
{
    BOOST_OUTCOME_TRY(const auto topics, service.topics().list());
    auto all = Json::array();
    for (const auto& topic : topics) {
        BOOST_OUTCOME_TRY(auto shown, topic_shown(service, topic));
        all.push_back(std::move(shown));
    }
    return all;
}

} // namespace eventloom
