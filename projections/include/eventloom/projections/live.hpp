// Rows of a projection that are not kept: each query first folds the log in memory, up to its end.
//
//     const auto orders = el::live(store, order_list());           // LiveTable<OrderId, OrderRow>; nothing is read yet
//     BOOST_OUTCOME_TRY(const auto rows, orders.now());            // a Table<OrderId, OrderRow> with all that is in the log
//     BOOST_OUTCOME_TRY(const auto dear, rows.by_range("total", Money{500}, Money{1'000}));
//     BOOST_OUTCOME_TRY(const auto order, orders.get(OrderId{"1042"}));   // std::optional<OrderRow>
//
//     const auto sales = el::live(store, sales_by_month());        // LiveTables: now() gives a tuple of tables
//
// The first call of now() reads the whole log, each later call what was appended since. Nothing is on disk, so there is no
// checkpoint, and nothing to rebuild when the definition changes. All rows are in memory in their stored form, and up to
// 64 MB of recently used rows also as objects. Use it for rows that are few, are queried rarely, or must never lag; keep
// the others (Projections).
// Copies share their rows. The rows are released with the last copy and the last table that now() gave. The store must
// outlive all of them. Threads: any. A call waits while another one reads the log.
#pragma once

#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/id.hpp>
#include <eventloom/projections/table.hpp>

#include <memory>
#include <optional>
#include <tuple>

namespace eventloom {

struct LiveOptions {
    // For all tables together. With more, now() fails: Failure::unavailable "too-many-live-rows".
    std::uint64_t rows_max = 1'000'000;
};

namespace detail {

// What a live table is made of: the fold, and the rows that it has made.
class LiveFold {
public:
    LiveFold(const EventStore& store, std::shared_ptr<const UntypedProjection> definition, const LiveOptions& options);
    ~LiveFold();

    // Folds what was appended since the last time.
    result<void> catch_up();

    // A row in its stored form, made from the stream of that id only.
    result<std::optional<std::string>> row_of_stream(const std::string& id, std::string_view ordered_key) const;

    const std::shared_ptr<const UntypedProjection>& definition() const;
    const std::shared_ptr<CurrentModel>& current() const;

private:
    struct State;
    const std::unique_ptr<State> state_;
};

} // namespace detail

template <class Key, class Row>
class LiveTable {
public:
    LiveTable(const EventStore& store, const Projected<Key, Row>& projected, const LiveOptions& options)
        : fold_{std::make_shared<detail::LiveFold>(store, projected.definition, options)}
    {
    }

    // The table with everything that is in the log now. A later call of now() brings this table up to date too.
    // Errors of a handler: the rows are as they were before its event, and the next call tries it again.
    // Failure::unavailable "too-many-live-rows"; errors of the log.
    result<Table<Key, Row>> now() const
    {
        BOOST_OUTCOME_TRY(fold_->catch_up());
        return Table<Key, Row>{fold_->definition(), 0, fold_->current()};
    }

    // The row with everything that is in the log now. When every handler changes only the row of its event's own stream, and
    // no index is unique, this reads only that stream and keeps nothing. Otherwise it is now().get(key). Fails as now() does.
    result<std::optional<Row>> get(const Key& key) const
    {
        if constexpr (detail::is_id<Key>) {
            if (fold_->definition()->has_a_stream_for_each_row() && not key.value.empty()) {
                BOOST_OUTCOME_TRY(const auto stored, fold_->row_of_stream(key.value, ordered_key(key)));
                if (not stored) return std::optional<Row>{};
                StoredRow<Key, Row> row;
                BOOST_OUTCOME_TRY(fold_->definition()->tables().front().decode(*stored, &row));
                return std::optional{std::move(row.row)};
            }
        }
        BOOST_OUTCOME_TRY(const auto table, now());
        return table.get(key);
    }

private:
    std::shared_ptr<detail::LiveFold> fold_;
};

template <class... Of>
class LiveTables {
public:
    LiveTables(const EventStore& store, const ProjectedTables<Of...>& projected, const LiveOptions& options)
        : fold_{std::make_shared<detail::LiveFold>(store, projected.definition, options)}
    {
    }

    // As LiveTable::now(). For calls that all see one moment: at_one_moment(tables).
    result<std::tuple<Of...>> now() const
    {
        BOOST_OUTCOME_TRY(fold_->catch_up());
        return [&]<std::size_t... Place>(std::index_sequence<Place...>) {
            return std::tuple<Of...>{Of{fold_->definition(), Place, fold_->current()}...};
        }(std::index_sequence_for<Of...>{});
    }

private:
    std::shared_ptr<detail::LiveFold> fold_;
};

template <class Key, class Row>
LiveTable<Key, Row> live(const EventStore& store, const Projected<Key, Row>& projected, const LiveOptions& options = {})
{
    return {store, projected, options};
}

template <class... Of>
LiveTables<Of...> live(const EventStore& store, const ProjectedTables<Of...>& projected,
                       const LiveOptions& options = {})
{
    return {store, projected, options};
}

} // namespace eventloom
