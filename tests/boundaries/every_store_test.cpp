// The examples of docs/consistency-boundaries.md on every event store: with many writers, over time, and counted.
#include "boundaries/courses.hpp"
#include "boundaries/invoices.hpp"
#include "boundaries/orders.hpp"
#include "boundaries/prices.hpp"
#include "boundaries/sign_up.hpp"
#include "boundaries/usernames.hpp"
#include "support/answers.hpp"
#include "support/counting_store.hpp"
#include "support/machine_with_real_files.hpp"

#include <eventloom/framework/command_bus.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

namespace boundaries_test {

using namespace eventloom;
using namespace eventloom::testing;

// Runs `write(writer)` on as many threads at once, and counts who was carried out and who was refused with `code`.
struct Tally {
    int carried_out = 0;
    int refused     = 0;
    int otherwise   = 0;
};

template <class Write>
Tally at_once(int writers, const std::string& code, const Write& write)
{
    std::atomic<int> carried_out{0};
    std::atomic<int> refused{0};
    std::atomic<int> otherwise{0};
    std::vector<std::thread> threads;
    for (int writer = 0; writer < writers; ++writer) {
        threads.emplace_back([&, writer] {
            const auto answer = write(writer);
            ++(answer ? carried_out : code_of(answer) == code ? refused : otherwise);
        });
    }
    for (auto& thread : threads) thread.join();
    return {carried_out, refused, otherwise};
}

TEST_CASE("every event store gives the last seat to exactly one of many writers", "[boundaries][contract][threads]")
{
    using namespace courses;
    const auto& kind = GENERATE(from_range(every_store()));
    SystemExecutor executor{{.threads = 2}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    auto store = kind.open(runtime);
    CommandBus bus{runtime, *store.store, {.attempts = 100}};
    DYNAMIC_SECTION(kind.name)
    {
        for (int round = 0; round < 10; ++round) {
            const CourseId course{"c" + std::to_string(round)};
            REQUIRE(bus.decide<Courses>(Define{course, 3}));
            const auto student = [&](const std::string& name) { return StudentId{name + std::to_string(round)}; };
            REQUIRE(bus.decide<Courses>(Subscribe{student("ada"), course}));
            REQUIRE(bus.decide<Courses>(Subscribe{student("bob"), course}));
            const auto tally = at_once(8, "course-full", [&](int writer) {
                return bus.decide<Courses>(Subscribe{student("writer" + std::to_string(writer) + "-"), course});
            });
            CHECK(tally.carried_out == 1);
            CHECK(tally.refused == 7);
            CHECK(tally.otherwise == 0);
            CHECK(read_all(*store.store, {.scope = Scope::matching(
                                              {{{.types = {"student-subscribed"}, .tags = {tag("course", course)}}}})})
                      .size() == 3);
        }
    }
}

TEST_CASE("every event store lets a student into no more than five courses, however many are asked for at once",
          "[boundaries][contract][threads]")
{
    using namespace courses;
    const auto& kind = GENERATE(from_range(every_store()));
    SystemExecutor executor{{.threads = 2}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    auto store = kind.open(runtime);
    CommandBus bus{runtime, *store.store, {.attempts = 100}};
    DYNAMIC_SECTION(kind.name)
    {
        const auto course = [](int number) { return CourseId{"c" + std::to_string(number)}; };
        for (int i = 0; i < 8; ++i) REQUIRE(bus.decide<Courses>(Define{course(i), 10}));
        const auto tally = at_once(8, "too-many-courses", [&](int writer) {
            return bus.decide<Courses>(Subscribe{{"ada"}, course(writer)});
        });
        CHECK(tally.carried_out == 5);
        CHECK(tally.refused == 3);
    }
}

TEST_CASE("every event store gives a name to one of many, and numbers without a gap", "[boundaries][contract][threads]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SystemExecutor executor{{.threads = 2}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    auto store = kind.open(runtime);
    CommandBus bus{runtime, *store.store, {.attempts = 1'000}};
    DYNAMIC_SECTION(kind.name << ": names")
    {
        const auto tally = at_once(8, "username-claimed",
                                   [&](int) { return bus.decide<usernames::Accounts>(usernames::Register{"ada"}); });
        CHECK(tally.carried_out == 1);
        CHECK(tally.refused == 7);
    }
    DYNAMIC_SECTION(kind.name << ": numbers")
    {
        const auto tally = at_once(4, "", [&](int) {
            auto answer = bus.decide<invoices::Invoices>(invoices::Issue{"tea"});
            for (int i = 1; i < 25 && answer; ++i) answer = bus.decide<invoices::Invoices>(invoices::Issue{"tea"});
            return answer;
        });
        CHECK(tally.carried_out == 4);
        std::vector<Tags> tags;
        for (const auto& event : read_all(*store.store)) tags.push_back(event.metadata.tags);
        REQUIRE(tags.size() == 100);
        for (std::size_t i = 0; i < tags.size(); ++i) CHECK(tags[i] == Tags{"invoice:" + std::to_string(i + 1)});
    }
}

TEST_CASE("every event store carries the other examples through", "[boundaries][contract]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedMachine machine;
    auto store = kind.open(machine.runtime);
    CommandBus bus{machine.runtime, *store.store};
    DYNAMIC_SECTION(kind.name << ": a name is free again after three days, and not before")
    {
        using namespace usernames;
        const auto register_ada = [&] { return code_of(bus.decide<Accounts>(Register{"ada"})); };
        CHECK(register_ada().empty());
        CHECK(code_of(bus.decide<Accounts>(Rename{"ada", "lovelace"})).empty());
        machine.simulated.advance(std::chrono::days{3});
        CHECK(register_ada() == "username-claimed");
        machine.simulated.advance(std::chrono::microseconds{1});
        CHECK(register_ada().empty());
        CHECK(code_of(bus.decide<Accounts>(Close{"Lovelace"})).empty());
        CHECK(code_of(bus.decide<Accounts>(Register{"lovelace"})) == "username-claimed");
    }
    DYNAMIC_SECTION(kind.name << ": a one-time password is used once, within the hour")
    {
        using namespace sign_up;
        REQUIRE(bus.decide<SignUps>(Initiate{"john@example.com", "1", "John"}));
        REQUIRE(bus.decide<SignUps>(Initiate{"jane@example.com", "2", "Jane"}));
        machine.simulated.advance(std::chrono::minutes{60});
        CHECK(code_of(bus.decide<SignUps>(Confirm{"john@example.com", "1"})).empty());
        CHECK(code_of(bus.decide<SignUps>(Confirm{"john@example.com", "1"})) == "password-used");
        machine.simulated.advance(std::chrono::microseconds{1});
        CHECK(code_of(bus.decide<SignUps>(Confirm{"jane@example.com", "2"})) == "password-expired");
    }
    DYNAMIC_SECTION(kind.name << ": a cart is bought at the prices that were shown")
    {
        using namespace prices;
        REQUIRE(bus.decide<Products>(Define{{"p1"}, 123}));
        REQUIRE(bus.decide<Products>(Define{{"p2"}, 321}));
        machine.simulated.advance(std::chrono::hours{1});
        REQUIRE(bus.decide<Products>(ChangePrice{{"p1"}, 134}));
        const Order cart{{{{"p1"}, 123}, {{"p2"}, 321}}};
        machine.simulated.advance(std::chrono::minutes{10});
        CHECK(code_of(bus.decide<Products>(cart)).empty());
        machine.simulated.advance(std::chrono::microseconds{1});
        CHECK(code_of(bus.decide<Products>(cart)) == "price-not-valid");
    }
    DYNAMIC_SECTION(kind.name << ": an order is placed once for a token")
    {
        using namespace orders;
        CHECK(code_of(bus.decide<Orders>(Place{{"1"}, "token"})).empty());
        CHECK(code_of(bus.decide<Orders>(Place{{"2"}, "token"})) == "placed-before");
    }
}

TEST_CASE("a decision is one read of its boundary and one append", "[boundaries][contract]")
{
    using namespace courses;
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedMachine machine;
    auto store = kind.open(machine.runtime);
    CountingStore counted{*store.store};
    CommandBus bus{machine.runtime, counted};
    DYNAMIC_SECTION(kind.name << ": whatever the number of its views, and of what lies outside")
    {
        for (int course = 0; course < 20; ++course) {
            REQUIRE(bus.decide<Courses>(Define{{"c" + std::to_string(course)}, 9}));
        }
        REQUIRE(bus.decide<Courses>(Subscribe{{"bob"}, {"c1"}}));
        REQUIRE(bus.decide<Courses>(Subscribe{{"ada"}, {"c2"}}));
        REQUIRE(bus.decide<Courses>(Subscribe{{"bob"}, {"c3"}}));
        counted.counts = {};
        REQUIRE(bus.decide<Courses>(Subscribe{{"ada"}, {"c1"}}));
        CHECK(counted.counts.reads == 1);
        CHECK(counted.counts.events_read == 3); // c1 is defined, bob joined c1, ada joined c2
        CHECK(counted.counts.appends == 1);
    }
    DYNAMIC_SECTION(kind.name << ": a view of the newest event alone reads one event")
    {
        for (int i = 0; i < 50; ++i) REQUIRE(bus.decide<invoices::Invoices>(invoices::Issue{"tea"}));
        counted.counts = {};
        REQUIRE(bus.decide<invoices::Invoices>(invoices::Issue{"cake"}));
        CHECK(counted.counts.reads == 1);
        CHECK(counted.counts.events_read == 1);
        CHECK(counted.counts.appends == 1);
        CHECK(read_all(*store.store).back().metadata.tags == Tags{"invoice:51"});
    }
}

TEST_CASE("what happens within the boundary meanwhile is seen, and what happens outside it is not in the way",
          "[boundaries][contract]")
{
    using namespace courses;
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedMachine machine;
    auto store = kind.open(machine.runtime);
    CountingStore counted{*store.store};
    CommandBus bus{machine.runtime, counted, {.attempts = 3}};
    CommandBus other{machine.runtime, *store.store};
    for (const char* course : {"c1", "c2"}) REQUIRE(other.decide<Courses>(Define{{course}, 1}));
    int interruptions  = 1;
    const auto between = [&](auto work) {
        counted.before_append = [&, work] {
            if (interruptions-- > 0) work();
        };
    };
    counted.counts = {};

    DYNAMIC_SECTION(kind.name << ": the seat is taken meanwhile")
    {
        between([&] { REQUIRE(other.decide<Courses>(Subscribe{{"bob"}, {"c1"}})); });
        CHECK(code_of(bus.decide<Courses>(Subscribe{{"ada"}, {"c1"}})) == "course-full");
        CHECK(counted.counts.appends == 1);
        CHECK(counted.counts.reads == 2);
    }
    DYNAMIC_SECTION(kind.name << ": another course is")
    {
        between([&] { REQUIRE(other.decide<Courses>(Subscribe{{"bob"}, {"c2"}})); });
        CHECK(code_of(bus.decide<Courses>(Subscribe{{"ada"}, {"c1"}})).empty());
        CHECK(counted.counts.appends == 1);
    }
    DYNAMIC_SECTION(kind.name << ": a subscription is no reason to decide again on a capacity")
    {
        between([&] { REQUIRE(other.decide<Courses>(Subscribe{{"bob"}, {"c1"}})); });
        CHECK(code_of(bus.decide<Courses>(ChangeCapacity{{"c1"}, 5})).empty());
        CHECK(counted.counts.appends == 1);
    }
    DYNAMIC_SECTION(kind.name << ": who is interrupted again and again is told so")
    {
        interruptions = 100;
        int capacity  = 10;
        between([&] { REQUIRE(other.decide<Courses>(ChangeCapacity{{"c1"}, ++capacity})); });
        const auto answer = bus.decide<Courses>(Subscribe{{"ada"}, {"c1"}});
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == Failure::conflict);
        CHECK(answer.error().code == "append-condition-failed");
        CHECK(counted.counts.appends == 3);
    }
    DYNAMIC_SECTION(kind.name << ": sent again with its id it acts once")
    {
        const SendOptions options{.command_id = derived_uuid({"ada", "c1"})};
        const auto first = bus.decide<Courses>(Subscribe{{"ada"}, {"c1"}}, options);
        REQUIRE(other.decide<Courses>(Subscribe{{"bob"}, {"c2"}}));
        const auto again = bus.decide<Courses>(Subscribe{{"ada"}, {"c1"}}, options);
        REQUIRE((first && again));
        CHECK(again.value().repeated);
        CHECK(again.value().position == first.value().position);
        CHECK(first.value().events == 1);
        CHECK(first.value().stream == "courses");
        CHECK(store->head() == 4);
    }
}

} // namespace boundaries_test
