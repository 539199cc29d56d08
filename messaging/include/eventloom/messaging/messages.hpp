// Messages that are not events of the domain: prices, positions of vehicles, readings. A topic is a struct that names itself and
// lists its messages, which are plain structs with stored names, as events and jobs are:
//
//     struct PriceChanged { std::string article; int cents = 0; };
//
//     struct Prices {
//         static constexpr auto topic = "prices";
//         using Messages = el::messages<el::message<"price-changed", PriceChanged>>;
//     };
//
// and in one source file with <eventloom/framework/event_codec.hpp>:
//
//     template const el::EventTypes& el::event_types<Prices::Messages>();
//
// topics.hpp publishes them and says how long they are kept. A message that must change keeps its earlier forms, as an event does.
// Threads: values.
#pragma once

#include <eventloom/framework/detail/event.hpp>
#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/framework/id.hpp>

#include <concepts>
#include <string>
#include <string_view>

namespace eventloom {

// One message: its stored name, its struct, and the structs that it was before, oldest first.
template <text Name, class Message, class... Earlier>
using message = event<Name, Message, Earlier...>;

template <class... Entries>
struct messages {
    static constexpr auto category = "topic"; // those of the topic NAME are the stream topic-NAME of its own log
    using Events                   = events<Entries...>;
};

// clang-format off
template <class Topic>
concept message_topic = requires {
    { std::string_view{Topic::topic} };
    typename Topic::Messages::Events::variant;
};
// clang-format on

// A struct in the list of a topic.
template <class Message, class Topic>
concept message_of = Topic::Messages::Events::template has<Message>;

// Of one message.
struct MessageOptions {
    // The message's own id: published again with it, it is the same message, as long as the topic keeps it. nil: a fresh one.
    Uuid id          = {};
    Uuid correlation = {}; // nil: the id
    Uuid causation   = {};
};

namespace detail {

struct NewMessage {
    std::string topic;
    NewEvent event;
};

} // namespace detail

} // namespace eventloom
