// A history of everything that a log can hold, exported, and the stores that it is imported into.
#pragma once

#include "exchange/cloud_events.hpp"
#include "exchange/history_export.hpp"
#include "exchange/history_import.hpp"
#include "real/requests.hpp"
#include "support/every_store.hpp"
#include "support/files.hpp"
#include "support/personal_events.hpp"
#include "support/simulated_secrets.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/privacy/detail/personal_keys.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace exchange_test {

using namespace eventloom;
using namespace eventloom::testing;

// Virtual time and ids from a seed, on the machine's disk.
struct Machine {
    SimulatedExecutor executor{7};
    Runtime runtime{executor, executor, executor, system_files()};

    std::unique_ptr<LevelDbStore> open(const std::string& directory)
    {
        auto store = LevelDbStore::open(runtime, {.directory = directory, .durability = Durability::buffered});
        REQUIRE(store);
        return std::move(store.value());
    }
};

inline void write(const std::string& file, std::string_view content)
{
    std::ofstream{file, std::ios::binary | std::ios::trunc} << content;
}

inline NewEvent long_event(IdSource& ids, std::string data)
{
    NewEvent event;
    event.id   = ids.next();
    event.type = "long";
    event.data = std::move(data);
    return event;
}

// An event as only somebody who means harm would write it down.
inline RecordedEvent event_of(const Uuid& id, std::string data = "x")
{
    RecordedEvent event;
    event.id       = id;
    event.stream   = "order-1";
    event.position = 1;
    event.type     = "placed";
    event.data     = std::move(data);
    return event;
}

// A person's data in three forms of an event.
inline AppendRequest personal_request(const Runtime& runtime, std::uint64_t number)
{
    const auto subject   = "customer-" + std::to_string(number % 40);
    auto event           = personal_event(runtime, subject, {"CANARY-" + std::to_string(number), ""});
    event.schema_version = static_cast<std::uint32_t>(1 + number % 3);
    return to("profile-" + std::to_string(number % 40), ExpectedVersion::any(), {event});
}

// Commands alone, before, between and after events, and beside others; tags, headers that are no text, several streams, an event without data;
// personal data, some erased; many appends that were recorded at one moment, and one that is larger than a record.
inline void fill(EventStore& store, PersonalKeys& keys, const Runtime& runtime, SimulatedExecutor& executor,
                 std::uint64_t appends)
{
    const auto append = [&](const AppendRequest& request) {
        const auto appended = store.append(request);
        REQUIRE(appended);
    };
    append({.command = CommandRecord{.id = executor.next(), .stream = "note-0"}});
    append({.streams = {{"strange-ü",
                         ExpectedVersion::no_stream(),
                         {{.id             = executor.next(),
                           .type           = "größe \"1\" \\",
                           .schema_version = 4'294'967'295,
                           .data           = "",
                           .metadata       = {.correlation = executor.next(),
                                              .causation   = executor.next(),
                                              .tags        = {"a:1", "ключ:\"2\""},
                                              .headers     = {{"traceparent", "00-ab-cd-01"},
                                                              {"bytes", std::string{"\x00\xff\n", 3}},
                                                              {"", ""}}}}}}}});
    std::array<std::uint64_t, 4> next{};
    for (std::uint64_t i = 0; i < appends; ++i) {
        if (executor.draw(3) == 0) executor.advance(std::chrono::microseconds{executor.draw(1'000)});
        const auto writer = executor.draw(4);
        append(request_of(writer, next[writer]++));
        if (executor.draw(8) == 0) append({.command = CommandRecord{.id = executor.next(), .stream = "note-1"}});
        if (i % 10 == 4) append(personal_request(runtime, i / 10));
    }
    if (appends > 20) REQUIRE(keys.forget("customer-1"));
    std::vector<NewEvent> many;
    for (int i = 0; i < 40; ++i) many.push_back(long_event(executor, std::string(1'000, static_cast<char>(i))));
    append({.streams = {{"long-1", ExpectedVersion::any(), many},
                        {"long-2", ExpectedVersion::any(), {long_event(executor, "")}}},
            .command = CommandRecord{.id = executor.next(), .stream = "long-1"}});
    // Written beside a command that gives an event, and beside one that gives none.
    append({.streams = {{"long-3", ExpectedVersion::any(), {long_event(executor, "beside")}},
                        {"long-4", ExpectedVersion::any(), {long_event(executor, "own")}}},
            .command = CommandRecord{.id = executor.next(), .stream = "long-4"}});
    append({.streams = {{"long-3", ExpectedVersion::any(), {long_event(executor, "beside")}}},
            .command = CommandRecord{.id = executor.next(), .stream = "long-4"}});
}

// Streams with limits, deleted and ended; what they hide is taken out, and some of it is hidden after that.
inline void scavenge(LevelDbStore& store, SimulatedExecutor& executor)
{
    REQUIRE(set_stream_limits(store, executor, "own-1", {.max_count = 2}));
    REQUIRE(delete_stream(store, executor, "own-2"));
    REQUIRE(tombstone_stream(store, executor, "long-2"));
    const auto report = store.scavenge({});
    REQUIRE(report);
    REQUIRE(report.value().events > 0);
    REQUIRE(delete_stream(store, executor, "own-3"));
}

struct Exported {
    explicit Exported(std::uint64_t appends = 300)
    {
        const auto store = machine.open(directory.path() + "/first/log");
        fill(*seal_personal_data(*store, keys), keys, machine.runtime, machine.executor, appends);
        if (appends >= 20) scavenge(*store, machine.executor);
        const auto report = export_history(machine.runtime, *store, file, {});
        REQUIRE(report);
        CHECK(report.value().events == store->head());
        head = store->head();
        text = content_of(file);
    }

    result<ImportReport> import(const std::string& name, const ImportProgress& progress = {})
    {
        return import_history(machine.runtime, leveldb_engine(), file, path(name), progress);
    }

    std::string path(const std::string& name) const { return directory.path() + "/" + name; }

    std::string exported_again(const std::string& name)
    {
        const auto store = machine.open(path(name) + "/log");
        REQUIRE(export_history(machine.runtime, *store, path(name) + ".jsonl", {}));
        return content_of(path(name) + ".jsonl");
    }

    Machine machine;
    TemporaryDirectory directory;
    SimulatedSecrets secrets{machine.runtime, 7};
    PersonalKeys keys{machine.runtime, {.directory = directory.path() + "/keys", .secrets = &secrets}};
    std::string file = directory.path() + "/first.jsonl";
    std::string text;
    Position head = 0;
};

inline std::vector<std::string> lines_of(const std::string& text)
{
    std::vector<std::string> lines;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

inline std::string joined(const std::vector<std::string>& lines)
{
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text;
}

// How many appends a history is made of: 470,000 give more than a million events.
inline std::uint64_t appends_asked_for()
{
    const char* asked = std::getenv("EVENTLOOM_APPENDS");
    return asked == nullptr ? 300 : std::strtoull(asked, nullptr, 10);
}

} // namespace exchange_test
