// A context beside an aggregate, as docs/consistency-boundaries.md shows it.
#include "boundaries/nights.hpp"
#include "support/every_store.hpp"

#include <eventloom/framework/testing.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace {

using namespace nights;
using eventloom::testing::given;

TEST_CASE("a night is taken once, and a stay that is cancelled frees it", "[boundaries][docs]")
{
    const NightId night{"12/2026-11-29"};
    const StayId one{"1"};
    const StayId two{"2"};
    CHECK(given<Nights>().when(Take{one, night}).then(Taken{one, night}));
    CHECK(given<Nights>(Taken{one, night}).when(Take{one, night}).then());
    CHECK(given<Nights>(Taken{one, night}).when(Take{two, night}).refused("night-taken"));
    CHECK(given<Nights>(Taken{one, night}, Cancelled{night}).when(Take{two, night}).then(Taken{two, night}));

    const auto& kind = GENERATE(from_range(eventloom::testing::every_store()));
    el::SimulatedExecutor simulated{1};
    const el::Runtime runtime{simulated, simulated, simulated, el::system_files()};
    auto store = kind.open(runtime);
    el::CommandBus bus{runtime, *store.store};
    REQUIRE(book(bus, one, night, "Ada"));
    CHECK(book(bus, two, night, "Bob").error().code == "night-taken");
    CHECK_FALSE(bus.load(two).value().night);
    REQUIRE(bus.send(one, Cancel{}));
    REQUIRE(book(bus, two, night, "Bob"));
    REQUIRE(book(bus, two, night, "Bob")); // again, to no effect
    CHECK(store.store->stream_length("stay-2").value() == 1);
    CHECK(store.store->stream_length("nights").value() == 2);
}

} // namespace
