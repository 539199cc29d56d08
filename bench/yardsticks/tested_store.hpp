// One store in the table of speeds: ours, or what somebody would write instead. Every row's work is written once, against
// this; each store is in a file of its own.
//
// All of them keep the same content (id, stream, version, type, schema version, time, metadata, data), and an append is on
// the disk when it returns. A failure ends the program: nothing slow may look fast because it did less.
// Threads: append from any thread; the rest from one.
#pragma once

#include <eventloom/eventstore/leveldb_store.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// What a reader is given of an event; it lives during the visit.
struct SeenEvent {
    std::uint64_t position;
    std::string_view stream;
    std::uint64_t version;
    std::string_view type;
    std::string_view data;
};
using Visit = std::function<void(const SeenEvent&)>;

// An append that was made before the clock ran, and the version that each stream's first event must get.
struct PreparedAppend {
    eventloom::AppendRequest request;
    std::vector<std::uint64_t> first_versions = {};

    void add(const std::string& stream, std::uint64_t first_version, std::vector<eventloom::NewEvent> events);
    std::uint64_t events() const;
};

class TestedStore {
public:
    virtual ~TestedStore() = default;

    virtual void append(const PreparedAppend& append) = 0;

    // Many events that nobody waits for: fast, and on the disk only when `end_load` has returned.
    virtual void begin_load()                = 0;
    virtual void load(PreparedAppend append) = 0;
    virtual void end_load()                  = 0;

    virtual void read_log(const Visit& visit)                               = 0;
    virtual void read_stream(const std::string& stream, const Visit& visit) = 0;
    virtual void read_last(const std::string& stream, const Visit& visit)   = 0;
    // False: this store has no way to an event by its id.
    virtual bool read_by_id(const eventloom::Uuid& id, const Visit& visit) = 0;
};

enum class Callers : std::uint8_t { one, many };

using OpenTestedStore = std::function<std::unique_ptr<TestedStore>(const std::string& directory, Callers callers)>;

std::unique_ptr<TestedStore> open_leveldb_yardstick(const std::string& directory, Callers callers);
std::unique_ptr<TestedStore> open_sqlite_yardstick(const std::string& directory, Callers callers);

// Ours, with what only ours has.
class TestedEventloom : public TestedStore {
public:
    virtual eventloom::LevelDbStore& store() = 0;
    virtual std::uint64_t bytes_on_disk()    = 0;
};
std::unique_ptr<TestedEventloom> open_eventloom(const std::string& directory, eventloom::Durability durability);

// The metadata of an event as the yardsticks keep it.
std::string metadata_bytes(const eventloom::Metadata& metadata);

} // namespace bench
