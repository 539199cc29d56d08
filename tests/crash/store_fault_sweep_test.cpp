// A disk that fails or fills up at every single one of its operations, under a store that is being written.
#include "simulated_disk/store_run.hpp"
#include "support/sweep.hpp"

#include <catch2/catch.hpp>

namespace store_fault_sweep_test {

using namespace eventloom;
using namespace eventloom::testing;

constexpr RunOptions short_run{.seed = 3, .appends = 100, .data_bytes_max = 120, .lives = 3};

// How often a run does each kind of operation, and how many bytes it writes.
struct Extent {
    std::array<std::uint64_t, operation_kinds> operations{};
    std::uint64_t bytes = 0;
};

Extent extent_of(const RunOptions& options)
{
    StoreMachine machine{options.seed, options.model};
    constexpr std::uint64_t plenty = 1u << 30;
    machine.disk().leave_room(plenty);
    StoreRun run{machine, options};
    run.go();
    REQUIRE(run.wrong() == "");
    REQUIRE_FALSE(run.was_closed());
    Extent extent{.operations = {}, .bytes = plenty - machine.disk().room()};
    for (std::size_t kind = 0; kind < operation_kinds; ++kind) {
        extent.operations[kind] = machine.disk().count(static_cast<Operation>(kind));
    }
    return extent;
}

// What is wrong with a run on such a disk, or with opening it after the fault is over and the power was cut.
std::string wrong_with(StoreMachine& machine, const RunOptions& options, Tail tail)
{
    StoreRun run{machine, options};
    run.go();
    if (not run.wrong().empty()) return run.wrong();
    machine.disk().power_cut(tail);
    return recover(machine, run.acknowledged(), run.in_doubt());
}

TEST_CASE("after a write that fails, nothing is acknowledged until the store is opened again",
          "[crash][eventstore][fault]")
{
    Sweep sweep{4};
    for (const auto model : {DirectoryModel::ordered, DirectoryModel::strict}) {
        auto options      = short_run;
        options.model     = model;
        const auto extent = extent_of(options);
        for (std::size_t kind = 0; kind < operation_kinds; ++kind) {
            const auto operation = static_cast<Operation>(kind);
            for (std::uint64_t number = 1; number <= extent.operations[kind]; ++number) {
                for (const bool for_good : {false, true}) {
                    for (const bool half : {false, true}) {
                        if (half && operation != Operation::write) continue;
                        if (not sweep.tries_next()) continue;
                        StoreMachine machine{options.seed, model};
                        machine.disk().fail({operation, number, for_good, half});
                        const auto wrong = wrong_with(machine, options, number % 2 == 0 ? Tail::dropped : Tail::torn);
                        INFO(sweep << "operation " << kind << ", number " << number
                                   << (for_good ? " and all after it" : "") << (half ? ", half of it" : "")
                                   << ", model " << static_cast<int>(model));
                        REQUIRE(wrong == "");
                    }
                }
            }
        }
    }
    INFO(sweep.tried() << " faults of " << sweep.points());
    CHECK(sweep.points() >= 2000);
}

TEST_CASE("who appends after a fault is told of the first one, whoever met it", "[crash][eventstore][fault]")
{
    StoreMachine machine{1};
    const auto opened = machine.open();
    REQUIRE(opened);
    LevelDbStore& store = *opened.value();
    const auto append   = [&] {
        AppendRequest request;
        request.streams.push_back({"notes", ExpectedVersion::any(), {NewEvent{}}});
        request.streams[0].events[0].id   = machine.runtime().ids.next();
        request.streams[0].events[0].type = "noted";
        return store.append(request);
    };
    const auto refusal = [&] {
        machine.disk().heal();
        const auto refused = append();
        REQUIRE_FALSE(refused);
        REQUIRE(refused.error().code == "store-closed-by-fault");
        return refused.error().sentence;
    };
    SECTION("the log")
    {
        machine.disk().fail({.operation = Operation::sync});
        REQUIRE(append().error().code == "append-outcome-unknown");
        for (int again = 0; again < 2; ++again) {
            CHECK_THAT(refusal(), Catch::Contains("write to the database /store and found: IO error") &&
                                      Catch::Contains("input/output error"));
        }
    }
    SECTION("the index")
    {
        for (std::size_t i = 0; i < StoreMachine::small_store().index_events_in_memory; ++i) REQUIRE(append());
        machine.disk().fail({.operation = Operation::sync});
        machine.executor().run_until_idle(); // the index is written
        CHECK_THAT(refusal(), Catch::Contains("write to the database /store/index and found: IO error") &&
                                  Catch::Contains("input/output error"));
    }
}

TEST_CASE(
    "what is sent again after its write failed is in doubt until the store is opened again, and is there once then",
    "[crash][eventstore][fault]")
{
    StoreMachine machine{1};
    auto opened = machine.open();
    REQUIRE(opened);
    const auto request_of = [&](bool with_command) {
        AppendRequest request;
        request.streams.push_back({"notes", ExpectedVersion::any(), {NewEvent{}}});
        request.streams[0].events[0].id   = machine.runtime().ids.next();
        request.streams[0].events[0].type = "noted";
        if (with_command) request.command = CommandRecord{.id = machine.runtime().ids.next(), .stream = "notes"};
        return request;
    };
    const bool with_command = GENERATE(false, true);
    const auto sent         = request_of(with_command);
    CHECK_FALSE(opened.value()->fault());
    machine.disk().fail({.operation = Operation::sync});
    REQUIRE(opened.value()->append(sent).error().code == "append-outcome-unknown");
    machine.disk().heal();
    auto again = sent;
    if (with_command) again.streams[0].events[0].id = machine.runtime().ids.next(); // decided again
    for (int i = 0; i < 2; ++i) {
        const auto in_doubt = opened.value()->append(again);
        REQUIRE_FALSE(in_doubt);
        CHECK(in_doubt.error().kind == Failure::unknown);
        CHECK(in_doubt.error().code == "append-outcome-unknown");
        const auto other = opened.value()->append(request_of(with_command));
        REQUIRE_FALSE(other);
        CHECK(other.error().code == "store-closed-by-fault");
    }
    REQUIRE(opened.value()->fault());
    CHECK(opened.value()->fault()->code == "store-closed-by-fault");
    CHECK_THAT(opened.value()->fault()->sentence, Catch::Contains("input/output error"));

    opened.value().reset();
    machine.process_ends();
    opened = machine.open();
    REQUIRE(opened);
    REQUIRE(opened.value()->append(again));
    CHECK(opened.value()->head() == 1);
    CHECK(opened.value()->append(again).value().repeated);
    CHECK_FALSE(opened.value()->fault());
}

TEST_CASE("a disk that is full at any byte loses nothing, and the store goes on when there is room again",
          "[crash][eventstore][fault]")
{
    auto options      = short_run;
    options.appends   = 24;
    options.lives     = 2;
    const auto extent = extent_of(options);
    Sweep sweep{8};
    for (std::uint64_t room = 0; room < extent.bytes; ++room) {
        if (not sweep.tries_next()) continue;
        StoreMachine machine{options.seed, options.model};
        machine.disk().leave_room(room);
        const auto wrong = wrong_with(machine, options, room % 2 == 0 ? Tail::kept : Tail::torn);
        INFO(sweep << "room for " << room << " bytes");
        REQUIRE(wrong == "");
    }
    INFO(extent.bytes << " bytes");
    CHECK(extent.bytes >= 5000);
}

} // namespace store_fault_sweep_test
