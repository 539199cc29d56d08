// What is asked of a stream, and what every event store makes of it.
#include "support/answers.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/stream_limits.hpp>

#include "support/counter.hpp"
#include "support/machine_with_real_files.hpp"

#include <catch2/catch.hpp>

#include <chrono>

namespace stream_limits_contract_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

using Texts = std::vector<std::string>;

struct LimitsMachine : SimulatedMachine {
    StoreUnderTest store;

    explicit LimitsMachine(const StoreKind& kind) : store{kind.open(runtime)} {}

    EventStore& operator*() { return *store.store; }
    EventStore* operator->() { return store.store.get(); }

    result<Appended> append(const std::string& stream, ExpectedVersion expected, const Texts& texts)
    {
        std::vector<NewEvent> events;
        for (const auto& text : texts) events.push_back(note_of(runtime, text));
        return store->append(to(stream, expected, std::move(events)));
    }
    Texts read(const ReadRequest& request)
    {
        Texts texts;
        for (const auto& event : read_all(*store.store, request)) texts.push_back(event.data);
        return texts;
    }
    Texts read(const std::string& stream) { return read(ReadRequest{.scope = Scope::stream(stream)}); }
};

template <class Fact>
NewEvent event_of(const Runtime& runtime, const Fact& fact)
{
    const auto& type = event_type<StreamSettings, Fact>();
    auto event       = note_of(runtime, "", std::string{type.name});
    type.encode(&fact, event.data);
    return event;
}

TEST_CASE("a reader of a stream sees what its limits leave, at once and from either end", "[eventstore][limits]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    LimitsMachine machine{kind};
    auto& ids = machine.runtime.ids;
    REQUIRE(machine.append("a-1", ExpectedVersion::no_stream(), {"0", "1", "2"}));
    REQUIRE(machine.append("b-1", ExpectedVersion::no_stream(), {"other"}));
    machine.simulated.advance(1h);
    REQUIRE(machine.append("a-1", ExpectedVersion::exactly(2), {"3", "4"}));
    const auto backwards = ReadRequest{.scope = Scope::stream("a-1"), .direction = Direction::backwards};

    DYNAMIC_SECTION(kind.name << ": the last so many")
    {
        REQUIRE(set_stream_limits(*machine, ids, "a-1", {.max_count = 2}));
        CHECK(machine.read("a-1") == Texts{"3", "4"});
        CHECK(machine.read(backwards) == Texts{"4", "3"});
        CHECK(machine.read(ReadRequest{.scope = Scope::stream("a-1"), .from = 1, .limit = 1}) == Texts{"3"});
        REQUIRE(machine.append("a-1", ExpectedVersion::exactly(4), {"5"}));
        machine.store.reopen(machine.store);
        CHECK(machine.read("a-1") == Texts{"4", "5"});
    }
    DYNAMIC_SECTION(kind.name << ": from a version on")
    {
        REQUIRE(set_stream_limits(*machine, ids, "a-1", {.truncate_before = 1}));
        CHECK(machine.read("a-1") == Texts{"1", "2", "3", "4"});
        CHECK(machine.read(backwards) == Texts{"4", "3", "2", "1"});
    }
    DYNAMIC_SECTION(kind.name << ": what is not older")
    {
        REQUIRE(set_stream_limits(*machine, ids, "a-1", {.max_age = 30min}));
        CHECK(machine.read("a-1") == Texts{"3", "4"});
        CHECK(machine.read(backwards) == Texts{"4", "3"});
        machine.simulated.advance(30min);
        CHECK(machine.read("a-1") == Texts{"3", "4"}); // as old as may be
        machine.simulated.advance(1s);
        CHECK(machine.read("a-1").empty());
    }
    DYNAMIC_SECTION(kind.name << ": all of them together, and none of them again")
    {
        REQUIRE(set_stream_limits(*machine, ids, "a-1", {.max_age = 2h, .max_count = 4, .truncate_before = 2}));
        CHECK(machine.read("a-1") == Texts{"2", "3", "4"});
        REQUIRE(set_stream_limits(*machine, ids, "a-1", {}));
        CHECK(machine.read("a-1") == Texts{"0", "1", "2", "3", "4"});
    }
    // They are of one stream and its readers.
    CHECK(machine.read("b-1") == Texts{"other"});
    CHECK(machine.read(ReadRequest{.scope = Scope::category("a")}).size() >= 5);
    CHECK(machine->stream_length("a-1").value() >= 5);
}

TEST_CASE("limits cut off what is there, and nothing that is still to come", "[eventstore][limits]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    LimitsMachine machine{kind};
    auto& ids = machine.runtime.ids;
    DYNAMIC_SECTION(kind.name)
    {
        REQUIRE(machine.append("a-1", ExpectedVersion::no_stream(), {"0", "1"}));
        CHECK(code_of(check_stream_limits(*machine, "a-1", {.truncate_before = 3})) == "limits-ahead-of-stream");
        CHECK(code_of(set_stream_limits(*machine, ids, "a-1", {.truncate_before = 3})) == "limits-ahead-of-stream");
        CHECK(machine.read("a-1") == Texts{"0", "1"});
        REQUIRE(set_stream_limits(*machine, ids, "a-1", {.truncate_before = 2}));
        CHECK(machine.read("a-1").empty());
        REQUIRE(machine.append("a-1", ExpectedVersion::any(), {"2"}));
        CHECK(machine.read("a-1") == Texts{"2"});
    }
}

TEST_CASE("limits are events, and asking for what stands writes nothing", "[eventstore][limits]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    LimitsMachine machine{kind};
    auto& ids = machine.runtime.ids;
    DYNAMIC_SECTION(kind.name)
    {
        REQUIRE(machine.append("a-1", ExpectedVersion::no_stream(), {"0"}));
        const StreamLimits limits{.max_age = 90min, .max_count = 7, .truncate_before = 0};
        REQUIRE(set_stream_limits(*machine, ids, "a-1", limits));
        REQUIRE(set_stream_limits(*machine, ids, "a-1", limits));
        REQUIRE(delete_stream(*machine, ids, "a-1"));
        REQUIRE(delete_stream(*machine, ids, "a-1"));
        REQUIRE(tombstone_stream(*machine, ids, "a-1"));
        REQUIRE(tombstone_stream(*machine, ids, "a-1"));
        machine.store.reopen(machine.store);
        std::vector<std::string> types;
        for (const auto& event : read_all(*machine, {.scope = Scope::category("$stream")})) {
            CHECK(event.stream == "$stream-a-1");
            types.push_back(event.type);
        }
        CHECK(types == std::vector<std::string>{"$stream-limits-set", "$stream-deleted", "$stream-tombstoned"});
        CHECK(stream_status(*machine, "a-1").value().tombstoned);
        CHECK(stream_status(*machine, "b-1").value() == StreamStatus{});
    }
}

TEST_CASE("a deleted stream reads as empty, and begins again after its versions", "[eventstore][limits]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    LimitsMachine machine{kind};
    auto& ids = machine.runtime.ids;
    DYNAMIC_SECTION(kind.name)
    {
        CHECK(code_of(delete_stream(*machine, ids, "a-1")) == "no-such-stream");
        REQUIRE(machine.append("a-1", ExpectedVersion::no_stream(), {"0", "1"}));
        REQUIRE(delete_stream(*machine, ids, "a-1"));
        CHECK(machine.read("a-1").empty());
        CHECK(machine->stream_length("a-1").value() == 2);
        CHECK(code_of(machine.append("a-1", ExpectedVersion::exactly(0), {"x"})) == "wrong-expected-version");

        auto anew        = to("a-1", ExpectedVersion::no_stream(), {note_of(machine.runtime, "2")});
        const auto first = machine->append(anew);
        REQUIRE(first);
        CHECK(first.value().streams.at(0).first_version == 2);
        machine.store.reopen(machine.store);
        CHECK(machine.read("a-1") == Texts{"2"});
        CHECK(code_of(machine.append("a-1", ExpectedVersion::no_stream(), {"x"})) == "wrong-expected-version");
        // Sent again it is known, though "no stream" would not find any now.
        const auto again = machine->append(anew);
        REQUIRE(again);
        CHECK(again.value().repeated);
        CHECK(again.value().first_position == first.value().first_position);
        // What was put after another event is not taken for the beginning of a stream.
        auto later = to("a-1", ExpectedVersion::exactly(2), {note_of(machine.runtime, "3")});
        REQUIRE(machine->append(later));
        later.streams.front().expected = ExpectedVersion::no_stream();
        CHECK(code_of(machine->append(later)) == "event-at-another-version");
    }
}

TEST_CASE("a tombstoned stream is never written again", "[eventstore][limits]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    LimitsMachine machine{kind};
    auto& ids = machine.runtime.ids;
    DYNAMIC_SECTION(kind.name)
    {
        const auto sent = to("a-1", ExpectedVersion::no_stream(), {note_of(machine.runtime, "0")});
        REQUIRE(machine->append(sent));
        REQUIRE(tombstone_stream(*machine, ids, "a-1"));
        // A name that is mistyped would be lost for ever.
        CHECK(code_of(tombstone_stream(*machine, ids, "never-1")) == "no-such-stream");
        CHECK(machine.append("never-1", ExpectedVersion::no_stream(), {"x"}));
        const auto head  = machine->head();
        const auto check = [&] {
            CHECK(machine.read("a-1").empty());
            for (const auto& expected : {ExpectedVersion::any(), ExpectedVersion::no_stream(),
                                         ExpectedVersion::stream_exists(), ExpectedVersion::exactly(0)}) {
                const auto refused = machine.append("a-1", expected, {"x"});
                REQUIRE_FALSE(refused);
                CHECK(refused.error().code == "stream-tombstoned");
                CHECK(refused.error().kind == Failure::refused);
            }
            CHECK(code_of(set_stream_limits(*machine, ids, "a-1", {.max_count = 1})) == "stream-tombstoned");
            CHECK(code_of(delete_stream(*machine, ids, "a-1")) == "stream-tombstoned");
            // Nor together with another stream.
            AppendRequest both;
            both.streams.push_back({"b-1", ExpectedVersion::any(), {note_of(machine.runtime, "x")}});
            both.streams.push_back({"a-1", ExpectedVersion::any(), {note_of(machine.runtime, "x")}});
            CHECK(code_of(machine->append(both)) == "stream-tombstoned");
            CHECK(machine->head() == head);
            const auto again = machine->append(sent);
            REQUIRE(again); // what was written before is known
            CHECK(again.value().repeated);
        };
        check();
        machine.store.reopen(machine.store);
        check();
    }
}

TEST_CASE("an append in the same group as the tombstone is refused like one after it", "[eventstore][limits]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    LimitsMachine machine{kind};
    DYNAMIC_SECTION(kind.name)
    {
        const auto tombstone = event_of(machine.runtime, StreamTombstoned{});
        std::vector<std::string> answers;
        const auto take = [&](const result<Appended>& answer) { answers.push_back(code_of(answer)); };
        machine->append(to("a-1", ExpectedVersion::any(), {note_of(machine.runtime, "0")}), take);
        machine->append(to(settings_stream_of("a-1"), ExpectedVersion::any(), {tombstone}), take);
        machine->append(to("a-1", ExpectedVersion::any(), {note_of(machine.runtime, "1")}), take);
        machine.simulated.run_until_idle();
        CHECK(answers == std::vector<std::string>{"", "", "stream-tombstoned"});
    }
}

TEST_CASE("nothing is asked again of a stream that has ended for good", "[eventstore][limits]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    LimitsMachine machine{kind};
    const auto ask = [&](const std::vector<NewEvent>& events) {
        return code_of(machine->append(to(settings_stream_of("a-1"), ExpectedVersion::any(), events)));
    };
    DYNAMIC_SECTION(kind.name)
    {
        REQUIRE(machine.append("a-1", ExpectedVersion::no_stream(), {"0"}));
        const auto end    = event_of(machine.runtime, StreamTombstoned{});
        const auto limits = event_of(machine.runtime, StreamLimitsSet{});
        CHECK(ask({end, limits}) == "invalid-append"); // in one append
        CHECK(machine.read("a-1") == Texts{"0"});
        CHECK(ask({limits, end}) == "");
        CHECK(ask({event_of(machine.runtime, StreamLimitsSet{})}) == "stream-tombstoned");
        CHECK(ask({event_of(machine.runtime, StreamTombstoned{})}) == "stream-tombstoned");
        CHECK(code_of(machine.append("a-1", ExpectedVersion::any(), {"x"})) == "stream-tombstoned");
        CHECK(tombstone_stream(*machine, machine.runtime.ids, "a-1"));
        CHECK(ask({limits, end}) == ""); // sent again, it is known
    }
}

TEST_CASE("an append that asks something of the stream that it begins anew is known when it is sent again",
          "[eventstore][limits]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    LimitsMachine machine{kind};
    DYNAMIC_SECTION(kind.name)
    {
        REQUIRE(machine.append("a-1", ExpectedVersion::no_stream(), {"0", "1"}));
        REQUIRE(delete_stream(*machine, machine.runtime.ids, "a-1"));
        AppendRequest request;
        request.streams.push_back(
            {settings_stream_of("a-1"), ExpectedVersion::any(), {event_of(machine.runtime, StreamLimitsSet{})}});
        request.streams.push_back({"a-1", ExpectedVersion::no_stream(), {note_of(machine.runtime, "2")}});
        const auto first = machine->append(request);
        REQUIRE(first);
        CHECK(first.value().streams.at(1).first_version == 2);
        const auto again = machine->append(request);
        REQUIRE(again);
        CHECK(again.value().repeated);
        CHECK(again.value().first_position == first.value().first_position);
    }
}

TEST_CASE("the streams of what is asked hold nothing else", "[eventstore][limits]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    LimitsMachine machine{kind};
    auto& ids = machine.runtime.ids;
    DYNAMIC_SECTION(kind.name)
    {
        const auto any = ExpectedVersion::any();
        CHECK(code_of(machine.append("$stream-a-1", any, {"x"})) == "invalid-stream-name");
        CHECK(code_of(machine.append("$stream", any, {"x"})) == "invalid-stream-name");
        auto damaged = note_of(machine.runtime, "\xff\xff", "$stream-limits-set");
        CHECK(code_of(machine->append(to("$stream-a-1", any, {damaged}))) == "invalid-stream-name");
        CHECK(code_of(set_stream_limits(*machine, ids, "$stream-a-1", {.max_count = 1})) == "invalid-stream-name");
        CHECK(code_of(set_stream_limits(*machine, ids, "", {.max_count = 1})) == "invalid-stream-name");
        CHECK(code_of(set_stream_limits(*machine, ids, "a-1", {.max_count = 0})) == "invalid-limits");
        CHECK(code_of(set_stream_limits(*machine, ids, "a-1", {.max_age = 0s})) == "invalid-limits");
        CHECK(code_of(set_stream_limits(*machine, ids, "a-1", {.truncate_before = 1})) == "limits-ahead-of-stream");
        CHECK(machine->head() == 0);
        CHECK(code_of(machine.append("$money-1", any, {"x"})) == ""); // only these
        // The longest name that a stream may have can have limits.
        const std::string longest(StoreLimits{}.stream_name_bytes, 'n');
        REQUIRE(machine.append(longest, any, {"x"}));
        REQUIRE(delete_stream(*machine, ids, longest));
        CHECK(machine.read(longest).empty());
    }
}

TEST_CASE("an aggregate whose stream was deleted begins anew, also when its state was in memory",
          "[eventstore][limits]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    LimitsMachine machine{kind};
    auto& ids = machine.runtime.ids;
    DYNAMIC_SECTION(kind.name)
    {
        const id<Counter> counter{"1"};
        const auto snapshots = open_memory_snapshots();
        CommandBus bus{machine.runtime, *machine, {.snapshots = snapshots.get()}};
        for (int i = 0; i < 12; ++i) REQUIRE(bus.send(counter, Add{1}));
        CHECK(bus.load(counter).value().value == 12);
        REQUIRE(delete_stream(*machine, ids, counter.stream()));
        CHECK(bus.load(counter).value().value == 0);
        REQUIRE(bus.send(counter, Add{5}));
        CHECK(bus.load(counter).value().value == 5);
        CommandBus fresh{machine.runtime, *machine, {.snapshots = snapshots.get()}};
        CHECK(fresh.load(counter).value().value == 5);
        REQUIRE(tombstone_stream(*machine, ids, counter.stream()));
        const auto refused = fresh.send(counter, Add{1});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == "stream-tombstoned");
    }
}

} // namespace stream_limits_contract_test
