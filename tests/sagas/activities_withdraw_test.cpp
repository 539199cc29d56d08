// Calls that are taken back or given up, before and while they are made. In virtual time.
#include "activities_machine.hpp"

namespace activities_test {

TEST_CASE("a call that is taken back before it is made never is", "[sagas][activities][withdraw]")
{
    Machine machine{{.at_once = 1}};
    machine.call_in_order(1, 5);
    CHECK(machine.handles[2]->withdraw());
    machine.handles[3].reset();
    machine.handles[4]->give_up();
    CHECK(machine.state().waiting == 1);
    CHECK_FALSE(machine.handles[1]->withdraw()); // it runs
    machine.provider.answer(1, slip(1));
    machine.run();
    machine.provider.answer(5, slip(5));
    machine.run();
    CHECK(machine.provider.asked == Numbers{1, 5});
    CHECK(machine.told == std::map<int, Words>{{1, {"done"}}, {5, {"done"}}});
    CHECK(machine.asked == std::map<int, int>{{1, 1}, {5, 1}});
}

TEST_CASE("a call can be taken back on its way to a thread", "[sagas][activities][withdraw]")
{
    Machine machine{{.at_once = 1, .per_second = 2}};
    machine.provider.answers = provider_answers;
    machine.call_all(1, 3); // nothing has run yet
    CHECK(machine.state().running == 1);
    CHECK(machine.handles[1]->withdraw());
    machine.run();
    CHECK(machine.provider.asked == Numbers{2, 3}); // it used up nothing
    CHECK(machine.told == std::map<int, Words>{{2, {"done"}}, {3, {"done"}}});
}

TEST_CASE("a try that is taken back is another call's", "[sagas][activities][withdraw]")
{
    const auto seed = GENERATE(range(1, 17));
    Machine machine{{.stops_after_faults = 1, .tries_again_every = 10s}, 16, static_cast<std::uint64_t>(seed)};
    machine.provider.answers = provider_is_down;
    machine.call_in_order(1, 3);

    SECTION("before it is made")
    {
        machine.simulated.post_at(machine.simulated.now() + 10s, [&] { machine.handles.erase(2); });
        machine.provider.answers = provider_answers;
        machine.simulated.advance(10s);
        CHECK(machine.told[3] == Words{"done"});
    }
    SECTION("while it runs: its fault is told")
    {
        machine.provider.answers = {};
        machine.simulated.advance(10s);
        CHECK_FALSE(machine.handles[2]->withdraw());
        machine.provider.answer(2, provider_is_down(2));
        CHECK(machine.told[2] == Words{"down"});
        CHECK(machine.state().waiting == 1);
    }
    SECTION("when it waits again")
    {
        machine.simulated.advance(10s);
        CHECK(machine.asked[2] == 1);
        CHECK(machine.handles[2]->withdraw());
        machine.simulated.advance(1h);
        CHECK(machine.told.count(2) == 0);
        CHECK(std::count(machine.provider.asked.begin(), machine.provider.asked.end(), 2) == 1);
    }
}

TEST_CASE("an attempt that is given up frees its place, and what it answers is late", "[sagas][activities][withdraw]")
{
    Machine machine{{.at_once = 1, .attempt_time = 10s}};
    machine.call_in_order(1, 2);
    machine.handles[1]->give_up();
    machine.run();
    CHECK(machine.provider.asked == Numbers{1, 2});
    CHECK(machine.told.empty());
    CHECK(machine.state().faults == 1);
    machine.simulated.advance(10s); // the time of the first attempt, too, but it has ended before
    CHECK(machine.told == std::map<int, Words>{{2, {"attempt-timed-out"}}});
    CHECK(machine.state().faults == 2);
    machine.handles[2]->give_up();
    CHECK(machine.state().faults == 2);
    CHECK(machine.state().running == 0);
    machine.provider.answer(1, slip(1));
    CHECK(machine.told[1] == Words{"late done"});
}

TEST_CASE("a call that is given up while it waits again still hears its first attempt", "[sagas][activities][withdraw]")
{
    Machine machine{{.attempt_time = 1s, .stops_after_faults = 1, .tries_again_every = 10s}};
    machine.call_in_order(1, 1);
    machine.simulated.advance(1s);
    machine.call(2);
    machine.simulated.advance(11s);
    CHECK(machine.provider.asked == Numbers{1, 2});
    machine.handles[2]->give_up();
    machine.provider.answer(2, slip(2));
    CHECK(machine.told[2] == Words{"late done"});
    machine.simulated.advance(1h);
    CHECK(machine.provider.asked == Numbers{1, 2});
}

} // namespace activities_test
