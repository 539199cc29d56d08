// A program that would misread what its store holds does not begin.
#include "support/every_store.hpp"
#include "support/ledger.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/detail/inline_rows.hpp>
#include <eventloom/framework/event_forms.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace event_forms_test {

using namespace eventloom;
using namespace eventloom::testing;

struct Machine {
    TemporaryDirectory directory;
    SystemExecutor executor;
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};

    std::string log() const { return directory.path() + "/data/log"; }
    auto open() { return Service::open(runtime, {.directory = directory.path() + "/data"}); }
};

TEST_CASE("a service does not open a store whose events its program would misread, and says which",
          "[service][event-forms]")
{
    Machine machine;
    REQUIRE(machine.open().value()->commands().send(id<Ledger>{"1"}, Post{5}));
    {
        // As if a program with another struct had written them.
        const auto store = LevelDbStore::open(machine.runtime, {.directory = machine.log()}).value();
        const auto forms = event_forms_in(*store).value();
        REQUIRE(forms == std::vector<EventForm>{{"ledger", "ledger-booked", 1, "{amount:s8}"}});
        RowBatch batch;
        const std::string key{"$event-forms\0\1ledger\0ledger-booked\0"
                              "1",
                              36};
        batch.put(key, "{pence:s8,amount:s8}");
        REQUIRE(store->inline_rows()->write(*store->hold_appends().value(), batch));
        REQUIRE(event_forms_in(*store).value().size() == 1);
    }
    const auto opened = machine.open();
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == "other-event-form");
    CHECK_THAT(opened.error().sentence,
               Catch::Contains("\"ledger-booked\" in its schema version 1: pence (s8) is gone"));
    // The store is as it was, for the program that wrote it.
    CHECK(LevelDbStore::open(machine.runtime, {.directory = machine.log()}).value()->head() == 1);
}

} // namespace event_forms_test
