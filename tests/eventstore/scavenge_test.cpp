// What a scavenge takes out of a log, and that everything else stays where and as it is.
#include "eventstore/scavenged_log.hpp"
#include "support/answers.hpp"

namespace scavenge_test {

TEST_CASE("a scavenge takes out what no reader of a stream sees, and leaves everything else as it is",
          "[eventstore][scavenge]")
{
    ScavengeMachine machine;
    auto store = machine.open();
    machine.fill(*store);
    REQUIRE(store->compact());
    const auto all = views_of(*store);
    machine.limit(*store);
    auto before         = views_of(*store);
    const auto head     = store->head();
    const auto expected = without_gone(before);
    const auto gone   = std::count_if(all.at("everything").begin(), all.at("everything").end(), ScavengeMachine::goes);
    const auto in_log = machine.is_on_disk("canary desk-0 59");
    const auto kept_data = machine.is_on_disk("canary desk-5 0");
    CHECK((in_log && kept_data));

    const auto report = store->scavenge({});
    REQUIRE(report);
    CHECK(report.value().events == static_cast<Position>(gone));
    CHECK(report.value().streams == 5);
    CHECK_FALSE(report.value().resumed);
    CHECK(store->head() == head);
    CHECK(store->info().value().gone == static_cast<Position>(gone));
    CHECK(views_of(*store) == expected);
    CHECK(first_finding(*store).empty());
    CHECK(store->stream_length(name_of(0)).value() == rounds);

    SECTION("also when it is opened again")
    {
        store.reset();
        store = machine.open();
        CHECK(views_of(*store) == expected);
        CHECK(first_finding(*store).empty());
    }
    SECTION("also when the index is made anew")
    {
        store.reset();
        std::filesystem::remove_all(machine.options.directory + "/index");
        store = machine.open();
        CHECK(views_of(*store) == expected);
        CHECK(first_finding(*store).empty());
        CHECK(store->stream_length(name_of(0)).value() == rounds);
    }
    SECTION("also when the clusters are made anew")
    {
        REQUIRE(store->compact());
        CHECK(store->info().value().clustered >= 300);
        CHECK(views_of(*store) == expected);
        CHECK(first_finding(*store).empty());
    }
    SECTION("what is gone stays gone when the limits are taken off")
    {
        REQUIRE(set_stream_limits(*store, machine.runtime.ids, name_of(2), {}));
        REQUIRE(store->compact());
        CHECK(read_all(*store, {.scope = Scope::stream(name_of(2))}) == expected.at(name_of(2)));
        REQUIRE(set_stream_limits(*store, machine.runtime.ids, name_of(0), {}));
        CHECK(read_all(*store, {.scope = Scope::stream(name_of(0))}).empty());
    }
    SECTION("no byte of what is gone is left in any file")
    {
        for (const auto& event : all.at("everything")) {
            INFO(event.stream << " version " << event.version);
            const auto text = "canary " + event.stream + " " + std::to_string(event.version);
            // Numbers that begin alike: the text ends where the padding or the tags begin.
            if (ScavengeMachine::goes(event) && event.version >= 10) CHECK_FALSE(machine.is_on_disk(text));
        }
        CHECK(machine.is_on_disk("canary desk-5 0"));
    }
    SECTION("another one finds nothing more")
    {
        const auto again = store->scavenge({});
        REQUIRE(again);
        CHECK(again.value().events == 0);
        CHECK(store->info().value().gone == static_cast<Position>(gone));
        CHECK(views_of(*store) == expected);
    }
    SECTION("what was appended is known when it is sent again, and stands nowhere else")
    {
        for (const auto& request : machine.requests) {
            const auto again = store->append(request);
            REQUIRE(again);
            CHECK(again.value().repeated);
        }
        auto elsewhere                   = machine.requests.front();
        elsewhere.command                = std::nullopt;
        elsewhere.streams.front().stream = "desk-elsewhere";
        const auto refused               = store->append(elsewhere);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == "event-in-another-stream");
        CHECK(store->head() == head);
        CHECK_FALSE(store->find_event(machine.requests.front().streams.front().events.front().id).value());
        CHECK(store->find_event(machine.requests.front().streams.back().events.front().id).value());
    }
    SECTION("an event that is gone fails no condition")
    {
        const EventQuery first_round{{{.types = {"opened"}, .tags = {"round:0"}}}};
        auto request      = to("free-1", ExpectedVersion::any(), {note_of(machine.runtime, "x")});
        request.condition = AppendCondition{first_round, 0};
        CHECK(store->append(request));
    }
    SECTION("it is saved from a damaged store as it is")
    {
        store.reset();
        const auto into   = machine.directory.path() + "/saved";
        const auto saving = salvage_store(machine.runtime, machine.options.directory, into, {});
        REQUIRE(saving);
        machine.options.directory = into;
        store                     = machine.open();
        CHECK(views_of(*store) == expected);
        CHECK(first_finding(*store).empty());
    }
}

// The log's records by their keys, as their bytes stand.
std::map<std::string, std::string> records_of(const ScavengeMachine& machine)
{
    std::map<std::string, std::string> records;
    const auto log = Database::open(machine.runtime, {.directory = machine.options.directory});
    REQUIRE(log);
    auto cursor = log.value()->cursor();
    for (cursor.seek("e"); cursor.valid() && cursor.key().starts_with('e'); cursor.next()) {
        records.emplace(cursor.key(), cursor.value());
    }
    return records;
}

std::string lowest_first(std::uint64_t number, int bytes)
{
    std::string out;
    for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(number >> (8 * i)));
    return out;
}

std::uint64_t number_in(const std::string& bytes, std::size_t at, int count)
{
    std::uint64_t number = 0;
    for (int i = count - 1; i >= 0; --i)
        number = number << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
    return number;
}

TEST_CASE("a record of which events are gone is as docs/format.md has it, and its head as it was",
          "[eventstore][scavenge][versions]")
{
    ScavengeMachine machine;
    auto store = machine.open();
    AppendRequest request;
    std::vector<std::string> ids;
    for (const auto* stream : {"a-1", "b-1", "c-1"}) {
        std::vector<NewEvent> events;
        for (int i = 0; i < 2; ++i) events.push_back(note_of(machine.runtime, stream));
        for (const auto& event : events) {
            ids.emplace_back(reinterpret_cast<const char*>(event.id.bytes.data()), event.id.bytes.size());
        }
        request.streams.push_back({stream, ExpectedVersion::any(), std::move(events)});
    }
    REQUIRE(store->append(request));
    // The second of a-1 and both of c-1 stay.
    REQUIRE(set_stream_limits(*store, machine.runtime.ids, "a-1", {.max_count = 1}));
    REQUIRE(delete_stream(*store, machine.runtime.ids, "b-1"));
    store.reset();
    const auto before = records_of(machine);
    store             = machine.open();
    REQUIRE(store->scavenge({}).value().events == 3);
    store.reset();
    const auto after = records_of(machine);
    REQUIRE(after.size() == before.size());

    const auto& record = before.begin()->second;
    const auto head    = 40 + 6 * 12 + number_in(record, 32, 4) + 8;
    std::vector<std::size_t> ends;
    for (std::size_t i = 0; i < 6; ++i) ends.push_back(head + number_in(record, 40 + i * 12, 4));
    const std::string list = std::string{"\2"
                                         "\0\1"
                                         "\1\2",
                                         5} +
                             ids[0] + ids[2] + ids[3];
    std::string expected = std::string{"\3\0\0\0", 4} + lowest_first(list.size(), 4) + list + record.substr(0, head);
    expected += lowest_first(XXH3_64bits(expected.data(), expected.size()), 8);
    expected += record.substr(ends[0], ends[1] - ends[0]) + record.substr(ends[3]);
    CHECK(after.begin()->second == expected);
    for (auto one = std::next(before.begin()), other = std::next(after.begin()); one != before.end(); ++one, ++other) {
        CHECK(*one == *other);
    }
}

TEST_CASE("a scavenge gives back the room of what is gone", "[eventstore][scavenge]")
{
    ScavengeMachine machine;
    const auto store = machine.open();
    for (int i = 0; i < 200; ++i) {
        for (const auto* stream : {"gone-1", "kept-1"}) {
            const auto event = note_of(machine.runtime, std::string(30'000, stream[0]));
            REQUIRE(store->append(to(stream, ExpectedVersion::any(), {event})));
        }
    }
    REQUIRE(delete_stream(*store, machine.runtime.ids, "gone-1"));
    const auto report = store->scavenge({});
    REQUIRE(report);
    CHECK(report.value().bytes > 6'000'000);
    CHECK(report.value().bytes_before > 12'000'000);
    CHECK(report.value().bytes_before - report.value().bytes_after > report.value().bytes * 9 / 10);
}

TEST_CASE("a scavenge of a few events counts what they take, not the room that files are given ahead",
          "[eventstore][scavenge]")
{
    ScavengeMachine machine;
    const auto store = machine.open();
    for (const auto* stream : {"gone-1", "kept-1"}) {
        const auto event = note_of(machine.runtime, std::string(300, stream[0]));
        REQUIRE(store->append(to(stream, ExpectedVersion::any(), {event})));
    }
    REQUIRE(delete_stream(*store, machine.runtime.ids, "gone-1"));
    const auto report = store->scavenge({});
    REQUIRE(report);
    CHECK(report.value().bytes_before < 10'000);
    CHECK(report.value().bytes_after < 10'000);
}

TEST_CASE("what is saved of a damaged store knows what is gone of it", "[eventstore][scavenge][repair]")
{
    ScavengeMachine machine;
    Events left;
    StoreInfo info;
    {
        const auto store = machine.open();
        machine.fill(*store);
        machine.limit(*store);
        REQUIRE(store->scavenge({}));
        left = read_all(*store);
        info = store->info().value();
        REQUIRE(info.gone > 0);
    }
    const auto saved = machine.directory.path() + "/saved";
    REQUIRE(salvage_store(machine.runtime, machine.options.directory, saved));
    auto options      = machine.options;
    options.directory = saved;
    const auto store  = LevelDbStore::open(machine.runtime, options);
    REQUIRE(store);
    CHECK(read_all(*store.value()) == left);
    CHECK(store.value()->info().value().gone == info.gone);
    CHECK(store.value()->info().value().gone_bytes == info.gone_bytes);
}

TEST_CASE("a store is one of the newest format once something was asked of a stream, and not before",
          "[eventstore][scavenge]")
{
    ScavengeMachine machine;
    const auto store = machine.open();
    REQUIRE(store->append(to("a-1", ExpectedVersion::any(), {note_of(machine.runtime, "x")})));
    REQUIRE(store->scavenge({}));
    CHECK(store->info().value().format_version == 2);
    REQUIRE(delete_stream(*store, machine.runtime.ids, "a-1"));
    CHECK(store->info().value().format_version == 3);
}

} // namespace scavenge_test
