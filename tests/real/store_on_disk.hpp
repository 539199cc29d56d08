// A store in a directory on the real disk, on the real runtime, and what must hold of everything in it.
#pragma once

#include "real/requests.hpp"
#include "support/answers.hpp"
#include "support/every_store.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <set>

namespace eventloom::testing {

struct RealMachine {
    SystemExecutor executor;
    Runtime runtime{system_clock(), executor, system_ids(), system_files()};

    // Little memory, so that files change often.
    static LevelDbStoreOptions options(const std::string& directory)
    {
        return {.directory = directory, .write_buffer_bytes = 128u << 10, .index_events_in_memory = 500};
    }
    std::unique_ptr<LevelDbStore> open(const std::string& directory) const
    {
        auto store = LevelDbStore::open(runtime, options(directory));
        REQUIRE(store);
        return std::move(store.value());
    }
};

// Every event of a store, by its id. Fails when there is a gap, a duplicate, or damage.
inline std::map<Uuid, RecordedEvent> events_of_a_sound_store(const LevelDbStore& store)
{
    std::map<Uuid, RecordedEvent> events;
    std::map<std::string, Version> next;
    Position position = 0;
    for (auto& event : read_all(store)) {
        REQUIRE(event.position == ++position);
        REQUIRE(event.version == next[event.stream]++);
        REQUIRE(events.emplace(event.id, std::move(event)).second);
    }
    REQUIRE(position == store.head());
    const auto report = store.verify();
    REQUIRE(report);
    INFO(first_finding(report.value()));
    REQUIRE(report.value().findings_total == 0);
    REQUIRE(report.value().events == position);
    return events;
}

// How many events of the request are there; each where the request puts it, with its content.
inline std::size_t found_of(const AppendRequest& request, const std::map<Uuid, RecordedEvent>& events)
{
    std::size_t found = 0;
    for (const StreamAppend& append : request.streams) {
        for (const NewEvent& event : append.events) {
            const auto standing = events.find(event.id);
            if (standing == events.end()) continue;
            REQUIRE(standing->second.stream == append.stream);
            REQUIRE(standing->second.data == event.data);
            ++found;
        }
    }
    return found;
}

inline std::size_t events_in(const AppendRequest& request)
{
    std::size_t count = 0;
    for (const StreamAppend& append : request.streams) count += append.events.size();
    return count;
}

} // namespace eventloom::testing
