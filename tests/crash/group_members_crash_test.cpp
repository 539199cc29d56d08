// Power cuts under consumer groups that have members in other processes, at every single change of a short run.
#include "crash/groups_machine.hpp"
#include "crash/power_cuts.hpp"

#include <catch2/catch.hpp>

namespace group_members_crash_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

constexpr auto all_of_them = EndedBatch{.handled = 1'000};

// What the member does in its turn: batches that are handled, handled in part, given back, and ended too late.
void take_turn(GroupsMachine& machine, const std::string& name, std::uint64_t turn)
{
    auto& members = machine.elsewhere();
    auto& group   = machine.group();
    switch (turn) {
    case 1:
        return members.extend(group, name, 1);
    case 2:
        return members.finish(group, name, all_of_them);
    case 4:
        return members.finish(group, name, {.handled = 1, .failed = Error{Failure::unavailable, "later", "Not now."}});
    case 6: // after a lease in which nobody has heard of it
        return members.finish(group, name, all_of_them);
    case 8:
        return members.finish(group, name, {.handled = 0, .failed = std::nullopt, .leaves = true});
    default:
        return members.pull(group, name);
    }
}

// The same until the power goes: two members elsewhere, and one here.
void work(GroupsMachine& machine)
{
    if (not machine.start()) return;
    for (std::uint64_t i = 0; i < 18; ++i) {
        if (not machine.append("order-" + std::to_string(i % 4), 2)) return;
        if (i == 12) machine.simulated().advance(Duration{GroupsMachine::lease} + 1s);
        take_turn(machine, i % 2 == 0 ? "host/1" : "host/2", i / 2);
        if (i % 3 == 2) {
            if (not machine.has("here") && not machine.join("here")) return;
            if (not machine.take("here")) return;
            if (machine.has("here") && not machine.acknowledge("here", 1 + i % 4)) return;
        }
        machine.simulated().advance(i % 5 == 0 ? Duration{1s} : Duration{3ms});
        if (machine.disk().crashed()) return;
        if (i % 4 == 0) run_one_background_job();
    }
    static_cast<void>(machine.flush());
}

// After the power is back: one member goes on with what it holds, the other one says something when it is too late.
void check_what_comes_after(GroupsMachine& machine)
{
    auto& members = machine.elsewhere();
    REQUIRE(machine.start());
    machine.simulated().run_until_idle(); // it takes up what its members hold
    members.come_back(machine.group());
    REQUIRE(machine.broken() == "");
    members.finish(machine.group(), "host/1", all_of_them);
    REQUIRE(machine.broken() == "");
    REQUIRE(machine.drain());
    for (const auto& name : members.holders()) members.finish(machine.group(), name, all_of_them);
    REQUIRE(members.holders().empty());
    REQUIRE(machine.broken() == "");
}

TEST_CASE("a power cut leaves members elsewhere what they hold, and nothing is finished twice or lost",
          "[crash][groups]")
{
    const auto log = GENERATE(GroupsLog::on_the_disk, GroupsLog::in_memory);
    Sweep sweep{4, static_cast<std::uint64_t>(log)};
    std::size_t recognised = 0;
    std::size_t refused    = 0;
    cut_power_everywhere<GroupsMachine>(
        sweep, log, work,
        [](GroupsMachine& whole) {
            CHECK(whole.elsewhere().told() > 4);
            CHECK(whole.elsewhere().refused() > 0);
            whole.cut_power(Tail::dropped);
        },
        [&](GroupsMachine& machine, Tail tail) {
            check_what_comes_after(machine);
            recognised += machine.elsewhere().asked_twice();
            refused += machine.elsewhere().refused();
            machine.cut_power(tail);
        });
    CHECK(sweep.points() > 500);
    CHECK(recognised > 10); // ends that were asked for again
    CHECK(refused > 10);
}

} // namespace group_members_crash_test
