// How activities are called: limits, late answers, the end. In virtual time.
#include "activities_machine.hpp"

#include <malloc.h>
#include <stdexcept>
#include <system_error>

namespace activities_test {

TEST_CASE("a call is announced to its caller, then made, then answered", "[sagas][activities]")
{
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    Activities activities{runtime, 1};
    const Uuid key = simulated.next();
    Words happened;
    REQUIRE(activities.add(typeid(Charge), "Charge",
                           [&](const void* request, const ActivityRun& run, const AnyDone& done) {
                               CHECK(run.key == key);
                               happened.push_back("made " + std::to_string(number_of(request)));
                               done(slip(7));
                           },
                           {}));
    CHECK(activities.knows(typeid(Charge)));
    CHECK_FALSE(activities.knows(typeid(Refund)));
    const auto handle = activities.call({.type    = typeid(Charge),
                                         .request = std::make_shared<const Charge>(Charge{3}),
                                         .key     = key,
                                         .asked   = [&] { happened.emplace_back("asked"); },
                                         .answered =
                                             [&](const result<AnyAnswer>& answer, bool late) {
                                                 CHECK_FALSE(late);
                                                 const int slip = *static_cast<const int*>(answer.value().get());
                                                 happened.push_back("answered " + std::to_string(slip));
                                             }});
    simulated.run_until_idle();
    CHECK(happened == Words{"asked", "made 3", "answered 7"});
    CHECK_FALSE(handle->withdraw());
}

TEST_CASE("a call that was answered leaves nothing in memory", "[sagas][activities]")
{
    constexpr int calls = 10'000;
    Machine machine;
    machine.provider.answers   = provider_answers;
    const auto bytes_after_all = [&] {
        for (int number = 1; number <= calls; ++number) {
            machine.call(number);
            machine.run();
        }
        machine.handles.clear();
        machine.asked.clear();
        machine.told.clear();
        machine.provider.asked = {};
        machine.provider.times = {};
        return ::mallinfo2().uordblks;
    };
    const auto first = bytes_after_all(); // queues and such have grown
    CHECK(bytes_after_all() < first + calls * 8);
}

TEST_CASE("a type of request has one activity", "[sagas][activities]")
{
    Machine machine;
    CHECK_FALSE(machine.activities.add(typeid(Charge), "Charge", {}, {}));
    machine.provider.answers = provider_answers;
    machine.call(1);
    machine.run();
    CHECK(machine.told[1] == Words{"done"});
}

TEST_CASE("only so many calls run at the same time, and the others wait in their order", "[sagas][activities]")
{
    Machine machine{{.at_once = 3}};
    machine.call_in_order(1, 6);
    CHECK(machine.provider.asked == Numbers{1, 2, 3});
    CHECK(machine.why() == "3 of 3 run");
    CHECK(machine.state().running == 3);
    CHECK(machine.state().waiting == 3);
    CHECK(machine.asked.size() == 3);
    machine.provider.answer(2, slip(2));
    machine.run();
    CHECK(machine.provider.asked == Numbers{1, 2, 3, 4});
    machine.provider.answer(1, refuse("declined", "No."));
    machine.run();
    machine.provider.answer(4, slip(4));
    machine.run();
    CHECK(machine.provider.asked == Numbers{1, 2, 3, 4, 5, 6});
    CHECK(machine.why().empty());
    CHECK(machine.told == std::map<int, Words>{{1, {"declined"}}, {2, {"done"}}, {4, {"done"}}});
}

TEST_CASE("a long queue of one type leaves room for the others", "[sagas][activities]")
{
    Machine machine{{}, 1};
    Numbers asked; // of both
    const auto ask = [&](const void* request, const ActivityRun&, const AnyDone& done) {
        asked.push_back(number_of(request));
        done(slip(0));
    };
    REQUIRE(machine.activities.add(typeid(Refund), "Refund", ask, {}));
    REQUIRE(machine.activities.add(typeid(Query), "Query", ask, {}));
    const bool many_refunds = GENERATE(true, false);
    for (int number = 1; number <= 1'000; ++number) {
        many_refunds ? machine.call<Refund>(number) : machine.call<Query>(number);
    }
    const std::type_index many = many_refunds ? typeid(Refund) : typeid(Query);
    CHECK(machine.activities.waiting_for(many) == "1 of 1 threads are in use");
    many_refunds ? machine.call<Query>(1'001) : machine.call<Refund>(1'001);
    machine.run();
    CHECK(asked.at(1) == 1'001);
    CHECK(machine.told_with("done") == 1'001);
}

TEST_CASE("only so many calls begin in any second", "[sagas][activities]")
{
    Machine machine{{.per_second = 10}};
    machine.provider.answers = provider_answers;
    machine.call_all(1, 25);
    machine.run();
    CHECK(machine.provider.asked.size() == 10);
    CHECK(machine.why() == "10 a second");
    machine.simulated.advance(999ms);
    CHECK(machine.provider.asked.size() == 10);
    machine.simulated.advance(1ms);
    CHECK(machine.provider.asked.size() == 20);
    machine.simulated.advance(1s);
    CHECK(machine.provider.asked.size() == 25);
    machine.call_all(26, 40); // five of this second are left
    machine.run();
    CHECK(machine.provider.asked.size() == 30);
    machine.simulated.advance(1s);
    CHECK(machine.provider.asked.size() == 40);
    CHECK(most_in_a_second(machine.provider.times) == 10);
    CHECK(machine.told_with("done") == 40);
}

TEST_CASE("a rate that is no whole number keeps the calls at a distance", "[sagas][activities]")
{
    Machine machine{{.per_second = 2.5}};
    machine.provider.answers = provider_answers;
    const Time began         = machine.simulated.now();
    machine.call_all(1, 4);
    machine.simulated.advance(10s);
    CHECK(machine.provider.times == std::vector<Time>{began, began + 400ms, began + 800ms, began + 1200ms});

    Machine slow{{.per_second = 0.5}};
    slow.provider.answers = provider_answers;
    const Time slow_began = slow.simulated.now();
    slow.call_all(1, 3);
    slow.simulated.advance(10s);
    CHECK(slow.provider.times == std::vector<Time>{slow_began, slow_began + 2s, slow_began + 4s});
}

TEST_CASE("a clock that is set, forwards or back, neither opens the limits nor shuts them",
          "[sagas][activities][clock]")
{
    const auto jump = GENERATE(eighty_years, -eighty_years / 2);
    Machine machine{{.per_second = 1, .attempt_time = 10s}};
    machine.call_all(1, 3);
    machine.run();
    CHECK(machine.provider.asked.size() == 1);
    machine.simulated.set_clock(machine.simulated.now() + jump);
    machine.run();
    CHECK(machine.provider.asked.size() == 1);
    machine.simulated.advance(1s);
    CHECK(machine.provider.asked.size() == 2);
    machine.simulated.set_clock(machine.simulated.now() - jump);
    machine.simulated.advance(1s);
    CHECK(machine.provider.asked.size() == 3);
    CHECK(machine.told.empty());
    machine.simulated.advance(8s); // ten since the first call
    CHECK(machine.told.size() == 1);
    machine.simulated.advance(2s);
    CHECK(machine.told_with("attempt-timed-out") == 3);
}

TEST_CASE("an attempt ends with its time, and its real answer comes late", "[sagas][activities]")
{
    Machine machine{{.at_once = 1, .attempt_time = 30s}};
    machine.call_in_order(1, 2);
    machine.simulated.advance(30s - 1us);
    CHECK(machine.told.empty());
    machine.simulated.advance(1us);
    CHECK(machine.told[1] == Words{"attempt-timed-out"});
    CHECK(machine.state().faults == 1);
    CHECK(machine.provider.asked == Numbers{1, 2}); // its place is free
    machine.provider.answer(1, slip(1));
    machine.provider.answer(1, slip(1));
    CHECK(machine.told[1] == Words{"attempt-timed-out", "late done"});
    CHECK(machine.state().faults == 0);
    CHECK(machine.state().running == 1);
    machine.provider.answer(2, slip(2));
    machine.simulated.advance(1h);
    CHECK(machine.told[2] == Words{"done"});
    CHECK(machine.state().running == 0);
}

TEST_CASE("an exception of an activity is an answer, unless it has answered", "[sagas][activities][exceptions]")
{
    Machine machine;
    const auto refund = [](const void* request, const ActivityRun&, const AnyDone& done) {
        if (number_of(request) == 2) done(slip(2));
        throw std::runtime_error{"no paper in the printer"};
    };
    REQUIRE(machine.activities.add(typeid(Refund), "Refund", refund, {}));
    machine.call<Refund>(1);
    machine.call<Refund>(2);
    machine.run();
    CHECK(machine.told == std::map<int, Words>{{1, {"exception-in-user-code"}}, {2, {"done"}}});
}

TEST_CASE("what is stopped asks and answers nothing, and can start again", "[sagas][activities][stop]")
{
    Machine machine{{.at_once = 2, .per_second = 4, .attempt_time = 10s}};
    machine.call_in_order(1, 3);
    machine.call(4);
    machine.activities.stop();
    machine.provider.answer(1, slip(1));
    machine.call(5);
    machine.simulated.advance(1h);
    CHECK(machine.told.empty());
    CHECK(machine.provider.asked == Numbers{1, 2});
    CHECK(machine.state().running == 0);
    CHECK(machine.state().waiting == 0);

    REQUIRE(machine.activities.start());
    machine.call_in_order(6, 8);
    CHECK(machine.provider.asked == Numbers{1, 2, 6, 7});
    machine.provider.answer(2, slip(2)); // of the life before
    CHECK(machine.state().running == 2);
    machine.provider.answer(6, slip(6));
    machine.run();
    CHECK(machine.provider.asked == Numbers{1, 2, 6, 7, 8});
    CHECK(machine.told == std::map<int, Words>{{6, {"done"}}});
}

TEST_CASE("what was on its way to a thread at the end uses up nothing of the next life", "[sagas][activities][stop]")
{
    Machine machine{{.at_once = 1, .per_second = 1}, 1};
    machine.provider.answers = provider_answers;
    machine.call(1);
    machine.activities.stop();
    REQUIRE(machine.activities.start());
    machine.call(2);
    machine.run();
    CHECK(machine.provider.asked == Numbers{2});
    CHECK(machine.told == std::map<int, Words>{{2, {"done"}}});
}

TEST_CASE("an answer after the end of everything falls on deaf ears", "[sagas][activities][stop]")
{
    AnyDone kept;
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    std::shared_ptr<CallHandle> handle;
    {
        Activities activities{runtime, 1};
        REQUIRE(activities.add(typeid(Charge), "Charge",
                               [&](const void*, const ActivityRun&, AnyDone done) { kept = std::move(done); },
                               {.attempt_time = 1s}));
        handle = activities.call({.type     = typeid(Charge),
                                  .request  = std::make_shared<const Charge>(),
                                  .key      = simulated.next(),
                                  .asked    = [] {},
                                  .answered = [](const result<AnyAnswer>&, bool) { FAIL("it was answered"); }});
        simulated.run_until_idle();
    }
    kept(slip(1));
    handle->give_up();
    simulated.advance(1h);
    CHECK_FALSE(handle->withdraw());
}

TEST_CASE("a call for which the system gives no threads fails as one that can be tried again", "[sagas][activities]")
{
    struct NoThreads final : Executor {
        explicit NoThreads(Executor& used) : executor{used} {}
        void post(std::function<void()> task) override { executor.post(std::move(task)); }
        void post_at(Time due, std::function<void()> task) override { executor.post_at(due, std::move(task)); }
        bool wait_until(const std::function<bool()>& done, Time due) override { return executor.wait_until(done, due); }
        void wake() override {}
        std::unique_ptr<Executor> own_threads(unsigned count) override
        {
            if (none) throw std::system_error{std::make_error_code(std::errc::resource_unavailable_try_again)};
            return executor.own_threads(count);
        }
        Executor& executor;
        bool none = true;
    };
    SimulatedExecutor simulated{1};
    NoThreads executor{simulated};
    const Runtime runtime{simulated, executor, simulated, system_files()};
    Activities activities{runtime, 1};
    const auto charge = [](const void*, const ActivityRun&, const AnyDone& done) { done(slip(1)); };
    REQUIRE(activities.add(typeid(Charge), "Charge", charge, {}));
    Words told;
    const auto call = [&] {
        const auto handle = activities.call(
            {.type     = typeid(Charge),
             .request  = std::make_shared<const Charge>(),
             .key      = simulated.next(),
             .asked    = [&] { told.emplace_back("asked"); },
             .answered = [&](const auto& answer, bool) { told.push_back(answer ? "done" : answer.error().code); }});
        simulated.run_until_idle();
    };
    call();
    CHECK(told == Words{"no-threads"});
    executor.none = false;
    call();
    CHECK(told == Words{"no-threads", "asked", "done"});
}

} // namespace activities_test
