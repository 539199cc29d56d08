// What does a log of ten million events cost to read: as a whole, by stream, by id, and for a condition over tags?
#include "benches.hpp"

#include "support/measuring/page_cache.hpp"
#include "support/orders/in_flight.hpp"
#include "support/orders/order_event.hpp"
#include "yardsticks/tested_store.hpp"

#include <fmt/core.h>

namespace bench {

namespace {

namespace el = eventloom;

constexpr std::uint64_t events_in_stream = 100;
constexpr std::uint64_t tagged_one_in    = 10;

enum class Condition : std::uint8_t { none, over_tag };

std::string stream_of(std::uint64_t number)
{
    return "order-" + std::to_string(number);
}

std::string tag_of(std::uint64_t stream)
{
    return "customer:" + std::to_string(stream);
}

// The three stores with the same events: streams in turn, one event each, a hundred times; one event in ten has a tag.
class BigLog {
public:
    explicit BigLog(const Scale& scale) : streams_{scale.of(100'000, 1'000)}
    {
        say(fmt::format("big log: writing {} events in {} streams", events(), streams_));
        open();
        for (TestedStore* store : stores()) store->begin_load();
        for (std::uint64_t version = 0; version < events_in_stream; ++version) {
            for (std::uint64_t first = 0; first < streams_; first += streams_in_append) load(version, first);
        }
        for (TestedStore* store : stores()) store->end_load();
    }

    // Closed and opened, nothing of it in memory.
    void make_cold()
    {
        close();
        for (const auto& directory : {ours_at_, leveldb_at_, sqlite_at_}) drop_page_cache(directory);
        open();
    }

    std::uint64_t streams() const { return streams_; }
    std::uint64_t events() const { return streams_ * events_in_stream; }
    TestedEventloom& ours() { return *ours_; }
    TestedStore& leveldb() { return *leveldb_; }
    TestedStore& sqlite() { return *sqlite_; }
    const std::string& ours_at() const { return ours_at_; }
    std::vector<TestedStore*> stores() { return {ours_.get(), leveldb_.get(), sqlite_.get()}; }

private:
    static constexpr std::uint64_t streams_in_append = 5'000;

    void open()
    {
        ours_    = open_eventloom(ours_at_, el::Durability::synced);
        leveldb_ = open_leveldb_yardstick(leveldb_at_, Callers::one);
        sqlite_  = open_sqlite_yardstick(sqlite_at_, Callers::one);
    }

    void close()
    {
        ours_.reset();
        leveldb_.reset();
        sqlite_.reset();
    }

    void load(std::uint64_t version, std::uint64_t first)
    {
        PreparedAppend append;
        const auto end = std::min(first + streams_in_append, streams_);
        for (auto stream = first; stream < end; ++stream) {
            std::vector<el::NewEvent> events{event_of(version * streams_ + stream)};
            if (version % tagged_one_in == 0) events[0].metadata.tags.push_back(tag_of(stream));
            append.add(stream_of(stream), version, std::move(events));
        }
        leveldb_->load(append);
        sqlite_->load(append);
        ours_->load(std::move(append));
    }

    const std::uint64_t streams_;
    const std::string ours_at_    = fresh_directory("big");
    const std::string leveldb_at_ = fresh_directory("big-leveldb");
    const std::string sqlite_at_  = fresh_directory("big-sqlite");
    std::unique_ptr<TestedEventloom> ours_;
    std::unique_ptr<TestedStore> leveldb_;
    std::unique_ptr<TestedStore> sqlite_;
};

Row whole_log_as_bytes(BigLog& log, const Scale& scale)
{
    say("big log: as bytes");
    const auto read = [&](TestedStore& store) {
        std::uint64_t events = 0;
        std::uint64_t bytes  = 0;
        store.read_log([&](const SeenEvent& event) {
            require(event.position == ++events, "positions have no gap");
            bytes += event.data.size();
        });
        require(events == log.events() && bytes == events * event_bytes, "every event is read");
        return events;
    };
    return {.name    = "whole log, recorded events as bytes",
            .unit    = "events/s",
            .target  = Target::times_the_better(1.25),
            .figures = measure_in_turns(std::min(scale.rounds, 3u), {{"Eventloom", [&] { return read(log.ours()); }},
                                                                     {"LevelDB", [&] { return read(log.leveldb()); }},
                                                                     {"SQLite", [&] { return read(log.sqlite()); }}})};
}

Row whole_log_decoded(BigLog& log, const Scale& scale)
{
    say("big log: decoded");
    const auto& noted = el::event_type<Order, Noted>();
    const auto read   = [&] {
        std::uint64_t events = 0;
        std::int64_t lines   = 0;
        const auto cursor    = log.ours().store().read({});
        Noted order;
        const auto take = [&](std::size_t, const void* fact) -> el::result<void> {
            order = *static_cast<const Noted*>(fact);
            return el::done();
        };
        for (auto next = cursor->next();; next = cursor->next()) {
            require(next.has_value(), "the store reads");
            const el::RecordedEvent* event = next.value();
            if (event == nullptr) break;
            require(event->type == noted.name && noted.decode(event->schema_version, event->data, take).has_value(),
                      "an event is decoded");
            lines += static_cast<std::int64_t>(order.lines.size());
            ++events;
        }
        require(events == log.events() && lines == static_cast<std::int64_t>(events * 3), "every event is decoded");
        return events;
    };
    return {.name    = "whole log, decoded to typed events",
            .unit    = "events/s",
            .target  = Target::at_least(2'000'000),
            .figures = measure_in_turns(std::min(scale.rounds, 3u), {{"Eventloom", read}})};
}

// What it costs to put the events of a stream together, which the rows of streams after this then have.
std::vector<Row> clustering(TestedEventloom& ours)
{
    say("big log: clustering");
    const auto info          = [&] { return ours.store().info().value(); };
    const auto done_by_tasks = info().clustered;
    const auto seconds = seconds_of([&] { require(ours.store().compact().has_value(), "the streams are clustered"); });
    const auto after   = info();
    std::vector<Row> rows;
    if (after.clustered > done_by_tasks) {
        rows.push_back({.name    = "cluster the whole log by stream",
                        .unit    = "events/s",
                        .figures = {once("Eventloom", static_cast<double>(after.clustered - done_by_tasks) / seconds)},
                        .note    = "what tasks had not clustered while it was written"});
    }
    rows.push_back({.name    = "what the clusters take on disk",
                    .unit    = "bytes an event",
                    .figures = {once("Eventloom", static_cast<double>(after.cluster_bytes) /
                                                      static_cast<double>(after.clustered))}});
    return rows;
}

std::uint64_t read_streams(TestedStore& store, std::uint64_t streams, std::uint64_t round, std::uint64_t count)
{
    std::uint64_t events = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        std::uint64_t version = 0;
        const auto stream     = stream_of(mixed(round * count + i) % streams);
        store.read_stream(stream, [&](const SeenEvent& event) {
            require(event.version == version && event.stream == stream && event.data.size() == event_bytes,
                    "the stream is in order");
            ++version;
        });
        require(version == events_in_stream, "the stream is whole");
        events += version;
    }
    return events;
}

std::vector<Row> streams_of_a_hundred(BigLog& log, const Scale& scale)
{
    say("big log: streams");
    Row cold{.name    = fmt::format("100-event streams out of {} interleaved ones, cold", log.streams()),
             .unit    = "events/s",
             .target  = Target::times_the_better(1.25),
             .figures = {},
             .note    = "stores just opened, nothing of them in the page cache"};
    std::vector<std::vector<double>> rates(3);
    const auto some_cold = scale.of(200, 20);
    for (unsigned round = 0; round < std::min(scale.rounds, 3u); ++round) {
        log.make_cold();
        const auto stores = log.stores();
        for (std::size_t i = 0; i < stores.size(); ++i) {
            std::uint64_t events = 0;
            const auto seconds =
                seconds_of([&] { events = read_streams(*stores[i], log.streams(), round, some_cold); });
            rates[i].push_back(static_cast<double>(events) / seconds);
        }
    }
    const char* const names[] = {"Eventloom", "LevelDB", "SQLite"};
    for (std::size_t i = 0; i < rates.size(); ++i) cold.figures.push_back({names[i], spread_of(rates[i])});

    const auto some_warm = scale.of(2'000, 100);
    const auto read      = [&](TestedStore& store) { return read_streams(store, log.streams(), 77, some_warm); };
    for (TestedStore* store : log.stores()) read(*store);
    Row warm{.name    = fmt::format("100-event streams out of {} interleaved ones, warm", log.streams()),
             .unit    = "events/s",
             .target  = Target::times_the_better(1.25),
             .figures = measure_in_turns(scale.rounds, {{"Eventloom", [&] { return read(log.ours()); }},
                                                        {"LevelDB", [&] { return read(log.leveldb()); }},
                                                        {"SQLite", [&] { return read(log.sqlite()); }}}),
             .note    = "the same streams read before"};
    return {cold, warm};
}

Row last_events(BigLog& log, const Scale& scale)
{
    say("big log: last events");
    const auto count = scale.of(20'000, 1'000);
    const auto read  = [&](TestedStore& store) {
        std::uint64_t seen = 0;
        for (std::uint64_t i = 0; i < count; ++i) {
            store.read_last(stream_of(mixed(i) % log.streams()), [&](const SeenEvent& event) {
                require(event.version == events_in_stream - 1, "it is the last one");
                ++seen;
            });
        }
        require(seen == count, "each stream has a last event");
        return seen;
    };
    for (TestedStore* store : log.stores()) read(*store);
    return {.name    = "last event of a stream",
            .unit    = "events/s",
            .target  = Target::times_the_better(1),
            .figures = measure_in_turns(scale.rounds, {{"Eventloom", [&] { return read(log.ours()); }},
                                                       {"LevelDB", [&] { return read(log.leveldb()); }},
                                                       {"SQLite", [&] { return read(log.sqlite()); }}})};
}

Row events_by_id(BigLog& log, const Scale& scale)
{
    say("big log: by id");
    const auto count = scale.of(20'000, 1'000);
    const auto read  = [&](TestedStore& store) {
        std::uint64_t seen = 0;
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto number = mixed(i) % log.events();
            store.read_by_id(id_of(number), [&](const SeenEvent& event) {
                require(event.position == number + 1, "it is the event with this id");
                ++seen;
            });
        }
        require(seen == count, "each event is found");
        return seen;
    };
    for (TestedStore* store : {static_cast<TestedStore*>(&log.ours()), &log.sqlite()}) read(*store);
    return {.name    = "one event by id",
            .unit    = "events/s",
            .target  = Target::times_the_better(1),
            .figures = measure_in_turns(scale.rounds, {{"Eventloom", [&] { return read(log.ours()); }},
                                                       {"SQLite", [&] { return read(log.sqlite()); }}}),
            .note    = "raw LevelDB with two keys an event has no way by id"};
}

// Appends to one stream, each under a condition over a type and a tag of ten old events, or without.
class ConditionalAppends {
public:
    // `first_number`: of events with ids that no event of the log has.
    ConditionalAppends(BigLog& log, std::uint64_t first_number, std::uint64_t count, Condition condition)
        : log_{log}, stream_{"late-" + std::to_string(first_number)}, first_number_{first_number}, count_{count},
          condition_{condition}
    {
    }

    void prepare()
    {
        work_.clear();
        for (std::uint64_t i = 0; i < count_; ++i, ++number_) {
            const auto drawn = mixed(number_) % log_.streams();
            std::vector<el::NewEvent> events{event_of(first_number_ + number_)};
            auto& append = work_.emplace_back();
            append.add(stream_, number_, std::move(events));
            if (condition_ == Condition::none) continue;
            // As a decision does that has read the ten: nothing may have come after the last of them.
            const auto last_tagged   = (events_in_stream - tagged_one_in) * log_.streams() + drawn + 1;
            append.request.condition = {{{{.types = {"order-noted"}, .tags = {tag_of(drawn)}}}}, last_tagged};
        }
    }

    std::uint64_t run_waiting()
    {
        for (const auto& append : work_) log_.ours().append(append);
        return work_.size();
    }
    std::uint64_t run_in_flight() { return append_in_flight(log_.ours().store(), work_); }

private:
    BigLog& log_;
    const std::string stream_;
    const std::uint64_t first_number_;
    const std::uint64_t count_;
    const Condition condition_;
    std::uint64_t number_ = 0;
    std::vector<PreparedAppend> work_;
};

std::vector<Row> conditional_appends(BigLog& log, const Scale& scale)
{
    say("big log: conditions");
    const auto head = log.ours().store().head();
    ConditionalAppends with{log, 1'000'000'000, scale.of(1'000, 100), Condition::over_tag};
    ConditionalAppends without{log, 2'000'000'000, scale.of(1'000, 100), Condition::none};
    ConditionalAppends many_with{log, 3'000'000'000, scale.of(20'000, 2'000), Condition::over_tag};
    ConditionalAppends many_without{log, 4'000'000'000, scale.of(20'000, 2'000), Condition::none};
    const auto turn = [](const char* who, ConditionalAppends& appends, auto run) {
        return Contender{who, [&appends, run] { return (appends.*run)(); }, [&appends] { appends.prepare(); }};
    };
    const auto row = [&](const std::string& name, ConditionalAppends& ours, ConditionalAppends& other, auto run) {
        return Row{.name   = fmt::format("{}, {} events in the log", name, head),
                   .unit   = "events/s",
                   .target = Target::times_the_better(0.5),
                   .figures =
                       measure_in_turns(scale.rounds, {turn("Eventloom", ours, run), turn("no condition", other, run)}),
                   .note = "beside the same append without a condition"};
    };
    return {row("append with a tag condition", with, without, &ConditionalAppends::run_waiting),
            row("the same with 1,024 in flight", many_with, many_without, &ConditionalAppends::run_in_flight)};
}

} // namespace

std::vector<Row> measure_big_log(const Scale& scale)
{
    BigLog log{scale};
    std::vector<Row> rows{whole_log_as_bytes(log, scale), whole_log_decoded(log, scale)};
    for (auto& row : clustering(log.ours())) rows.push_back(std::move(row));
    for (auto& row : streams_of_a_hundred(log, scale)) rows.push_back(std::move(row));
    rows.push_back(last_events(log, scale));
    rows.push_back(events_by_id(log, scale));
    for (auto& row : conditional_appends(log, scale)) rows.push_back(std::move(row));
    return rows;
}

} // namespace bench
