#include "kept_segments.hpp"

#include <eventloom/framework/event_codec.hpp>
#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>

template const eventloom::EventTypes& eventloom::event_types<eventloom::topics::KeptFacts>();

namespace eventloom {

const EventTypes& topic_fact_types()
{
    return event_types<topics::KeptFacts>();
}

} // namespace eventloom

namespace eventloom::topics {

namespace {

constexpr std::size_t longest_topic_name   = 64;
constexpr Duration least_age               = std::chrono::seconds{1};
constexpr std::uint64_t least_bytes        = 1u << 20;
constexpr std::string_view names_of_topics = "abcdefghijklmnopqrstuvwxyz0123456789-_";

result<void> not_a_topic(std::string_view name, std::string_view what)
{
    return fail(Failure::invalid, "invalid-topic",
                fmt::format("added the topic {} {}", in_quotes(name.substr(0, 2 * longest_topic_name)), what));
}

} // namespace

result<Kept> read_kept(const EventStore& log, const std::string& topic)
{
    Kept kept;
    const auto cursor =
        log.read({.scope = Scope::stream(stream_of_topic(topic)), .direction = Direction::backwards, .limit = 1});
    BOOST_OUTCOME_TRY(const RecordedEvent* last, cursor->next());
    if (last == nullptr) return kept;
    BOOST_OUTCOME_TRY(detail::with_facts<KeptFacts>(*last, "a topic", [&](const Kept& fact) { kept = fact; }));
    return kept;
}

result<void> write_kept(EventStore& log, IdSource& ids, const std::string& topic, const Kept& kept)
{
    NewEvent event = encoded<KeptFacts>(kept);
    event.id       = ids.next();
    AppendRequest request;
    request.streams.push_back({stream_of_topic(topic), ExpectedVersion::any(), {std::move(event)}});
    BOOST_OUTCOME_TRY(log.append(request));
    return done();
}

std::string stream_of_topic(std::string_view topic)
{
    return std::string{"topic-"}.append(topic);
}

result<void> check_topic(std::string_view name, const TopicRetention& retention)
{
    const bool is_name = not name.empty() && name.size() <= longest_topic_name && name.front() != '-' &&
                         name.find_first_not_of(names_of_topics) == std::string_view::npos;
    if (not is_name) {
        return not_a_topic(name,
                           "and found that this is no name of a topic; give 1 to 64 lower-case letters, digits, - "
                           "and _, and begin with no -");
    }
    if (retention == TopicRetention{}) {
        return not_a_topic(name, "without a limit; say how long messages are kept: max_age, max_bytes or max_count");
    }
    if (retention.max_age && *retention.max_age < least_age) {
        return not_a_topic(name, "with a max_age below one second; give 1 s or more, or none");
    }
    if (retention.max_bytes && *retention.max_bytes < least_bytes) {
        return not_a_topic(
            name, fmt::format("with max_bytes of {}; give {} or more, or none", *retention.max_bytes, least_bytes));
    }
    if (retention.max_count && *retention.max_count == 0) {
        return not_a_topic(name, "with a max_count of 0; give 1 or more, or none");
    }
    return done();
}

} // namespace eventloom::topics
