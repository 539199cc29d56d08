// Topics: messages that are not events of the domain, kept for a while and then gone, with their room.
//
//     service->topics().add<Prices>({.max_age = 24h, .max_bytes = 64u << 20});
//     BOOST_OUTCOME_TRY(service->topics().publish<Prices>(PriceChanged{"tea", 350}));
//     service->subscriptions().add<el::at_least_once>(
//         {.name = "board"}, el::hearing<Prices>([&](const PriceChanged& message) -> el::result<void> { ... }));
//
// messages.hpp says what a topic is. Each has a log of its own, cut into segments: the oldest segment goes as a whole, with its
// files, as soon as a limit is reached. Messages are numbered from 1; no number is used twice, and none is left out.
// docs/publish-and-subscribe.md, "Messages that are not events"; docs/decisions/0029.
// Threads: call add before the others; these from any thread, but not from a task of the executor.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/detail/engine.hpp>
#include <eventloom/messaging/messages.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

class EventBus;

// How long messages are kept: until the first of these limits is reached. At least one of them is needed.
struct TopicRetention {
    std::optional<Duration> max_age = std::nullopt; // at least 1 s. A message may stay for up to an eighth longer
    // Of the messages, without what their files need beside them; at least 1 MiB. The oldest eighth goes at once.
    std::optional<std::uint64_t> max_bytes = std::nullopt;
    std::optional<std::uint64_t> max_count = std::nullopt; // at least 1. Nobody is given an older one

    friend bool operator==(const TopicRetention&, const TopicRetention&) = default;
};

struct PublishedMessage {
    Uuid id;
    Position number   = 0;     // in its topic
    bool stood_before = false; // one with this id is in the topic: nothing was published
};

struct TopicStatus {
    std::string name;
    TopicRetention retention;
    std::uint64_t messages = 0; // that are kept
    std::uint64_t bytes    = 0; // of these
    Position first         = 0; // the number of the oldest; one more than `last` when none is kept
    Position last          = 0; // the number of the newest; 0: there was none
    std::uint64_t dropped  = 0; // since the topic began
    std::size_t segments   = 0;
    std::optional<Error> error; // why it takes no more messages, or why room was not given back
};

// The events of which the streams of topics in the log are made, for tools that show the log.
const EventTypes& topic_fact_types();

namespace topics {
class Topic;
} // namespace topics

namespace detail {
struct Description;
} // namespace detail

class Topics {
public:
    // The log says which segments there are; `engine` keeps them beneath `directory`.
    Topics(const Runtime& runtime, EventStore& log, CommandBus& commands, EngineKind& engine, std::string directory,
           Durability durability = Durability::synced);
    ~Topics();

    // What cannot be added is an error of open() and publish(): Failure::invalid "topic-added-twice", "invalid-topic".
    template <message_topic Topic>
    void add(TopicRetention retention)
    {
        add_topic(std::string{Topic::topic}, detail::fact_list<typename Topic::Messages>, retention);
    }

    // Returns when the message is durable.
    // Failure::invalid "no-such-topic", "invalid-topic"; and what an append says ("event-too-large", "append-outcome-unknown").
    template <message_topic Topic, message_of<Topic> Message>
    result<PublishedMessage> publish(const Message& message, const MessageOptions& options = {})
    {
        using Events = typename Topic::Messages::Events;
        return publish(
            {std::string{Topic::topic}, encoded<typename Topic::Messages>(typename Events::variant{message})}, options);
    }
    // Several in one append: all of them, one after the other, or none.
    template <message_topic Topic, message_of<Topic> Message>
    result<PublishedMessage> publish(std::span<const Message> messages)
    {
        using Events = typename Topic::Messages::Events;
        std::vector<NewEvent> events;
        events.reserve(messages.size());
        for (const Message& message : messages)
            events.push_back(encoded<typename Topic::Messages>(typename Events::variant{message}));
        return publish_all(std::string{Topic::topic}, std::move(events));
    }
    result<PublishedMessage> publish(detail::NewMessage message, const MessageOptions& options = {});

    // Whether the topic would take it: the errors that are not of the machine.
    result<void> check(const detail::NewMessage& message) const;

    // A message that is given by its stored name; none is needed where the topic has one type. `fill` fills in the struct, whose
    // description it is given. Failure::invalid "no-such-message-type".
    using FillMessage = std::function<result<void>(const detail::Description& type, void* message)>;
    result<PublishedMessage> publish(std::string_view topic, std::string_view type, const FillMessage& fill,
                                     const MessageOptions& options = {});

    // In the order in which they were added.
    result<std::vector<TopicStatus>> list() const;
    result<TopicStatus> status(std::string_view topic) const; // Failure::invalid "no-such-topic"

    // The messages as recorded events: `position` is the number. A reader begins with the oldest that is kept. What cannot be done
    // to a topic (append, reading backwards) is Failure::invalid "topic-cannot". Opens it.
    result<std::shared_ptr<EventStore>> log_of(std::string_view topic) const;
    // What a message says, in words. Failure::corrupt as with_facts says.
    result<std::string> json_of(std::string_view topic, const RecordedEvent& message) const;
    // Delivers them as they come. It lives as long as the Topics.
    result<EventBus*> bus_of(std::string_view topic) const;

    result<void> open();  // all of them
    result<void> start(); // from here on messages go by their age, too, when nothing is published
    void stop();

    // Faults of the machine by which a topic takes no more messages.
    std::vector<Error> faults() const;

private:
    void add_topic(std::string name, detail::FactList messages, TopicRetention retention);
    result<PublishedMessage> publish_all(const std::string& topic, std::vector<NewEvent> events);
    result<topics::Topic*> find(std::string_view topic) const;
    result<topics::Topic*> opened(std::string_view topic) const;

    struct State;
    std::unique_ptr<State> state_;
};

} // namespace eventloom
