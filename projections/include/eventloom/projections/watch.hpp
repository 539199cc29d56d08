// Reports changed rows of a table as they change: for a web page that shows them, a cache, a search index.
//
//     const auto watching = el::watch(runtime.executor, orders,                          // Table<OrderId, OrderRow>
//                                     [&](const el::TableChanges<OrderId, OrderRow>& changes) -> el::result<void> {
//                                         if (changes.read_anew) return page.show_all(orders);
//                                         for (const auto& [key, before, after] : changes.rows) page.show(key, after);
//                                         return el::done();
//                                     });
//     page.show_all(orders);        // after the watch: changes made meanwhile are reported
//
// Only changes from now on are reported; read the present rows from the table. The handler is called once for each write
// that has changed rows of the table, in order, after queries can see them. A write has one event when no other waits, and
// many when the projection catches up. A row that these changed five times is one change, from its value before the first
// event to its value after the last; a row that ends as it began is no change.
// No change is lost silently. When changes cannot be reported one by one, `read_anew` is set: when more changes wait for a
// slow handler than WatchOptions allow, when one write has more, when a rebuild or a drop has replaced the rows, and when the
// watch began in the middle of a write. A slow or failing handler delays neither the projection nor another handler. After a
// handler has returned an error it is not called again, and the subscription keeps the error.
// Watching is not durable: after a restart, read the table and watch it again. It costs one read for each changed row.
// Threads: the handler is called by tasks of the executor, one at a time; everything else from any thread. A handler may
// query the table and stop its subscription. The executor must outlive the subscription.
#pragma once

#include <eventloom/framework/event_bus.hpp>
#include <eventloom/projections/table.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

namespace eventloom {

template <class Key, class Row>
struct ChangedRow {
    Key key;
    std::optional<Row> before; // nothing: the row is new
    std::optional<Row> after;  // nothing: the row was removed
};

template <class Key, class Row>
struct TableChanges {
    Position position                      = 0;     // of the last event whose changes are in the table now
    bool read_anew                         = false; // some changes are not reported: read the whole table
    std::vector<ChangedRow<Key, Row>> rows = {};
};

template <class Key, class Row>
using ChangesHandler = std::function<result<void>(const TableChanges<Key, Row>&)>;

struct WatchOptions {
    std::string name      = {};        // to be shown
    std::size_t rows_max  = 10'000;    // how many changed rows may wait for the handler
    std::size_t bytes_max = 16u << 20; // the same in bytes, before and after
};

namespace detail {

// Both in their stored form: StoredRow<Key, Row>.
struct StoredChange {
    std::optional<std::string> before;
    std::optional<std::string> after;
};
std::size_t bytes_of(const StoredChange& change);

// `rows` is nullptr when the table must be read again.
using TellChanges = std::function<result<void>(Position position, const std::vector<StoredChange>* rows)>;

std::shared_ptr<Subscription> watch_rows(Executor& executor, const CurrentModel& current, const std::string& table,
                                         const WatchOptions& options, TellChanges tell);

template <class Key, class Row>
result<ChangedRow<Key, Row>> read_change(const TableDescription& table, const StoredChange& stored)
{
    ChangedRow<Key, Row> change{};
    const auto read = [&](const std::optional<std::string>& bytes, std::optional<Row>& row) -> result<void> {
        if (not bytes) return done();
        StoredRow<Key, Row> decoded;
        BOOST_OUTCOME_TRY(table.decode(*bytes, &decoded));
        change.key = std::move(decoded.key);
        row        = std::move(decoded.row);
        return done();
    };
    BOOST_OUTCOME_TRY(read(stored.before, change.before));
    BOOST_OUTCOME_TRY(read(stored.after, change.after));
    return change;
}

// Access to the parts of a table that a watch needs.
struct Watch {
    template <class Key, class Row>
    static std::shared_ptr<Subscription> begin(Executor& executor, const Table<Key, Row>& table,
                                               ChangesHandler<Key, Row> handler, const WatchOptions& options)
    {
        ensure(not table.view_, "a table at one moment does not change: watch the table that it was taken from");
        auto tell = [definition = table.definition_, about = table.about_, handler = std::move(handler)](
                        Position position, const std::vector<StoredChange>* rows) -> result<void> {
            TableChanges<Key, Row> changes{.position = position, .read_anew = rows == nullptr};
            if (rows == nullptr) return handler(changes);
            for (const auto& stored : *rows) {
                BOOST_OUTCOME_TRY(auto change, (read_change<Key, Row>(*about, stored)));
                changes.rows.push_back(std::move(change));
            }
            return handler(changes);
        };
        return watch_rows(executor, *table.current_, table.about_->name, options, std::move(tell));
    }
};

} // namespace detail

// Calls `handler` with the changed rows until the subscription is destroyed.
template <class Key, class Row>
[[nodiscard]] std::shared_ptr<Subscription> watch(Executor& executor, const Table<Key, Row>& table,
                                                  std::type_identity_t<ChangesHandler<Key, Row>> handler,
                                                  const WatchOptions& options = {})
{
    return detail::Watch::begin(executor, table, std::move(handler), options);
}

} // namespace eventloom
