// How fast is a stream loaded that lies among many others, by the size of records, from the log alone and with clusters?
// And what do clusters cost? A million events at the full size, a hundred a stream.
#include "benches.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/system_files.hpp>

#include <fmt/core.h>

#include <cstdio>

namespace bench {

namespace {

namespace el = eventloom;

constexpr std::uint64_t events_of_stream = 100;
constexpr std::uint64_t streams_loaded   = 2'000;
constexpr std::size_t data_bytes         = 320;

struct ClustersMachine {
    el::SystemExecutor executor{{.threads = 1}};
    el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
};

std::string stream_name(std::uint64_t stream)
{
    return "stream-" + std::to_string(stream);
}

// Every stream gets its next event before any gets the one after that.
void fill(ClustersMachine& machine, el::LevelDbStore& store, std::uint64_t streams)
{
    for (std::uint64_t round = 0; round < events_of_stream; ++round) {
        el::AppendRequest request;
        for (std::uint64_t stream = 0; stream < streams; ++stream) {
            el::NewEvent event;
            event.id   = machine.runtime.ids.next();
            event.type = "measured";
            event.data = std::string(data_bytes, static_cast<char>('a' + stream % 26));
            request.streams.push_back({stream_name(stream), el::ExpectedVersion::any(), {}});
            request.streams.back().events.push_back(std::move(event));
            if (request.streams.size() < 1'000 && stream + 1 < streams) continue;
            require(store.append(request).has_value(), "an append is acknowledged");
            request.streams.clear();
        }
    }
}

std::vector<Figure> load(const el::LevelDbStore& store, std::uint64_t streams, const el::ReadRequest& request,
                         std::uint64_t events)
{
    const auto work = [&] {
        auto wanted = request;
        for (std::uint64_t i = 0; i < streams_loaded; ++i) {
            wanted.scope      = el::Scope::stream(stream_name(i * 7919 % streams));
            const auto cursor = store.read(wanted);
            std::uint64_t got = 0;
            for (auto next = cursor->next(); next.value() != nullptr; next = cursor->next()) ++got;
            require(got == events, "the stream is whole");
        }
        return streams_loaded * events;
    };
    return measure_in_turns(3, {{"eventloom", work}});
}

void report_cost(const el::LevelDbStore& store, double seconds, std::uint64_t bytes_before)
{
    const auto info = store.info().value();
    std::printf("%llu events in clusters, %.0f bytes each beside %.0f of log and index, made at %.0f events/s\n",
                static_cast<unsigned long long>(info.clustered),
                static_cast<double>(info.bytes() - bytes_before) / static_cast<double>(info.clustered),
                static_cast<double>(bytes_before) / static_cast<double>(info.events),
                static_cast<double>(info.clustered) / seconds);
}

std::vector<Row> measure_records_of(std::size_t record_bytes, std::uint64_t events)
{
    ClustersMachine machine;
    const auto streams   = events / events_of_stream;
    const auto directory = fresh_directory("clusters");
    const auto open      = [&](el::Position cluster_events) {
        auto store = el::LevelDbStore::open(machine.runtime, {.directory      = directory,
                                                                   .durability     = el::Durability::buffered,
                                                                   .record_bytes   = record_bytes,
                                                                   .cluster_events = cluster_events});
        require(store.has_value(), "a store opens");
        return std::move(store.value());
    };
    const auto name = fmt::format("records of {} KiB: ", record_bytes >> 10);
    std::vector<Row> rows;
    const auto add = [&](const std::string& work, std::vector<Figure> figures) {
        rows.push_back({.name = name + work, .unit = "events/s", .figures = std::move(figures)});
    };
    {
        const auto store = open(0);
        fill(machine, *store, streams);
        add("load a stream, log alone", load(*store, streams, {}, events_of_stream));
    }
    // A tenth of the log each: so a cluster has ten events of each stream, as it would of 100,000 streams.
    const auto store        = open(events / 10);
    const auto bytes_before = store->info().value().bytes();
    const auto seconds      = seconds_of([&] { require(store->compact().has_value(), "the store is clustered"); });
    report_cost(*store, seconds, bytes_before);
    add("load a stream, clustered", load(*store, streams, {}, events_of_stream));
    add("its last event", load(*store, streams, {.direction = el::Direction::backwards, .limit = 1}, 1));
    return rows;
}

} // namespace

std::vector<Row> measure_clusters(const Scale& scale)
{
    std::vector<Row> rows;
    for (const std::size_t kib : {4, 8, 16, 32, 64}) {
        for (auto& row : measure_records_of(kib << 10, scale.of(1'000'000, 10'000))) rows.push_back(std::move(row));
    }
    return rows;
}

} // namespace bench
