// Decisions beside aggregates: events of both, in one log, heard by either.
#include "support/every_store.hpp"

#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace aggregates_test {

using namespace eventloom;
using namespace eventloom::testing;

// A door has a lock, an aggregate. How many doors of a house are open is a rule over all of them.
struct Opened {
    std::string house;
};
inline Tags tags_of(const Opened& event)
{
    return {tag("house", event.house)};
}

struct Open {
    std::string house;
};
struct Door {
    static constexpr auto category = "door";
    using Events                   = events<event<"door-opened", Opened>>;
    bool open                      = false;
};
inline Door evolve(Door door, const Opened&)
{
    door.open = true;
    return door;
}
inline result<Opened> decide(const Open& command, const Door& door)
{
    if (door.open) return refuse("open", "This door is open.");
    return Opened{command.house};
}
static_assert(aggregate<Door>);

struct Alarmed {
    std::string house;
};
inline Tags tags_of(const Alarmed& event)
{
    return {tag("house", event.house)};
}
struct Houses {
    static constexpr auto stream = "houses";
    using Events                 = events<event<"door-opened", Opened>, event<"house-alarmed", Alarmed>>;
};
static_assert(decision_context<Houses>);

struct OpenDoors {
    std::string house;
    int count = 0;
};
inline Tags tags_of(const OpenDoors& view)
{
    return {tag("house", view.house)};
}
inline OpenDoors evolve(OpenDoors view, const Opened&)
{
    ++view.count;
    return view;
}
struct Alarm {
    std::string house;
};
inline auto boundary_of(const Alarm& command)
{
    return OpenDoors{command.house};
}
inline result<std::optional<Alarmed>> decide(const Alarm& command, const OpenDoors& doors)
{
    if (doors.count == 0) return std::nullopt;
    return Alarmed{command.house};
}

TEST_CASE("a decision hears what aggregates did, in whatever stream", "[boundaries][contract]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    auto store = kind.open(runtime);
    CommandBus bus{runtime, *store.store};
    DYNAMIC_SECTION(kind.name)
    {
        CHECK(bus.decide<Houses>(Alarm{"h1"}).value().events == 0);
        REQUIRE(bus.send(id<Door>{"1"}, Open{"h1"}));
        REQUIRE(bus.send(id<Door>{"2"}, Open{"h2"}));
        CHECK_FALSE(bus.send(id<Door>{"2"}, Open{"h2"}));
        const auto receipt = bus.decide<Houses>(Alarm{"h1"});
        REQUIRE(receipt);
        CHECK(receipt.value().events == 1);
        CHECK(receipt.value().last_version == 0);
        CHECK(bus.decide<Houses>(Alarm{"h1"}).value().last_version == 1);
        CHECK(bus.decide<Houses>(Alarm{"h3"}).value().events == 0);
        CHECK(read_all(*store.store, {.scope = Scope::tag("house:h1")}).size() == 3);
        CHECK(read_all(*store.store, {.scope = Scope::stream("door-1")}).at(0).metadata.tags == Tags{"house:h1"});
    }
}

} // namespace aggregates_test

template const eventloom::EventTypes& eventloom::event_types<aggregates_test::Door>();
template const eventloom::EventTypes& eventloom::event_types<aggregates_test::Houses>();
