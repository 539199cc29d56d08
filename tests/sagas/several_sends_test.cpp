// A step of several commands, of which one is refused: whenever the process dies, all of them have their effect, or none.
#include "support/stay.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

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

// Holds so many rooms at once.
Saga holds_many_rooms(int rooms)
{
    const auto each = [rooms](const auto& command) {
        std::vector<decltype(send(RoomId{}, command))> sends;
        for (int i = 0; i < rooms; ++i) sends.push_back(send(RoomId{std::to_string(i)}, command));
        return sends;
    };
    return saga<Booking>("booking", 1, begins_with_request(),
                         step("hold all",
                              act{[each](const Booking& booking) { return each(Hold{booking.stay.value}); }},
                              undo{[each](const Booking& booking) { return each(Release{booking.stay.value}); }}),
                         say_why_it_failed());
}

// Where several appends can be one write.
const StoreKind& leveldb()
{
    return every_store().at(2);
}

// How many rooms were held by each write of the log that held some, and whether a step was done by it.
std::vector<std::pair<std::ptrdiff_t, bool>> writes_that_hold(House& house)
{
    std::vector<std::pair<std::ptrdiff_t, bool>> writes;
    const auto observation =
        house.store.store->observe([&](const std::shared_ptr<const std::vector<RecordedEvent>>& commit) {
            const auto is_of = [](const char* type) {
                return [type](const auto& event) { return event.type == type; };
            };
            const auto held = std::count_if(commit->begin(), commit->end(), is_of("room-held"));
            const bool ends = std::any_of(commit->begin(), commit->end(), is_of("saga-step-done"));
            if (held > 0) writes.emplace_back(held, ends);
        });
    house.request("1");
    house.finish();
    return writes;
}

TEST_CASE("commands of one list are on their way together, and the last one is written with the end of its step",
          "[sagas][one-append]")
{
    House house{holds_many_rooms(6), 1, {}, leveldb()};
    CHECK(writes_that_hold(house) == std::vector<std::pair<std::ptrdiff_t, bool>>{{5, false}, {1, true}});
    CHECK(house.instance("1").status == SagaStatus::completed);
}

TEST_CASE("of a long list of commands not more than 256 are on their way together", "[sagas][one-append]")
{
    House house{holds_many_rooms(600), 1, {}, leveldb()};
    const auto writes = writes_that_hold(house);
    CHECK(writes == std::vector<std::pair<std::ptrdiff_t, bool>>{{256, false}, {256, false}, {87, false}, {1, true}});
}

TEST_CASE("what other commands of a list have done is undone when one of them is refused", "[sagas][undo]")
{
    House house{holds_many_rooms(6)};
    const auto taken = GENERATE("0", "2", "5");
    REQUIRE(house.commands->send(RoomId{taken}, Hold{"somebody"}));
    house.request("1");
    house.finish();
    CHECK(house.instance("1").status == SagaStatus::compensated);
    CHECK(house.notes("1") == std::vector<std::string>{"taken"});
    for (int i = 0; i < 6; ++i) {
        const auto room = std::to_string(i);
        CHECK(house.commands->load(RoomId{room}).value().stay == (room == taken ? "somebody" : ""));
    }
}

} // namespace stay_test
