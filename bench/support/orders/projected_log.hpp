// A log of the lives of many orders, ours and that of the yardstick, with five projections over ours.
//
//     ProjectedLog log{{.name = "lives", .orders = 1'000'000, .open = 20'000}};
//     log.rebuild({"orders"});
//     const auto row = log.order_table().get(order);
//
// Threads: queries and one rebuild at a time from any.
#pragma once

#include "support/orders/order_lives.hpp"

#include <eventloom/projections/detail/projections.hpp>
#include <eventloom/storage/system_files.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace leveldb {
class Cache;
class DB;
} // namespace leveldb

namespace bench {

inline const std::vector<std::string> all_projections{"orders", "activity", "customers", "articles", "parcels"};

using StoredRows = std::vector<std::pair<std::string, std::string>>;

class ProjectedLog {
public:
    struct Shape {
        std::string name; // of its directories
        std::uint64_t orders;
        std::uint64_t open; // at a time
    };
    explicit ProjectedLog(Shape shape);

    std::uint64_t orders() const { return shape_.orders; }
    std::uint64_t events() const { return shape_.orders * lives::events_of_an_order; }
    const std::string& directory() const { return directory_; } // of our store
    TestedStore& leveldb() { return *leveldb_; }
    const eventloom::Table<lives::OrderId, lives::OrderRow>& order_table() const { return *order_table_; }

    // In one pass. Says how many events it read.
    std::uint64_t rebuild(const std::vector<std::string>& names);

    // Brings one more projection of the orders, whose rows are in SQLite, from nothing to the head. The same.
    std::uint64_t catch_up_in_sqlite(const eventloom::Projected<lives::OrderId, lives::OrderRow>& projected);

    // The rows of the orders, as bytes of the size that they have in the read model, in the order of their keys.
    StoredRows order_rows() const;

private:
    template <class Key, class Row>
    eventloom::Table<Key, Row> added(const eventloom::Projected<Key, Row>& projected);

    const Shape shape_;
    const std::string directory_;
    eventloom::SystemExecutor executor_{{.threads = 2}};
    const eventloom::Runtime runtime_{eventloom::system_clock(), executor_, eventloom::system_ids(),
                                      eventloom::system_files()};
    const std::unique_ptr<TestedEventloom> ours_;
    const std::unique_ptr<TestedStore> leveldb_;
    eventloom::EventBus bus_{runtime_, ours_->store()};
    eventloom::Projections projections_;
    std::optional<eventloom::Table<lives::OrderId, lives::OrderRow>> order_table_;
};

// What somebody writes without Eventloom whose rows are known already: the work that no rebuild can leave out.
class RawRows {
public:
    RawRows();
    ~RawRows();

    void reopen(); // empty
    void write(const StoredRows& rows);
    bool has(const std::string& key);

private:
    const std::unique_ptr<leveldb::Cache> cache_; // as large as that of a read model
    std::unique_ptr<leveldb::DB> database_;
    std::string found_;
};

} // namespace bench
