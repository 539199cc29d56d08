// A log of which much is hidden, to be scavenged.
#pragma once

#include "support/answers.hpp"
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

inline std::string name_of(int stream)
{
    return "desk-" + std::to_string(stream);
}

// Of stream 0 all goes, of stream 1 all but the last 10, of stream 2 what stands before version 20, of stream 3 what is old;
// stream 4 has ended for good, and of stream 5 nothing was asked.
struct ScavengeMachine {
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
inline std::map<std::string, Events> views_of(const LevelDbStore& store)
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

inline std::map<std::string, Events> without_gone(std::map<std::string, Events> views)
{
    for (auto& [name, events] : views) std::erase_if(events, ScavengeMachine::goes);
    return views;
}

inline std::string first_finding(const LevelDbStore& store)
{
    const auto report = store.verify();
    if (not report) return report.error().sentence;
    return report.value().findings.empty() ? "" : report.value().findings.front().sentence;
}

} // namespace scavenge_test
