// What the log says about a subscription: the stream follower-NAME has what was decided about it, and the stream followed-NAME how
// far it is.
//
//     BOOST_OUTCOME_TRY(const Standing standing, read_standing(store, "letters"));
//     standing.position;                        // where it goes on
//     standing.letters.size();                  // its dead letters
//
// docs/format.md, "Subscriptions". Threads: values.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/messaging/subscriptions.hpp>

#include <map>
#include <set>

namespace eventloom::subscriptions {

// clang-format off
struct Began     { std::string promise; Position after = 0; Time at{}; };
struct Paused    { std::string because; Time until{}; Time at{}; };
struct Resumed   { std::string because; Time at{}; };
struct Skipped   { Position event = 0; std::string because; Time at{}; };
struct GaveUp    { Position event = 0; std::string stream; std::string type; unsigned attempts = 0; std::uint32_t kind = 0;
                   std::string code; std::string reason; Time first{}; Time at{}; };
struct Retried   { Position event = 0; std::string because; Time at{}; };
struct Handled   { Position event = 0; Time at{}; }; // of a dead letter
struct Discarded { Position event = 0; std::string because; Time at{}; };
struct Edited    { Position event = 0; std::uint32_t schema_version = 1; std::string data; std::string because; Time at{}; };
struct Lost      { Position first = 0; Position last = 0; Time at{}; }; // messages of a topic, by their numbers
// In followed-NAME. `settled`: the handlers of all events up to there have returned.
struct Reached   { Position position = 0; Position from = 0; bool settled = true; };
// The same, and messages that are to be published before the next position.
struct Outgoing  { std::string topic; Uuid id; std::string type; std::uint32_t schema_version = 1; std::string data;
                   Uuid correlation; Uuid causation; };
struct Publishing { Position position = 0; std::vector<Outgoing> messages; };
// clang-format on

struct FollowerFacts {
    static constexpr auto category = "follower";
    using Events =
        events<event<"follower-began", Began>, event<"follower-paused", Paused>, event<"follower-resumed", Resumed>,
               event<"follower-skipped", Skipped>, event<"follower-gave-up", GaveUp>,
               event<"follower-retried", Retried>, event<"follower-handled", Handled>,
               event<"follower-discarded", Discarded>, event<"follower-edited", Edited>, event<"follower-lost", Lost>>;
};
using FollowerFact = FollowerFacts::Events::variant;

struct FollowedFacts {
    static constexpr auto category = "followed";
    using Events                   = events<event<"followed-to", Reached>, event<"followed-publishing", Publishing>>;
};

struct Pause {
    std::string because;
    Time until{};
};

struct Standing {
    bool begun        = false;
    Position position = 0;
    // The last that was begun and may not have been handled, with at_most_once.
    std::optional<std::pair<Position, Position>> in_doubt;
    std::uint64_t recorded = 0; // events in followed-NAME: the version that the next one expects
    std::optional<Pause> pause;
    std::map<Position, SubscriptionLetter> letters;
    std::set<Position> skipped;
    std::uint64_t lost  = 0;
    Position lost_up_to = 0; // none of these is counted again
    std::vector<Outgoing> outgoing;

    // Those that somebody wants to be handled again.
    std::optional<Position> next_retry() const;
    void apply(const FollowerFact& fact);
};

// Failure::corrupt, as with_facts says.
result<Standing> read_standing(const EventStore& store, const std::string& name);

std::string stream_of_facts(std::string_view name);
std::string stream_of_position(std::string_view name);
// Streams of subscriptions and of topics, which no subscription to the log hears: each would be the cause of a further one.
bool is_of_a_subscription(std::string_view stream);

// Failure::invalid "invalid-subscription".
result<void> check_options(const SubscriberOptions& options, const std::vector<detail::AnyHeardEvents>& heard);

} // namespace eventloom::subscriptions
