// Runs sagas: begins one instance for each stream with a begin event, and takes it through its steps, also after a crash.
//
//     Sagas sagas{runtime, *store, commands, bus, "var/shop/sagas"};
//     sagas.add(fulfilment());
//     sagas.perform<Charge>([&](const Charge& charge, const CallKey& key) { return provider.charge(charge, key); });
//     BOOST_OUTCOME_TRY(sagas.start());
//     sagas.settle(deadline);                                  // until nothing can be done now
//     sagas.retry("fulfilment", "536365", "the provider is up again");   // an instance that is stuck
//     sagas.cancel("fulfilment", "536366", "asked for by phone");
//     sagas.answer<Approve>(key, Approved{"Ada"});             // to a call that is answered from elsewhere
//     sagas.signal("fulfilment", "536365", Approved{"Ada"}, "said on the phone");   // an event, to this instance alone
//
// The history of an instance is a stream of its own, `fulfilment-536365`, in the same store. The engine's own database may
// be lost: it is built again from these streams. After a crash commands and calls are sent again with the same ids, so each
// takes effect once. An instance that waits, for a time, an event, an answer or a person, takes no thread and no memory.
// What cannot be done for an instance stops that one alone: it is stuck, with the reason.
// Threads: add and perform before start; all others from any thread. But retry, cancel, ... wait for the log: do not call them
// from a task of the executor.
#pragma once

#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/detail/description.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/sagas/detail/activity_options.hpp>
#include <eventloom/sagas/saga_definition.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <vector>

namespace eventloom {

// Identifies a call: the same step of the same instance always has the same key, so an activity can recognise repetition.
using CallKey = Uuid;

enum class SagaStatus : std::uint8_t { running, compensating, completed, compensated, stuck };

// Nothing happens any more: done, or undone. What is stuck has not ended: it waits for a person.
constexpr bool has_ended(SagaStatus status)
{
    return status == SagaStatus::completed || status == SagaStatus::compensated;
}

// "running", "compensating", ...
std::string_view to_string(SagaStatus status);

struct SagaInstance {
    std::string saga;
    std::uint32_t version = 0; // of the definition
    std::string key;
    SagaStatus status = SagaStatus::running;
    std::string step;                 // the current ones; empty when the instance has ended
    std::string waits_for;            // a sentence; empty when it is at work, stuck, or has ended
    unsigned attempts = 0;            // that have failed, at what it is trying now; 0 when it is stuck
    std::optional<Time> next_attempt; // set while it waits for one
    std::optional<Time> until;        // it goes on by itself then, if nothing that it waits for comes before
    std::optional<failure> why;       // set when it failed
    std::optional<Time> paused_until; // set while it is paused; Time::max(): until somebody resumes it
    Time began{};
    Time changed{};
};

// One line of an instance's history: an event of its stream.
struct SagaHistoryEntry {
    Time at{};
    std::string what; // "step-done", "attempt-failed", ...
    std::string step;
    std::string detail;
    Position position = 0;
    std::string data_json; // of the event
};

// A time at which an instance goes on by itself, if nothing that it waits for comes before.
struct SagaTime {
    Time at{};
    std::string
        what; // "deadline", "deadline of the saga", "next attempt", "time" (of el::until), "timer", "end of the pause"
    std::string step; // or the timer; empty: it is of the whole
};

struct SagaDetails {
    SagaInstance instance;
    std::string state_json;
    std::vector<SagaTime> times;           // the first one first
    std::vector<ActivityCallState> calls;  // that it waits for
    std::vector<SagaHistoryEntry> history; // the last ones, as many as were asked for
    std::uint64_t earlier = 0;             // entries that are left out
};

// Which instances: all that have each of the properties that are given.
struct SagaFilter {
    std::optional<std::string> saga  = std::nullopt;
    std::optional<SagaStatus> status = std::nullopt;
    std::string error_code           = {}; // of the failure that it is stuck with, or undone for
    std::string key_prefix           = {};
    std::string step                 = {}; // that it is at
    std::optional<Time> began_before = std::nullopt;
};

// What became of an answer from elsewhere.
struct TakenAnswer {
    std::string saga; // whose call it was
    std::string key;
    bool was_taken_before = false; // the same answer: nothing has changed
};

// A whole saga that begins no work.
struct SagaPause {
    std::string because;
    Time since{};
    Time until{}; // Time::max(): until somebody resumes it
};

// Events of instances that were not there, or had ended, since the engine was made.
struct UnheardEvents {
    std::string saga;
    std::string event; // its stored name
    std::string why;   // "there is none", "it has ended"
    std::uint64_t number = 0;
};

// An unheard event that a saga with el::parks_unheard has kept for a person.
struct ParkedEvent {
    std::string saga;
    std::string key; // of the instance
    std::string event;
    Position position = 0; // in the log
    std::string why;
    Time at{};
};

// How far a saga has heard the log.
struct SagaFollowing {
    std::string saga;
    Position position = 0;        // everything up to here is in its instances
    std::optional<Error> error;   // why it hears nothing more
    bool is_running      = false; // it hears what comes; without start() it does not
    std::uint64_t parked = 0;     // unheard events kept for a person (Sagas::parked)
};

struct SagasOptions {
    std::size_t events_at_once =
        1024;                       // events of a saga that are heard and not recorded yet; the others wait in the log
    unsigned activity_threads = 16; // for activities, which may block
};

// An event that a person says to an instance, in its stored form.
struct SagaSignal {
    std::string type;
    std::uint32_t schema_version = 1;
    std::string data;
};

struct SagaMigration; // migration.hpp

// The events of which the streams of instances are made, for tools that show the log.
const EventTypes& saga_event_types();

class Sagas {
public:
    Sagas(const Runtime& runtime, EventStore& store, CommandBus& commands, EventBus& bus, std::string directory,
          SagasOptions options = {});
    ~Sagas();

    // One saga may be added in several versions; new instances begin with the highest. What is added twice is an error of start()
    // and open(): Failure::invalid "saga-added-twice", "activity-added-twice".
    void add(Saga saga);
    // How running instances move to a later version (migration.hpp).
    void add(SagaMigration migration);

    // Sets the activity that answers el::call(Request{...}). It runs on threads of its own and may block. Refused and invalid
    // errors fail the step; all others are tried again. el::answered_later(): the answer comes by answer().
    template <class Request>
    void perform(std::function<result<typename Request::answer>(const Request&, const CallKey&)> activity,
                 ActivityOptions options = {})
    {
        perform_async<Request>([activity = std::move(activity)](const Request& request, const CallKey& key,
                                                                auto done) { done(activity(request, key)); },
                               options);
    }
    // The same for one that says how far it is: run.progress("3 of 12 parts").
    template <class Request>
    void perform(std::function<result<typename Request::answer>(const Request&, const ActivityRun&)> activity,
                 ActivityOptions options = {})
    {
        perform_async<Request>([activity = std::move(activity)](const Request& request, const ActivityRun& run,
                                                                auto done) { done(activity(request, run)); },
                               options);
    }

    // The same for an activity that answers later, from any thread, at most once.
    template <class Request>
    using Done = std::function<void(result<typename Request::answer>)>;
    template <class Request>
    void perform_async(std::function<void(const Request&, const CallKey&, Done<Request>)> activity,
                       ActivityOptions options = {})
    {
        perform_async<Request>([activity = std::move(activity)](const Request& request, const ActivityRun& run,
                                                                auto done) { activity(request, run.key, done); },
                               options);
    }
    template <class Request>
    void perform_async(std::function<void(const Request&, const ActivityRun&, Done<Request>)> activity,
                       ActivityOptions options = {})
    {
        add_activity(
            typeid(Request), detail::struct_name<Request>(),
            [activity = std::move(activity)](const void* request, const ActivityRun& run, AnyDone any_done) {
                activity(*static_cast<const Request*>(request), run,
                         [any_done](result<typename Request::answer> answer) {
                             if (not answer) return any_done(std::move(answer.error()));
                             any_done(std::shared_ptr<const void>{
                                 std::make_shared<const typename Request::answer>(std::move(answer.value()))});
                         });
            },
            options);
    }

    // Answers a call whose activity said, or will say, el::answered_later(); also after restarts. Returns when the answer
    // is on the disk. The same answer to the same call is welcome again, and changes nothing; of each instance its last 16 answers
    // are known, without those that hold personal data.
    // Failure::refused "no-such-call": no step waits for it. "answered-otherwise": it had another answer before.
    // Failure::invalid "other-answer": its step asked for something else.
    template <class Request>
    result<TakenAnswer> answer(const CallKey& key, typename Request::answer answer)
    {
        using Answer = typename Request::answer;
        return answer_call(
            key, typeid(Request),
            {detail::description_of<Answer>, detail::struct_name<Answer>(), detail::holds_personal<Answer>()},
            std::make_shared<const Answer>(std::move(answer)));
    }

    // Opens the engine's database, continues every instance that has not ended, and follows the log for new ones.
    result<void> start(); // Failure::corrupt "log-behind-checkpoint". Failure::invalid "category-taken".
    // Opens the database to list instances: none is begun or continued.
    result<void> open();
    // Returns when nothing of the engine runs any more. Instances continue at the next start.
    void stop();

    // Blocks until every begin event of the log has its instance and no instance can go on now: each has ended, is stuck or paused,
    // or waits for its next attempt, an event, a time, a person, an answer from elsewhere, a limit of an activity, or a provider
    // that is down. Returns false at `deadline`.
    bool settle(Time deadline);
    // The same, but it also waits for next attempts, limits and providers.
    bool finish(Time deadline);
    // The same as settle for one instance, and those that it runs, without waiting: it has taken up the events of the log up to
    // `position`, and all that it has caused itself, and can do nothing now. True also for an instance that has not begun. To be asked by
    // whoever waits (Service::settle_saga does). Failure::invalid "no-such-saga".
    result<bool> is_settled(std::string_view saga, std::string_view key, Position position) const;

    // By saga and key. Failure::invalid "no-such-saga": neither this program nor the table has the one that the filter names.
    result<std::vector<SagaInstance>> list(const SagaFilter& filter = {}, std::size_t limit = 1'000'000) const;
    result<std::map<SagaStatus, std::uint64_t>> count() const;
    // Sagas with begin events in the log for which no instance has begun yet: the position of the first such event, by the
    // saga's name. list() and count() do not know of them.
    result<std::map<std::string, Position>> not_begun() const;
    // One instance, without its history; nothing when it has not begun.
    result<std::optional<SagaInstance>> find(std::string_view saga, std::string_view key) const;
    // With the last entries of its history, at most so many. Failure::invalid "no-such-saga", "no-such-saga-instance".
    result<SagaDetails> show(std::string_view saga, std::string_view key, std::size_t entries = 1'000) const;
    // Events of instances that are not there, or have ended: how many there were, and those that were parked.
    std::vector<UnheardEvents> unheard() const;
    result<std::vector<ParkedEvent>> parked(std::string_view saga) const; // Failure::invalid "no-such-saga".

    // What a person may do; each is recorded in the instance's history with its reason. With `only_try` nothing is recorded: whether
    // it could be done. Failure::invalid "no-such-saga", "no-such-saga-instance"; of what needs the definition,
    // "unknown-saga-version".
    // Continues an instance that is stuck.  Failure::refused "saga-not-stuck".
    result<void> retry(std::string_view saga, std::string_view key, std::string_view because = {},
                       bool only_try = false);
    // Undoes what was done.  Failure::refused "saga-ended", "saga-being-undone", "saga-past-no-return".
    result<void> cancel(std::string_view saga, std::string_view key, std::string_view because, bool only_try = false);
    // Leaves out the step that is to be done, or undone, now.  Failure::refused "no-such-open-step", "saga-ended".
    result<void> skip(std::string_view saga, std::string_view key, std::string_view step, std::string_view because,
                      bool only_try = false);
    // No further work is begun until `until`. Events are heard all the same.  Failure::refused "saga-ended".
    // Failure::invalid "time-has-passed".
    result<void> pause(std::string_view saga, std::string_view key, std::string_view because, Time until = Time::max(),
                       bool only_try = false);
    // Failure::refused "saga-not-paused".
    result<void> resume(std::string_view saga, std::string_view key, std::string_view because, bool only_try = false);
    // The same for all instances of a saga, and those that are to come: events that begin one or are heard by one wait in the log.
    // It holds over restarts. Failure::invalid "no-such-saga", "time-has-passed". Failure::refused "saga-not-paused".
    result<void> pause_all(std::string_view saga, std::string_view because, Time until = Time::max(),
                           bool only_try = false);
    result<void> resume_all(std::string_view saga, std::string_view because, bool only_try = false);
    // The sagas that are paused so, by name.
    std::map<std::string, SagaPause> paused() const;
    // Says an event to this instance, which hears it as if it came from the log: what it awaits is there, or its handler is
    // called. No other instance hears it, and no aggregate knows of it. Failure::refused "saga-not-running", "saga-does-not-wait",
    // "saga-past-no-return". Failure::invalid "personal-signal", and what its lambdas throw; then nothing is recorded.
    template <class Fact>
    result<void> signal(std::string_view saga, std::string_view key, const Fact& event, std::string_view because)
    {
        return signal_fact(saga, key, detail::description_of<Fact>, &event, because);
    }
    result<void> signal(std::string_view saga, std::string_view key, const SagaSignal& event, std::string_view because);
    // The events that an instance hears as it is now.
    result<std::vector<const EventType*>> heard_by(std::string_view saga, std::string_view key) const;
    // Goes on under the version that a migration leads to.
    // Failure::invalid "no-such-migration". Failure::refused "saga-cannot-migrate": its steps do not fit, or it is being undone.
    result<void> migrate(std::string_view saga, std::string_view key, std::string_view because, bool only_try = false);

    // Whether a stream may lose its history: refused for an instance that has not ended.
    // Failure::refused "saga-not-ended".
    result<void> check_may_lose_history(std::string_view stream) const;

    // The activities: what runs, what waits, and which provider is down.
    std::vector<ActivityState> activities() const;

    // Each saga of the program, by name. Failure::unavailable: neither open() nor start() was called.
    result<std::vector<SagaFollowing>> following() const;

    // Why the engine itself stopped, if it has.
    std::optional<Error> error() const;

private:
    using AnyDone     = std::function<void(result<std::shared_ptr<const void>>)>;
    using AnyActivity = std::function<void(const void* request, const ActivityRun&, AnyDone)>;
    void add_activity(std::type_index request, std::string_view name, AnyActivity activity, ActivityOptions options);
    result<void> signal_fact(std::string_view saga, std::string_view key, const detail::Description& type,
                             const void* fact, std::string_view because);
    struct AnswerType {
        const detail::Description& description;
        std::string_view name;
        bool is_personal = false;
    };
    result<TakenAnswer> answer_call(const CallKey& key, const std::type_info& request, const AnswerType& type,
                                    std::shared_ptr<const void> answer);

    friend class SagaEngine;
    std::shared_ptr<class SagaEngine> engine_;
};

} // namespace eventloom
