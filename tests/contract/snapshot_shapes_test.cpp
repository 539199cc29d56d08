// Snapshots of a state whose members have changed, while the version of its snapshots has not.
#include "support/every_store.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace snapshot_shapes_test {

using namespace eventloom;
using namespace eventloom::testing;

struct Paid {
    std::int64_t in  = 0;
    std::int64_t out = 0;
};
struct Pay {
    std::int64_t in  = 0;
    std::int64_t out = 0;
};

// The till as the first program has it, and as two others have: the same bytes, and what was a price is a deposit.
struct Till {
    static constexpr auto category  = "till";
    static constexpr auto snapshots = eventloom::snapshots{.version = 1, .every = 2};
    using Events                    = events<event<"till-paid", Paid>>;
    std::int64_t in                 = 0;
    std::int64_t out                = 0;
};
struct Turned {
    static constexpr auto category  = "till";
    static constexpr auto snapshots = eventloom::snapshots{.version = 1, .every = 2};
    using Events                    = events<event<"till-paid", Paid>>;
    std::int64_t out                = 0;
    std::int64_t in                 = 0;
};
struct Sums {
    std::int64_t out = 0;
    std::int64_t in  = 0;
};
struct Nested {
    static constexpr auto category  = "till";
    static constexpr auto snapshots = eventloom::snapshots{.version = 1, .every = 2};
    using Events                    = events<event<"till-paid", Paid>>;
    Sums sums;
};

template <class State>
    requires requires(State state) { state.in; }
State evolve(State state, const Paid& event)
{
    state.in += event.in;
    state.out += event.out;
    return state;
}
Nested evolve(Nested state, const Paid& event)
{
    state.sums.in += event.in;
    state.sums.out += event.out;
    return state;
}
result<Paid> decide(const Pay& command, const Till&)
{
    return Paid{command.in, command.out};
}

// The snapshots of a program, and those of the next one in their place.
template <class After>
void check_that_they_are_passed_over(bool on_disk)
{
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    const TemporaryDirectory directory;
    const auto store = open_memory_store(runtime);
    auto snapshots   = open_memory_snapshots();
    if (on_disk) snapshots = open_leveldb_snapshots(runtime, directory.path() + "/snapshots").value();
    const CommandBusOptions forgetful{.cached_aggregates = 0, .snapshots = snapshots.get()};
    {
        CommandBus bus{runtime, *store, forgetful};
        for (int i = 0; i < 4; ++i) REQUIRE(bus.send(id<Till>{"1"}, Pay{500, 3}));
        REQUIRE(bus.load(id<Till>{"1"}).value().in == 2'000);
        CHECK(bus.notices().empty());
    }
    REQUIRE(snapshots->find("till-1"));
    CommandBus bus{runtime, *store, forgetful};
    const auto in_of = [](const auto& state) {
        if constexpr (requires { state.sums; }) {
            return state.sums.in;
        } else {
            return state.in;
        }
    };
    CHECK(in_of(bus.load(id<After>{"1"}).value()) == 2'000);
    REQUIRE(bus.notices().size() == 1);
    CHECK_THAT(bus.notices().front(), Catch::Contains("the snapshots of till say version 1") &&
                                          Catch::Contains("raise the version of its snapshots"));
    // They are replaced: the next program finds its own.
    CommandBus again{runtime, *store, forgetful};
    CHECK(in_of(again.load(id<After>{"1"}).value()) == 2'000);
    CHECK(again.notices().empty());
}

TEST_CASE("snapshots of a state whose members have changed under one version are passed over, and it is said",
          "[snapshots][contract][shapes]")
{
    const bool on_disk = GENERATE(false, true);
    SECTION("two of the same size were swapped")
    {
        check_that_they_are_passed_over<Turned>(on_disk);
    }
    SECTION("within a member")
    {
        check_that_they_are_passed_over<Nested>(on_disk);
    }
}

} // namespace snapshot_shapes_test

template const eventloom::EventTypes& eventloom::event_types<snapshot_shapes_test::Till>();
template const eventloom::EventTypes& eventloom::event_types<snapshot_shapes_test::Turned>();
template const eventloom::EventTypes& eventloom::event_types<snapshot_shapes_test::Nested>();
template struct eventloom::codec<snapshot_shapes_test::Till>;
template struct eventloom::codec<snapshot_shapes_test::Turned>;
template struct eventloom::codec<snapshot_shapes_test::Nested>;
