// A projection that was defined: what el::projection gives, light enough for headers.
//
//     el::Projected<OrderId, OrderSummary> order_summaries();   // defined in a source with <eventloom/projections/projection.hpp>
//     const auto orders = projections.add(order_summaries());   // a Table<OrderId, OrderSummary>
//
//     el::ProjectedTables<el::StoredRow<Country, CountrySales>, el::StoredRow<Sku, ArticleSales>> sales();
//     const auto [by_country, by_article] = projections.add(sales()).value();   // a Table each
//
// Threads: a definition is constant.
#pragma once

#include <eventloom/framework/inline_rows.hpp>
#include <eventloom/framework/recorded_event.hpp>
#include <eventloom/framework/result.hpp>
#include <eventloom/projections/column_description.hpp>
#include <eventloom/projections/row_keys.hpp>
#include <eventloom/projections/sql_columns.hpp>

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

// A row with its key, as it is stored.
template <class Key, class Row>
struct StoredRow {
    using record = Row; // in JSON an object, also with one member
    Key key;
    Row row;
};

// Takes what a fold has changed, and puts it where the rows are kept.
class Changes {
public:
    virtual ~Changes()                                              = default;
    virtual void put(std::string_view key, std::string_view stored) = 0;
    virtual void remove(std::string_view key)                       = 0;
    // By how much the number of rows of a table has changed.
    virtual void count(const std::string& table, std::int64_t more_rows) = 0;
};

// One run of a projection's handlers, with the rows that they touch in memory. Threads: one.
class Fold {
public:
    virtual ~Fold() = default;

    // Lets the handler of this event change rows. After an error the fold is spent: throw it away and do not flush it.
    virtual result<void> apply(const RecordedEvent& event) = 0;

    // Gives every change since the last flush. An error is of an index or a serializer; the fold is spent then, too.
    virtual result<void> flush(Changes& changes) = 0;

    // A row as a flush would leave it; nothing when there is none.
    virtual result<std::optional<std::string>> row(std::size_t table, std::string_view ordered_key) = 0;

    // How much memory the rows take that are kept there, roughly.
    virtual std::size_t bytes_cached() const = 0;

    // Only after a flush: lets go of the rows that were not touched lately.
    virtual void forget_rows() = 0;
};

// An index without its types.
struct IndexDescription {
    std::string name;
    bool unique = false;
    std::string shape;                // detail::shape_of its values
    std::vector<std::string> columns; // whose values it has, one after the other; empty when only its function knows
    // The ordered bytes of a value as it is typed, with a slash between its parts; nothing when it is none.
    std::optional<std::string> (*ordered)(std::string_view text);
};

// A table without its types.
struct TableDescription {
    std::string name; // empty: the only one of its projection
    row_keys::OfTable keys;
    std::string key_shape;
    std::string row_shape;                  // how key and row are stored (framework/shape.hpp); empty: not known
    std::vector<ColumnDescription> columns; // of the key, then of the row
    std::vector<IndexDescription> indexes;
    // A stored row for people; what cannot be read is said to be so.
    std::string (*row_to_json)(std::string_view stored);
    // The ordered key of what a person types. Failure::invalid "not-a-key".
    result<std::string> (*ordered_key)(std::string_view text);
    // Of the key, then of the row; and what a stored row has in them.
    std::vector<RowColumn> sql_columns;
    result<void> (*read_cells)(std::string_view stored, CellVisitor& visitor);
};

// The stored names of events that an aggregate knows: those of its list, and those that it ignores.
struct KnownEvents {
    std::string category;
    std::vector<std::string> types; // sorted
};

// A definition without its types: what runs, rebuilds and verifies it.
class Projection {
public:
    virtual ~Projection() = default;

    virtual const std::string& name() const                     = 0;
    virtual std::uint32_t version() const                       = 0;
    virtual const std::vector<std::string>& categories() const  = 0; // of the aggregates it hears
    virtual const std::vector<std::string>& types() const       = 0; // stored names of the events it hears
    virtual const std::vector<TableDescription>& tables() const = 0;
    // Of its aggregates, one each.
    virtual const std::vector<KnownEvents>& known() const = 0;
    // Whether each row depends on the events of one stream alone, and its key is the id of that stream.
    virtual bool has_a_stream_for_each_row() const = 0;
    // Whether an event that it hears has personal fields.
    virtual bool hears_personal_data() const = 0;
    // The keys in the read model (row_keys.hpp) of the rows that the handlers of this event get; none where one takes whole
    // tables. Several where an upcast makes several events of it.  Failure::corrupt  what decoding the event says.
    virtual result<std::set<std::string>> rows_of(const RecordedEvent& event) const = 0;
    // `find` gives what stands in the read model already, by its key there (row_keys.hpp).
    virtual std::unique_ptr<Fold> fold(FindStored find) const = 0;
};

template <class Stored>
using DecodeRow = result<Stored> (*)(std::string_view stored);

// A projection with one table.
template <class Key, class Row>
struct Projected {
    std::shared_ptr<const Projection> definition;
    DecodeRow<StoredRow<Key, Row>> decode;
};

// A projection with several tables: a StoredRow<Key, Row> for each.
template <class... Stored>
struct ProjectedTables {
    std::shared_ptr<const Projection> definition;
    std::tuple<DecodeRow<Stored>...> decode;
};

} // namespace eventloom
