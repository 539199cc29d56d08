// Activities on threads of the real machine, and in many orders of events on the simulated one.
#include "activities_machine.hpp"

#include <atomic>
#include <future>
#include <set>
#include <stdexcept>
#include <thread>

namespace activities_test {

// A provider that answers, fails, throws, is silent and answers late; callers who change their minds; a time that jumps.
struct Chaos {
    Chaos(std::uint64_t seed, std::chrono::milliseconds attempt_time, bool with_jumps)
        : machine{{.at_once            = 3,
                   .per_second         = 20,
                   .attempt_time       = attempt_time,
                   .stops_after_faults = 4,
                   .tries_again_every  = 7s},
                  2,
                  seed},
          sets_clock{with_jumps}
    {
        machine.provider.answers = [this](int number) -> result<AnyAnswer> {
            if (simulated.draw(3) == 0) return provider_is_down(number);
            if (simulated.draw(3) == 0) throw std::runtime_error{"out of paper"};
            return slip(number);
        };
    }

    void take_a_turn()
    {
        machine.provider.is_silent = simulated.draw(2) == 0;
        switch (simulated.draw(7)) {
        case 0:
        case 1:
            machine.call(++last);
            break;
        case 2:
            simulated.run_one();
            break;
        case 3:
            simulated.advance(std::chrono::milliseconds{simulated.draw(3'000)});
            break;
        case 4:
            answer_one(simulated.draw(2) == 0);
            break;
        case 5:
            take_one_back();
            break;
        default:
            if (sets_clock) simulated.set_clock(simulated.now() + 24h * (static_cast<int>(simulated.draw(3)) - 1));
        }
        most = std::max(most, owed());
    }
    void answer_one(bool well)
    {
        auto& open = machine.provider.open;
        if (open.empty()) return;
        const auto chosen = std::next(open.begin(), static_cast<std::ptrdiff_t>(simulated.draw(open.size())));
        const auto [number, attempts] = *chosen;
        open.erase(chosen);
        for (const auto& done : attempts) done(well ? slip(number) : provider_is_down(number));
    }
    void take_one_back()
    {
        const int number = static_cast<int>(simulated.draw(static_cast<std::uint64_t>(last) + 1));
        if (simulated.draw(4) != 0 || not machine.handles.contains(number)) return;
        if (machine.handles[number]->withdraw()) taken_back.insert(number);
    }
    // Now everybody answers.
    void come_to_an_end()
    {
        machine.provider.is_silent = false;
        machine.provider.answers   = provider_answers;
        for (int i = 0; i < 10'000 && machine.state().waiting + owed() > 0; ++i) {
            while (owed() > 0) answer_one(true);
            simulated.advance(1s);
        }
        simulated.advance(1s);
    }
    std::size_t owed() const { return machine.provider.open.size(); }

    Machine machine;
    SimulatedExecutor& simulated = machine.simulated;
    const bool sets_clock;
    std::set<int> taken_back;
    std::size_t most = 0; // that were owed an answer at the same time
    int last         = 0;
};

TEST_CASE("whatever happens, limits hold and every call that is not taken back is answered once", "[sagas][activities]")
{
    const auto seed = GENERATE(range(1, 101));
    CAPTURE(seed);
    const bool patient    = seed % 2 == 0;
    const bool with_jumps = seed % 3 == 0;
    Chaos chaos{static_cast<std::uint64_t>(seed), patient ? 0s : 5s, with_jumps};
    for (int turn = 0; turn < 500; ++turn) chaos.take_a_turn();
    chaos.come_to_an_end();
    if (patient) CHECK(chaos.most <= 3);
    if (not with_jumps) CHECK(most_in_a_second(chaos.machine.provider.times) <= 20);
    for (int number = 1; number <= chaos.last; ++number) {
        CAPTURE(number);
        const Words& told = chaos.machine.told[number];
        CHECK(chaos.machine.asked[number] <= 1);
        if (chaos.taken_back.contains(number)) {
            CHECK(told.empty());
            continue;
        }
        REQUIRE_FALSE(told.empty());
        CHECK_FALSE(told.front().starts_with("late"));
        if (told.size() == 1) continue;
        CHECK(told.size() == 2);
        CHECK(told.front() == "attempt-timed-out");
        CHECK(told.back().starts_with("late"));
    }
    CHECK(chaos.machine.state().running == 0);
    CHECK(chaos.machine.state().waiting == 0);
}

struct RealMachine {
    explicit RealMachine(unsigned threads) : activities{runtime, threads} {}

    SystemExecutor executor{{.threads = 1}};
    Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    std::atomic<int> told{0};
    std::vector<std::shared_ptr<CallHandle>> handles;
    Activities activities;

    void call()
    {
        const auto answered = [this](const result<AnyAnswer>& answer, bool late) {
            if (answer && not late) ++told;
            executor.wake();
        };
        handles.push_back(activities.call({.type     = typeid(Charge),
                                           .request  = std::make_shared<const Charge>(),
                                           .key      = system_ids().next(),
                                           .asked    = [] {},
                                           .answered = answered}));
    }
    bool wait_for(const std::function<bool()>& done) { return executor.wait_until(done, Time::max()); }
};

TEST_CASE("an activity that blocks does not hold the threads of the runtime", "[sagas][activities][threads]")
{
    std::promise<void> open_the_gate;
    const auto gate = open_the_gate.get_future().share();
    std::atomic<int> inside{0};
    std::atomic<bool> too_many{false};
    RealMachine machine{2};
    const auto charge = [&](const void*, const ActivityRun&, const AnyDone& done) {
        if (++inside > 2) too_many = true;
        machine.executor.wake();
        gate.wait();
        --inside;
        done(slip(1));
    };
    REQUIRE(machine.activities.add(typeid(Charge), "Charge", charge, {}));
    for (int i = 0; i < 20; ++i) machine.call();
    CHECK(machine.wait_for([&] { return inside == 2; }));
    CHECK(machine.activities.waiting_for(typeid(Charge)) == "2 of 2 threads are in use");
    machine.executor.post([&] { open_the_gate.set_value(); }); // on its one thread, which is free
    CHECK(machine.wait_for([&] { return machine.told == 20; }));
    CHECK_FALSE(too_many);
}

TEST_CASE("the end waits for an activity that runs, and its answer is told", "[sagas][activities][threads]")
{
    std::promise<void> open_the_gate;
    const auto gate = open_the_gate.get_future().share();
    std::atomic<int> begun{0};
    std::atomic<int> left{0};
    RealMachine machine{1};
    const auto charge = [&](const void*, const ActivityRun&, const AnyDone& done) {
        ++begun;
        machine.executor.wake();
        gate.wait();
        done(slip(1));
        ++left;
    };
    REQUIRE(machine.activities.add(typeid(Charge), "Charge", charge, {}));
    for (int i = 0; i < 3; ++i) machine.call();
    CHECK(machine.wait_for([&] { return begun == 1; }));
    std::thread opening{[&] { open_the_gate.set_value(); }};
    machine.activities.stop();
    CHECK(left == begun);
    CHECK(machine.told == begun);
    CHECK(machine.activities.state().at(0).running == 0);
    opening.join();
}

TEST_CASE("calls, answers and withdrawals on many threads come to one answer each", "[sagas][activities][threads]")
{
    constexpr int calls = 2'000;
    std::atomic<int> asked{0};
    RealMachine machine{4};
    const auto charge = [&](const void*, const ActivityRun&, const AnyDone& done) {
        ++asked;
        machine.executor.post([done] { done(slip(1)); }); // two answers, on two threads
        done(slip(2));
    };
    REQUIRE(machine.activities.add(typeid(Charge), "Charge", charge, {.at_once = 3}));
    int taken_back = 0;
    for (int i = 0; i < calls; ++i) {
        machine.call();
        if (i % 3 == 0 && machine.handles.back()->withdraw()) ++taken_back;
    }
    CHECK(machine.wait_for([&] { return machine.told == calls - taken_back; }));
    CHECK(asked == calls - taken_back);
}

} // namespace activities_test
