// What every event store records of a command.
#include "support/machine_with_real_files.hpp"

#include <catch2/catch.hpp>

namespace command_records_contract_test {

using namespace eventloom;
using namespace eventloom::testing;

TEST_CASE("every event store counts in the record of a command the events of its own stream, not those beside it",
          "[eventstore][contract][idempotency]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedMachine machine;
    auto store        = kind.open(machine.runtime);
    const auto events = [&](std::size_t count) {
        std::vector<NewEvent> made;
        while (made.size() < count) made.push_back(machine.event());
        return made;
    };
    REQUIRE(store->append(to("order-1", ExpectedVersion::no_stream(), events(1))));
    AppendRequest request{.streams = {{"mark-1", ExpectedVersion::no_stream(), events(3)}}};
    request.command.emplace();
    request.command->id     = machine.runtime.ids.next();
    request.command->stream = "order-1";

    DYNAMIC_SECTION(kind.name << ": of a command that gave events")
    {
        request.streams.push_back({"order-1", ExpectedVersion::exactly(0), events(2)});
        const auto first = store->append(request);
        REQUIRE(first);
        store.reopen(store);
        const auto record = store->find_command(request.command->id).value();
        REQUIRE(record);
        CHECK(first.value().command == record);
        CHECK(record->count == 2);
        CHECK(record->last_version == 2);
        CHECK(record->last_position == 6);
        const auto again = store->append(request);
        REQUIRE(again);
        CHECK(again.value().repeated);
        CHECK(again.value().first_position == 5);
        CHECK(again.value().last_position == 6);
        CHECK(store->head() == 6);
    }
    DYNAMIC_SECTION(kind.name << ": of a command that gave none")
    {
        const auto first = store->append(request);
        REQUIRE(first);
        store.reopen(store);
        const auto record = store->find_command(request.command->id).value();
        REQUIRE(record);
        CHECK(first.value().command == record);
        CHECK(record->count == 0);
        CHECK(record->last_version == 0);
        CHECK(record->last_position == 4);
        CHECK(store->append(request).value().repeated);
        CHECK(store->head() == 4);
    }
}

} // namespace command_records_contract_test
