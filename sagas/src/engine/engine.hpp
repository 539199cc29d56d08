// The engine: brings what happens (an event, an answer, a time, a person's word) to the instances, one after the other for each, and
// does what follows.
//
// It waits for nothing: what is appended, sent or called answers later, and then the instance goes on. Results are recorded in the
// instance's stream before the next work begins, in one append with the command that they follow from, if the command gives
// one. After a crash the work that is not in the stream is asked for again, with the same ids.
#pragma once

#include "engine/active.hpp"
#include "engine/following.hpp"
#include "engine/timers.hpp"

#include <eventloom/sagas/migration.hpp>

#include <array>
#include <mutex>
#include <set>

namespace eventloom {

// An instance that is looked at whether it is settled, as its row is.
struct SettlingInstance {
    InstanceKey key;
    std::uint64_t recorded = 0; // events of its stream
    std::optional<Time> due;    // when it goes on by itself

    friend bool operator==(const SettlingInstance&, const SettlingInstance&) = default;
};

// An answer that comes from elsewhere.
struct GivenAnswer {
    const std::type_info* request;
    AnyAnswer value;
    std::string digest; // the same for the same answer; empty: it is personal, and nothing of it is kept
    std::string shown;  // for people
};

class SagaEngine : public std::enable_shared_from_this<SagaEngine> {
public:
    SagaEngine(const Runtime& runtime, EventStore& store, CommandBus& commands, EventBus& bus, std::string directory,
               SagasOptions options);

    void add(Saga saga);
    void add(SagaMigration migration);
    void add_activity(std::type_index request, std::string_view name, AnyActivity activity, ActivityOptions options);
    result<void> open();
    result<void> start();
    void stop();
    bool settle(Time deadline, bool with_attempts);
    result<bool> is_settled(const InstanceKey& key, Position position) const;
    std::optional<Error> error() const;
    result<std::vector<SagaFollowing>> following() const;

    // With `only_try` nothing is recorded.
    result<void> retry(const InstanceKey& key, const std::string& because, bool only_try);
    result<void> cancel(const InstanceKey& key, const std::string& because, bool only_try);
    result<void> skip(const InstanceKey& key, const std::string& step, const std::string& because, bool only_try);
    result<void> pause(const InstanceKey& key, Time until, const std::string& because, bool only_try);
    result<void> unpause(const InstanceKey& key, const std::string& because, bool only_try);
    result<void> signal(const InstanceKey& key, const SagaSignal& signal, const std::string& because);
    result<void> migrate(const InstanceKey& key, const std::string& because, bool only_try);
    result<TakenAnswer> answer(const CallKey& call, GivenAnswer given);

    result<void> pause_all(const std::string& saga, Time until, const std::string& because, bool only_try);
    result<void> resume_all(const std::string& saga, const std::string& because, bool only_try);
    std::map<std::string, SagaPause> paused() const;
    // Time{}: it is not paused now.
    Time paused_until(const std::string& saga) const;

    std::vector<UnheardEvents> unheard() const;
    result<std::vector<ParkedEvent>> parked(const std::string& saga) const;

    result<InstanceTable*> table() const;
    Saga definition_of(const std::string& saga, std::uint32_t version) const;
    Saga newest_definition_of(const std::string& saga) const;
    // Failure::invalid "no-such-saga": neither this program nor the table has it.
    result<void> check_has(const std::string& saga, const std::string& asked) const;
    Error no_such_instance(const InstanceKey& key) const;
    result<std::map<std::string, Position>> not_begun() const;
    Time now() const { return runtime_.clock.now(); }
    // Why work of this step waits: its activity has a limit, or is down. Empty: it does not.
    std::string waiting_for(const std::type_info& request) const
    {
        return activities_.knows(request) ? activities_.waiting_for(request) : std::string{};
    }
    std::vector<ActivityState> activities() const { return activities_.state(); }
    std::vector<ActivityCallState> calls_of(const InstanceKey& key) const { return activities_.calls_of(key.stream()); }

    // The last events first.
    std::unique_ptr<EventCursor> history(const InstanceKey& key, std::uint64_t limit) const
    {
        return store_.read({.scope = Scope::stream(key.stream()), .direction = Direction::backwards, .limit = limit});
    }

    // The instance from its stream, which may be newer than the table.
    // Failure::corrupt "saga-history-lost": the stream begins later.
    result<instance::Instance> refreshed(const InstanceKey& key, instance::Instance instance) const;

private:
    friend class Following;
    using Facts = std::vector<instance::Fact>;
    using Then  = std::function<void(const std::shared_ptr<Active>&)>;

    // operators.cpp, answers.cpp: what a person asks for, or an answer from elsewhere: facts that follow from the instance as it is now.
    using Decide = std::function<result<Facts>(Active&)>;
    result<void> ask(const InstanceKey& key, const Decide& decide, bool only_try = false);
    result<instance::Fact> fact_of_late_answer(Active& active, const Task& task, const std::type_info& request,
                                               const AnyAnswer& answer) const;
    result<instance::Fact> fact_of_early_answer(Active& active, const std::shared_ptr<Work>& work,
                                                const std::type_info& request, const AnyAnswer& answer) const;
    result<std::optional<InstanceKey>> instance_of_call(const CallKey& call);
    Error answered_otherwise(const InstanceKey& key, const instance::AnsweredCall& call,
                             const GivenAnswer& given) const;
    result<void> ask_at_rest(const InstanceKey& key, const Decide& decide, bool only_try);

    // settling.cpp
    static bool is_at_work(const Active& active);
    bool one_is_at_work(InstanceKey& last) const;
    result<std::vector<SettlingInstance>> settling_with(const InstanceKey& key) const;
    result<Position> caused_to(const InstanceKey& key) const;

    // engine.cpp
    void refuse(Error error);
    result<void> open_table();
    result<void> check_log(const std::string& doing, Position reached) const;
    result<void> check_activities() const;
    result<void> take_up(const std::map<std::string, std::vector<Saga>>& sagas);
    result<std::vector<InstanceKey>> not_in_table() const;
    void say_missing_versions() const;
    void give_up(Error error);
    bool stopped() const { return stopped_.load(); }
    void post(std::function<void(SagaEngine&)> task);
    // The same for an answer to what was asked for an instance in hand.
    void post_for(const std::shared_ptr<Active>& active, std::function<void(SagaEngine&)> task);

    // beginning.cpp: events of the log come to an instance. `taken` says that this one need not be heard again.
    using Event = std::shared_ptr<const RecordedEvent>;
    using Taken = std::function<void()>;
    void begin(const std::shared_ptr<Active>& active, const Saga& saga, const Event& event, const Begun& begun,
               const Taken& taken);
    void begin_by_another_name(const Saga& saga, const Event& event, const Taken& taken);
    void hear(const std::shared_ptr<Active>& active, const Event& event, const Taken& taken);
    void pass_over(const std::shared_ptr<Active>& active, const Event& event, const Taken& taken);
    void park_event(const InstanceKey& key, const RecordedEvent& event, const std::string& why, const Taken& taken);
    std::optional<instance::Fact> fact_heard(Active& active, const RecordedEvent& event) const;
    void add_beginning(Active& active, const Saga& saga, const RecordedEvent& event, const Begun& begun) const;
    bool hear_missed(Active& active);
    result<std::optional<RecordedEvent>> missed_event(const Active& active) const;
    result<std::optional<Position>> first_after(const detail::HeardEvent& heard, Position after) const;
    void begin_again(Active& active);
    result<Position> where_to_begin(const Saga& saga);

    // pausing.cpp: whole sagas that begin no work, and the stream that a saga has beside those of its instances.
    struct OwnStream {
        std::uint64_t length = 0;
        std::optional<Position> begins_after;
        std::optional<SagaPause> pause; // the last one, if it was not taken back
        std::vector<ParkedEvent> parked;
    };
    result<OwnStream> read_own_stream(const std::string& saga) const;
    result<void> add_to_own_stream(const std::string& saga, const OwnStream& known, const instance::Fact& fact);
    result<void> check_saga(const std::string& saga, const std::string& asked) const;
    result<void> read_pauses();
    void set_pause(const std::string& saga, const SagaPause& pause);
    void end_pause(const std::string& saga);

    // hand.cpp: instances come into hand, and leave it.
    void tell(const InstanceKey& key, Input input);
    void take_next(const std::shared_ptr<Active>& active);
    void note_call(Active& active, const Uuid& call);
    result<void> load(Active& active) const;
    result<void> find_definition(Active& active) const;
    void keep(Active& active, const Next& next);
    void wake_at_next_time();
    void times_have_come(Time at);
    result<void> read_timers();

    // moves.cpp: what an instance does next, and what becomes of its work.
    void go_on(const std::shared_ptr<Active>& active);
    Next look(Active& active);
    void hear_timer(Active& active, const detail::InnerType& timer);
    result<instance::Fact> fact_of_work(const Active& active, SagaState& state, const Work& work,
                                        const void* answer) const;
    bool begin_works(Active& active, const std::vector<Task>& tasks);
    result<std::shared_ptr<Work>> new_work(Active& active, const Task& task);
    bool withdraw_works(Active& active);
    bool drop_works_that_are_over(Active& active, Next& next);
    void park(Active& active, const std::string& step, const Error& error);
    void succeed(Active& active, const Work& work, const void* answer);
    void fail_work(Active& active, const Work& work, const Error& error);

    // sending.cpp
    void send(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work);
    void sent(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work, const result<Receipt>& receipt,
              std::optional<Active> after, Position head);
    static std::size_t sent_together(const Work& work);
    void send_together(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work, std::size_t count);
    void answered_together(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work,
                           const std::vector<result<Receipt>>& answers, Position head);

    // calling.cpp
    void call(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work);
    void asked(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work);
    void note_asked(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work, Time when);
    void answered(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work,
                  const result<AnyAnswer>& answer, bool late);
    void answered_late(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work,
                       const result<AnyAnswer>& answer);

    // children.cpp: sagas that a step of another one runs.
    bool begin_run(Active& active, const Work& work);
    static bool runs_others(const Active& active);
    void see_to_runs(Active& active);
    struct Parent {
        InstanceKey key;
        std::string correlation;
    };
    void see_to_run(const std::shared_ptr<Active>& child, const Parent& parent, const Task& task, const RunAction& run);
    result<void> begin_child(Active& child, const Parent& parent, const Task& task, const RunAction& run);
    result<void> undo_child(Active& child, const InstanceKey& parent);
    void answer_parent(const InstanceKey& parent, const std::string& call, result<AnyAnswer> given);
    void tell_parent(const Active& child);
    void run_ended(const std::shared_ptr<Active>& active, const std::string& call, const result<AnyAnswer>& given);

    // recording.cpp: how facts come into the log.
    void record(const std::shared_ptr<Active>& active, Then then);
    std::vector<NewEvent> events_of(const Active& active) const;
    StreamAppend append_of(const Active& active) const;
    bool make_writable(Active& active) const;
    void recorded(Active& active, Position position);
    result<void> keep_recorded(Active& active, Position position);
    void look_again(const std::shared_ptr<Active>& active);
    void lose(const std::shared_ptr<Active>& active);
    void report(const InstanceKey& key, const Facts& facts) const;

    const Runtime runtime_;
    EventStore& store_;
    CommandBus& commands_;
    EventBus& bus_;
    const std::string directory_;
    const SagasOptions options_;
    std::map<std::pair<std::string, std::uint32_t>, Saga> definitions_;
    std::map<std::pair<std::string, std::uint32_t>, SagaMigration> migrations_; // by the version that they lead from
    std::optional<Error> refused_;                                              // the first that was added in vain
    Activities activities_;
    Timers timers_;

    std::mutex pausing_;                   // of those who pause or resume a whole saga, one at a time
    std::mutex starting_;                  // of open(), start() and stop(), one at a time
    mutable std::mutex mutex_;             // over what follows, up to the error
    std::unique_ptr<InstanceTable> table_; // made once: who has found it needs no lock
    std::vector<std::shared_ptr<Following>> followings_;
    std::map<std::string, SagaPause> pauses_;
    std::map<std::array<std::string, 3>, std::uint64_t> unheard_; // saga, event, why
    std::set<std::pair<std::string, Position>> parked_;           // events of sagas
    std::map<InstanceKey, std::shared_ptr<Active>> active_;
    std::map<Uuid, InstanceKey> calls_; // of those in hand
    std::size_t busy_    = 0;           // of those in hand
    std::uint64_t moves_ = 0;           // counts every change of who is in hand
    std::optional<Time> wakes_at_;
    std::optional<Error> error_;
    std::atomic<bool> stopped_{true};
    std::atomic<std::size_t> running_{0};    // tasks that are in the middle of something
    std::atomic<std::uint64_t> run_{0};      // counts the starts
    std::atomic<std::size_t> to_take_up_{0}; // instances that the table may not know as they are, after a start
};

} // namespace eventloom
