#include "support/every_store.hpp"

#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace stream_names_contract_test {

using namespace eventloom;
using namespace eventloom::testing;

TEST_CASE("every event store refuses a stream that has a category and no id", "[eventstore][contract][limits]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    const auto any = ExpectedVersion::any();
    DYNAMIC_SECTION(kind.name)
    {
        auto store = kind.open(runtime);
        for (const auto* name : {"order-", "o-", "\u00fcber-"}) {
            const auto refused = store->append(to(name, any, {note_of(runtime, "x", "noted")}));
            INFO(name);
            REQUIRE_FALSE(refused);
            CHECK(refused.error().code == "empty-id");
            CHECK(refused.error().kind == Failure::invalid);
        }
        CHECK(store->head() == 0);
        for (const auto* name : {"order", "order-1", "order--", "order-1-"}) {
            CHECK(store->append(to(name, any, {note_of(runtime, "x", "noted")})));
        }
        CHECK(store->head() == 4);
    }
}

} // namespace stream_names_contract_test
