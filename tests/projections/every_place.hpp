// Where rows can be kept, and how they get there. What holds for one holds for all of them: a new one adds a line here.
#pragma once

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/projections/detail/read_model.hpp>

#include <catch2/catch.hpp>

#include <ostream>
#include <vector>

namespace eventloom {

inline std::ostream& operator<<(std::ostream& out, RowPlace place)
{
    return out << to_string(place);
}

namespace testing {

inline const std::vector<RowPlace> every_place{RowPlace::leveldb, RowPlace::sqlite, RowPlace::memory};
// Those that are there after a restart.
inline const std::vector<RowPlace> every_lasting_place{RowPlace::leveldb, RowPlace::sqlite};

// A place, and the engine of the log: where rows lie in the log it matters.
enum class LogEngine : std::uint8_t { memory, leveldb };
struct Way {
    RowPlace place   = RowPlace::leveldb;
    LogEngine engine = LogEngine::memory;
};
inline std::ostream& operator<<(std::ostream& out, const Way& way)
{
    return out << way.place << (way.engine == LogEngine::leveldb ? " on LevelDB" : " in memory");
}
// Those that follow the log, and inline: for what does not ask when rows come.
inline const std::vector<Way> every_way{{RowPlace::leveldb},
                                        {RowPlace::sqlite},
                                        {RowPlace::memory},
                                        {RowPlace::log, LogEngine::memory},
                                        {RowPlace::log, LogEngine::leveldb}};
inline const std::vector<Way> inline_ways{{RowPlace::log, LogEngine::memory}, {RowPlace::log, LogEngine::leveldb}};

// A log for one of them; in `directory` where it lies on the disk.
inline std::unique_ptr<EventStore> open_log(const Runtime& runtime, LogEngine engine, const std::string& directory)
{
    if (engine == LogEngine::memory) return open_memory_store(runtime);
    auto opened = LevelDbStore::open(runtime, {.directory = directory});
    REQUIRE(opened);
    return std::move(opened.value());
}

} // namespace testing

} // namespace eventloom
