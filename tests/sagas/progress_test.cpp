// How far an activity is, as a person sees it.
#include "support/stay.hpp"

#include <eventloom/sagas/handlers.hpp>

#include <catch2/catch.hpp>

namespace stay_test {

namespace {

// An activity that takes long, and answers when the test says so.
struct Printer {
    std::vector<ActivityRun> runs;
    std::vector<std::function<void(result<Slip>)>> answers;

    ActivityCallState call(const House& house, std::size_t number = 0) const
    {
        const auto calls = house.sagas->show("booking", "1").value().calls;
        REQUIRE(calls.size() > number);
        return calls.at(number);
    }
};

struct Print {
    using answer = Slip;
    std::string stay;
};

void open(House& house, Printer& printer, ActivityOptions options = {})
{
    house.close();
    house.commands = std::make_unique<CommandBus>(house.runtime, *house.store.store);
    house.bus      = std::make_unique<EventBus>(house.runtime, *house.store.store);
    house.sagas    = std::make_unique<Sagas>(house.runtime, *house.store.store, *house.commands, *house.bus,
                                          house.directory.path() + "/sagas");
    house.sagas->add(
        saga<Booking>("booking", 1, begins_with_request(),
                      step("print", act{[](const Booking& booking) { return call(Print{booking.stay.value}); }},
                           retry{.times = 3, .first_wait = 1h}),
                      note("printed"), say_why_it_failed()));
    house.sagas->perform_async<Print>(
        [&printer](const Print&, const ActivityRun& run, auto done) {
            printer.runs.push_back(run);
            printer.answers.push_back(done);
        },
        options);
    REQUIRE(house.sagas->start());
}

const auto down = Error{Failure::unavailable, "down", "The printer is down."};

} // namespace

TEST_CASE("an activity says how far it is, and that is seen and costs no write", "[sagas][activities][progress]")
{
    House house{saga<Booking>("unused", 1, begins_with_request(), note("unused"))};
    Printer printer;
    open(house, printer);
    house.request("1");
    house.simulated.run_until_idle();
    REQUIRE(printer.runs.size() == 1);
    auto call = printer.call(house);
    CHECK(call.activity == "Print");
    CHECK(call.step == "print");
    CHECK(call.attempt == 1);
    CHECK(call.since == house.simulated.now());
    CHECK(call.progress.empty());

    const auto head  = house.store->head();
    const auto begun = house.simulated.now();
    house.simulated.advance(10min);
    for (int page = 1; page <= 1'000; ++page) printer.runs.at(0).progress("page " + std::to_string(page));
    CHECK(house.store->head() == head);
    call = printer.call(house);
    CHECK(call.progress == "page 1000");
    CHECK(call.progress_at == begun + 10min);
    CHECK(call.since == begun);

    printer.answers.at(0)(down);
    house.simulated.run_until_idle();
    call = printer.call(house);
    CHECK(call.attempt == 2);
    CHECK(call.progress.empty());
    CHECK(call.next_attempt == house.simulated.now() + 1h);
    printer.runs.at(0).progress("from an attempt that is over");
    house.simulated.advance(61min);
    call = printer.call(house);
    CHECK(call.attempt == 2);
    CHECK(call.since == begun + 10min + 1h);
    CHECK(call.progress.empty());
    CHECK(printer.runs.at(1).attempt == 2);
    CHECK(printer.runs.at(1).key == printer.runs.at(0).key);
    printer.runs.at(1).progress(std::string(5'000, 'x'));
    CHECK(printer.call(house).progress.size() == 1'000);
    printer.answers.at(1)(Slip{"1"});
    house.settle();
    CHECK(house.sagas->show("booking", "1").value().calls.empty());
    CHECK(house.notes("1") == std::vector<std::string>{"printed"});
    printer.runs.at(1).progress("too late");
}

TEST_CASE("a call that waits says for what, and the one that tries a provider that is down says so",
          "[sagas][activities][progress]")
{
    House house{saga<Booking>("unused", 1, begins_with_request(), note("unused"))};
    Printer printer;
    SECTION("for a limit")
    {
        open(house, printer, {.at_once = 1});
        house.request("2");
        house.simulated.run_until_idle();
        house.request("1");
        house.simulated.run_until_idle();
        CHECK_FALSE(printer.call(house).since);
        CHECK(printer.call(house).waits_for == "1 of 1 run");
    }
    SECTION("for a provider")
    {
        open(house, printer, {.stops_after_faults = 1});
        house.request("2");
        house.simulated.run_until_idle();
        printer.answers.at(0)(down);
        house.request("1");
        house.simulated.run_until_idle();
        CHECK(printer.call(house).waits_for.find("the provider has failed 1 times") == 0);
        house.simulated.advance(11s);
        CHECK(printer.call(house).waits_for == "the provider is down: this call tries it");
        CHECK(printer.call(house).since);
    }
}

TEST_CASE("what has been said of progress is gone with the process, and the call is made again", "[sagas][progress]")
{
    House house{saga<Booking>("unused", 1, begins_with_request(), note("unused"))};
    Printer printer;
    open(house, printer);
    house.request("1");
    house.simulated.run_until_idle();
    printer.runs.at(0).progress("page 1");
    house.kill();
    open(house, printer);
    house.simulated.run_until_idle();
    REQUIRE(printer.runs.size() == 2);
    printer.runs.at(0).progress("of a process that is gone");
    CHECK(printer.call(house).progress.empty());
    CHECK(printer.call(house).attempt == 1);
}

} // namespace stay_test
