// The subscriptions that are measured, over a store on disk: they hear orders, and do nothing but count, or copy each order.
//
//     SubscriptionMachine machine{fresh_directory("fan-out")};
//     machine.count_in(100);
//     machine.start();
//     auto orders = machine.orders(1'000);
//     append_in_flight(*machine.store, orders);
//     machine.settle();
//     require(machine.heard() == 100'000, "each subscription hears each order");
//
// Threads: as the parts that it is made of.
#pragma once

#include "support/orders/order_event.hpp"
#include "yardsticks/tested_store.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/messaging/queues.hpp>
#include <eventloom/messaging/subscriptions.hpp>

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace bench {

// Where copies of orders are kept; nobody hears them.
struct Copies {
    static constexpr auto category = "copies";

    using Events = eventloom::events<eventloom::event<"order-copied", Noted>>;
};
inline Copies evolve(Copies state, const Noted& /*event*/)
{
    return state;
}

struct SubscriptionMachine {
    explicit SubscriptionMachine(const std::string& directory);

    // So many subscriptions with at_least_once, each of which counts what it hears.
    void count_in(std::size_t subscriptions);
    // A subscription "copies" with exactly_once, that appends a copy of each order. So many orders share an append.
    void copy(std::size_t at_once);

    void start();
    void pause(); // "copies"
    void resume();
    // Returns when all are handled.
    void settle();

    // The next appends of so many orders, one each, in a hundred streams.
    std::vector<PreparedAppend> orders(std::uint64_t number);
    std::uint64_t heard() const;
    // Copies that stand in the log.
    std::uint64_t copied() const;

    eventloom::SystemExecutor executor{{.threads = 2}}; // as many as a service has
    eventloom::Runtime runtime;
    const std::unique_ptr<eventloom::LevelDbStore> store;
    eventloom::CommandBus commands;
    eventloom::EventBus bus;
    eventloom::Queues queues;
    eventloom::Subscriptions subscriptions;

private:
    struct alignas(64) Counter { // of a thread of its own
        std::atomic<std::uint64_t> heard{0};
    };
    std::deque<Counter> counters_;
    std::uint64_t number_ = 0;
};

} // namespace bench
