// What docs/concepts.md says of `decide`.
#include "deciding/parcels.hpp"

#include <eventloom/framework/testing.hpp>

#include <catch2/catch.hpp>

namespace {

using namespace parcels;
using eventloom::testing::given;

TEST_CASE("decide may return one event, none, one of several, several, or any number", "[decider][docs]")
{
    CHECK(given<Parcel>().when(Open{}).then(Opened{}));
    CHECK(given<Parcel>(Opened{}).when(Open{}).refused("parcel-open"));
    CHECK(given<Parcel>(Opened{}).when(Close{}).then(Closed{"red"}));
    CHECK(given<Parcel>().when(Close{}).then());
    CHECK(given<Parcel>().when(Pack{"glass", true}).then(Refused{"glass"}));
    CHECK(given<Parcel>().when(Pack{"tea"}).then(Packed{"tea"}));
    CHECK(given<Parcel>().when(Send{}).then(Packed{"label"}));
    CHECK(given<Parcel>(Opened{}).when(Send{}).then(Packed{"label"}, Closed{"blue"}));
    CHECK(given<Parcel>().when(PackAll{{"tea", "jam"}}).then(Opened{}, Packed{"tea"}, Packed{"jam"}));
    CHECK(given<Parcel>(Opened{}).when(PackAll{}).then());
}

} // namespace
