#include "facts.hpp"

#include <eventloom/framework/event_codec.hpp>
#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>

template const eventloom::EventTypes& eventloom::event_types<eventloom::subscriptions::FollowerFacts>();
template const eventloom::EventTypes& eventloom::event_types<eventloom::subscriptions::FollowedFacts>();

namespace eventloom {

const EventTypes& subscription_fact_types()
{
    return event_types<subscriptions::FollowerFacts>();
}
const EventTypes& subscription_position_types()
{
    return event_types<subscriptions::FollowedFacts>();
}

std::string_view to_string(Promise promise)
{
    constexpr std::array<std::string_view, 3> names{"at_most_once", "at_least_once", "exactly_once"};
    return names.at(static_cast<std::size_t>(promise));
}

std::string_view to_string(SubscriptionState state)
{
    constexpr std::array<std::string_view, 6> names{"idle", "catching up", "running", "waiting", "paused", "stopped"};
    return names.at(static_cast<std::size_t>(state));
}

} // namespace eventloom

namespace eventloom::subscriptions {

namespace {

constexpr std::size_t longest_name = 64;

// clang-format off
void put(Standing& standing, const Began&)            { standing.begun = true; }
void put(Standing& standing, const Paused& fact)      { standing.pause = Pause{fact.because, fact.until}; }
void put(Standing& standing, const Resumed&)          { standing.pause.reset(); }
void put(Standing& standing, const Skipped& fact)     { standing.skipped.insert(fact.event); }
void put(Standing& standing, const Handled& fact)     { standing.letters.erase(fact.event); }
void put(Standing& standing, const Discarded& fact)   { standing.letters.erase(fact.event); }
// clang-format on

void put(Standing& standing, const GaveUp& fact)
{
    SubscriptionLetter& letter = standing.letters[fact.event];
    letter.position            = fact.event;
    letter.stream              = fact.stream;
    letter.type                = fact.type;
    letter.error               = {static_cast<Failure>(fact.kind), fact.code, fact.reason};
    letter.attempts += fact.attempts;
    if (letter.first == Time{}) letter.first = fact.first;
    letter.last       = fact.at;
    letter.is_retried = false;
}

void put(Standing& standing, const Retried& fact)
{
    if (const auto found = standing.letters.find(fact.event); found != standing.letters.end()) {
        found->second.is_retried = true;
    }
}

void put(Standing& standing, const Edited& fact)
{
    if (const auto found = standing.letters.find(fact.event); found != standing.letters.end()) {
        found->second.data           = fact.data;
        found->second.schema_version = fact.schema_version;
    }
}

void put(Standing& standing, const Lost& fact)
{
    const Position first = std::max(fact.first, standing.lost_up_to + 1);
    if (first > fact.last) return;
    standing.lost += fact.last - first + 1;
    standing.lost_up_to = fact.last;
}

void put(Standing& standing, const Reached& fact)
{
    standing.position = fact.position;
    if (not fact.settled) standing.in_doubt = std::pair{fact.from, fact.position};
}

void put(Standing& standing, const Publishing& fact)
{
    standing.position = fact.position;
    standing.outgoing = fact.messages;
}

result<void> read_facts(const EventStore& store, const std::string& name, Standing& standing)
{
    const auto cursor = store.read({.scope = Scope::stream(stream_of_facts(name))});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) return done();
        const auto take = [&](const auto& fact) { put(standing, fact); };
        BOOST_OUTCOME_TRY(detail::with_facts<FollowerFacts>(*event, "a subscription", take));
    }
}

result<void> invalid(std::string_view name, std::string_view what)
{
    return fail(Failure::invalid, "invalid-subscription",
                fmt::format("added the subscription {} {}", in_quotes(name), what));
}

} // namespace

void Standing::apply(const FollowerFact& fact)
{
    std::visit([this](const auto& one) { put(*this, one); }, fact);
}

std::optional<Position> Standing::next_retry() const
{
    for (const auto& [position, letter] : letters) {
        if (letter.is_retried) return position;
    }
    return std::nullopt;
}

result<Standing> read_standing(const EventStore& store, const std::string& name)
{
    Standing standing;
    BOOST_OUTCOME_TRY(read_facts(store, name, standing));
    const auto stream = stream_of_position(name);
    BOOST_OUTCOME_TRY(standing.recorded, store.stream_length(stream));
    const auto cursor = store.read({.scope = Scope::stream(stream), .direction = Direction::backwards, .limit = 1});
    BOOST_OUTCOME_TRY(const RecordedEvent* last, cursor->next());
    if (last == nullptr) return standing;
    const auto take = [&](const auto& fact) { put(standing, fact); };
    BOOST_OUTCOME_TRY(detail::with_facts<FollowedFacts>(*last, "a subscription", take));
    std::erase_if(standing.skipped, [&](Position event) { return event <= standing.position; });
    return standing;
}

std::string stream_of_facts(std::string_view name)
{
    return std::string{"follower-"}.append(name);
}

std::string stream_of_position(std::string_view name)
{
    return std::string{"followed-"}.append(name);
}

bool is_of_a_subscription(std::string_view stream)
{
    return stream.starts_with("follower-") || stream.starts_with("followed-") || stream.starts_with("topic-") ||
           stream.starts_with("$stream-follow") || stream.starts_with("$stream-topic-");
}

result<void> check_options(const SubscriberOptions& options, const std::vector<detail::AnyHeardEvents>& heard)
{
    const auto& name = options.name;
    if (name.empty() || name.size() > longest_name || not is_clean_name(name)) {
        return invalid(
            name, fmt::format("and found that its name has {} bytes; a name is 1 to {} bytes of UTF-8 without control "
                              "characters",
                              name.size(), longest_name));
    }
    for (const auto& one : heard) {
        const auto& topic = options.topic.empty() ? heard.front().topic : options.topic;
        if (one.topic == topic || (one.topic.empty() && one.category.empty())) continue;
        return invalid(name, "and found that its handlers hear several topics, or a topic and the log; give each a "
                             "subscription of its own");
    }
    if (options.attempts == 0) return invalid(name, "with no attempt; it needs at least one");
    if (options.first_wait.count() < 0 || options.longest_wait.count() < 0 || options.keep_every.count() < 0) {
        return invalid(name, "with a time below zero; times are 0 ms or more");
    }
    return check_scope(options.scope);
}

} // namespace eventloom::subscriptions
