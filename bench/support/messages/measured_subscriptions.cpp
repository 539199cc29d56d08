#include "support/messages/measured_subscriptions.hpp"

#include "support/measuring/measure.hpp"
#include "support/sagas/measured_sagas.hpp"

#include <eventloom/framework/event_codec.hpp>
#include <eventloom/storage/system_files.hpp>

namespace bench {

namespace el = eventloom;

namespace {

constexpr std::uint64_t streams_of_orders = 100;

std::unique_ptr<el::LevelDbStore> opened_for_subscriptions(const el::Runtime& runtime, const std::string& directory)
{
    auto store = el::LevelDbStore::open(runtime, {.directory = directory});
    require(store.has_value(), "the store opens");
    return std::move(store.value());
}

} // namespace

SubscriptionMachine::SubscriptionMachine(const std::string& directory)
    : runtime{el::system_clock(), executor, el::system_ids(), el::system_files()},
      store{opened_for_subscriptions(runtime, directory + "/log")}, commands{runtime, *store}, bus{runtime, *store},
      queues{runtime, *store, commands, bus, directory + "/queues"},
      subscriptions{runtime, *store, commands, bus, queues}
{
}

void SubscriptionMachine::count_in(std::size_t number)
{
    for (std::size_t i = 0; i < number; ++i) {
        auto& counter = counters_.emplace_back();
        subscriptions.add<el::at_least_once>({.name = "counts-" + std::to_string(i)},
                                             el::hearing<Order>([&counter](const Noted&) -> el::result<void> {
                                                 counter.heard.fetch_add(1, std::memory_order_relaxed);
                                                 return el::done();
                                             }));
    }
}

void SubscriptionMachine::copy(std::size_t at_once)
{
    subscriptions.add<el::exactly_once>(
        {.name = "copies", .at_once = at_once},
        el::hearing<Order>([](const Noted& order, const el::Heard& heard) -> el::result<el::Effects> {
            return el::effects().append(el::id<Copies>{heard.event.stream}, el::ExpectedVersion::any(), order);
        }));
}

void SubscriptionMachine::start()
{
    require(subscriptions.start().has_value(), "the subscriptions start");
}

void SubscriptionMachine::pause()
{
    require(subscriptions.pause("copies", "orders come first").has_value(), "the subscription is paused");
}

void SubscriptionMachine::resume()
{
    require(subscriptions.resume("copies", "the orders are there").has_value(), "the subscription is resumed");
}

void SubscriptionMachine::settle()
{
    require(subscriptions.settle(end_of_patience()), "every order is handled");
}

std::vector<PreparedAppend> SubscriptionMachine::orders(std::uint64_t number)
{
    std::vector<PreparedAppend> appends(number);
    for (auto& append : appends) {
        append.add("order-" + std::to_string(number_ % streams_of_orders), number_ / streams_of_orders,
                   {event_of(number_)});
        ++number_;
    }
    return appends;
}

std::uint64_t SubscriptionMachine::heard() const
{
    std::uint64_t sum = 0;
    for (const auto& counter : counters_) sum += counter.heard;
    return sum;
}

std::uint64_t SubscriptionMachine::copied() const
{
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < streams_of_orders; ++i) {
        const auto length = store->stream_length("copies-order-" + std::to_string(i));
        require(length.has_value(), "the length of a stream is known");
        sum += length.value();
    }
    return sum;
}

} // namespace bench

template const eventloom::EventTypes& eventloom::event_types<bench::Copies>();
