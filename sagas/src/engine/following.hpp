// How a saga hears the events of the log: the ones that begin an instance, and those that an instance waits for.
//
//     auto following = Following::begin(engine, "fulfilment", versions, checkpoint);
//     following->position();              // everything up to here is in the instances' streams
//
// Each event goes to the instance whose key it names, and the log is read on without waiting for it; the checkpoint is the last
// event before all that were not taken in yet. Not more than so many are on their way. Threads: any.
#pragma once

#include "table/instance_table.hpp"

#include <eventloom/framework/event_bus.hpp>

#include <mutex>
#include <set>

namespace eventloom {

class SagaEngine;

class Following : public std::enable_shared_from_this<Following> {
public:
    // `versions`: all of the saga that the program has, the newest last.
    Following(std::shared_ptr<SagaEngine> engine, std::vector<Saga> versions, std::size_t at_once);

    // `is_paused`: it hears nothing before go_on().
    void begin(EventBus& bus, Position checkpoint, bool is_paused);
    void stop();
    const std::string& saga() const { return versions_.back()->name; }
    // Of a whole saga that is paused: events stay in the log.
    void pause();
    void go_on(EventBus& bus);
    std::optional<Error> error() const;
    // Everything up to here was looked at, or is not to be looked at now.
    bool has_read_to(Position head) const;

    // The stored names of the events that begin an instance, and of all that are heard.
    static std::vector<std::string> names_of(const std::vector<Saga>& versions);

private:
    void subscribe(EventBus& bus);
    std::shared_ptr<EventSubscription> subscription() const;
    result<void> hear(const Delivery& delivery);
    void hear(const RecordedEvent& event);
    void tell_begin(const std::shared_ptr<const RecordedEvent>& event);
    void tell_heard(const std::string& key, const std::shared_ptr<const RecordedEvent>& event);
    std::function<void()> on_its_way(Position position);
    void taken_in(Position position);

    const std::weak_ptr<SagaEngine> engine_;
    const std::vector<Saga> versions_;
    const std::vector<const detail::HeardEvent*> begins_; // of the newest
    const std::vector<const detail::HeardEvent*> heard_;  // later than that, by any version
    const std::size_t at_once_;
    mutable std::mutex mutex_;                        // over what follows
    std::shared_ptr<EventSubscription> subscription_; // none: it was paused when it began
    std::multiset<Position> on_their_way_;
    Position delivered_ = 0;
    bool is_held_       = false; // as many events are on their way as there may be
    bool is_paused_     = false;
};

} // namespace eventloom
