// Tests of deciders, one line for each case, without a store or a test library:
//
//     CHECK(given<Order>(tea_for_ada).when(Pay{"receipt-1", Money{1}}).refused("wrong-amount"));
//     CHECK(given<Order>(tea_for_ada, Cancelled{"x"}).when(Cancel{"again"}).then());      // nothing happens
//     CHECK(given<Courses>(Defined{"c1", 1}, ago(days{3}, Closed{"c1"})).when(Subscribe{"ada", "c1"}).refused("closed"));
//
// Whole events are compared, member by member. Threads: values.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/decision.hpp>
#include <eventloom/framework/detail/members.hpp>

#include <string_view>
#include <utility>

namespace eventloom::testing {

// The result of a command.
template <lists_events State>
class Answer {
public:
    explicit Answer(result<facts_of<State>> answer) : answer_{std::move(answer)} {}

    // Exactly these events, in this order; none: there was nothing to do.
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

// An event that was recorded some time ago.
template <class Fact>
struct Earlier {
    Duration age;
    Fact fact;
};
template <class Fact>
Earlier<Fact> ago(Duration age, Fact fact)
{
    return {age, std::move(fact)};
}

// A log to which these events have happened: just now, or `ago`.
template <decision_context Context>
class History {
public:
    template <event_of<Context> Fact>
    void add(Fact fact)
    {
        add(Earlier<Fact>{Duration{0}, std::move(fact)});
    }
    template <event_of<Context> Fact>
    void add(Earlier<Fact> earlier)
    {
        RecordedEvent event;
        event.type          = event_name<Fact>;
        event.metadata.tags = tags_of(earlier.fact);
        event.recorded_at   = now - earlier.age;
        entries_.push_back({std::move(event), std::move(earlier.fact)});
    }

    template <class Command>
    Answer<Context> when(const Command& command) const
    {
        DecisionModel<Context, Command> model{command, now};
        for (const auto& [event, fact] : entries_) {
            std::visit([&](const auto& one) { model.take(one, event); }, fact);
        }
        for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
            std::visit([&](const auto& one) { model.take_newest_first(one, entry->event); }, entry->fact);
        }
        return Answer<Context>{model.decided()};
    }

private:
    struct Entry {
        RecordedEvent event;
        typename Context::Events::variant fact;
    };

    template <class Fact>
    static constexpr std::string_view event_name =
        std::tuple_element_t<Context::Events::template index_of<Fact>, typename Context::Events::entries>::name;

    static constexpr Time now{std::chrono::days{20'000}};
    std::vector<Entry> entries_;
};

template <decision_context Context, class... Fact>
History<Context> given(Fact... fact)
{
    History<Context> history;
    (history.add(std::move(fact)), ...);
    return history;
}

} // namespace eventloom::testing
