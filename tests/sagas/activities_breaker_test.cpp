// What becomes of calls while their provider is down. In virtual time.
#include "activities_machine.hpp"

namespace activities_test {

TEST_CASE("after so many faults one after the other no call is made but one now and then",
          "[sagas][activities][breaker]")
{
    Machine machine{{.at_once = 1, .stops_after_faults = 3, .tries_again_every = 10s}};
    machine.provider.answers = provider_is_down;
    const Time began         = machine.simulated.now();
    machine.call_in_order(1, 6);
    CHECK(machine.told == std::map<int, Words>{{1, {"down"}}, {2, {"down"}}, {3, {"down"}}});
    CHECK(machine.provider.asked == Numbers{1, 2, 3});
    CHECK(machine.why() == "the provider has failed 3 times, last: down: The provider is down.; tried again at " +
                               time_text(std::chrono::floor<std::chrono::seconds>(began + 10s)));
    CHECK(machine.state().stopped_since == began);
    CHECK(machine.state().tried_again_at == began + 10s);
    CHECK(machine.log.lines(LogLevel::info) == Words{"warning activity-stopped activity=Charge code=down"});

    machine.simulated.advance(9'999ms);
    CHECK(machine.provider.asked.size() == 3);
    machine.simulated.advance(20'001ms); // the caller of a try that fails is not told, and goes to the end of the queue
    CHECK(machine.provider.asked == Numbers{1, 2, 3, 4, 5, 6});
    CHECK(machine.told.size() == 3);
    CHECK(machine.state().faults == 6);
    CHECK(machine.state().waiting == 3);

    machine.provider.answers = provider_answers;
    machine.call(7);
    machine.run();
    CHECK(machine.told.size() == 3);
    machine.simulated.advance(10s);
    CHECK(machine.provider.asked == Numbers{1, 2, 3, 4, 5, 6, 4, 5, 6, 7});
    CHECK(machine.told_with("done") == 4);
    CHECK(machine.asked[4] == 1); // although it was made twice
    CHECK(machine.state().faults == 0);
    CHECK_FALSE(machine.state().stopped_since);
    CHECK(machine.log.lines(LogLevel::info) ==
          Words{"warning activity-stopped activity=Charge code=down", "info activity-goes-on activity=Charge"});
}

TEST_CASE("only faults one after the other count", "[sagas][activities][breaker]")
{
    const std::vector<result<AnyAnswer>> no_faults{
        slip(1), Error{Failure::refused, "declined", "No."}, Error{Failure::invalid, "no-such-card", "Which card?"},
        Error{Failure::defect, "exception-in-user-code", "Threw."}, answered_later()};
    Machine machine{{.stops_after_faults = 2}};
    int number = 0;
    for (const auto& no_fault : no_faults) {
        for (const result<AnyAnswer>& given : {provider_is_down(0), no_fault, provider_is_down(0), no_fault}) {
            machine.provider.answers = [&](int) { return given; };
            machine.call(++number);
            machine.run();
            CHECK(machine.told[number] == Words{given ? "done" : given.error().code});
        }
    }
    CHECK_FALSE(machine.state().stopped_since);
    CHECK(machine.log.lines(LogLevel::info).empty());
    CHECK(is_answered_later(answered_later().error()));
    CHECK_FALSE(is_answered_later(provider_is_down(0).error()));
}

TEST_CASE("a provider that says no has come back", "[sagas][activities][breaker]")
{
    Machine machine{{.stops_after_faults = 1, .tries_again_every = 10s}};
    machine.provider.answers = provider_is_down;
    machine.call_in_order(1, 3);
    machine.provider.answers = [](int) { return refuse("declined", "No."); };
    machine.simulated.advance(10s);
    CHECK(machine.told == std::map<int, Words>{{1, {"down"}}, {2, {"declined"}}, {3, {"declined"}}});
}

TEST_CASE("calls that run when the provider is found to be down wait again, untold", "[sagas][activities][breaker]")
{
    Machine machine{{.stops_after_faults = 2, .tries_again_every = 10s}};
    machine.call_in_order(1, 4);
    for (int number = 1; number <= 4; ++number) machine.provider.answer(number, provider_is_down(number));
    CHECK(machine.told == std::map<int, Words>{{1, {"down"}}, {2, {"down"}}});
    CHECK(machine.state().waiting == 2);
    machine.provider.answer(2, slip(2)); // a second answer does not count
    machine.provider.answer(3, slip(3));
    CHECK(machine.state().waiting == 2);
    CHECK(machine.state().stopped_since);
    machine.provider.answers = provider_answers;
    machine.simulated.advance(10s);
    CHECK(machine.told[3] == Words{"done"});
    CHECK(machine.told[4] == Words{"done"});
}

TEST_CASE("calls on their way to a thread keep their place when their provider is found to be down",
          "[sagas][activities][breaker]")
{
    const auto seed = GENERATE(range(1, 9));
    Machine machine{
        {.at_once = 2, .stops_after_faults = 1, .tries_again_every = 10s}, 16, static_cast<std::uint64_t>(seed)};
    machine.provider.answers = provider_is_down;
    machine.call_all(1, 4);
    machine.run();
    CHECK(machine.provider.asked.size() == 1);
    machine.simulated.advance(30s);
    auto& asked = machine.provider.asked;
    CHECK(asked.size() == 4);
    std::sort(asked.begin(), asked.begin() + 2); // the first two began at the same time
    CHECK(asked == Numbers{1, 2, 3, 4});
}

TEST_CASE("an activity that stops again is tried again so long after that", "[sagas][activities][breaker]")
{
    Machine machine{{.stops_after_faults = 1, .tries_again_every = 10s}};
    machine.call_in_order(1, 1);
    machine.provider.answers = provider_is_down;
    machine.call_in_order(2, 2);
    machine.simulated.advance(5s);
    machine.provider.answer(1, slip(1));
    machine.simulated.advance(1s);
    machine.call_in_order(3, 4); // stopped again
    CHECK(machine.told == std::map<int, Words>{{1, {"done"}}, {2, {"down"}}, {3, {"down"}}});
    machine.simulated.advance(9s);
    CHECK(machine.provider.asked == Numbers{1, 2, 3});
    machine.simulated.advance(1s);
    CHECK(machine.provider.asked == Numbers{1, 2, 3, 4});
}

TEST_CASE("a try that gets no answer does not keep the next one from being made", "[sagas][activities][breaker]")
{
    Machine machine{{.stops_after_faults = 1, .tries_again_every = 10s}};
    machine.provider.answers = provider_is_down;
    machine.call_in_order(1, 3);
    machine.provider.answers = {};
    machine.simulated.advance(10s);
    CHECK(machine.provider.asked == Numbers{1, 2});
    machine.provider.answers = provider_answers;
    machine.simulated.advance(10s);
    CHECK(machine.provider.asked == Numbers{1, 2, 3});
    CHECK(machine.told[3] == Words{"done"});
}

TEST_CASE("an hour without the provider takes a call every ten seconds and nobody's attempts",
          "[sagas][activities][breaker]")
{
    constexpr int calls = 10'000;
    Machine machine{{.per_second = 100, .stops_after_faults = 10, .tries_again_every = 10s}};
    machine.provider.answers = provider_is_down;
    machine.call_all(1, calls);
    machine.simulated.advance(1h - 1us);
    CHECK(machine.provider.asked.size() <= 10 + 360);
    CHECK(machine.provider.asked.size() >= 10 + 359);
    CHECK(machine.told.size() == 10);
    CHECK(machine.told_with("down") == 10);
    CHECK(machine.state().waiting == calls - 10);

    machine.provider.answers = provider_answers;
    machine.provider.times.clear();
    machine.simulated.advance(10s + 100s);
    CHECK(machine.told_with("done") == calls - 10);
    CHECK(most_in_a_second(machine.provider.times) == 100);
    CHECK(std::all_of(machine.asked.begin(), machine.asked.end(), [](const auto& one) { return one.second == 1; }));
    CHECK(machine.log.lines(LogLevel::info) ==
          Words{"warning activity-stopped activity=Charge code=down", "info activity-goes-on activity=Charge"});
}

TEST_CASE("a clock that is set does not change when a provider is tried again", "[sagas][activities][breaker][clock]")
{
    const auto jump = GENERATE(eighty_years, -eighty_years / 2);
    Machine machine{{.stops_after_faults = 1, .tries_again_every = 10s}};
    machine.provider.answers = provider_is_down;
    machine.call_in_order(1, 2);
    const Time set = machine.simulated.now() + jump;
    machine.simulated.set_clock(set);
    const Time tried_again_at = machine.state().tried_again_at.value();
    CHECK(tried_again_at >= set);
    CHECK(tried_again_at <= set + 10s);
    machine.simulated.advance(9s);
    CHECK(machine.provider.asked.size() == 1);
    machine.simulated.advance(1s);
    CHECK(machine.provider.asked.size() == 2);
    machine.simulated.advance(10s);
    CHECK(machine.provider.asked.size() == 3);
}

TEST_CASE("attempts without an answer stop an activity, and a late answer lets it go on",
          "[sagas][activities][breaker]")
{
    Machine machine{{.at_once = 1, .attempt_time = 1s, .stops_after_faults = 2, .tries_again_every = 1h}};
    machine.call_in_order(1, 4);
    machine.simulated.advance(2s);
    CHECK(machine.told_with("attempt-timed-out") == 2);
    CHECK(machine.provider.asked == Numbers{1, 2});
    machine.simulated.advance(1h + 1s); // one try, whose caller is not told that it got no answer either
    CHECK(machine.provider.asked == Numbers{1, 2, 3});
    CHECK(machine.told.count(3) == 0);
    CHECK(machine.state().waiting == 2);

    SECTION("a late answer of a call that waits again is its answer")
    {
        machine.provider.answer(3, slip(3));
        CHECK(machine.told[3] == Words{"done"});
        machine.run();
        machine.provider.answer(4, slip(4));
        machine.run();
        CHECK(machine.provider.asked == Numbers{1, 2, 3, 4});
        CHECK(machine.told[3] == Words{"done"});
    }
    SECTION("a late answer of a call that is made again is its answer")
    {
        machine.provider.answer(1, slip(1));
        machine.run();
        machine.provider.answer(4, slip(4));
        machine.run();
        CHECK(machine.provider.asked == Numbers{1, 2, 3, 4, 3});
        machine.provider.answer(3, slip(3), 0);
        CHECK(machine.told[3] == Words{"done"});
        CHECK(machine.state().running == 1);
        machine.provider.answer(3, slip(3), 1);
        CHECK(machine.told[3] == Words{"done"});
        CHECK(machine.state().running == 0);
    }
    SECTION("a late fault says nothing new")
    {
        machine.provider.answer(3, provider_is_down(3));
        CHECK(machine.told.count(3) == 0);
        CHECK(machine.state().faults == 3);
        CHECK(machine.state().waiting == 2);
    }
}

} // namespace activities_test
