// Projections that hear events which were stored as part of others.
#include "changing/bookings.hpp"
#include "projections/people.hpp"

#include <eventloom/framework/event_codec.hpp>

template const eventloom::EventTypes& eventloom::event_types<bookings::Room>();

namespace upcasts_test {

using namespace people;
using bookings::Room;
using RoomId = el::id<Room>;

struct Account {
    std::int64_t price = 0;
    std::int64_t paid  = 0;
};

// The deposit before the booking: the order of the events counts, not that of the handlers.
el::Projected<RoomId, Account> accounts()
{
    return el::projection<RoomId, Account>(
        "accounts", 1, [](Account& row, const bookings::DepositPaid& event) { row.paid = row.price - event.amount; },
        [](Account& row, const bookings::Booked& event) { row.price += event.price; });
}
// Hears nothing but deposits.
el::Projected<RoomId, Account> deposits()
{
    return el::projection<RoomId, Account>(
        "deposits", 1, [](Account& row, const bookings::DepositPaid& event) { row.paid += event.amount; });
}

template <class Form>
void record(Machine& machine, std::uint32_t schema_version, const Form& form)
{
    el::NewEvent event{.id = machine.simulated.next(), .type = "room-booked", .data = {}, .metadata = {}};
    event.schema_version = schema_version;
    el::codec<Form>::encode(form, event.data);
    REQUIRE(machine.store->append({.streams = {{"room-1", el::ExpectedVersion::any(), {event}}}}));
}

TEST_CASE("a projection hears what an old event stands for, in its order, in every row place", "[projections][upcast]")
{
    Machine machine{GENERATE(from_range(every_way))};
    record(machine, 1, bookings::BookedV1{"ada", 500, 100});
    const auto all          = machine.add(accounts()).value();
    const auto deposits_all = machine.add(deposits()).value();
    REQUIRE(machine.catch_up());
    record(machine, 2, bookings::BookedV2{"bob", 300, 0, "GBP"});
    record(machine, 3, bookings::Booked{"eve", 200, "GBP"});
    REQUIRE(machine.catch_up());
    CHECK(all.get({"1"}).value()->price == 1'000);
    CHECK(all.get({"1"}).value()->paid == 400);
    CHECK(deposits_all.get({"1"}).value()->paid == 100);
    CHECK(machine.projections->verify("accounts").value().differences_total == 0);
    CHECK(machine.projections->verify("deposits").value().differences_total == 0);
}

} // namespace upcasts_test
