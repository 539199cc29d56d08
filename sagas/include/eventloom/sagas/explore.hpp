// Tries what may go wrong around a saga, by itself: the saga runs in the real engine, on a store in memory and in virtual time,
// again and again, and each time something else fails.
//
//     World world;                                             // what stands for the payment provider
//     const auto in_memory = [](const el::Runtime& runtime) { return el::open_memory_store(runtime); };
//     el::Exploration exploration{{fulfilment()}, in_memory};
//     exploration.resets([&] { world = {}; });                 // before each run
//     exploration.begins("an order is placed", [](el::Explored& run) { static_cast<void>(run.commands.send(order, Place{})); });
//     exploration.perform<Charge>([&](const Charge& charge, const el::CallKey& key) { return world.charge(charge, key); });
//     exploration.may_happen("the customer cancels", [](el::Explored& run) { static_cast<void>(run.commands.send(order, Withdraw{})); });
//     exploration.holds("money taken is money of completed orders", [&](el::Explored& run) { return world.balances(run); });
//     const auto report = exploration.run({.runs = 20'000, .seconds = 60});
//     INFO(report.text());
//     CHECK(report.is_clean());
//
// In a run where nothing goes wrong each activity works, each command is accepted, and the process lives. Where something else
// could be is a point, and the points of a run have numbers, from 0 on:
// - a call of an activity is refused, fails once or for ever, is done but its answer is lost, is answered hours later, or throws;
// - a command of a saga is refused by something else than its aggregate, or fails once;
// - after each append, and each call, the process dies and is started again, with its table as it was on the disk (events are
//   delivered twice then) or without it; or what `may_happen` happens, at most once in a run.
// What is other than usual at one point is a deviation. All runs with one deviation come first, then those with two, and so on; so
// the first mistake that is found has the shortest path. It is printed as a test case to paste, with `replay`.
//
// After each run time goes on until nothing more happens, then this must be true: the engine has no error; each instance has ended,
// or waits for an event, a person or an answer, or is stuck because of a deviation, and its row says what its history says; steps
// are undone in reverse order, and each one that took effect; a key of a call is always of the same request; nothing is called,
// sent or recorded for an instance that has ended; and what the user says with `holds`.
//
// What an activity is given must be a struct of members of known kinds (docs/concepts.md). Threads: one.
#pragma once

#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/detail/value_codec.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/sagas/sagas.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

// A run, as it is now.
struct Explored {
    EventStore& store;
    CommandBus& commands;
    Sagas& sagas;
};

// At the point with this number the option with this number, which is not 0.
struct Deviation {
    std::uint32_t point  = 0;
    std::uint32_t option = 0;

    friend bool operator==(const Deviation&, const Deviation&) = default;
};

struct ExplorationLimits {
    std::uint64_t runs  = 20'000;
    unsigned seconds    = 60;
    unsigned deviations = 4; // in one run
};

// What was found to be wrong, and how one comes to it.
struct FoundMistake {
    std::string what;
    std::vector<Deviation> deviations;
    std::vector<std::string> path;    // the same in words
    std::vector<std::string> history; // what happened in this run: calls, appends and deviations
};

struct ExplorationReport {
    std::uint64_t runs   = 0;
    std::uint64_t points = 0; // of the longest run
    // Every run with so many deviations, or fewer, was made. Where two runs were the same to the last event and call, only one of
    // them was given more deviations.
    unsigned whole     = 0;
    bool is_exhaustive = false; // there are no others, with any number of deviations
    double seconds     = 0;
    std::optional<FoundMistake> mistake;

    bool is_clean() const { return not mistake; }
    std::string text() const;
};

namespace detail {

// A call of an activity, before it is decided what becomes of it.
struct ExploredCall {
    std::string_view name; // of the request
    std::string request;   // as JSON
    CallKey key;
    std::function<bool()> act;                        // the user's activity; whether it had an answer
    std::function<void(std::optional<Error>)> answer; // nothing: what the activity has answered
};

class ExploredCalls {
public:
    virtual ~ExploredCalls()             = default;
    virtual void call(ExploredCall call) = 0;
};

using Happening = std::function<void(Explored&)>;
using OpenStore = std::function<std::unique_ptr<EventStore>(const Runtime&)>;

// What the user has said about the runs.
struct ExplorationPlan {
    struct Named {
        std::string name;
        Happening happens;
    };
    struct Invariant {
        std::string name;
        std::function<bool(Explored&)> holds;
    };
    std::vector<Saga> sagas;
    OpenStore open_store;
    std::vector<std::function<void(Sagas&, ExploredCalls&)>> activities;
    std::vector<Named> beginnings;
    std::vector<Named> happenings;
    std::vector<Invariant> invariants;
    std::function<void()> reset = [] {};
};

} // namespace detail

class Exploration {
public:
    // `open_store` makes a new, empty store in memory.
    Exploration(std::vector<Saga> sagas, detail::OpenStore open_store)
    {
        plan_.sagas      = std::move(sagas);
        plan_.open_store = std::move(open_store);
    }

    // Happens once in every run, before all else.
    void begins(std::string name, detail::Happening happens)
    {
        plan_.beginnings.push_back({std::move(name), std::move(happens)});
    }
    // Happens never, or once, at any place.
    void may_happen(std::string name, detail::Happening happens)
    {
        plan_.happenings.push_back({std::move(name), std::move(happens)});
    }
    // Asked at the end of each run.
    void holds(std::string name, std::function<bool(Explored&)> holds)
    {
        plan_.invariants.push_back({std::move(name), std::move(holds)});
    }
    // Called before each run.
    void resets(std::function<void()> reset) { plan_.reset = std::move(reset); }

    // The activity as it works: it is asked more than once with one key, and must act only once.
    template <class Request>
    void perform(std::function<result<typename Request::answer>(const Request&, const CallKey&)> activity,
                 ActivityOptions options = {})
    {
        using Answer = result<typename Request::answer>;
        plan_.activities.push_back([activity = std::move(activity), options](Sagas& sagas, detail::ExploredCalls& run) {
            const auto perform = [activity, &run](const Request& request, const CallKey& key, auto done) {
                const auto answer = std::make_shared<std::optional<Answer>>();
                const auto name   = detail::struct_name<Request>();
                run.call({.name    = name,
                          .request = detail::value_as_json(detail::description_of<Request>, &request, name),
                          .key     = key,
                          .act =
                              [activity, request, key, answer] {
                                  answer->emplace(activity(request, key));
                                  return (*answer)->has_value();
                              },
                          .answer =
                              [done, answer](std::optional<Error> error) {
                                  done(error ? Answer{std::move(*error)} : std::move(**answer));
                              }});
            };
            sagas.perform_async<Request>(perform, options);
        });
    }

    ExplorationReport run(ExplorationLimits limits = {}) const;
    // One run.
    ExplorationReport replay(const std::vector<Deviation>& deviations) const;

private:
    detail::ExplorationPlan plan_;
};

} // namespace eventloom
