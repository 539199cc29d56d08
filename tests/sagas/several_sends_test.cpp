// A step of several commands, of which one is refused: whenever the process dies, all of them have their effect, or none.
#include "support/stay.hpp"

#include <catch2/catch.hpp>

namespace stay_test {

Saga holds_two_rooms()
{
    const auto both = [](const Booking& booking, const auto& command) {
        return std::vector{send(RoomId{"front"}, command(booking)), send(RoomId{"rear"}, command(booking))};
    };
    return saga<Booking>("booking", 1, begins_with_request(),
                         step("hold both", act{[both](const Booking& booking) {
                                  return both(booking, [](const Booking& of) { return Hold{of.stay.value}; });
                              }},
                              undo{[both](const Booking& booking) {
                                  return both(booking, [](const Booking& of) { return Release{of.stay.value}; });
                              }}),
                         note("booked"), say_why_it_failed());
}

TEST_CASE("a step whose second command was refused is done as a whole or not at all whenever the process dies",
          "[sagas][crash]")
{
    int kill_after = 0;
    for (bool reached_the_end = false; not reached_the_end; ++kill_after) {
        INFO("killed after " << kill_after << " tasks");
        House house{holds_two_rooms(), static_cast<std::uint64_t>(kill_after) + 1};
        REQUIRE(house.commands->send(RoomId{"rear"}, Hold{"somebody"}));
        house.request("1");
        int tasks = 0;
        while (tasks < kill_after && house.simulated.run_one()) ++tasks;
        reached_the_end = tasks < kill_after;
        house.restart();
        // Meanwhile it may be free.
        REQUIRE(house.commands->send(RoomId{"rear"}, Release{"somebody"}));
        house.finish();
        const auto status   = house.instance("1").status;
        const auto is_held  = [&](const char* room) { return house.commands->load(RoomId{room}).value().stay == "1"; };
        const bool has_both = status == SagaStatus::completed;
        CHECK((has_both || status == SagaStatus::compensated));
        CHECK(is_held("front") == has_both);
        CHECK(is_held("rear") == has_both);
    }
}

} // namespace stay_test
