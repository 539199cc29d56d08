// A projection that was defined: what el::projection gives, light enough for headers.
//
//     el::Projected<OrderId, OrderSummary> order_summaries();   // defined in a source with <eventloom/projections/projection.hpp>
//     const auto orders = projections.add(order_summaries());   // a Table<OrderId, OrderSummary>
//
// Threads: a definition is constant.
#pragma once

#include <eventloom/framework/recorded_event.hpp>
#include <eventloom/framework/result.hpp>
#include <eventloom/storage/database.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

// A row with its key, as it is stored.
template <class Key, class Row>
struct StoredRow {
    Key key;
    Row row;
};

// How a fold finds the rows that are there already, by the bytes of their ordered key.
using FindRow = std::function<result<std::optional<std::string>>(std::string_view ordered_key)>;

// One run of a projection's handlers, with the rows that they touch in memory. Threads: one.
class Fold {
public:
    virtual ~Fold() = default;

    // Lets the handler of this event change rows. After an error the fold is spent: throw it away and do not flush it.
    virtual result<void> apply(const RecordedEvent& event) = 0;

    // Puts every change since the last flush into `batch`; gives by how much the number of rows has changed.
    virtual std::int64_t flush(Batch& batch) = 0;

    // How many rows are kept in memory.
    virtual std::size_t rows_cached() const = 0;
};

// A definition without its types: what runs, rebuilds and verifies it.
class Projection {
public:
    virtual ~Projection() = default;

    virtual const std::string& name() const                    = 0;
    virtual std::uint32_t version() const                      = 0;
    virtual const std::vector<std::string>& categories() const = 0; // of the aggregates it hears
    virtual const std::vector<std::string>& types() const      = 0; // stored names of the events it hears
    virtual const std::vector<std::string>& indexes() const    = 0;
    virtual std::unique_ptr<Fold> fold(FindRow find) const     = 0;
    // A stored row for people; what cannot be read is said to be so.
    virtual std::string row_to_json(std::string_view stored) const = 0;
};

template <class Key, class Row>
struct Projected {
    std::shared_ptr<const Projection> definition;
    result<StoredRow<Key, Row>> (*decode)(std::string_view stored);
};

} // namespace eventloom
