// What a scavenge takes out of a log, and that everything else stays where and as it is.
#include "support/every_store.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/eventstore/repair.hpp>
#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/storage/ordered_key.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>
#include <xxhash.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

namespace scavenge_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

using Events = std::vector<RecordedEvent>;
using Texts  = std::vector<std::string>;

constexpr int streams = 6;
constexpr int rounds  = 60;

std::string name_of(int stream)
{
    return "desk-" + std::to_string(stream);
}

// Of stream 0 all goes, of stream 1 all but the last 10, of stream 2 what stands before version 20, of stream 3 what is old;
// stream 4 has ended for good, and of stream 5 nothing was asked.
struct Machine {
    SimulatedExecutor simulated{1};
    Runtime runtime{simulated, simulated, simulated, system_files()};
    TemporaryDirectory directory;
    LevelDbStoreOptions options{.directory              = directory.path() + "/log",
                                .record_bytes           = 2'000,
                                .index_events_in_memory = 64,
                                .cluster_events         = 50,
                                .small_cluster_events   = 50,
                                .cluster_memory_bytes   = 4'096};
    std::vector<AppendRequest> requests;

    std::unique_ptr<LevelDbStore> open() const
    {
        auto store = LevelDbStore::open(runtime, options);
        INFO((store ? "" : store.error().sentence));
        REQUIRE(store);
        return std::move(store.value());
    }

    void fill(LevelDbStore& store)
    {
        for (int round = 0; round < rounds; ++round) {
            if (round == rounds / 2) simulated.advance(1h);
            AppendRequest request;
            for (int stream = 0; stream < streams; ++stream) {
                auto event = note_of(runtime, "canary " + name_of(stream) + " " + std::to_string(round),
                                     stream % 2 == 0 ? "opened" : "noted");
                event.data.append(simulated.draw(200), 'x');
                event.metadata.tags = {"round:" + std::to_string(round), "all"};
                request.streams.push_back({name_of(stream), ExpectedVersion::any(), {event}});
            }
            if (round % 7 == 0) {
                request.command.emplace();
                request.command->id     = runtime.ids.next();
                request.command->stream = name_of(1);
            }
            requests.push_back(request);
            REQUIRE(store.append(request));
            simulated.run_until_idle();
        }
    }

    void limit(LevelDbStore& store) const
    {
        auto& ids = runtime.ids;
        REQUIRE(delete_stream(store, ids, name_of(0)));
        REQUIRE(set_stream_limits(store, ids, name_of(1), {.max_count = 10}));
        REQUIRE(set_stream_limits(store, ids, name_of(2), {.truncate_before = 20}));
        REQUIRE(set_stream_limits(store, ids, name_of(3), {.max_age = 30min}));
        REQUIRE(tombstone_stream(store, ids, name_of(4)));
    }

    static bool goes(const RecordedEvent& event)
    {
        if (event.stream == name_of(0) || event.stream == name_of(4)) return true;
        if (event.stream == name_of(1)) return event.version + 10 < rounds;
        if (event.stream == name_of(2)) return event.version < 20;
        return event.stream == name_of(3) && event.version < rounds / 2;
    }

    // Whether the text stands anywhere in the files of the store.
    bool is_on_disk(const std::string& text) const
    {
        for (const auto& file : std::filesystem::recursive_directory_iterator(directory.path())) {
            if (not file.is_regular_file()) continue;
            std::ifstream stream{file.path(), std::ios::binary};
            const std::string bytes{std::istreambuf_iterator<char>{stream}, {}};
            if (bytes.find(text) != std::string::npos) return true;
        }
        return false;
    }
};

// What the store holds by every way to read it.
std::map<std::string, Events> views_of(const LevelDbStore& store)
{
    std::map<std::string, Events> views{{"everything", read_all(store)},
                                        {"backwards", read_all(store, {.direction = Direction::backwards})},
                                        {"category", read_all(store, {.scope = Scope::category("desk")})},
                                        {"type", read_all(store, {.scope = Scope::type("noted")})},
                                        {"tag", read_all(store, {.scope = Scope::tag("all")})},
                                        {"tag of a round", read_all(store, {.scope = Scope::tag("round:30")})}};
    for (int stream = 0; stream < streams; ++stream) {
        views[name_of(stream)] = read_all(store, {.scope = Scope::stream(name_of(stream))});
    }
    return views;
}

std::map<std::string, Events> without_gone(std::map<std::string, Events> views)
{
    for (auto& [name, events] : views) std::erase_if(events, Machine::goes);
    return views;
}

std::string first_finding(const LevelDbStore& store)
{
    const auto report = store.verify();
    if (not report) return report.error().sentence;
    return report.value().findings.empty() ? "" : report.value().findings.front().sentence;
}

TEST_CASE("a scavenge takes out what no reader of a stream sees, and leaves everything else as it is",
          "[eventstore][scavenge]")
{
    Machine machine;
    auto store = machine.open();
    machine.fill(*store);
    REQUIRE(store->compact());
    const auto all = views_of(*store);
    machine.limit(*store);
    auto before          = views_of(*store);
    const auto head      = store->head();
    const auto expected  = without_gone(before);
    const auto gone      = std::count_if(all.at("everything").begin(), all.at("everything").end(), Machine::goes);
    const auto in_log    = machine.is_on_disk("canary desk-0 59");
    const auto kept_data = machine.is_on_disk("canary desk-5 0");
    CHECK((in_log && kept_data));

    const auto report = store->scavenge({});
    INFO((report ? "" : report.error().sentence));
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
            if (Machine::goes(event) && event.version >= 10) CHECK_FALSE(machine.is_on_disk(text));
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
            INFO((again ? "" : again.error().sentence));
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
std::map<std::string, std::string> records_of(const Machine& machine)
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
    Machine machine;
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
    Machine machine;
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
    Machine machine;
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
    Machine machine;
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

TEST_CASE("a dry run of a scavenge says what would go, and changes nothing", "[eventstore][scavenge]")
{
    Machine machine;
    const auto store = machine.open();
    machine.fill(*store);
    machine.limit(*store);
    const auto before = views_of(*store);
    const auto would  = store->scavenge({.dry_run = true});
    REQUIRE(would);
    CHECK(views_of(*store) == before);
    CHECK(store->info().value().gone == 0);
    CHECK(would.value().bytes_after == would.value().bytes_before);
    const auto does = store->scavenge({});
    REQUIRE(does);
    CHECK(does.value().events == would.value().events);
    CHECK(does.value().bytes == would.value().bytes);
    CHECK(does.value().streams == would.value().streams);
}

// A scavenge takes several steps to go through this.
void append_large(const Machine& machine, LevelDbStore& store)
{
    for (int i = 0; i < 40; ++i) {
        const auto large = note_of(machine.runtime, std::string(400'000, 'L'));
        REQUIRE(store.append(to("large-1", ExpectedVersion::any(), {large})));
    }
}

TEST_CASE("a scavenge that is ended goes on where it was, and spares what was given back meanwhile",
          "[eventstore][scavenge]")
{
    Machine machine;
    auto store = machine.open();
    append_large(machine, *store);
    machine.fill(*store);
    machine.limit(*store);
    REQUIRE(delete_stream(*store, machine.runtime.ids, "large-1"));
    const auto before = views_of(*store);
    int asked         = 0;
    const auto ended  = store->scavenge({}, [&](Position) -> result<void> {
        if (++asked < 3) return done();
        return fail(Failure::unavailable, "interrupted", "Nobody wants it any more.");
    });
    REQUIRE_FALSE(ended);
    CHECK(ended.error().code == "interrupted");
    CHECK(store->info().value().scavenge_is_unfinished);
    CHECK(store->info().value().gone > 0);
    CHECK(first_finding(*store).empty());
    store.reset();
    store = machine.open();
    CHECK(first_finding(*store).empty());
    REQUIRE(set_stream_limits(*store, machine.runtime.ids, name_of(1), {}));
    const auto resumed = store->scavenge({});
    REQUIRE(resumed);
    CHECK(resumed.value().resumed);
    CHECK_FALSE(store->info().value().scavenge_is_unfinished);
    auto expected = before.at("everything");
    std::erase_if(expected, [](const RecordedEvent& event) {
        return event.stream == "large-1" || (Machine::goes(event) && event.stream != name_of(1));
    });
    auto found = read_all(*store);
    std::erase_if(found,
                  [&](const RecordedEvent& event) { return event.position > before.at("everything").back().position; });
    CHECK(found == expected);
    CHECK(first_finding(*store).empty());
}

void append_late(const Machine& machine, LevelDbStore& store, int events)
{
    for (int i = 0; i < events; ++i) {
        REQUIRE(store.append(to("late-1", ExpectedVersion::any(), {note_of(machine.runtime, std::to_string(i))})));
    }
}

void run_all_tasks(Machine& machine)
{
    int tasks = 0;
    while (machine.simulated.run_one()) REQUIRE(++tasks < 1'000);
}

Texts versions_of(const LevelDbStore& store, const std::string& stream)
{
    Texts versions;
    for (const auto& event : read_all(store, {.scope = Scope::stream(stream)})) {
        versions.push_back(std::to_string(event.version));
    }
    return versions;
}

TEST_CASE("what is appended while a scavenge goes on does not make it take out more", "[eventstore][scavenge]")
{
    Machine machine;
    const auto store = machine.open();
    append_large(machine, *store);
    append_late(machine, *store, 5);
    auto& ids = machine.runtime.ids;
    REQUIRE(set_stream_limits(*store, ids, "late-1", {.max_count = 3}));
    int asked         = 0;
    const auto report = store->scavenge({}, [&](Position) -> result<void> {
        if (++asked > 1) return done();
        BOOST_OUTCOME_TRY(set_stream_limits(*store, ids, "late-1", {}));
        // So many that the index on disk has them before the scavenge comes to the stream.
        append_late(machine, *store, 150);
        run_all_tasks(machine);
        return done();
    });
    REQUIRE(report);
    CHECK(asked > 1);
    CHECK(store->info().value().indexed > 100);
    CHECK(report.value().events == 2);
    const auto left = versions_of(*store, "late-1");
    REQUIRE(left.size() == 153);
    CHECK(left.front() == "2");
}

TEST_CASE("clusters wait while a scavenge goes on, without a task that asks again and again", "[eventstore][scavenge]")
{
    Machine machine;
    const auto store = machine.open();
    append_late(machine, *store, 200);
    REQUIRE(set_stream_limits(*store, machine.runtime.ids, "late-1", {.max_count = 10}));
    int asked         = 0;
    const auto report = store->scavenge({}, [&](Position) -> result<void> {
        ++asked;
        append_late(machine, *store, 200);
        run_all_tasks(machine);
        CHECK(store->info().value().clustered == 0);
        return done();
    });
    REQUIRE(report);
    CHECK(asked > 0);
    machine.simulated.advance(1min);
    CHECK(store->info().value().clustered >= 350);
    CHECK(first_finding(*store).empty());
}

TEST_CASE("a scavenge that goes on takes what is asked of a stream as it was when it went on", "[eventstore][scavenge]")
{
    Machine machine;
    const auto store = machine.open();
    append_large(machine, *store);
    append_late(machine, *store, 5);
    auto& ids = machine.runtime.ids;
    REQUIRE(delete_stream(*store, ids, "large-1"));
    REQUIRE(delete_stream(*store, ids, "late-1"));
    int asked = 0;
    REQUIRE_FALSE(store->scavenge({}, [&](Position) -> result<void> {
        if (++asked < 3) return done();
        return fail(Failure::unavailable, "interrupted", "Nobody wants it any more.");
    }));
    REQUIRE(set_stream_limits(*store, ids, "late-1", {}));
    asked              = 0;
    const auto resumed = store->scavenge(
        {}, [&](Position) -> result<void> { return ++asked == 1 ? delete_stream(*store, ids, "late-1") : done(); });
    REQUIRE(resumed);
    CHECK(resumed.value().resumed);
    CHECK(asked > 1);
    REQUIRE(set_stream_limits(*store, ids, "late-1", {}));
    CHECK(versions_of(*store, "late-1") == Texts{"0", "1", "2", "3", "4"});
}

TEST_CASE("a scavenge keeps to its bytes a second, and is asked meanwhile whether it is wanted",
          "[eventstore][scavenge]")
{
    Machine machine;
    const auto store = machine.open();
    for (int i = 0; i < 20; ++i) {
        const auto large = note_of(machine.runtime, std::string(400'000, 'L'));
        REQUIRE(store->append(to("large-1", ExpectedVersion::any(), {large})));
    }
    REQUIRE(delete_stream(*store, machine.runtime.ids, "large-1"));
    const auto began = machine.simulated.now();
    int asked        = 0;
    REQUIRE(store->scavenge({.bytes_per_second = 1'000'000}, [&](Position) -> result<void> {
        ++asked;
        return done();
    }));
    CHECK(machine.simulated.now() - began >= 8s); // eight megabytes were read
    CHECK(asked >= 80);
}

TEST_CASE("a store is one of the newest format once something was asked of a stream, and not before",
          "[eventstore][scavenge]")
{
    Machine machine;
    const auto store = machine.open();
    REQUIRE(store->append(to("a-1", ExpectedVersion::any(), {note_of(machine.runtime, "x")})));
    REQUIRE(store->scavenge({}));
    CHECK(store->info().value().format_version == 2);
    REQUIRE(delete_stream(*store, machine.runtime.ids, "a-1"));
    CHECK(store->info().value().format_version == 3);
}

} // namespace scavenge_test
