// The smallest aggregate that can do everything, for tests of the framework.
#pragma once

#include <eventloom/framework/aggregate.hpp>

#include <functional>
#include <optional>

namespace eventloom::testing {

struct Added {
    int amount = 0;
};
struct Add {
    int amount = 0;
};
// Lets a test do something between reading and appending.
struct AddSlowly {
    int amount = 0;
};
struct Interruption {
    static inline std::function<void()> run;
};

struct Counter {
    static constexpr auto category = "counter";
    using Events                   = events<event<"counter-added", Added>>;
    int value                      = 0;
};

inline Counter evolve(Counter counter, const Added& event)
{
    counter.value += event.amount;
    return counter;
}

inline result<void> validate(const Add& command)
{
    if (command.amount > 1'000'000) return fail(Failure::invalid, "too-much", "Add at most a million.");
    return done();
}

inline result<std::optional<Added>> decide(const Add& command, const Counter&)
{
    if (command.amount < 0) return refuse("not-positive", "Only what is not negative can be added.");
    if (command.amount == 0) return std::nullopt;
    return Added{command.amount};
}

inline result<Added> decide(const AddSlowly& command, const Counter&)
{
    if (Interruption::run) Interruption::run();
    return Added{command.amount};
}

static_assert(aggregate<Counter>);

} // namespace eventloom::testing
