// A defined projection: the result of el::projection, in a header that is cheap to include.
//
//     el::Projected<OrderId, OrderSummary> order_summaries();   // defined in a source with <eventloom/projections/projection.hpp>
//     const auto orders = projections.add(order_summaries());   // a Table<OrderId, OrderSummary>
//
//     using ProjectedSales = el::ProjectedTables<el::Table<Country, CountrySales>, el::Table<Sku, ArticleSales>>;
//     ProjectedSales sales();
//     const auto [by_country, by_article] = projections.add(sales()).value();   // they are ProjectedSales::Tables
//
// Threads: a definition is constant.
#pragma once

#include <eventloom/framework/detail/inline_rows.hpp>
#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/framework/result.hpp>
#include <eventloom/projections/detail/column_description.hpp>
#include <eventloom/projections/detail/row_keys.hpp>
#include <eventloom/projections/detail/sql_columns.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace eventloom {

namespace detail {
struct IdTypes; // query_key.hpp
struct RowType; // definition.hpp
} // namespace detail

// A row with its key, as it is stored.
template <class Key, class Row>
struct StoredRow {
    using record = Row; // in JSON an object, also with one member
    Key key;
    Row row;
};

// Receives the changes of a fold.
class Changes {
public:
    virtual ~Changes()                                              = default;
    virtual void put(std::string_view key, std::string_view stored) = 0;
    virtual void remove(std::string_view key)                       = 0;
    // By how much the number of rows of a table has changed.
    virtual void count(const std::string& table, std::int64_t more_rows) = 0;
};

// One run of a projection's handlers. The rows that they use are in memory. Threads: one.
class Fold {
public:
    virtual ~Fold() = default;

    // Runs the handlers of this event. After an error the fold must not be used or flushed any more.
    virtual result<void> apply(const RecordedEvent& event) = 0;

    // Gives every change since the last flush. An index or a serializer may fail; the fold must not be used after that.
    virtual result<void> flush(Changes& changes) = 0;

    // A row as the next flush would write it; nothing when there is none.
    virtual result<std::optional<std::string>> row(std::size_t table, std::string_view ordered_key) = 0;

    // Roughly how much memory the rows take.
    virtual std::size_t bytes_cached() const = 0;

    // Releases the rows that were not used recently. Call it only after a flush.
    virtual void forget_rows() = 0;
};

// An index without its types.
struct IndexDescription {
    std::string name;
    bool unique = false;
    std::string shape; // detail::shape_of its values
    const detail::IdTypes* ids = nullptr;
    std::vector<std::string> columns; // whose values it has, in order; empty when a function makes them
    // The ordered bytes of a value as people type it, with a slash between its parts; nothing when the text is no such value.
    std::function<std::optional<std::string>(std::string_view text)> ordered;
};

// A table without its types.
struct TableDescription {
    std::string name; // empty: the only one of its projection
    row_keys::OfTable keys;
    std::string key_shape;
    std::string row_shape;                  // how key and row are stored (framework/shape.hpp); empty: not known
    std::vector<ColumnDescription> columns; // of the key, then of the row
    std::vector<IndexDescription> indexes;
    std::vector<RowColumn> sql_columns; // first those of the key, then those of the row
    const detail::RowType* type = nullptr;

    // Reads a stored row into a StoredRow<Key, Row>.
    result<void> decode(std::string_view stored, void* into) const;
    // A stored row as JSON; for bytes that cannot be read, a text that says so.
    std::string row_to_json(std::string_view stored) const;
    // The ordered key of a key as people type it. Failure::invalid "not-a-key".
    result<std::string> ordered_key(std::string_view text) const;
    result<void> read_cells(std::string_view stored, CellVisitor& visitor) const;
};

// The stored names of the events that an aggregate lists or ignores.
struct KnownEvents {
    std::string category;
    std::vector<std::string> types; // sorted
};

// A definition without its types, as the code sees it that runs, rebuilds and verifies it.
class UntypedProjection {
public:
    virtual ~UntypedProjection() = default;

    virtual const std::string& name() const                     = 0;
    virtual std::uint32_t version() const                       = 0;
    virtual const std::vector<std::string>& categories() const  = 0; // of the aggregates it hears
    virtual const std::vector<std::string>& types() const       = 0; // stored names of the events it hears
    virtual const std::vector<TableDescription>& tables() const = 0;
    // One for each of its aggregates.
    virtual const std::vector<KnownEvents>& known() const = 0;
    // Whether each row depends only on the events of one stream, whose id is the row's key.
    virtual bool has_a_stream_for_each_row() const = 0;
    // Whether an event that it hears has personal fields.
    virtual bool hears_personal_data() const = 0;
    // The keys in the read model (row_keys.hpp) of the rows that the handlers of this event get; none when a handler takes
    // whole tables. Several when an upcast makes several events of this one.  Failure::corrupt  errors of decoding the event.
    virtual result<std::set<std::string>> rows_of(const RecordedEvent& event) const = 0;
    // `find` gives the value that is in the read model at a key (row_keys.hpp).
    virtual std::unique_ptr<Fold> fold(FindStored find) const = 0;
};

template <class Key, class Row>
class Table; // table.hpp

namespace detail {

template <class Stored>
using table_of = Table<decltype(Stored::key), decltype(Stored::row)>;

template <class Of>
struct stored_in_table;
template <class Key, class Row>
struct stored_in_table<Table<Key, Row>> {
    using type = StoredRow<Key, Row>;
};
template <class Of>
using stored_in = typename stored_in_table<Of>::type;

} // namespace detail

// A projection with one table.
template <class Key, class Row>
struct Projected {
    std::shared_ptr<const UntypedProjection> definition;
};

// A projection with several tables: an el::Table<Key, Row> for each, in the order in which it keeps them.
template <class... Of>
struct ProjectedTables {
    using Tables = std::tuple<Of...>; // for queries
    std::shared_ptr<const UntypedProjection> definition;
};

} // namespace eventloom
