// What every event store must do with tags and types: conditions of appends, and reads by query and by time.
#include "support/answers.hpp"
#include "support/machine_with_real_files.hpp"

#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <random>
#include <thread>

namespace query_contract_test {

using namespace eventloom;
using namespace eventloom::testing;

struct TagsMachine : SimulatedMachine {
    NewEvent event(std::string type, std::vector<std::string> tags, std::string text = "x")
    {
        auto event          = note_of(runtime, std::move(text), std::move(type));
        event.metadata.tags = std::move(tags);
        return event;
    }
};

AppendRequest unless(EventQuery query, Position after, NewEvent event)
{
    auto request      = to("log-1", ExpectedVersion::any(), {std::move(event)});
    request.condition = AppendCondition{std::move(query), after};
    return request;
}

std::vector<Position> positions(const std::vector<RecordedEvent>& events)
{
    std::vector<Position> found;
    for (const auto& event : events) found.push_back(event.position);
    return found;
}

using Positions = std::vector<Position>;

std::string numbered(std::string word, std::uint64_t number)
{
    word += std::to_string(number);
    return word;
}

TEST_CASE("every event store holds an append to its condition over tags and types", "[eventstore][contract][query]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    TagsMachine machine;
    auto store        = kind.open(machine.runtime);
    const auto reopen = GENERATE(false, true);
    REQUIRE(store->append(to("a-1", ExpectedVersion::any(), {machine.event("defined", {"course:c1"})})));
    REQUIRE(store->append(to("a-2", ExpectedVersion::any(), {machine.event("joined", {"course:c1", "student:s1"})})));
    if (reopen) store.reopen(store);
    const auto tried = [&](EventQuery query, Position after) {
        return code_of(store->append(unless(std::move(query), after, machine.event("other", {}))));
    };
    const std::string failed = "append-condition-failed";

    DYNAMIC_SECTION(kind.name << (reopen ? ", reopened" : "") << ": a match after the position fails it")
    {
        CHECK(tried({{{.tags = {"course:c1"}}}}, 1) == failed);
        CHECK(tried({{{.types = {"joined"}}}}, 1) == failed);
        CHECK(tried({{{.types = {"left", "joined"}, .tags = {"student:s1", "course:c1"}}}}, 0) == failed);
        CHECK(tried({{{.types = {"left"}}, {.tags = {"student:s1"}}}}, 0) == failed);
        CHECK(tried({}, 1) == failed);
        CHECK(tried({{QueryItem{}}}, 1) == failed);
        CHECK(store->head() == 2);
    }
    DYNAMIC_SECTION(kind.name << (reopen ? ", reopened" : "") << ": anything else does not")
    {
        CHECK(tried({{{.tags = {"course:c1"}}}}, 2).empty());
        CHECK(tried({{{.types = {"joined"}, .tags = {"course:c2"}}}}, 0).empty());
        CHECK(tried({{{.tags = {"student:s1", "course:c2"}}}}, 0).empty());
        CHECK(tried({{{.types = {"defined"}, .tags = {"student:s1"}}}}, 0).empty());
        CHECK(tried({}, store->head()).empty());
        CHECK(tried({{{.tags = {"course:c1"}}}}, 1'000'000).empty());
    }
    DYNAMIC_SECTION(kind.name << (reopen ? ", reopened" : "") << ": sent again it gets the first answer")
    {
        const auto request = unless({{{.tags = {"name:ada"}}}}, 0, machine.event("taken", {"name:ada"}));
        REQUIRE(store->append(request));
        const auto again = store->append(request);
        REQUIRE(again);
        CHECK(again.value().repeated);
        CHECK(store->head() == 3);
    }
}

TEST_CASE("every event store lets one of many with the same condition through", "[eventstore][contract][threads]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SystemExecutor executor{{.threads = 1}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    auto store = kind.open(runtime);
    DYNAMIC_SECTION(kind.name)
    {
        std::atomic<int> through{0};
        std::vector<std::thread> threads;
        for (int writer = 0; writer < 8; ++writer) {
            threads.emplace_back([&] {
                for (int name = 0; name < 40; ++name) {
                    const auto tag      = numbered("name:", static_cast<std::uint64_t>(name));
                    auto event          = note_of(runtime, "x", "registered");
                    event.metadata.tags = {tag};
                    if (store->append(unless({{{.tags = {tag}}}}, 0, std::move(event)))) ++through;
                }
            });
        }
        for (auto& thread : threads) thread.join();
        CHECK(through == 40);
        CHECK(store->head() == 40);
    }
}

TEST_CASE("every event store keeps thousands of appends in flight in the order of their calls",
          "[eventstore][contract][threads]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SystemExecutor executor{{.threads = 1}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    auto store = kind.open(runtime);
    DYNAMIC_SECTION(kind.name)
    {
        constexpr std::uint64_t appends = 3'000;
        std::atomic<std::uint64_t> answers{0};
        std::atomic<std::uint64_t> wrong{0};
        for (std::uint64_t i = 0; i < appends; ++i) {
            store->append(to("flight-1", ExpectedVersion::after(i), {note_of(runtime, std::to_string(i))}),
                          [&, i](const result<Appended>& answer) {
                              if (not answer || answer.value().first_position != i + 1) ++wrong;
                              ++answers;
                              executor.wake();
                          });
        }
        REQUIRE(
            executor.wait_until([&] { return answers == appends; }, system_clock().now() + std::chrono::minutes{1}));
        CHECK(wrong == 0);
        CHECK(store->stream_length("flight-1").value() == appends);
    }
}

TEST_CASE("every event store answers what is sent twice at once from one write", "[eventstore][contract][idempotency]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    TagsMachine machine;
    auto store = kind.open(machine.runtime);
    DYNAMIC_SECTION(kind.name)
    {
        const auto request = to("order-1", ExpectedVersion::any(), {machine.event("a", {}), machine.event("b", {})});
        std::vector<bool> repeated;
        for (int i = 0; i < 3; ++i) {
            store->append(request, [&](const result<Appended>& answer) {
                CHECK(answer);
                if (answer) repeated.push_back(answer.value().repeated);
            });
        }
        machine.simulated.run_until_idle();
        CHECK(repeated == std::vector<bool>{false, true, true});
        CHECK(store->head() == 2);
    }
}

TEST_CASE("every event store finds what any query asks for, both ways", "[eventstore][contract][query]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    TagsMachine machine;
    auto store = kind.open(machine.runtime);
    std::mt19937 random{7};
    const auto some = [&](std::string_view prefix, unsigned kinds, unsigned most) {
        std::vector<std::string> words;
        for (auto count = random() % (most + 1); count > 0; --count) {
            const auto word = numbered(std::string{prefix}, random() % kinds);
            if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
        }
        return words;
    };
    std::vector<RecordedEvent> all;
    for (int i = 0; i < 400; ++i) {
        const auto stream = numbered(numbered("s", random() % 3) + "-", random() % 9);
        REQUIRE(store->append(
            to(stream, ExpectedVersion::any(), {machine.event(numbered("type", random() % 4), some("tag", 5, 3))})));
        machine.simulated.advance(std::chrono::milliseconds{random() % 3});
        if (i == 150 || i == 300) store.reopen(store);
    }
    all = read_all(*store.store);
    REQUIRE(all.size() == 400);

    DYNAMIC_SECTION(kind.name)
    {
        for (int round = 0; round < 200; ++round) {
            EventQuery query;
            for (auto items = random() % 4; items > 0; --items) {
                query.items.push_back({some("type", 4, 2), some("tag", 5, 2)});
            }
            const std::vector<Scope> scopes{Scope::matching(query), Scope::everything(),
                                            Scope::category("s1"),  Scope::stream(numbered("s1-", random() % 9)),
                                            Scope::type("type2"),   Scope::tag("tag3")};
            const auto& scope    = scopes[random() % scopes.size()];
            const bool is_stream = scope.kind() == Scope::Kind::stream;
            const bool forwards  = random() % 2 == 0;
            ReadRequest request{.scope = scope, .direction = forwards ? Direction::forwards : Direction::backwards};
            if (random() % 2 == 0) request.from = random() % (is_stream ? 12 : 410);
            if (random() % 2 == 0) request.at = all[random() % all.size()].recorded_at;
            if (random() % 3 == 0) request.limit = random() % 30;
            Positions expected;
            for (const auto& event : all) {
                const auto place = is_stream ? event.version : event.position;
                if (not scope.contains(event)) continue;
                if (request.from && (forwards ? place < *request.from : place > *request.from)) continue;
                if (request.at && (forwards ? event.recorded_at < *request.at : event.recorded_at > *request.at)) {
                    continue;
                }
                expected.push_back(event.position);
            }
            if (not forwards) std::reverse(expected.begin(), expected.end());
            if (expected.size() > request.limit) expected.resize(request.limit);
            INFO(query.describe());
            REQUIRE(positions(read_all(*store.store, request)) == expected);
        }
    }
}

TEST_CASE("every event store holds tags, metadata and conditions to their limits", "[eventstore][contract][limits]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    TagsMachine machine;
    auto store = kind.open(machine.runtime);
    DYNAMIC_SECTION(kind.name)
    {
        const auto refused = [&](NewEvent event) {
            return code_of(store->append(to("a-1", ExpectedVersion::any(), {std::move(event)})));
        };
        std::vector<std::string> many;
        for (int i = 0; i < 65; ++i) many.push_back(numbered("tag", static_cast<std::uint64_t>(i)));
        CHECK(refused(machine.event("x", many)) == "invalid-tag");
        CHECK(refused(machine.event("x", {""})) == "invalid-tag");
        CHECK(refused(machine.event("x", {std::string(257, 't')})) == "invalid-tag");
        CHECK(refused(machine.event("x", {"line\nbreak"})) == "invalid-tag");
        CHECK(refused(machine.event("x", {"\xff"})) == "invalid-tag");
        auto wordy             = machine.event("x", {});
        wordy.metadata.headers = {{"name", std::string(70'000, 'h')}};
        CHECK(refused(wordy) == "metadata-too-large");
        const EventQuery endless{std::vector<QueryItem>(65, QueryItem{.types = {"x"}})};
        CHECK(code_of(store->append(unless(endless, 0, machine.event("x", {})))) == "query-too-large");
        CHECK(store->head() == 0);
    }
}

} // namespace query_contract_test
