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

// A row for each guest, and one for all deposits; does not take a deposit of 13.
el::Projected<std::string, Account> ledger()
{
    return el::projection<std::string, Account>(
        "ledger", 1, el::from<Room>(), el::keyed_by(&bookings::Booked::guest),
        el::keyed_by([](const bookings::DepositPaid&) { return std::string{"deposits"}; }),
        [](Account& row, const bookings::Booked& event) { row.price += event.price; },
        [](Account& row, const bookings::DepositPaid& event) -> el::result<void> {
            if (event.amount == 13) return el::fail(el::Failure::invalid, "unlucky", "I do not take 13.");
            row.paid += event.amount;
            return el::done();
        });
}

TEST_CASE("what follows for any row of an event that stands for several waits, too", "[projections][upcast]")
{
    Machine machine;
    const auto rows      = machine.projections->add(ledger(), {.on_failure = el::OnFailure::park_key}).value();
    const auto record_in = [&](const std::string& stream, std::uint32_t version, const auto& form) {
        el::NewEvent event{.id = machine.simulated.next(), .type = "room-booked", .data = {}, .metadata = {}};
        event.schema_version = version;
        el::codec<std::remove_cvref_t<decltype(form)>>::encode(form, event.data);
        REQUIRE(machine.store->append({.streams = {{stream, el::ExpectedVersion::any(), {event}}}}));
    };
    record_in("room-1", 1, bookings::BookedV1{"ada", 500, 13}); // neither row of it is made
    record_in("room-2", 3, bookings::Booked{"ada", 100, "GBP"});
    record_in("room-3", 1, bookings::BookedV1{"bob", 200, 50});
    record_in("room-4", 3, bookings::Booked{"eve", 300, "GBP"});
    REQUIRE(machine.catch_up());
    CHECK_FALSE(rows.get("ada").value());
    CHECK_FALSE(rows.get("bob").value()); // its deposit waits
    CHECK_FALSE(rows.get("deposits").value());
    CHECK(rows.get("eve").value()->price == 300);
    const auto letters = machine.projections->dead_letters("ledger").value();
    REQUIRE(letters.size() == 3);
    CHECK(letters[1].waits_for == el::Position{1});
    CHECK(letters[2].waits_for == el::Position{1});
    REQUIRE(machine.projections->discard_dead_letter("ledger", 1));
    CHECK(rows.get("ada").value()->price == 100);
    CHECK(rows.get("deposits").value()->paid == 50);
    CHECK(machine.projections->verify("ledger").value().differences_total == 0);
}

} // namespace upcasts_test
