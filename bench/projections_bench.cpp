// How fast are read models made anew, beside LevelDB reading the same events and writing the same rows; and how fast do
// they answer?
#include "benches.hpp"

#include "order_event.hpp"
#include "order_lives.hpp"

#include <eventloom/projections/projections.hpp>
#include <eventloom/storage/ordered_key.hpp>
#include <eventloom/storage/system_files.hpp>

#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include <thread>

namespace bench {

namespace {

namespace el = eventloom;
using lives::OrderId;
using lives::OrderRow;
using Steady = std::chrono::steady_clock;

// Rows as they are stored, for whoever writes them without folding anything.
struct StoredRows {
    std::vector<std::pair<std::string, std::string>> rows;
};

// The log, ours and that of the yardstick, and the five projections over ours.
class ProjectedLog {
public:
    explicit ProjectedLog(const Scale& scale) : orders_{scale.of(50, 1) * lives::orders_open}
    {
        say("projections: writing " + std::to_string(events()) + " events of " + std::to_string(orders_) + " orders");
        lives::load(*ours_, orders_);
        lives::load(*leveldb_, orders_);
        order_table_.emplace(added(lives::orders()));
        added(lives::activity());
        added(lives::customers());
        added(lives::articles());
        added(lives::parcels());
    }

    std::uint64_t orders() const { return orders_; }
    std::uint64_t events() const { return orders_ * lives::events_of_an_order; }
    TestedStore& leveldb() { return *leveldb_; }
    el::Projections& projections() { return projections_; }
    const el::Table<OrderId, OrderRow>& order_table() const { return *order_table_; }

    std::uint64_t rebuild(const std::string& name)
    {
        const auto report = projections_.rebuild(name);
        require(report.has_value() && report.value().events == events(), "a rebuild reads the whole log");
        return events();
    }

private:
    template <class Key, class Row>
    el::Table<Key, Row> added(const el::Projected<Key, Row>& projected)
    {
        auto table = projections_.add(projected);
        require(table.has_value(), "a projection is added");
        return std::move(table.value());
    }

    const std::uint64_t orders_;
    el::SystemExecutor executor_{{.threads = 2}};
    const el::Runtime runtime_{el::system_clock(), executor_, el::system_ids(), el::system_files()};
    const std::unique_ptr<TestedEventloom> ours_ = open_eventloom(fresh_directory("lives"), el::Durability::buffered);
    const std::unique_ptr<TestedStore> leveldb_ =
        open_leveldb_yardstick(fresh_directory("lives-leveldb"), Callers::one);
    el::EventBus bus_{runtime_, ours_->store()};
    el::Projections projections_{runtime_, ours_->store(), bus_, fresh_directory("lives-rows")};
    std::optional<el::Table<OrderId, OrderRow>> order_table_;
};

// What somebody writes without Eventloom whose rows are known already: the work that no rebuild can leave out.
class RawRows {
public:
    RawRows() { reopen(); }

    void reopen()
    {
        const auto directory = fresh_directory("raw-rows");
        leveldb::Options options;
        options.create_if_missing = true;
        options.compression       = leveldb::kNoCompression;
        options.write_buffer_size = 64u << 20;
        leveldb::DB* opened       = nullptr;
        database_.reset();
        require(leveldb::DB::Open(options, directory, &opened).ok(), "LevelDB opens");
        database_.reset(opened);
    }

    void write(const std::vector<std::pair<std::string, std::string>>& rows)
    {
        constexpr std::size_t rows_a_batch = 4'096;
        leveldb::WriteBatch batch;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            batch.Put(rows[i].first, rows[i].second);
            if ((i + 1) % rows_a_batch != 0 && i + 1 != rows.size()) continue;
            require(database_->Write({}, &batch).ok(), "LevelDB writes");
            batch.Clear();
        }
    }

    bool has(const std::string& key) { return database_->Get({}, key, &found_).ok(); }

private:
    std::unique_ptr<leveldb::DB> database_;
    std::string found_;
};

// Reads the rows of the orders, as bytes of the size that they have in the read model.
std::vector<std::pair<std::string, std::string>> rows_of(const ProjectedLog& log)
{
    std::vector<std::pair<std::string, std::string>> rows;
    el::PageRequest request{.limit = 10'000};
    do {
        const auto page = log.order_table().all(request);
        require(page.has_value(), "the rows are read");
        for (const auto& [key, row] : page.value().rows) {
            std::string bytes = key.value + row.customer + row.country + row.stage + row.receipt + row.parcel;
            rows.emplace_back(el::ordered_key(key), bytes.append(4 * 3 + 10, 'n'));
        }
        request.after = page.value().next;
    } while (not request.after.empty());
    require(rows.size() == log.orders(), "every order has its row");
    return rows;
}

Row keyed_rebuild(ProjectedLog& log, RawRows& raw, const Scale& scale)
{
    say("projections: rebuild of one keyed by order");
    log.rebuild("orders");
    const auto rows    = rows_of(log);
    const auto by_hand = [&] {
        std::uint64_t events = 0;
        log.leveldb().read_log([&](const SeenEvent& event) { require(event.position == ++events, "no gap"); });
        raw.write(rows);
        return events;
    };
    return {.name    = "rebuild of one projection with a row an order",
            .unit    = "events/s",
            .target  = Target::times_the_better(0.5),
            .figures = measure_in_turns(
                scale.rounds, {{"Eventloom", [&] { return log.rebuild("orders"); }},
                               {"LevelDB, the same events read and the rows written", by_hand, [&] { raw.reopen(); }}}),
            .note = "ten events an order, 20,000 orders open at a time; at least 1,000,000/s"};
}

Row hot_rows(ProjectedLog& log, const Scale& scale)
{
    say("projections: few hot rows");
    return {.name    = "rebuild of one projection with eight rows",
            .unit    = "events/s",
            .target  = Target::at_least(1'500'000),
            .figures = measure_in_turns(scale.rounds, {{"Eventloom", [&] { return log.rebuild("activity"); }}})};
}

Row point_query(ProjectedLog& log, RawRows& raw, const Scale& scale)
{
    say("projections: point queries");
    constexpr std::uint64_t queries = 500'000;
    const auto keys                 = [&](auto ask) {
        for (std::uint64_t i = 0; i < queries; ++i) ask(OrderId{std::to_string(mixed(i) % log.orders())});
        return queries;
    };
    const auto ours = [&] {
        return keys([&](const OrderId& order) {
            const auto row = log.order_table().get(order);
            require(row.has_value() && row.value().has_value(), "the row is there");
        });
    };
    const auto theirs = [&] {
        return keys([&](const OrderId& order) { require(raw.has(el::ordered_key(order)), "the row is there"); });
    };
    return {.name    = "point query of one in " + std::to_string(log.orders()) + " rows, warm",
            .unit    = "queries/s",
            .target  = Target::times_the_better(0.7),
            .figures = measure_in_turns(scale.rounds, {{"Eventloom", ours}, {"LevelDB, bytes alone", theirs}}),
            .note    = "a typed row, decoded; at least 500,000/s"};
}

} // namespace

std::vector<Row> measure_projections(const Scale& scale)
{
    ProjectedLog log{scale};
    RawRows raw;
    std::vector<Row> rows;
    rows.push_back(keyed_rebuild(log, raw, scale));
    rows.push_back(hot_rows(log, scale));
    rows.push_back(point_query(log, raw, scale));
    return rows;
}

} // namespace bench
