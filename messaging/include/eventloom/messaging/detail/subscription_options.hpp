// How a subscription is named, what it hears, where it begins, and what becomes of an event that its handler cannot handle.
//
//     {.name = "letters", .begin = el::begin_now(), .attempts = 5}
//     {.name = "north", .streams = "order-north-*", .when_given_up = el::GivenUp::stop}
//     {.name = "ada", .scope = el::Scope::tag("customer:ada"), .begin = el::begin_at(*el::parse_time("2026-12-01"))}
//
// Threads: values.
// For subscriptions.hpp: include that.
#pragma once

#include <eventloom/framework/event_store.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace eventloom {

// When the position of a subscription is kept, which decides what becomes of an event whose handler dies.
enum class Promise : std::uint8_t {
    at_most_once,  // before the handler is called: an event may be lost, and is never handled twice
    at_least_once, // after it: an event is never lost, and may be handled again
    exactly_once,  // in one append with what it answers (effects.hpp): its effects are there once
};
inline constexpr Promise at_most_once  = Promise::at_most_once;
inline constexpr Promise at_least_once = Promise::at_least_once;
inline constexpr Promise exactly_once  = Promise::exactly_once;

// "at_most_once", ...
std::string_view to_string(Promise promise);

// Where a subscription begins when it starts for the first time. Later it goes on where it was.
struct Beginning {
    enum class Kind : std::uint8_t { start, now, after, at };
    Kind kind      = Kind::start;
    Position after = 0;
    Time at{};
};
// With the first event of the log: the handler is called for everything that has happened before.
inline Beginning begin_with_the_first()
{
    return {};
}
inline Beginning begin_now()
{
    return {.kind = Beginning::Kind::now};
}
// With the event after this position.
inline Beginning begin_after(Position position)
{
    return {.kind = Beginning::Kind::after, .after = position};
}
// With the first event that was recorded at this moment or later.
inline Beginning begin_at(Time time)
{
    return {.kind = Beginning::Kind::at, .at = time};
}

// What becomes of an event when its last attempt has failed.
enum class GivenUp : std::uint8_t {
    dead_letter, // it is kept for a person, and the subscription goes on with the next one
    stop,        // the subscription stops at it, until somebody resumes it or skips the event
};

struct SubscriberOptions {
    std::string name;
    Scope scope         = Scope::everything(); // narrows what the handlers hear
    std::string topic   = {}; // what hearing_recorded hears, if not the log; el::hearing<Prices> says it by itself
    std::string streams = {}; // a pattern of names of streams, with * for any text: "order-north-*"; empty: all
    Beginning begin     = {};

    // With at_most_once there is one attempt. Each wait is twice as long as the one before, and is shortened by up to a fourth.
    unsigned attempts = 10;
    std::chrono::milliseconds first_wait{1'000};
    std::chrono::milliseconds longest_wait{3'600'000};
    GivenUp when_given_up        = GivenUp::dead_letter;
    std::size_t dead_letters_max = 10'000; // one more stops the subscription: then something else is wrong

    // Events that share one checkpoint, 0: 1; with at_least_once 1,000. A process that dies loses (at_most_once) or repeats
    // at most so many. With exactly_once their handlers are called before the effects of the first are in the log.
    std::size_t at_once = 0;
    std::chrono::milliseconds keep_every{100}; // with at_least_once, and where exactly_once has no effects to keep
};

} // namespace eventloom
