#include "support/orders/projected_log.hpp"

#include "support/measuring/measure.hpp"

#include <eventloom/storage/ordered_key.hpp>

#include <fmt/core.h>
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/write_batch.h>

namespace bench {

namespace el = eventloom;
using lives::OrderId;
using lives::OrderRow;

ProjectedLog::ProjectedLog(Shape shape)
    : shape_{std::move(shape)}, directory_{fresh_directory(shape_.name)},
      ours_{open_eventloom(directory_, el::Durability::buffered)},
      leveldb_{open_leveldb_yardstick(fresh_directory(shape_.name + "-leveldb"), Callers::one)},
      projections_{runtime_, ours_->store(), bus_, fresh_directory(shape_.name + "-rows")}
{
    say(fmt::format("projections: writing {} events, {} orders open at a time", events(), shape_.open));
    lives::load(*ours_, shape_.orders, shape_.open);
    lives::load(*leveldb_, shape_.orders, shape_.open);
    order_table_.emplace(added(lives::orders()));
    added(lives::activity());
    added(lives::customers());
    added(lives::articles());
    added(lives::parcels());
}

template <class Key, class Row>
el::Table<Key, Row> ProjectedLog::added(const el::Projected<Key, Row>& projected)
{
    auto table = projections_.add(projected);
    require(table.has_value(), "a projection is added");
    return std::move(table.value());
}

std::uint64_t ProjectedLog::rebuild(const std::vector<std::string>& names)
{
    const auto reports = projections_.rebuild(names);
    require(reports.has_value() && reports.value().size() == names.size(), "a rebuild reports on each");
    for (const auto& report : reports.value()) {
        require(not report.error && report.events == events(), "a rebuild reads the whole log");
    }
    return events();
}

std::uint64_t ProjectedLog::catch_up_in_sqlite(const el::Projected<OrderId, OrderRow>& projected)
{
    el::Projections in_sqlite{runtime_, ours_->store(), bus_, fresh_directory(shape_.name + "-in-sqlite")};
    require(in_sqlite.add(projected, {.kept_in = el::RowPlace::sqlite}).has_value(), "a projection is added");
    in_sqlite.start();
    const auto caught_up = in_sqlite.wait_for(events(), runtime_.clock.now() + std::chrono::hours{1});
    require(caught_up.has_value(), "a projection catches up");
    require(in_sqlite.status().front().rows == orders(), "every order has its row");
    return events();
}

// The values of numbers are not read out of the rows: only their size matters here.
StoredRows ProjectedLog::order_rows() const
{
    constexpr std::size_t bytes_of_numbers = 4 * 3 + 10; // the four of a row, its key and its lengths
    StoredRows rows;
    el::PageRequest request{.limit = 10'000};
    do {
        const auto page = order_table().all(request);
        require(page.has_value(), "the rows are read");
        for (const auto& [key, row] : page.value().rows) {
            require(row.stage == "closed", "a row has all events of its order");
            std::string bytes = key.value + row.customer + row.country + row.stage + row.receipt + row.parcel;
            rows.emplace_back(el::ordered_key(key), bytes.append(bytes_of_numbers, 'n'));
        }
        request.after = page.value().next;
    } while (not request.after.empty());
    require(rows.size() == orders(), "every order has its row");
    return rows;
}

RawRows::RawRows() : cache_{leveldb::NewLRUCache(el::ProjectionsOptions{}.cache_bytes)}
{
    reopen();
}

RawRows::~RawRows() = default;

void RawRows::reopen()
{
    const auto directory = fresh_directory("raw-rows");
    leveldb::Options options;
    options.create_if_missing = true;
    options.compression       = leveldb::kNoCompression;
    options.write_buffer_size = 64u << 20;
    options.block_cache       = cache_.get();
    leveldb::DB* opened       = nullptr;
    database_.reset();
    require(leveldb::DB::Open(options, directory, &opened).ok(), "LevelDB opens");
    database_.reset(opened);
}

void RawRows::write(const StoredRows& rows)
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

bool RawRows::has(const std::string& key)
{
    return database_->Get({}, key, &found_).ok();
}

} // namespace bench
