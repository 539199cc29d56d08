// Power cuts under consumer groups: at every single change of a short run, and anywhere in long random ones.
#include "crash/groups_machine.hpp"

#include <catch2/catch.hpp>

namespace consumer_groups_crash_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

std::string numbered(const char* word, std::uint64_t number)
{
    return word + std::to_string(number);
}

// A short run, the same until the power goes.
void work(GroupsMachine& machine)
{
    if (not machine.start() || not machine.join("one") || not machine.join("two")) return;
    for (std::uint64_t i = 0; i < 20; ++i) {
        if (not machine.append(numbered("order-", i % 5), 2)) return;
        for (const auto* name : {"one", "two"}) {
            if (not machine.take(name) || not machine.acknowledge(name, 1 + i % 4)) return;
        }
        machine.simulated().advance(i % 2 == 0 ? Duration{1s} : Duration{3ms});
        if (i % 3 == 0 && not machine.flush()) return;
        if (i % 4 == 0) run_one_background_job();
    }
    static_cast<void>(machine.flush());
}

TEST_CASE("a power cut at any change of the disk loses no event of a group, and repeats only what was not written",
          "[crash][groups]")
{
    const auto log = GENERATE(GroupsLog::on_the_disk, GroupsLog::in_memory);
    for (const auto model : {DirectoryModel::ordered, DirectoryModel::strict}) {
        std::uint64_t points = 0;
        {
            GroupsMachine whole{1, log, model};
            work(whole);
            points = whole.disk().operations();
        }
        run_background_work();
        REQUIRE(points > 60);
        for (const auto tail : {Tail::dropped, Tail::shortened, Tail::torn}) {
            for (std::uint64_t point = 1; point <= points; ++point) {
                INFO("log " << static_cast<int>(log) << ", directories " << static_cast<int>(model) << ", tail "
                            << static_cast<int>(tail) << ", point " << point << " of " << points);
                GroupsMachine machine{point, log, model};
                machine.disk().crash_at(point);
                work(machine);
                machine.cut_power(tail);
                REQUIRE(machine.start());
                REQUIRE(machine.drain());
                REQUIRE(machine.broken() == "");
                machine.cut_power(tail);
            }
        }
    }
}

// One random thing; false when the power went.
bool do_something(GroupsMachine& machine, std::size_t& buffered_most)
{
    auto& simulated = machine.simulated();
    const auto name = numbered("member-", simulated.draw(5));
    bool is_alive   = true;
    switch (simulated.draw(12)) {
    case 0:
    case 1:
    case 2:
        is_alive = machine.append(numbered("order-", simulated.draw(9)), 1 + simulated.draw(3));
        break;
    case 3:
        if (not machine.has(name)) {
            // A member whose lease has ended may not be gone yet: its name is taken then.
            static_cast<void>(machine.join(name));
        } else if (simulated.draw(3) == 0) {
            machine.leave(name);
        }
        break;
    case 4:
        // Long enough that who does nothing in between is dead: his batch is acknowledged too late, or never.
        simulated.advance(Duration{GroupsMachine::lease} / static_cast<std::int64_t>(1 + simulated.draw(4)));
        break;
    case 5:
        simulated.advance(std::chrono::milliseconds{simulated.draw(20)});
        break;
    case 6:
        is_alive = machine.flush();
        break;
    case 7:
        run_one_background_job();
        break;
    default:
        if (machine.has(name)) is_alive = machine.take(name);
        if (is_alive && machine.has(name) && simulated.draw(4) != 0) {
            is_alive = machine.acknowledge(name, simulated.draw(8));
        }
    }
    buffered_most = std::max(buffered_most, machine.most_buffered());
    return is_alive;
}

TEST_CASE("whatever joins, leaves, dies and crashes, a group handles every event, in order, and again only what it may",
          "[crash][groups][model]")
{
    const auto log = GENERATE(GroupsLog::on_the_disk, GroupsLog::in_memory);
    int crashes    = 0;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        INFO("log " << static_cast<int>(log) << ", seed " << seed);
        GroupsMachine machine{seed, log, seed % 2 == 0 ? DirectoryModel::ordered : DirectoryModel::strict};
        std::size_t buffered_most = 0;
        auto& simulated           = machine.simulated();
        for (int life = 0; life < 4; ++life) {
            machine.disk().crash_at(machine.disk().operations() + 10 + simulated.draw(140));
            bool is_alive = machine.start();
            for (int i = 0; i < 120 && is_alive; ++i) is_alive = do_something(machine, buffered_most);
            crashes += machine.disk().crashed() ? 1 : 0;
            machine.cut_power(static_cast<Tail>(simulated.draw(3)));
            REQUIRE(machine.broken() == "");
        }
        REQUIRE(machine.start());
        REQUIRE(machine.drain());
        REQUIRE(machine.broken() == "");
        REQUIRE(buffered_most <= 40);
        machine.cut_power(Tail::dropped);
    }
    CHECK(crashes > 100);
}

} // namespace consumer_groups_crash_test
