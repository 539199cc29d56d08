// What every event store must do, whatever it keeps the events in.
#include "support/answers.hpp"
#include "support/machine_with_real_files.hpp"

#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <thread>

namespace contract_test {

using namespace eventloom;
using namespace eventloom::testing;

std::vector<std::string> texts(const std::vector<RecordedEvent>& events)
{
    std::vector<std::string> found;
    for (const auto& event : events) found.push_back(event.data);
    return found;
}

using Texts = std::vector<std::string>;

TEST_CASE("every event store keeps the contract of appending", "[eventstore][contract]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedMachine machine;
    auto store = kind.open(machine.runtime);

    DYNAMIC_SECTION(kind.name << ": versions count from 0 and positions from 1, without gaps")
    {
        const auto first =
            store->append(to("order-1", ExpectedVersion::no_stream(), {machine.event("a"), machine.event("b")}));
        const auto second = store->append(to("order-2", ExpectedVersion::no_stream(), {machine.event("c")}));
        const auto third  = store->append(to("order-1", ExpectedVersion::exactly(1), {machine.event("d")}));
        REQUIRE((first && second && third));
        CHECK(first.value().first_position == 1);
        CHECK(first.value().last_position == 2);
        CHECK(third.value().streams.at(0).first_version == 2);
        store.reopen(store);
        const auto events = read_all(*store.store);
        REQUIRE(texts(events) == Texts{"a", "b", "c", "d"});
        for (std::size_t i = 0; i < events.size(); ++i) CHECK(events[i].position == i + 1);
        CHECK(events[3].version == 2);
        CHECK(store->head() == 4);
        CHECK(store->stream_length("order-1").value() == 3);
    }
    DYNAMIC_SECTION(kind.name << ": everything that was given comes back")
    {
        auto event                 = machine.event(std::string("\0\xff bytes", 8));
        event.schema_version       = 7;
        event.metadata.correlation = machine.runtime.ids.next();
        event.metadata.causation   = machine.runtime.ids.next();
        event.metadata.tags        = {"course:c1", "student:s7"};
        event.metadata.headers     = {{"traceparent", "00-1-2-01"}, {"empty", ""}};
        REQUIRE(store->append(to("caf\xc3\xa9-1", ExpectedVersion::any(), {event})));
        store.reopen(store);
        const auto events = read_all(*store.store);
        REQUIRE(events.size() == 1);
        CHECK(events[0].id == event.id);
        CHECK(events[0].stream == "caf\xc3\xa9-1");
        CHECK(events[0].type == "noted");
        CHECK(events[0].schema_version == 7);
        CHECK(events[0].data == event.data);
        CHECK(events[0].metadata == event.metadata);
        CHECK(events[0].recorded_at == machine.simulated.now());
    }
    DYNAMIC_SECTION(kind.name << ": an append that finds another version changes nothing and says both")
    {
        REQUIRE(store->append(to("order-1", ExpectedVersion::any(), {machine.event("a")})));
        for (const auto& expected :
             {ExpectedVersion::no_stream(), ExpectedVersion::exactly(1), ExpectedVersion::exactly(7)}) {
            const auto answer = store->append(to("order-1", expected, {machine.event("b")}));
            REQUIRE_FALSE(answer);
            CHECK(answer.error().kind == Failure::conflict);
            CHECK(answer.error().code == "wrong-expected-version");
            CHECK(answer.error().sentence.find("found version 0") != std::string::npos);
            CHECK(answer.error().sentence.find(expected.describe()) != std::string::npos);
        }
        CHECK(code_of(store->append(to("order-2", ExpectedVersion::stream_exists(), {machine.event("c")}))) ==
              "wrong-expected-version");
        const auto existing = machine.event("d");
        CHECK(store->append(to("order-1", ExpectedVersion::stream_exists(), {existing})));
        CHECK(store->append(to("order-1", ExpectedVersion::stream_exists(), {existing})).value().repeated);
        CHECK(store->append(to("order-1", ExpectedVersion::exactly(0), {existing})).value().repeated);
        CHECK(texts(read_all(*store.store)) == Texts{"a", "d"});
    }
    DYNAMIC_SECTION(kind.name << ": an append to several streams happens whole or not at all")
    {
        AppendRequest request;
        request.streams.push_back({"from-1", ExpectedVersion::no_stream(), {machine.event("out")}});
        request.streams.push_back({"to-1", ExpectedVersion::stream_exists(), {machine.event("in")}});
        CHECK(code_of(store->append(request)) == "wrong-expected-version");
        CHECK(store->head() == 0);
        request.streams[1].expected = ExpectedVersion::no_stream();
        const auto done             = store->append(request);
        REQUIRE(done);
        CHECK(done.value().streams.size() == 2);
        CHECK(texts(read_all(*store.store)) == Texts{"out", "in"});
    }
    DYNAMIC_SECTION(kind.name << ": recorded times never go back, even when the clock does")
    {
        machine.simulated.advance(std::chrono::hours{1});
        REQUIRE(store->append(to("a-1", ExpectedVersion::any(), {machine.event("late")})));
        SimulatedExecutor earlier{2};
        const auto at = read_all(*store.store).at(0).recorded_at;
        REQUIRE(at > earlier.now());
        REQUIRE(store->append(to("a-1", ExpectedVersion::any(), {machine.event("later")})));
        CHECK(read_all(*store.store).at(1).recorded_at >= at);
    }
    DYNAMIC_SECTION(kind.name << ": a deadline that has passed writes nothing")
    {
        auto request     = to("a-1", ExpectedVersion::any(), {machine.event("x")});
        request.deadline = machine.simulated.now() - std::chrono::seconds{1};
        CHECK(code_of(store->append(request)) == "deadline-passed");
        CHECK(store->head() == 0);
    }
    DYNAMIC_SECTION(kind.name << ": the form with a completion answers exactly once")
    {
        unsigned answers = 0;
        store->append(to("a-1", ExpectedVersion::no_stream(), {machine.event("x")}),
                      [&](const result<Appended>& answer) {
                          CHECK(answer);
                          ++answers;
                      });
        machine.simulated.run_until_idle();
        CHECK(answers == 1);
        CHECK(store->head() == 1);
    }
}

TEST_CASE("every event store acts once on events that are sent again", "[eventstore][contract][idempotency]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedMachine machine;
    auto store       = kind.open(machine.runtime);
    const auto a     = machine.event("a");
    const auto b     = machine.event("b");
    const auto first = store->append(to("order-1", ExpectedVersion::no_stream(), {a, b}));
    REQUIRE(first);
    REQUIRE(store->append(to("order-1", ExpectedVersion::any(), {machine.event("between")})));
    store.reopen(store);

    DYNAMIC_SECTION(kind.name << ": with any matching expectation the first answer comes back and nothing is written")
    {
        for (const auto& expected : {ExpectedVersion::no_stream(), ExpectedVersion::any()}) {
            const auto again = store->append(to("order-1", expected, {a, b}));
            REQUIRE(again);
            CHECK(again.value().repeated);
            CHECK(again.value().first_position == first.value().first_position);
            CHECK(again.value().last_position == first.value().last_position);
            CHECK(again.value().streams.at(0).first_version == 0);
        }
        CHECK(store->head() == 3);
    }
}

TEST_CASE("every event store remembers commands in the write of their events", "[eventstore][contract][idempotency]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedMachine machine;
    auto store = kind.open(machine.runtime);
    CommandRecord command;
    command.id     = machine.runtime.ids.next();
    command.stream = "order-1";

    DYNAMIC_SECTION(kind.name << ": a command that is sent again gets the first answer, whatever events come with it")
    {
        auto request    = to("order-1", ExpectedVersion::no_stream(), {machine.event("a"), machine.event("b")});
        request.command = command;
        REQUIRE(store->append(request));
        store.reopen(store);
        const auto record = store->find_command(command.id);
        REQUIRE((record && record.value()));
        CHECK(record.value()->count == 2);
        CHECK(record.value()->last_version == 1);
        CHECK(record.value()->last_position == 2);

        auto again        = to("order-1", ExpectedVersion::exactly(1), {machine.event("c")});
        again.command     = command;
        const auto answer = store->append(again);
        REQUIRE(answer);
        CHECK(answer.value().repeated);
        CHECK(answer.value().command == record.value());
        CHECK(store->head() == 2);
    }
    DYNAMIC_SECTION(kind.name << ": a command without events is remembered too")
    {
        AppendRequest request;
        request.command = command;
        REQUIRE(store->append(request));
        REQUIRE(store->find_command(command.id).value());
        CHECK(store->find_command(command.id).value()->count == 0);
        CHECK(store->head() == 0);
        CHECK_FALSE(store->find_command(machine.runtime.ids.next()).value());
    }
}

TEST_CASE("every event store reads any scope, both ways and from any place", "[eventstore][contract][reading]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedMachine machine;
    auto store = kind.open(machine.runtime);
    for (int i = 0; i < 600; ++i) {
        const std::string stream = i % 3 == 0 ? "order-1" : i % 3 == 1 ? "order-2" : "orderly-1";
        REQUIRE(store->append(to(stream, ExpectedVersion::any(), {machine.event(std::to_string(i))})));
    }
    store.reopen(store);
    const auto expect = [&](const ReadRequest& request, auto chosen) {
        Texts expected;
        for (int i = 0; i < 600; ++i) {
            if (chosen(i)) expected.push_back(std::to_string(i));
        }
        if (request.direction == Direction::backwards) std::reverse(expected.begin(), expected.end());
        if (expected.size() > request.limit) expected.resize(request.limit);
        CHECK(texts(read_all(*store.store, request)) == expected);
    };
    for (const auto direction : {Direction::forwards, Direction::backwards}) {
        const bool forwards = direction == Direction::forwards;
        DYNAMIC_SECTION(kind.name << (forwards ? ": forwards" : ": backwards"))
        {
            expect({.direction = direction}, [](int) { return true; });
            expect({.direction = direction, .limit = 257}, [](int) { return true; });
            expect({.from = 300, .direction = direction}, [&](int i) { return forwards ? i >= 299 : i <= 299; });
            expect({.scope = Scope::stream("order-1"), .direction = direction}, [](int i) { return i % 3 == 0; });
            expect({.scope = Scope::stream("order-1"), .from = 10, .direction = direction},
                   [&](int i) { return i % 3 == 0 && (forwards ? i >= 30 : i <= 30); });
            expect({.scope = Scope::category("order"), .direction = direction}, [](int i) { return i % 3 != 2; });
            expect({.scope = Scope::category("order"), .from = 300, .direction = direction},
                   [&](int i) { return i % 3 != 2 && (forwards ? i >= 299 : i <= 299); });
            CHECK(Scope::category("order").contains(read_all(*store.store, {.limit = 1}).at(0)));
            CHECK_FALSE(Scope::stream("order").contains(read_all(*store.store, {.limit = 1}).at(0)));
            expect({.scope = Scope::stream("order"), .direction = direction}, [](int) { return false; });
            expect({.scope = Scope::category("nothing"), .direction = direction}, [](int) { return false; });
            expect({.from = std::numeric_limits<std::uint64_t>::max(), .direction = direction},
                   [&](int) { return not forwards; });
            expect({.from = 0, .direction = direction}, [&](int) { return forwards; });
        }
    }
    DYNAMIC_SECTION(kind.name << ": an event is found by its id, from the log and from what has just been written")
    {
        auto fresh = machine.event("fresh");
        REQUIRE(store->append(to("order-9", ExpectedVersion::any(), {fresh})));
        const auto all = read_all(*store.store);
        for (const auto position : {Position{1}, Position{300}, Position{601}}) {
            const auto found = store->find_event(all.at(position - 1).id);
            REQUIRE(found);
            REQUIRE(found.value());
            CHECK(*found.value() == all.at(position - 1));
        }
        const auto unknown = store->find_event(machine.event("never appended").id);
        REQUIRE(unknown);
        CHECK_FALSE(unknown.value());
    }
    DYNAMIC_SECTION(kind.name << ": a cursor ends at what was the head when it was made")
    {
        for (const auto& scope : {Scope::everything(), Scope::stream("order-1"), Scope::category("order")}) {
            const auto forwards  = store->read({.scope = scope});
            const auto backwards = store->read({.scope = scope, .direction = Direction::backwards});
            REQUIRE(store->append(to("order-1", ExpectedVersion::any(), {machine.event("later")})));
            for (const auto* cursor : {&forwards, &backwards}) {
                const auto events = all_of(**cursor);
                CHECK(events.size() >= 200);
                const auto& newest = cursor == &forwards ? events.back() : events.front();
                CHECK(newest.position < store->head());
            }
        }
    }
}

TEST_CASE("every event store gives concurrent writers one order without gaps", "[eventstore][contract][threads]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SystemExecutor executor{{.threads = 1}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    auto store = kind.open(runtime);

    DYNAMIC_SECTION(kind.name)
    {
        constexpr int writers = 4;
        constexpr int appends = 50;
        std::vector<Position> observed;
        const auto observation = store->observe([&](const std::shared_ptr<const std::vector<RecordedEvent>>& events) {
            for (const auto& event : *events) observed.push_back(event.position);
        });
        std::vector<std::thread> threads;
        std::atomic<int> conflicts{0};
        for (int writer = 0; writer < writers; ++writer) {
            threads.emplace_back([&, writer] {
                for (int i = 0; i < appends; ++i) {
                    const auto own =
                        to("own-" + std::to_string(writer), ExpectedVersion::after(i), {note_of(runtime, "x")});
                    if (not store->append(own)) ++conflicts;
                    // Of all who expect the same version of a shared stream, one succeeds.
                    const auto length = store->stream_length("shared-1").value();
                    static_cast<void>(
                        store->append(to("shared-1", ExpectedVersion::after(length), {note_of(runtime, "y")})));
                }
            });
        }
        for (auto& thread : threads) thread.join();
        CHECK(conflicts == 0);
        const auto events = read_all(*store.store);
        std::map<std::string, Version> next;
        for (std::size_t i = 0; i < events.size(); ++i) {
            REQUIRE(events[i].position == i + 1);
            REQUIRE(events[i].version == next[events[i].stream]++);
        }
        REQUIRE(observed.size() == events.size());
        CHECK(std::is_sorted(observed.begin(), observed.end()));
        for (int writer = 0; writer < writers; ++writer) CHECK(next["own-" + std::to_string(writer)] == appends);
    }
}

TEST_CASE("every event store has one rule for categories, and says what breaks it", "[eventstore][contract]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedMachine machine;
    auto store = kind.open(machine.runtime);
    DYNAMIC_SECTION(kind.name)
    {
        REQUIRE(store->append(to("gift-order-7", ExpectedVersion::any(), {machine.event("placed")})));
        CHECK(read_all(*store.store, {.scope = Scope::category("gift")}).size() == 1);
        for (const auto direction : {Direction::forwards, Direction::backwards}) {
            const auto cursor = store->read({.scope = Scope::category("gift-order"), .direction = direction});
            const auto told   = cursor->next();
            REQUIRE_FALSE(told);
            CHECK(told.error().kind == Failure::invalid);
            CHECK(told.error().code == "invalid-category");
            CHECK(told.error().sentence ==
                  "asked for the category \"gift-order\" and found a hyphen, which ends a category: the stream "
                  "\"gift-order\" is of the category \"gift\"; ask for that one, or for a stream");
            CHECK(cursor->next().error().code == "invalid-category");
        }
        CHECK(store->read({.scope = Scope::category("")})->next().error().code == "invalid-category");
        CHECK(store->read({.scope = Scope::category("order-")})->next().error().code == "invalid-category");

        // Nobody who asks by category would find these.
        for (const char* stream : {"-7", "-", "--"}) {
            CHECK(code_of(store->append(to(stream, ExpectedVersion::any(), {machine.event("lost")}))) ==
                  "invalid-stream-name");
        }
        CHECK(store->head() == 1);
    }
}

TEST_CASE("every event store names the types of its events, each once, in memory, on disk and after it was reopened",
          "[eventstore][contract]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedMachine machine;
    auto store = kind.open(machine.runtime);
    DYNAMIC_SECTION(kind.name)
    {
        REQUIRE(store->stored_types());
        CHECK(store->stored_types().value().empty());
        const auto append = [&](const std::string& stream, const std::string& type) {
            REQUIRE(store->append(to(stream, ExpectedVersion::any(), {note_of(machine.runtime, "x", type)})));
        };
        for (int i = 0; i < 300; ++i) append("order-" + std::to_string(i % 7), i % 3 == 0 ? "b" : "bb");
        append("letter-1", "a");
        append("letter-1", std::string(200, 'z'));
        const Texts types{"a", "b", "bb", std::string(200, 'z')};
        CHECK(store->stored_types().value() == types);
        store.reopen(store);
        CHECK(store->stored_types().value() == types);
        append("letter-1", "aa");
        CHECK(store->stored_types().value().size() == 5);
    }
}

} // namespace contract_test
