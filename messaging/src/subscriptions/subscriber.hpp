// One subscription: takes note of the events that it hears, hands them to its handlers, and keeps its position as it has promised.
//
// Two orders of work. Taking note is a delivery of the event bus, on the executor that all share: it is quick, and stops for a
// while when the inbox is full. Handling is a task on the subscription's own thread, which may block, in a handler or on the disk.
// The position is an event in a stream of its own, and each append of the subscription expects its version
// (docs/decisions/0027): so what was handled and that it was handled are in the log together, or neither.
#pragma once

#include "facts.hpp"
#include "heard_scope.hpp"

#include <eventloom/framework/event_bus.hpp>
#include <eventloom/framework/pace.hpp>
#include <eventloom/messaging/subscriptions.hpp>

#include <atomic>
#include <deque>
#include <mutex>

namespace eventloom::subscriptions {

// A subscription as the program has declared it.
struct Definition {
    Promise promise = Promise::at_least_once;
    SubscriberOptions options;
    std::vector<detail::AnyHeardEvents> heard;
};

class Subscriber : public std::enable_shared_from_this<Subscriber> {
public:
    Subscriber(const Runtime& runtime, EventStore& store, EventBus& bus, const Queues& queues, Topics* topics,
               Definition definition);

    const std::string& name() const { return options_.name; }
    result<void> open();
    result<void> start();
    void stop();
    bool is_settled() const;
    // The log, or that of its topic. After open().
    const EventStore& heard() const { return topic_log_ ? *topic_log_ : store_; }

    // operators.cpp
    SubscriptionStatus status() const;
    std::optional<Error> fault() const;
    std::vector<SubscriptionLetter> letters() const;
    result<void> pause(const std::string& because, Time until);
    result<void> resume(const std::string& because);
    result<void> skip(Position event, const std::string& because);
    result<void> retry(Position event, const std::string& because);
    result<void> discard(Position event, const std::string& because);
    result<void> edit(Position event, std::uint32_t schema_version, std::string data, const std::string& because);

private:
    struct Item {
        RecordedEvent event;
        const detail::AnyHeardEvents* handler = nullptr;
    };
    struct Batch {
        std::deque<Item> items;
        Position reached = 0; // by the reading of the log, after them
    };
    // What is done at a time on the subscription's own thread.
    struct Turn {
        std::vector<Item> items;
        std::optional<Position> reached; // after them; nothing: more of their batch follows
        std::optional<Position> letter;  // to be handled again, instead of items
    };

    // subscriber.cpp
    result<void> begin();
    result<Position> beginning() const;
    result<void> hear(const Delivery& delivery);
    // With mutex_. Messages of a topic are heard without a gap, so a gap is what had gone before.
    void find_lost(const Delivery& delivery);
    void lose(Position first, Position last);
    std::size_t at_once() const;

    // working.cpp, on its own thread
    void work();
    Turn take_turn();
    void finish_turn(const Turn& turn);
    void put_back(Turn& turn, std::size_t from);
    result<Effects> call(const Item& item, unsigned attempt);
    void handle_at_most_once(Turn& turn);
    void handle_at_least_once(Turn& turn);
    void handle_exactly_once(Turn& turn);
    enum class IsKept : bool { no, yes };
    void handled_up_to(Position position, std::size_t events, IsKept is_kept);
    bool passes_over(Position event) const;
    unsigned next_attempt_number() const;
    bool has_stopped() const;
    // An attempt at this item has failed. What is before it in the turn was handled.
    void fault_at(Turn& turn, std::size_t at, const Error& error);
    bool gave_up(const Item& item, unsigned attempts, const Error& error);

    // retrying_dead_letters.cpp, on its own thread
    void handle_letter(Position event);
    void handle_letter_once_at_most(const SubscriptionLetter& letter, const Item& item);
    void letter_failed(const SubscriptionLetter& letter, const RecordedEvent& event, const Error& error);
    bool keep_letter(const std::vector<FollowerFact>& facts);

    // keeping.cpp, on its own thread
    // What is in one append with the position, and the messages that are published right after it.
    struct Prepared {
        std::vector<StreamAppend> appends;
        std::vector<Outgoing> messages;
    };
    // Fails with the error of what is beside the position; whatever else is wrong stops the subscription, too.
    result<void> keep(const Reached& fact, Prepared beside = {});
    result<void> publish_outgoing();
    void note_lost();
    void keep_now();
    result<Prepared> prepared(const RecordedEvent& event, Effects effects) const;
    StreamAppend append_of(const std::vector<FollowerFact>& facts) const;
    StreamAppend append_of(const FollowerFact& fact) const { return append_of(std::vector{fact}); }
    Uuid key_of(const RecordedEvent& event) const;
    enum class IsFault : bool { no, yes }; // of the log
    void stop_for(const Error& error, IsFault is_fault);

    // operators.cpp
    result<void> record(const FollowerFact& fact, const std::function<void()>& then = {});
    result<SubscriptionLetter> find_letter(Position event) const;
    result<std::optional<Position>> next_heard() const;

    // With mutex_.
    // How full the inbox is; of what goes in or comes out.
    void count_in(const Item& item);
    void count_out(const Item& item);
    void wake_worker();
    void wake_worker_at(Time time);
    bool has_work(Time now) const;
    bool is_paused(Time now) const;
    void forget_failure();

    const Runtime runtime_;
    EventStore& store_;
    EventBus& bus_;
    const Queues& queues_;
    Topics* const topics_; // nullptr: none
    const Promise promise_;
    const SubscriberOptions options_;
    const HeardScope scope_;
    Pace pace_;
    std::shared_ptr<const EventStore> topic_log_; // nullptr: it hears the log

    std::mutex asking_;        // of what people ask, one thing at a time: it waits for the log
    mutable std::mutex mutex_; // over what follows
    Standing standing_;        // its position is `position_`
    Position position_    = 0;
    Position heard_up_to_ = 0;                        // of a topic
    std::vector<std::pair<Position, Position>> lost_; // that the log does not say yet
    std::deque<Batch> inbox_;
    std::size_t inbox_events_ = 0;
    std::size_t inbox_bytes_  = 0;
    bool is_held_             = false;
    bool is_working_          = false;
    bool keeps_soon_          = false;
    Reached last_kept_;
    std::size_t unkept_     = 0; // events that were handled after it
    std::size_t one_by_one_ = 0; // so many have to have an append each
    unsigned attempts_      = 0; // at `at_`
    std::optional<Position> at_;
    Time first_attempt_{};
    std::optional<Time> next_attempt_;
    std::optional<Error> error_;
    bool is_stopped_ = false; // at an event, or by a fault
    bool is_fault_   = false;
    std::optional<std::pair<Position, Position>> in_doubt_;
    std::shared_ptr<EventSubscription> following_;
    std::unique_ptr<Executor> thread_;
    std::stop_source stopping_;
    std::atomic<bool> is_running_{false};
};

FollowerFact gave_up_fact(const RecordedEvent& event, unsigned attempts, const Error& error, Time first, Time now);

} // namespace eventloom::subscriptions
