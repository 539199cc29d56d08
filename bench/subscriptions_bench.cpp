// How many deliveries a second do subscriptions take, and what does exactly_once cost?
#include "benches.hpp"

#include "support/messages/measured_subscriptions.hpp"
#include "support/orders/in_flight.hpp"

#include <fmt/core.h>

namespace bench {

namespace {

void add_fan_out(std::vector<Row>& rows, const Scale& scale)
{
    constexpr std::size_t subscriptions = 100;
    say("events for a hundred subscriptions");
    const auto events = scale.of(20'000, 1'000);
    SubscriptionMachine machine{fresh_directory("fan-out")};
    machine.count_in(subscriptions);
    machine.start();
    std::vector<PreparedAppend> orders;
    const auto figures = measure_in_turns(scale.rounds, {{"Eventloom",
                                                          [&] {
                                                              append_in_flight(*machine.store, orders);
                                                              machine.settle();
                                                              return events * subscriptions;
                                                          },
                                                          [&] { orders = machine.orders(events); }}});
    require(machine.heard() == events * subscriptions * scale.rounds, "each subscription hears each event once");
    rows.push_back({.name    = fmt::format("fan-out: 1 event to {} subscriptions", subscriptions),
                    .unit    = "deliveries/s",
                    .target  = Target::at_least(1'000'000),
                    .figures = figures,
                    .note    = "from the append of the first event until all are handled; at_least_once"});
}

// A subscription whose handler appends one event for each that it hears; those that it hears are there before.
void add_exactly_once(std::vector<Row>& rows, const Scale& scale)
{
    say("events handled exactly once");
    const auto events = scale.of(50'000, 1'000);
    for (const std::size_t at_once : {1'000, 1}) {
        const auto handled = at_once == 1 ? std::max<std::uint64_t>(events / 10, 1'000) : events;
        SubscriptionMachine machine{fresh_directory("exactly-once")};
        SubscriptionMachine plain{fresh_directory("exactly-once-plain")};
        machine.copy(at_once);
        machine.start();
        std::vector<PreparedAppend> orders;
        const auto figures =
            measure_in_turns(scale.rounds, {{"Eventloom",
                                             [&] {
                                                 machine.resume();
                                                 machine.settle();
                                                 return handled;
                                             },
                                             [&] {
                                                 machine.pause();
                                                 orders = machine.orders(handled);
                                                 append_in_flight(*machine.store, orders);
                                             }},
                                            {fmt::format("the same events, {} in flight", appends_in_flight),
                                             [&] { return append_in_flight(*plain.store, orders); },
                                             [&] { orders = plain.orders(events); }}});
        require(machine.copied() == handled * scale.rounds, "each event has its copy, once");
        const bool is_measured = at_once > 1;
        rows.push_back({.name    = fmt::format("exactly_once handler that appends one event, at_once {}", at_once),
                        .unit    = "events/s",
                        .target  = is_measured ? std::optional{Target::times_the_better(0.5)} : std::nullopt,
                        .figures = figures,
                        .note    = is_measured ? "" : "each event waits for the sync of the one before"});
    }
}

} // namespace

std::vector<Row> measure_subscriptions(const Scale& scale)
{
    std::vector<Row> rows;
    add_fan_out(rows, scale);
    add_exactly_once(rows, scale);
    return rows;
}

} // namespace bench
