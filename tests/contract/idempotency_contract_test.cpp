// What every event store must do with events that are sent again: KurrentDB's rules, without their "probably".
#include "support/machine_with_real_files.hpp"

#include <catch2/catch.hpp>

namespace idempotency_contract_test {

using namespace eventloom;
using namespace eventloom::testing;

using Events = std::vector<NewEvent>;

const auto any           = ExpectedVersion::any();
const auto no_stream     = ExpectedVersion::no_stream();
const auto stream_exists = ExpectedVersion::stream_exists();

struct RepeatsMachine : SimulatedMachine {
    Events events(std::size_t count)
    {
        Events made;
        while (made.size() < count) made.push_back(event(std::to_string(made.size())));
        return made;
    }
};

// The answer to events that stand at these versions of the only stream.
Appended spanning(Version first, Version last)
{
    Appended answer;
    answer.streams        = {{first, last}};
    answer.first_position = first + 1;
    answer.last_position  = last + 1;
    return answer;
}

// The answer to a request that stands already: the first one, and nothing written.
void check_repeats(const EventStore& store, const Appended& first, const result<Appended>& again, Position head)
{
    REQUIRE(again);
    CHECK(again.value().repeated);
    CHECK(again.value().first_position == first.first_position);
    CHECK(again.value().last_position == first.last_position);
    CHECK(again.value().command == first.command);
    REQUIRE(again.value().streams.size() == first.streams.size());
    for (std::size_t i = 0; i < first.streams.size(); ++i) {
        CHECK(again.value().streams[i].first_version == first.streams[i].first_version);
        CHECK(again.value().streams[i].last_version == first.streams[i].last_version);
    }
    CHECK(store.head() == head);
}

// The request is refused with this code, writes nothing, and its sentence holds all these words.
void check_refused(StoreUnderTest& store, const AppendRequest& request, const std::string& code,
                   const std::vector<std::string>& words)
{
    const auto head   = store->head();
    const auto answer = store->append(request);
    REQUIRE_FALSE(answer);
    INFO(answer.error().sentence);
    CHECK(answer.error().kind == Failure::conflict);
    CHECK(answer.error().code == code);
    for (const auto& word : words) CHECK_THAT(answer.error().sentence, Catch::Contains(word));
    CHECK(store->head() == head);
}

TEST_CASE("every event store repeats its first answer, whatever was expected", "[eventstore][contract][idempotency]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    RepeatsMachine machine;
    auto store      = kind.open(machine.runtime);
    const auto e    = machine.events(6);
    const auto sent = [&](const ExpectedVersion& expected, const Events& events) {
        const auto answer = store->append(to("order-1", expected, events));
        REQUIRE(answer);
        REQUIRE_FALSE(answer.value().repeated);
        return answer.value();
    };
    const auto first  = sent(no_stream, {e[0], e[1], e[2]});
    const auto second = sent(ExpectedVersion::exactly(2), {e[3]});
    const auto third  = sent(stream_exists, {e[4]});
    const auto fourth = sent(any, {e[5]});
    store.reopen(store);

    const auto repeats = [&](const Appended& before, const ExpectedVersion& expected, const Events& events) {
        INFO(expected.describe());
        check_repeats(*store.store, before, store->append(to("order-1", expected, events)), 6);
    };
    DYNAMIC_SECTION(kind.name << ": the very same append")
    {
        repeats(first, no_stream, {e[0], e[1], e[2]});
        repeats(second, ExpectedVersion::exactly(2), {e[3]});
        repeats(third, stream_exists, {e[4]});
        repeats(fourth, any, {e[5]});
    }
    DYNAMIC_SECTION(kind.name << ": the same events under any expectation that would have put them there")
    {
        repeats(first, any, {e[0], e[1], e[2]});
        repeats(second, any, {e[3]});
        repeats(second, stream_exists, {e[3]});
        repeats(third, ExpectedVersion::exactly(3), {e[4]});
        repeats(fourth, ExpectedVersion::exactly(4), {e[5]});
    }
    DYNAMIC_SECTION(kind.name << ": a part of an append, and several appends as one, as KurrentDB has it")
    {
        repeats(spanning(0, 1), no_stream, {e[0], e[1]});
        repeats(spanning(1, 2), ExpectedVersion::exactly(0), {e[1], e[2]});
        repeats(spanning(2, 5), any, {e[2], e[3], e[4], e[5]});
    }
    DYNAMIC_SECTION(kind.name << ": under another expectation it says which version stands there")
    {
        const std::string code = "event-at-another-version";
        const auto id          = to_string(e[3].id);
        check_refused(store, to("order-1", no_stream, {e[3]}), code, {id, "order-1 version 3", "expected no stream"});
        check_refused(store, to("order-1", ExpectedVersion::exactly(5), {e[3]}), code,
                      {id, "order-1 version 3", "expected version 5"});
        check_refused(store, to("order-1", ExpectedVersion::exactly(77), {e[3]}), code, {id, "expected version 77"});
        check_refused(store, to("order-1", stream_exists, {e[0], e[1], e[2]}), code,
                      {to_string(e[0].id), "order-1 version 0", "expected an existing stream"});
    }
}

TEST_CASE("every event store says what is not the same about events that are sent again",
          "[eventstore][contract][idempotency]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    RepeatsMachine machine;
    auto store = kind.open(machine.runtime);
    auto e     = machine.events(3);
    REQUIRE(store->append(to("order-1", no_stream, e)));
    REQUIRE(store->append(to("order-1", any, {machine.event("between")})));
    const auto later = machine.event("later");
    REQUIRE(store->append(to("order-1", any, {later})));
    store.reopen(store);
    const auto fresh = machine.event("new");

    DYNAMIC_SECTION(kind.name << ": a part of them")
    {
        const std::string code = "events-partly-present";
        for (const Events& events : {Events{e[0], fresh}, Events{fresh, e[0]}, Events{fresh, e[0], e[1]}}) {
            check_refused(store, to("order-1", any, events), code,
                          {to_string(e[0].id) + " stands at order-1 version 0 (position 1)",
                           to_string(fresh.id) + " for order-1 is nowhere in the log",
                           std::to_string(events.size()) + " events"});
        }
        // A stream as expected makes no difference, and a condition that fails is not looked at.
        check_refused(store, to("order-1", ExpectedVersion::exactly(4), {fresh, e[2]}), code,
                      {to_string(e[2].id), to_string(fresh.id)});
        auto conditional      = to("order-1", any, {e[0], fresh});
        conditional.condition = AppendCondition{};
        check_refused(store, conditional, code, {to_string(fresh.id)});
    }
    DYNAMIC_SECTION(kind.name << ": another order, or others between them")
    {
        const std::string code = "events-in-another-order";
        check_refused(store, to("order-1", any, {e[1], e[0]}), code, {to_string(e[0].id), "order-1 version 0"});
        check_refused(store, to("order-1", any, {e[0], e[2], e[1]}), code, {to_string(e[2].id), "order-1 version 2"});
        check_refused(store, to("order-1", any, {e[0], e[2]}), code, {to_string(e[2].id), "order-1 version 2"});
        check_refused(store, to("order-1", any, {e[2], later}), code, {to_string(later.id), "order-1 version 4"});
    }
    DYNAMIC_SECTION(kind.name << ": another stream")
    {
        const std::string code = "event-in-another-stream";
        check_refused(store, to("order-2", any, e), code,
                      {to_string(e[0].id) + " to order-2", "order-1 version 0 (position 1)"});
        check_refused(store, to("order-2", no_stream, {fresh, e[1]}), code, {to_string(e[1].id), "order-1 version 1"});
    }
    DYNAMIC_SECTION(kind.name << ": other content, by name and without telling it")
    {
        const auto changed = [&](auto change, const std::vector<std::string>& words) {
            auto other = e;
            change(other[1]);
            auto all = words;
            all.insert(all.end(), {to_string(e[1].id), "order-1 version 1"});
            check_refused(store, to("order-1", any, other), "event-with-other-content", all);
        };
        changed([](NewEvent& event) { event.type = "renamed"; }, {"type \"renamed\" instead of \"noted\""});
        changed([](NewEvent& event) { event.schema_version = 2; }, {"schema version 2 instead of 1"});
        changed([](NewEvent& event) { event.data = "12"; }, {"data (2 bytes instead of 1 byte)"});
        changed([](NewEvent& event) { event.data = "x"; }, {"data (1 byte instead of 1 byte)"});
        changed([](NewEvent& event) { event.metadata.tags = {"t"}; }, {"content: tags"});
        changed([](NewEvent& event) { event.metadata.headers = {{"a", "b"}}; }, {"content: headers"});
        changed([&](NewEvent& event) { event.metadata.correlation = fresh.id; }, {"content: correlation"});
        changed([&](NewEvent& event) { event.metadata.causation = fresh.id; }, {"content: causation"});
        changed(
            [](NewEvent& event) {
                event.type          = "renamed";
                event.metadata.tags = {"t"};
            },
            {"type", ", tags"});
    }
    DYNAMIC_SECTION(kind.name << ": one id twice in a request")
    {
        const auto answer = store->append(to("order-1", any, {fresh, fresh}));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == "duplicate-event-id");
        CHECK_THAT(answer.error().sentence, Catch::Contains(to_string(fresh.id)));
        auto over_streams = to("order-1", any, {fresh});
        over_streams.streams.push_back({"order-2", any, {fresh}});
        REQUIRE_FALSE(store->append(over_streams));
        CHECK(store->append(over_streams).error().code == "duplicate-event-id");
        CHECK(store->head() == 5);
    }
}

TEST_CASE("every event store repeats its first answer to a commit over several streams",
          "[eventstore][contract][idempotency]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    RepeatsMachine machine;
    auto store   = kind.open(machine.runtime);
    const auto e = machine.events(4);
    AppendRequest commit;
    commit.streams   = {{"from-1", no_stream, {e[0], e[1]}}, {"to-1", any, {e[2]}}};
    const auto first = store->append(commit);
    REQUIRE(first);
    REQUIRE(store->append(to("to-1", any, {machine.event("later")})));
    store.reopen(store);

    DYNAMIC_SECTION(kind.name << ": the same commit")
    {
        check_repeats(*store.store, first.value(), store->append(commit), 4);
    }
    DYNAMIC_SECTION(kind.name << ": one stream stands and another does not")
    {
        auto partly = commit;
        partly.streams.push_back({"third-1", no_stream, {e[3]}});
        check_refused(store, partly, "events-partly-present",
                      {to_string(e[0].id) + " stands at from-1 version 0", to_string(e[3].id) + " for third-1"});
        std::rotate(partly.streams.begin(), partly.streams.begin() + 2, partly.streams.end());
        check_refused(store, partly, "events-partly-present", {to_string(e[3].id) + " for third-1"});
    }
    DYNAMIC_SECTION(kind.name << ": its streams in another order")
    {
        auto turned = commit;
        std::swap(turned.streams[0], turned.streams[1]);
        check_refused(store, turned, "events-in-another-order", {to_string(e[0].id), "from-1 version 0"});
    }
    DYNAMIC_SECTION(kind.name << ": its events in each other's streams")
    {
        auto crossed              = commit;
        crossed.streams[0].events = {e[2]};
        crossed.streams[1].events = {e[0]};
        check_refused(store, crossed, "event-in-another-stream", {to_string(e[2].id) + " to from-1", "to-1 version 0"});
    }
}

TEST_CASE("every event store repeats its first answer to what was sent under a condition or with a command",
          "[eventstore][contract][idempotency]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    RepeatsMachine machine;
    auto store          = kind.open(machine.runtime);
    auto named          = machine.event("ada");
    named.metadata.tags = {"name:ada"};
    auto request        = to("account-1", no_stream, {named});
    request.condition   = AppendCondition{{{{.tags = {"name:ada"}}}}, 0};
    CommandRecord command;
    command.id     = machine.runtime.ids.next();
    command.stream = "account-1";

    DYNAMIC_SECTION(kind.name << ": the condition finds its own event now, and is not asked again")
    {
        const auto first = store->append(request);
        REQUIRE(first);
        store.reopen(store);
        check_repeats(*store.store, first.value(), store->append(request), 1);
        auto other                = request;
        other.streams[0].events   = {machine.event("another ada")};
        other.streams[0].expected = any;
        CHECK(store->append(other).error().code == "append-condition-failed");
    }
    DYNAMIC_SECTION(kind.name << ": a command, under the condition, and what it was for")
    {
        request.command  = command;
        const auto first = store->append(request);
        REQUIRE(first);
        store.reopen(store);
        const auto again = store->append(request);
        REQUIRE(again);
        CHECK(again.value().repeated);
        CHECK(again.value().first_position == first.value().first_position);
        CHECK(again.value().last_position == first.value().last_position);
        CHECK(again.value().command == first.value().command);
        auto elsewhere            = request;
        elsewhere.command->stream = "account-2";
        REQUIRE_FALSE(store->append(elsewhere));
        CHECK(store->append(elsewhere).error().code == "command-id-taken");
        CHECK(store->head() == 1);
    }
    DYNAMIC_SECTION(kind.name << ": a command without events has a first answer too")
    {
        REQUIRE(store->append(to("account-1", any, {machine.event("before")})));
        AppendRequest nothing;
        nothing.command  = command;
        const auto first = store->append(nothing);
        REQUIRE(first);
        REQUIRE(store->append(to("account-1", any, {machine.event("after")})));
        store.reopen(store);
        check_repeats(*store.store, first.value(), store->append(nothing), 2);
    }
    DYNAMIC_SECTION(kind.name << ": events that stand without the command they come with now")
    {
        REQUIRE(store->append(request));
        request.command = command;
        check_refused(store, request, "events-without-their-command", {to_string(command.id)});
        CHECK_FALSE(store->find_command(command.id).value());
    }
}

TEST_CASE("every event store knows an append again after thousands of others", "[eventstore][contract][idempotency]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    RepeatsMachine machine;
    auto store   = kind.open(machine.runtime);
    const auto e = machine.events(40);
    std::vector<AppendRequest> requests;
    std::vector<Appended> answers;
    constexpr std::size_t rounds = 20;
    constexpr std::size_t others = 250;
    for (std::size_t round = 0; round < rounds; ++round) {
        const auto stream = "order-" + std::to_string(round % 3);
        requests.push_back(to(stream,
                              round % 2 == 0 ? any : ExpectedVersion::after(store->stream_length(stream).value()),
                              {e[2 * round], e[2 * round + 1]}));
        const auto answer = store->append(requests.back());
        REQUIRE(answer);
        answers.push_back(answer.value());
        REQUIRE(store->append(to("other-" + std::to_string(round), any, machine.events(others))));
        if (round % 7 == 3) store.reopen(store);
    }
    const auto head = store->head();
    REQUIRE(head == rounds * (others + 2));

    DYNAMIC_SECTION(kind.name)
    {
        for (const bool reopen : {false, true}) {
            if (reopen) store.reopen(store);
            for (std::size_t round = 0; round < rounds; ++round) {
                check_repeats(*store.store, answers[round], store->append(requests[round]), head);
            }
            auto other                      = requests[0];
            other.streams[0].events[1].data = "other";
            check_refused(store, other, "event-with-other-content", {to_string(e[1].id), "order-0 version 1"});
        }
    }
}

TEST_CASE("an append that only asks for its answer gets the first one, or writes nothing", "[contract][idempotency]")
{
    for (const auto& kind : every_store()) {
        DYNAMIC_SECTION(kind.name)
        {
            RepeatsMachine machine;
            auto store       = kind.open(machine.runtime);
            auto known       = to("note-1", no_stream, machine.events(2));
            const auto first = store->append(known);
            REQUIRE(first);
            known.only_if_recorded = true;
            check_repeats(*store.store, first.value(), store->append(known), 2);

            auto unknown             = to("note-1", any, machine.events(1));
            unknown.only_if_recorded = true;
            const auto refused       = store->append(unknown);
            REQUIRE_FALSE(refused);
            CHECK(refused.error().kind == Failure::refused);
            CHECK(refused.error().code == "not-recorded");
            CHECK(store->head() == 2);

            auto command        = to("note-1", any, machine.events(1));
            command.command     = CommandRecord{.id = machine.simulated.next(), .stream = "note-1"};
            const auto recorded = store->append(command);
            REQUIRE(recorded);
            command.only_if_recorded = true;
            const auto again         = store->append(command);
            REQUIRE(again);
            CHECK(again.value().repeated);
            CHECK(again.value().command == recorded.value().command);
            CHECK(store->head() == 3);
        }
    }
}

} // namespace idempotency_contract_test
