// Tests of deciders, a line a case, with no store and no test library:
//
//     CHECK(given<Order>(tea_for_ada).when(Pay{"receipt-1", Money{1}}).refused("wrong-amount"));
//     CHECK(given<Order>(tea_for_ada, Cancelled{"x"}).when(Cancel{"again"}).then());      // nothing happens
//
// Whole events are compared, member by member. Threads: values.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/members.hpp>

#include <string_view>
#include <utility>

namespace eventloom::testing {

// What became of a command.
template <aggregate State>
class Answer {
public:
    explicit Answer(result<facts_of<State>> answer) : answer_{std::move(answer)} {}

    // Exactly these events, in this order; none: nothing was to be done.
    template <event_of<State>... Fact>
    bool then(Fact... fact) const
    {
        const facts_of<State> expected{typename State::Events::variant{std::move(fact)}...};
        if (not answer_ || answer_.value().size() != expected.size()) return false;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            if (not same_fact(answer_.value()[i], expected[i])) return false;
        }
        return true;
    }

    bool refused(std::string_view code) const
    {
        return not answer_ && answer_.error().kind == Failure::refused && answer_.error().code == code;
    }

private:
    using Fact = typename State::Events::variant;

    static bool same_fact(const Fact& left, const Fact& right)
    {
        if (left.index() != right.index()) return false;
        return std::visit(
            [&](const auto& one) { return same(one, std::get<std::remove_cvref_t<decltype(one)>>(right)); }, left);
    }

    result<facts_of<State>> answer_;
};

template <aggregate State>
class Situation {
public:
    explicit Situation(State state) : state_{std::move(state)} {}

    template <decided_by<State> Command>
    Answer<State> when(const Command& command) const
    {
        return Answer<State>{decided<State>(command, state_)};
    }

private:
    State state_;
};

// An aggregate to which these events have happened.
template <aggregate State, event_of<State>... Fact>
Situation<State> given(Fact... fact)
{
    State state;
    ((state = evolve(std::move(state), fact)), ...);
    return Situation<State>{std::move(state)};
}

} // namespace eventloom::testing
