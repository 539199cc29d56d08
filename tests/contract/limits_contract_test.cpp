// What every event store takes, and what it refuses with the numbers: each limit exactly, and one above it.
#include "support/answers.hpp"
#include "support/machine_with_real_files.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/utf8.hpp>

#include <catch2/catch.hpp>

namespace limits_contract_test {

using namespace eventloom;
using namespace eventloom::testing;

// The limits of bytes and events that are large are small here: a store that keeps to any such limit keeps to every one.
// The last test asks the disk for the real ones, once.
constexpr StoreLimits limits{.event_bytes = 256u << 10, .append_events = 200, .append_bytes = 1u << 20};
const auto any = ExpectedVersion::any();

struct LimitsMachine : SimulatedMachine {
    // An append of so many bytes, an event of at most so many in each of its streams.
    AppendRequest of_bytes(std::size_t bytes, std::size_t event_bytes)
    {
        AppendRequest request;
        while (bytes > 0) {
            const auto part = std::min(bytes, event_bytes);
            request.streams.push_back({"a-" + std::to_string(bytes), any, {event(std::string(part, 'd'))}});
            bytes -= part;
        }
        return request;
    }
};

// Says yes at the limit and no one above it, and the no holds both numbers.
void check_limit(StoreUnderTest& store, const AppendRequest& at_limit, const AppendRequest& above,
                 const std::string& code, std::size_t limit)
{
    const auto refused = store->append(above);
    REQUIRE_FALSE(refused);
    INFO(refused.error().sentence);
    CHECK(refused.error().kind == Failure::invalid);
    CHECK(refused.error().code == code);
    CHECK_THAT(refused.error().sentence, Catch::Contains(std::to_string(limit)));
    CHECK_THAT(refused.error().sentence, Catch::Contains(std::to_string(limit + 1)));
    CHECK(store->head() == 0);
    const auto taken = store->append(at_limit);
    REQUIRE(taken);
    store.reopen(store);
    CHECK(read_all(*store.store).size() == store->head());
}

std::vector<std::string> numbered(std::size_t count)
{
    std::vector<std::string> words;
    for (std::size_t i = 0; i < count; ++i) words.push_back(std::to_string(i));
    return words;
}

TEST_CASE("every event store refuses what is out of bounds and writes nothing", "[eventstore][contract][limits]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedMachine machine;
    auto store                     = kind.open(machine.runtime);
    const auto refused             = [&](const AppendRequest& request) { return code_of(store->append(request)); };
    auto without_id                = machine.event("x");
    without_id.id                  = Uuid{};
    auto without_version           = machine.event("x");
    without_version.schema_version = 0;
    const auto twice               = machine.event("x");

    DYNAMIC_SECTION(kind.name)
    {
        CHECK(refused(to("", any, {machine.event("x")})) == "invalid-stream-name");
        CHECK(refused(to(std::string(513, 'a'), any, {machine.event("x")})) == "invalid-stream-name");
        CHECK(refused(to("a\nb", any, {machine.event("x")})) == "invalid-stream-name");
        CHECK(refused(to("a\xff", any, {machine.event("x")})) == "invalid-stream-name");
        CHECK(refused(to("a\xc2\x85", any, {machine.event("x")})) == "invalid-stream-name");
        CHECK(refused(to("a-1", any, {note_of(machine.runtime, "x", "")})) == "invalid-event-type");
        CHECK(refused(to("a-1", any, {without_id})) == "invalid-append");
        CHECK(refused(to("a-1", any, {without_version})) == "invalid-append");
        CHECK(refused(to("a-1", any, {twice, twice})) == "duplicate-event-id");
        CHECK(refused(to("a-1", any, {})) == "invalid-append");
        CHECK(refused({}) == "invalid-append");
        CHECK(refused(to("a-1", any, {note_of(machine.runtime, "x", std::string(257, 't'))})) == "invalid-event-type");
        auto one_stream_twice = to("a-1", any, {machine.event("x")});
        one_stream_twice.streams.push_back({"a-1", any, {machine.event("y")}});
        CHECK(refused(one_stream_twice) == "invalid-append");
        auto nameless_command    = to("a-1", any, {machine.event("x")});
        nameless_command.command = CommandRecord{};
        CHECK(refused(nameless_command) == "invalid-append");
        auto large_header             = machine.event("x");
        large_header.metadata.headers = {{"name", std::string((8u << 20) + 1, 'h')}};
        large_header.metadata.tags    = {"tag"};
        CHECK(refused(to("a-1", any, {large_header})) == "event-too-large");
        CHECK(refused(to("a-1", any, {machine.event(std::string((8u << 20) + 1, 'x'))})) == "event-too-large");
        CHECK(refused(to("a-1", any, std::vector<NewEvent>(10'001, machine.event("x")))) == "append-too-large");
        CHECK(store->head() == 0);
    }
}

TEST_CASE("every event store takes what is at a limit and refuses what is one above it",
          "[eventstore][contract][limits]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    LimitsMachine machine;
    auto store       = kind.open(machine.runtime, limits);
    const auto check = [&](auto request_of_size, std::size_t limit, const std::string& code) {
        check_limit(store, request_of_size(limit), request_of_size(limit + 1), code, limit);
    };
    const auto event_with = [&](auto change) {
        auto event = machine.event();
        change(event);
        return to("a-1", any, {std::move(event)});
    };
    const auto under = [&](QueryItem item, std::size_t items) {
        auto request      = to("a-1", any, {machine.event()});
        request.condition = AppendCondition{{std::vector<QueryItem>(items, item)}, 0};
        return request;
    };

    DYNAMIC_SECTION(kind.name << ": stream name")
    {
        check([&](std::size_t size) { return to(std::string(size, 's'), any, {machine.event()}); },
              limits.stream_name_bytes, "invalid-stream-name");
    }
    DYNAMIC_SECTION(kind.name << ": stream name of a command")
    {
        check(
            [&](std::size_t size) {
                auto request   = to("a-1", any, {machine.event()});
                auto& command  = request.command.emplace();
                command.id     = machine.runtime.ids.next();
                command.stream = std::string(size, 's');
                return request;
            },
            limits.stream_name_bytes, "invalid-stream-name");
    }
    DYNAMIC_SECTION(kind.name << ": event type")
    {
        check([&](std::size_t size) { return to("a-1", any, {machine.event("x", std::string(size, 't'))}); },
              limits.type_name_bytes, "invalid-event-type");
    }
    DYNAMIC_SECTION(kind.name << ": one event, its data alone and with what is around it")
    {
        check([&](std::size_t size) { return to("a-1", any, {machine.event(std::string(size, 'd'))}); },
              limits.event_bytes, "event-too-large");
        StoreUnderTest second = kind.open(machine.runtime, limits);
        const auto with_tag   = [&](std::size_t size) {
            return event_with([&](NewEvent& event) {
                event.metadata.tags    = {"tag"};
                event.metadata.headers = {{"name", "value"}};
                event.data             = std::string(size - 12, 'd');
            });
        };
        check_limit(second, with_tag(limits.event_bytes), with_tag(limits.event_bytes + 1), "event-too-large",
                    limits.event_bytes);
    }
    DYNAMIC_SECTION(kind.name << ": tags, how many and how large")
    {
        check(
            [&](std::size_t size) {
                return event_with([&](NewEvent& event) { event.metadata.tags = numbered(size); });
            },
            limits.tags, "invalid-tag");
        StoreUnderTest second = kind.open(machine.runtime, limits);
        const auto large      = [&](std::size_t size) {
            return event_with([&](NewEvent& event) { event.metadata.tags = {std::string(size, 't')}; });
        };
        check_limit(second, large(limits.tag_bytes), large(limits.tag_bytes + 1), "invalid-tag", limits.tag_bytes);
    }
    DYNAMIC_SECTION(kind.name << ": metadata, how many headers and how large")
    {
        check(
            [&](std::size_t size) {
                return event_with([&](NewEvent& event) {
                    event.metadata.headers = {{"name", std::string(size - 7, 'v')}};
                    event.metadata.tags    = {"tag"};
                });
            },
            limits.metadata_bytes, "metadata-too-large");
        StoreUnderTest second = kind.open(machine.runtime, limits);
        const auto many       = [&](std::size_t size) {
            return event_with([&](NewEvent& event) { event.metadata.headers.resize(size); });
        };
        check_limit(second, many(limits.headers), many(limits.headers + 1), "metadata-too-large", limits.headers);
    }
    DYNAMIC_SECTION(kind.name << ": an append, how many events and how large, over all its streams")
    {
        check(
            [&](std::size_t size) {
                auto request = to("a-1", any, {machine.event()});
                request.streams.push_back({"a-2", any, {}});
                while (request.streams[1].events.size() + 1 < size)
                    request.streams[1].events.push_back(machine.event());
                return request;
            },
            limits.append_events, "append-too-large");
        StoreUnderTest second = kind.open(machine.runtime, limits);
        const auto large      = [&](std::size_t size) { return machine.of_bytes(size, limits.event_bytes - 1); };
        check_limit(second, large(limits.append_bytes), large(limits.append_bytes + 1), "append-too-large",
                    limits.append_bytes);
    }
    DYNAMIC_SECTION(kind.name << ": a condition's items")
    {
        check([&](std::size_t size) { return under({.types = {"other"}}, size); }, limits.query_items,
              "query-too-large");
    }
    DYNAMIC_SECTION(kind.name << ": a condition's types in one item")
    {
        check([&](std::size_t size) { return under({.types = numbered(size)}, 1); }, limits.query_items,
              "query-too-large");
    }
    DYNAMIC_SECTION(kind.name << ": a condition's tags in one item")
    {
        check([&](std::size_t size) { return under({.tags = numbered(size)}, 1); }, limits.query_items,
              "query-too-large");
    }
    DYNAMIC_SECTION(kind.name << ": a condition's names")
    {
        check([&](std::size_t size) { return under({.types = {std::string(size, 't')}}, 1); }, limits.type_name_bytes,
              "invalid-event-type");
        StoreUnderTest second = kind.open(machine.runtime, limits);
        const auto tagged     = [&](std::size_t size) { return under({.tags = {std::string(size, 't')}}, 1); };
        check_limit(second, tagged(limits.tag_bytes), tagged(limits.tag_bytes + 1), "invalid-tag", limits.tag_bytes);
    }
}

struct Name {
    std::string what;
    std::string name;
};

const std::vector<Name>& clean_names()
{
    static const std::vector<Name> names{
        {"one letter", "a"},
        {"a space", " "},
        {"the last before DEL", "~"},
        {"the first after C1", "\xc2\xa0"},
        {"two, three and four bytes", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x8d\xb5"},
        {"the last before the surrogates", "\xed\x9f\xbf"},
        {"the last of all", "\xf4\x8f\xbf\xbf"},
    };
    return names;
}

const std::vector<Name>& unclean_names()
{
    static const std::vector<Name> names{
        {"nothing", ""},
        {"NUL alone", std::string(1, '\0')},
        {"NUL within", std::string("a\0b", 3)},
        {"a line break", "a\nb"},
        {"the last of C0", "a\x1f"},
        {"DEL", "a\x7f"},
        {"the first of C1", "a\xc2\x80"},
        {"the last of C1", "a\xc2\x9f"},
        {"a lone continuation", "a\x80"},
        {"a lead without its end", "a\xc3"},
        {"three bytes cut", "a\xe2\x82"},
        {"four bytes cut", "a\xf0\x9f\x8d"},
        {"a lead before a letter", "\xc3(a"},
        {"overlong in two bytes", "\xc0\xaf"},
        {"overlong NUL", "\xc0\x80"},
        {"the greatest overlong in two bytes", "\xc1\xbf"},
        {"overlong in three bytes", "\xe0\x80\xaf"},
        {"the greatest overlong in three bytes", "\xe0\x9f\xbf"},
        {"overlong in four bytes", "\xf0\x80\x80\xaf"},
        {"the greatest overlong in four bytes", "\xf0\x8f\xbf\xbf"},
        {"the first surrogate", "\xed\xa0\x80"},
        {"the last surrogate", "\xed\xbf\xbf"},
        {"beyond the last of all", "\xf4\x90\x80\x80"},
        {"a lead of five bytes", "\xf8\x88\x80\x80\x80"},
        {"a byte that UTF-8 never has", "\xfe"},
        {"the byte of all ones", "\xff"},
    };
    return names;
}

TEST_CASE("every event store takes names that are UTF-8 without control characters, and no others",
          "[eventstore][contract][limits]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    LimitsMachine machine;
    auto store           = kind.open(machine.runtime);
    const auto in_stream = [&](const std::string& name) { return to(name, any, {machine.event()}); };
    const auto in_type   = [&](const std::string& name) { return to("a-1", any, {machine.event("x", name)}); };
    const auto in_tag    = [&](const std::string& name) {
        auto event          = machine.event();
        event.metadata.tags = {"before", name};
        return to("a-1", any, {event});
    };
    const auto in_condition = [&](QueryItem item) {
        auto request      = to("a-1", any, {machine.event()});
        request.condition = AppendCondition{{{std::move(item)}}, 1'000'000};
        return request;
    };

    DYNAMIC_SECTION(kind.name << ": clean")
    {
        for (const auto& [what, name] : clean_names()) {
            INFO(what);
            for (const auto& request : {in_stream(name), in_type(name), in_tag(name), in_condition({.types = {name}}),
                                        in_condition({.tags = {name}})}) {
                const auto answer = store->append(request);
                CHECK(answer);
            }
        }
        store.reopen(store);
        for (const auto& [what, name] : clean_names()) {
            INFO(what);
            CHECK(read_all(*store.store, {.scope = Scope::stream(name)}).size() == 1);
            CHECK(read_all(*store.store, {.scope = Scope::type(name)}).size() == 1);
            CHECK(read_all(*store.store, {.scope = Scope::tag(name)}).size() == 1);
        }
    }
    DYNAMIC_SECTION(kind.name << ": not clean")
    {
        const auto refused = [&](const AppendRequest& request, const std::string& code) {
            const auto answer = store->append(request);
            REQUIRE_FALSE(answer);
            CHECK(answer.error().kind == Failure::invalid);
            CHECK(answer.error().code == code);
            CHECK(is_clean_name(answer.error().sentence)); // a name cannot steer the terminal it is printed on
        };
        for (const auto& [what, name] : unclean_names()) {
            INFO(what);
            refused(in_stream(name), "invalid-stream-name");
            refused(in_type(name), "invalid-event-type");
            refused(in_tag(name), "invalid-tag");
            refused(in_condition({.types = {name}}), "invalid-event-type");
            refused(in_condition({.tags = {name}}), "invalid-tag");
        }
        CHECK(store->head() == 0);
    }
}

TEST_CASE("the disk takes the largest append and the one of most events, gives them back, and takes nothing larger",
          "[eventstore][contract][limits]")
{
    constexpr StoreLimits real;
    LimitsMachine machine;
    const TemporaryDirectory directory;
    const auto open = [&] { return LevelDbStore::open(machine.runtime, {.directory = directory.path()}).value(); };
    auto store      = open();
    auto largest    = machine.of_bytes(real.append_bytes, real.event_bytes);
    auto most       = to("b-1", any, std::vector<NewEvent>(real.append_events));
    for (NewEvent& event : most.streams[0].events) event = machine.event();

    REQUIRE(store->append(machine.of_bytes(real.event_bytes + 1, real.event_bytes + 1)).error().code ==
            "event-too-large");
    for (AppendRequest* request : {&largest, &most}) {
        request->streams.push_back({"b-2", any, {machine.event()}});
        REQUIRE(store->append(*request).error().code == "append-too-large");
        request->streams.pop_back();
        REQUIRE(store->append(*request));
    }
    store.reset();

    store             = open();
    const auto cursor = store->read({});
    for (const AppendRequest* request : {&largest, &most}) {
        for (const StreamAppend& append : request->streams) {
            for (const NewEvent& event : append.events) {
                const RecordedEvent* read = cursor->next().value();
                REQUIRE(read != nullptr);
                REQUIRE(read->stream == append.stream);
                REQUIRE(read->id == event.id);
                REQUIRE((read->data == event.data)); // not shown when it differs: it may be 8 MiB
            }
        }
    }
    REQUIRE(cursor->next().value() == nullptr);
}

} // namespace limits_contract_test
