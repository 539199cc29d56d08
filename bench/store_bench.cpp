// How fast does the event store append and read, beside raw LevelDB with two keys an event?
#include "measure.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/ordered_key.hpp>
#include <eventloom/storage/system_files.hpp>

#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include <atomic>
#include <memory>
#include <thread>

namespace bench {

namespace {

namespace el = eventloom;

constexpr std::size_t event_bytes = 320;
constexpr unsigned rounds         = 3;

struct Machine {
    el::SystemExecutor executor{{.threads = 1}};
    el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
};

el::NewEvent event_with_id(const el::Runtime& runtime)
{
    el::NewEvent event;
    event.id   = runtime.ids.next();
    event.type = "measured";
    event.data = std::string(event_bytes, 'x');
    return event;
}

std::unique_ptr<el::LevelDbStore> open_store(const el::Runtime& runtime, const std::string& directory)
{
    auto store = el::LevelDbStore::open(runtime, {.directory = directory});
    require(store.has_value(), "a store opens");
    return std::move(store.value());
}

std::unique_ptr<leveldb::DB> open_raw(const std::string& directory)
{
    leveldb::Options options;
    options.create_if_missing = true;
    options.compression       = leveldb::kNoCompression;
    options.write_buffer_size = 16u << 20;
    leveldb::DB* opened       = nullptr;
    require(leveldb::DB::Open(options, directory, &opened).ok(), "LevelDB opens");
    return std::unique_ptr<leveldb::DB>{opened};
}

// Each writer has a stream of its own; all of them share `appends`.
template <class Append>
std::uint64_t with_writers(unsigned writers, std::uint64_t appends, Append append)
{
    std::atomic<std::uint64_t> next{0};
    std::vector<std::thread> threads;
    for (unsigned writer = 0; writer < writers; ++writer) {
        threads.emplace_back([&, writer] {
            while (next++ < appends) append(writer);
        });
    }
    for (auto& thread : threads) thread.join();
    return appends;
}

std::string raw_key(char space, std::uint64_t first, std::uint64_t second = 0)
{
    std::string key{space};
    el::append_big_endian(key, first);
    if (space == 's') el::append_big_endian(key, second);
    return key;
}

Row measure_appends(Machine& machine, unsigned writers, unsigned events)
{
    const std::uint64_t appends = events == 1 ? 2'000 : 300;
    const auto store            = open_store(machine.runtime, fresh_directory("append"));
    Row row{.name = "append, " + std::to_string(writers) + (writers == 1 ? " writer, " : " writers, ") +
                    std::to_string(events) + (events == 1 ? " event a call" : " events a call"),
            .unit = "events/s",
            .ours = {},
            .raw  = {}};
    row.ours = measure(rounds, [&] {
        with_writers(writers, appends, [&](unsigned writer) {
            el::AppendRequest request;
            request.streams.push_back({"stream-" + std::to_string(writer), el::ExpectedVersion::any(), {}});
            for (unsigned i = 0; i < events; ++i) request.streams[0].events.push_back(event_with_id(machine.runtime));
            require(store->append(request).has_value(), "an append is acknowledged");
        });
        return appends * events;
    });
    require(store->head() == rounds * appends * events, "every event is there");

    const auto raw = open_raw(fresh_directory("append-raw"));
    std::atomic<std::uint64_t> position{0};
    row.raw = measure(rounds, [&] {
        with_writers(writers, appends, [&](unsigned writer) {
            leveldb::WriteBatch batch;
            auto at = position.fetch_add(events);
            for (unsigned i = 0; i < events; ++i, ++at) {
                batch.Put(raw_key('e', at), std::string(event_bytes, 'x'));
                batch.Put(raw_key('s', writer, at), raw_key('e', at));
            }
            leveldb::WriteOptions options;
            options.sync = true;
            require(raw->Write(options, &batch).ok(), "LevelDB writes");
        });
        return appends * events;
    });
    return row;
}

// 1,000 streams of 100 events, interleaved.
constexpr std::uint64_t streams          = 1'000;
constexpr std::uint64_t events_in_stream = 100;

std::vector<Row> measure_reads(Machine& machine)
{
    const auto store       = open_store(machine.runtime, fresh_directory("read"));
    const auto raw         = open_raw(fresh_directory("read-raw"));
    std::uint64_t position = 0;
    for (std::uint64_t round = 0; round < events_in_stream; ++round) {
        el::AppendRequest request;
        leveldb::WriteBatch batch;
        for (std::uint64_t stream = 0; stream < streams; ++stream, ++position) {
            request.streams.push_back(
                {"stream-" + std::to_string(stream), el::ExpectedVersion::any(), {event_with_id(machine.runtime)}});
            batch.Put(raw_key('e', position), std::string(event_bytes, 'x'));
            batch.Put(raw_key('s', stream, round), raw_key('e', position));
        }
        require(store->append(request).has_value(), "an append is acknowledged");
        require(raw->Write({}, &batch).ok(), "LevelDB writes");
    }
    const auto count = [](el::EventCursor& cursor) {
        std::uint64_t events = 0;
        for (auto next = cursor.next(); next.value() != nullptr; next = cursor.next()) ++events;
        return events;
    };
    leveldb::ReadOptions checked;
    checked.verify_checksums = true;

    Row whole{.name = "read the whole log", .unit = "events/s", .ours = {}, .raw = {}};
    whole.ours = measure(rounds, [&] {
        const auto events = count(*store->read({}));
        require(events == streams * events_in_stream, "every event is read");
        return events;
    });
    whole.raw  = measure(rounds, [&] {
        const std::unique_ptr<leveldb::Iterator> iterator{raw->NewIterator(checked)};
        std::uint64_t events = 0;
        for (iterator->Seek("e"); iterator->Valid() && iterator->key()[0] == 'e'; iterator->Next()) ++events;
        require(events == streams * events_in_stream, "every entry is read");
        return events;
    });

    Row loads{.name = "load a stream of 100 events", .unit = "streams/s", .ours = {}, .raw = {}};
    loads.ours = measure(rounds, [&] {
        for (std::uint64_t i = 0; i < streams; ++i) {
            const auto stream = el::Scope::stream("stream-" + std::to_string(i * 7 % streams));
            require(count(*store->read({.scope = stream})) == events_in_stream, "the stream is whole");
        }
        return streams;
    });
    loads.raw  = measure(rounds, [&] {
        for (std::uint64_t i = 0; i < streams; ++i) {
            const auto prefix = raw_key('s', i * 7 % streams).substr(0, 9);
            const std::unique_ptr<leveldb::Iterator> iterator{raw->NewIterator(checked)};
            std::uint64_t events = 0;
            std::string value;
            for (iterator->Seek(prefix); iterator->Valid() && iterator->key().starts_with(prefix); iterator->Next()) {
                require(raw->Get(checked, iterator->value(), &value).ok(), "the entry is there");
                ++events;
            }
            require(events == events_in_stream, "the stream is whole");
        }
        return streams;
    });
    return {whole, loads};
}

} // namespace

std::vector<Row> measure_store()
{
    Machine machine;
    std::vector<Row> rows;
    for (const unsigned writers : {1u, 64u}) {
        for (const unsigned events : {1u, 100u}) rows.push_back(measure_appends(machine, writers, events));
    }
    for (auto& row : measure_reads(machine)) rows.push_back(std::move(row));
    return rows;
}

} // namespace bench
