// The engine: takes instances one step further at a time.
//
// An instance is in one place at any moment: in the queue of those that can go on, with the one task that drives it, waiting
// for an answer or a timer, or at rest (ended, or stuck). The task that drives it moves it to the next place. Each result is
// in the instance's stream before the next work begins; after a crash the work that is not yet in the stream is done again,
// with the same ids.
#pragma once

#include "instance_table.hpp"

#include <atomic>
#include <deque>
#include <mutex>

namespace eventloom {

class SagaEngine : public std::enable_shared_from_this<SagaEngine> {
public:
    using AnyDone     = Sagas::AnyDone;
    using AnyActivity = Sagas::AnyActivity;

    SagaEngine(const Runtime& runtime, EventStore& store, CommandBus& commands, EventBus& bus, std::string directory,
               SagasOptions options);

    void add(Saga saga);
    void add_activity(std::type_index request, std::string_view name, AnyActivity activity);
    result<void> open();
    result<void> start();
    void stop();
    bool settle(Time deadline, bool with_timers);
    std::optional<Error> error() const;
    result<void> resume(const InstanceKey& key);
    result<InstanceTable*> table() const;
    Saga definition_of(const std::string& saga, std::uint32_t version) const;
    Saga newest_definition_of(const std::string& saga) const;
    result<std::map<std::string, Position>> not_begun() const;

    std::unique_ptr<EventCursor> history(const InstanceKey& key) const
    {
        return store_.read({.scope = Scope::stream(key.stream())});
    }

    // The instance from its stream, which may be newer than the table.
    result<instance::Instance> refreshed(const InstanceKey& key, instance::Instance instance) const;

private:
    struct Work;

    void refuse(Error error);
    result<void> open_table();
    result<void> check_log(const std::string& doing, Position reached) const;
    result<void> follow(const Saga& saga);
    result<void> begin(const Saga& saga, const Delivery& delivery);
    result<void> begin_instance(const Saga& saga, const RecordedEvent& event);
    result<void> record_begun(const Saga& saga, const RecordedEvent& event, const Begun& begun);
    result<void> begin_again(const std::shared_ptr<Work>& work);
    instance::Stuck stuck_at(std::string step, const Error& error) const;
    void park(const std::shared_ptr<Work>& work, const Error& error);

    bool has_read_all() const;

    void enqueue(InstanceKey key);
    void dispatch();
    void drive(const InstanceKey& key);
    result<void> take_next_step(const InstanceKey& key);
    void plan(const std::shared_ptr<Work>& work);
    void plan_step(const std::shared_ptr<Work>& work);
    void plan_compensation(const std::shared_ptr<Work>& work);
    void wait_for_timer(const InstanceKey& key, Time due);

    void run(const std::shared_ptr<Work>& work, const std::function<std::vector<SagaAction>()>& describe);
    void go_on(const std::shared_ptr<Work>& work);
    void call_activity(const std::shared_ptr<Work>& work, const CallAction& call, const Uuid& id);
    void answered(const std::shared_ptr<Work>& work, const result<std::shared_ptr<const void>>& answer);
    void succeed(const std::shared_ptr<Work>& work, const std::shared_ptr<const void>& answer);
    void fail_attempt(const std::shared_ptr<Work>& work, const Error& error);
    void give_up_by_deadline(const std::shared_ptr<Work>& work);

    using Fact = instance::Instance::Events::variant;
    result<instance::Instance> record(const InstanceKey& key, const instance::Instance& instance,
                                      const std::vector<Fact>& facts);
    void report(const InstanceKey& key, const std::vector<Fact>& facts) const;
    // Records the result of the work; then the instance goes on, waits, or rests.
    void conclude(const std::shared_ptr<Work>& work, const Fact& fact);
    void rest(const InstanceKey& key, const instance::Instance& instance);
    void let_go(); // releases an instance that a task or a call was driving
    void give_up(Error error);
    bool stopped() const { return stopped_.load(); }
    void post(std::function<void(SagaEngine&)> task);

    const Runtime runtime_;
    EventStore& store_;
    CommandBus& commands_;
    EventBus& bus_;
    const std::string directory_;
    const SagasOptions options_;
    std::map<std::pair<std::string, std::uint32_t>, Saga> definitions_;
    std::map<std::type_index, AnyActivity> activities_;
    std::optional<Error> refused_; // the first that was added in vain

    std::mutex starting_;                  // of open(), start() and stop(), one at a time
    mutable std::mutex mutex_;             // over what follows, up to the error
    std::unique_ptr<InstanceTable> table_; // made once: who has found it needs no lock
    std::vector<std::shared_ptr<Subscription>> subscriptions_;
    std::deque<InstanceKey> queue_;
    std::size_t in_hand_ = 0; // driven, or waiting for an answer
    std::size_t timers_  = 0; // instances that wait for a time
    std::uint64_t moves_ = 0; // counts every change of place
    std::optional<Error> error_;
    std::atomic<bool> stopped_{true};
    std::atomic<std::size_t> running_{0}; // tasks that are in the middle of something
};

} // namespace eventloom
