// The table in which a fold finds its rows.
#include "fold/row_slots.hpp"

#include <catch2/catch.hpp>

#include <map>

namespace row_slots_test {

using Slots = eventloom::detail::RowSlots<int>;

TEST_CASE("a row's slot stays where it is while others come and go", "[projections][slots]")
{
    constexpr int rows = 10'000;
    Slots slots;
    CHECK(slots.find("0") == nullptr);
    std::map<std::string, Slots::Place*> places;
    for (int i = 0; i < rows; ++i) {
        const auto [place, fresh] = slots.try_emplace(std::to_string(i));
        REQUIRE(fresh);
        place->second             = i;
        places[std::to_string(i)] = place;
    }
    for (const auto& [key, place] : places) {
        const auto again = slots.try_emplace(key);
        REQUIRE(again == std::pair{place, false});
        REQUIRE(place->second == std::stoi(key));
    }

    int asked = 0;
    slots.erase_if([&](const Slots::Place& place) {
        ++asked;
        return place.second % 3 != 0;
    });
    CHECK(asked == rows);
    for (const auto& [key, place] : places) {
        REQUIRE(slots.find(key) == (std::stoi(key) % 3 == 0 ? place : nullptr));
    }
    const auto [back, fresh] = slots.try_emplace("1");
    CHECK(fresh);
    CHECK(back->second == 0);
    CHECK(slots.find("1") == back);
}

} // namespace row_slots_test
