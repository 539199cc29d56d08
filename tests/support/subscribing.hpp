// Orders, what subscriptions do about them, and a machine on which they run, for tests.
//
//     SubscriptionMachine machine{store_kind};
//     machine.subscriptions->add<el::at_least_once>({.name = "letters"}, hearing<Order>(...));
//     machine.start();
//     machine.place("ada", 17);
//     machine.settle();
//
// Threads: as the simulated executor, one.
#pragma once

#include "support/answers.hpp"
#include "support/machine_with_real_files.hpp"
#include "support/mailing.hpp"

#include <eventloom/messaging/queues.hpp>
#include <eventloom/messaging/subscriptions.hpp>

#include <catch2/catch.hpp>

namespace eventloom::testing {

struct OrderPlaced {
    std::string customer;
    int amount = 0;
};
struct OrderPaid {
    int amount = 0;
};

struct OrderTaken {
    static constexpr auto category = "ordering";
    using Events                   = events<event<"ordering-placed", OrderPlaced>, event<"ordering-paid", OrderPaid>>;
    int amount                     = 0;
};
inline OrderTaken evolve(OrderTaken order, const OrderPlaced& event)
{
    order.amount += event.amount;
    return order;
}
inline OrderTaken evolve(OrderTaken order, const OrderPaid&)
{
    return order;
}
static_assert(aggregate<OrderTaken>);

// A handler that notes of whom it was told.
struct NotedOrders {
    std::vector<std::string> customers;
    std::vector<Uuid> keys;

    auto placed()
    {
        return hearing<OrderTaken>([this](const OrderPlaced& event, const Heard& heard) -> result<void> {
            customers.push_back(event.customer);
            keys.push_back(heard.key);
            return done();
        });
    }
};

struct SubscriptionMachine : SimulatedMachine {
    TemporaryDirectory directory;
    StoreUnderTest store;
    std::unique_ptr<CommandBus> commands;
    std::unique_ptr<EventBus> bus;
    std::unique_ptr<Queues> queues;
    std::unique_ptr<Subscriptions> subscriptions;

    explicit SubscriptionMachine(const StoreKind& kind = every_store().front()) : store{kind.open(runtime)} { open(); }
    ~SubscriptionMachine() { close(); }

    void open()
    {
        commands      = std::make_unique<CommandBus>(runtime, *store.store);
        bus           = std::make_unique<EventBus>(runtime, *store.store);
        queues        = std::make_unique<Queues>(runtime, *store.store, *commands, *bus, directory.path() + "/queues");
        subscriptions = std::make_unique<Subscriptions>(runtime, *store.store, *commands, *bus, *queues);
    }
    void close()
    {
        subscriptions.reset();
        queues.reset();
        bus.reset();
        commands.reset();
    }
    void start() { REQUIRE(subscriptions->start()); }
    void settle() { REQUIRE(subscriptions->settle(simulated.now() + std::chrono::hours{1})); }
    // Stops in order, and opens everything again; what was added is to be added again.
    void restart()
    {
        close();
        open();
    }

    Position place(const std::string& customer, int amount = 1, const std::string& stream = "ordering-1",
                   std::vector<std::string> tags = {})
    {
        NewEvent placed      = encoded<OrderTaken>(OrderPlaced{customer, amount});
        placed.id            = simulated.next();
        placed.metadata.tags = std::move(tags);
        return append(stream, std::move(placed));
    }
    Position pay(int amount, const std::string& stream = "ordering-1")
    {
        NewEvent paid = encoded<OrderTaken>(OrderPaid{amount});
        paid.id       = simulated.next();
        return append(stream, std::move(paid));
    }
    Position append(const std::string& stream, NewEvent event)
    {
        const auto appended = store->append(to(stream, ExpectedVersion::any(), {std::move(event)}));
        REQUIRE(appended);
        return appended.value().last_position;
    }

    SubscriptionStatus status(const std::string& name)
    {
        auto status = subscriptions->status(name);
        REQUIRE(status);
        return std::move(status.value());
    }
    std::vector<SubscriptionLetter> letters(const std::string& name)
    {
        auto letters = subscriptions->dead_letters(name);
        REQUIRE(letters);
        return std::move(letters.value());
    }
};

} // namespace eventloom::testing
