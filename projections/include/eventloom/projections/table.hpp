// Asks a read model: by key, by index, by range, in either direction, a page at a time.
//
//     const auto orders = projections.add(order_summaries());                    // Table<OrderId, OrderSummary>
//     BOOST_OUTCOME_TRY(const auto order, orders.get(OrderId{"1042"}));          // std::optional<OrderSummary>
//     BOOST_OUTCOME_TRY(const auto page, orders.by("customer", CustomerId{"ada"}, {.limit = 20}));
//     for (const auto& [key, row] : page.rows) ...                               // page.next goes into the next call
//
// Each call sees the read model at one moment; Table::at_one_moment() gives a table whose calls all see the same one.
// Threads: any.
#pragma once

#include <eventloom/framework/ensure.hpp>
#include <eventloom/projections/projected.hpp>
#include <eventloom/projections/read_model.hpp>
#include <eventloom/projections/row_keys.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <algorithm>
#include <functional>
#include <limits>

namespace eventloom {

struct PageRequest {
    std::size_t limit = std::numeric_limits<std::size_t>::max();
    bool backwards    = false;
    std::string after; // Page::next of the page before; empty: from the beginning
};

template <class Key, class Row>
struct Page {
    std::vector<StoredRow<Key, Row>> rows;
    std::string next; // empty when this was the last page. Opaque, and good for the same question only.
};

namespace detail {

// A read model at one moment.
struct ModelView {
    std::shared_ptr<ReadModel> model;
    DatabaseSnapshot snapshot;
};

// Visits the stored rows whose keys (or index entries) stand between `first` and `last` (exclusive), as the request asks,
// until `visit` has seen `limit` of them; gives the token of the next page.
using VisitRow = std::function<result<void>(std::string_view stored)>;
result<std::string> visit_rows(const ModelView& view, const std::string& first, const std::string& last,
                               const PageRequest& request, const VisitRow& visit);
result<std::uint64_t> count_entries(const ModelView& view, const std::string& first, const std::string& last);
result<std::optional<std::string>> find_row(const ModelView& view, std::string_view ordered_key);

} // namespace detail

template <class Key, class Row>
class Table {
public:
    using RowPage = Page<Key, Row>;

    Table(Projected<Key, Row> projected, std::shared_ptr<CurrentModel> current)
        : projected_{std::move(projected)}, current_{std::move(current)}
    {
    }

    // The same table, whose calls from now on all see this moment. Do not keep it for long: it pins old files.
    Table at_one_moment() const
    {
        Table frozen = *this;
        frozen.view_ = view();
        return frozen;
    }

    result<std::optional<Row>> get(const Key& key) const
    {
        BOOST_OUTCOME_TRY(const auto stored, detail::find_row(view(), ordered_key(key)));
        if (not stored) return std::optional<Row>{};
        BOOST_OUTCOME_TRY(auto row, projected_.decode(*stored));
        return std::optional{std::move(row.row)};
    }

    // All rows in the order of their keys.
    result<RowPage> all(const PageRequest& request = {}) const
    {
        const auto first = row_keys::of_row({});
        return page(first, after_prefix(first), request);
    }

    // The rows whose keys are at least `first` and less than `last`.
    result<RowPage> between(const Key& first, const Key& last, const PageRequest& request = {}) const
    {
        return page(row_keys::of_row(ordered_key(first)), row_keys::of_row(ordered_key(last)), request);
    }

    // All rows in the order of an index.
    result<RowPage> in_order_of(std::string_view index, const PageRequest& request = {}) const
    {
        const auto first = row_keys::of_index(known(index));
        return page(first, after_prefix(first), request);
    }

    // The rows for which the index's function gave `value`, or, for a tuple, gave something that begins with it.
    template <class Value>
    result<RowPage> by(std::string_view index, const Value& value, const PageRequest& request = {}) const
    {
        const auto first = row_keys::of_index(known(index), ordered_key(value));
        return page(first, after_prefix(first), request);
    }

    // The rows whose value in the index is at least `first` and less than `last`.
    template <class Value>
    result<RowPage> by_range(std::string_view index, const Value& first, const Value& last,
                             const PageRequest& request = {}) const
    {
        return page(row_keys::of_index(known(index), ordered_key(first)),
                    row_keys::of_index(known(index), ordered_key(last)), request);
    }

    template <class Value>
    result<std::uint64_t> count_by(std::string_view index, const Value& value) const
    {
        const auto first = row_keys::of_index(known(index), ordered_key(value));
        return detail::count_entries(view(), first, after_prefix(first));
    }

    // How many rows there are. Kept, not counted.
    std::uint64_t size() const { return current_->get()->rows(); }

    // The last event whose changes are in what a call sees now.
    Position position() const { return current_->get()->checkpoint(); }

private:
    detail::ModelView view() const
    {
        if (view_.model) return view_;
        auto model    = current_->get();
        auto snapshot = model->database().snapshot();
        return {std::move(model), std::move(snapshot)};
    }

    std::string_view known(std::string_view index) const
    {
        const auto& names = projected_.definition->indexes();
        ensure(std::find(names.begin(), names.end(), index) != names.end(), "a query names an index that is not there");
        return index;
    }

    result<RowPage> page(const std::string& first, const std::string& last, const PageRequest& request) const
    {
        RowPage page;
        const auto keep = [&](std::string_view stored) -> result<void> {
            BOOST_OUTCOME_TRY(auto row, projected_.decode(stored));
            page.rows.push_back(std::move(row));
            return done();
        };
        BOOST_OUTCOME_TRY(page.next, detail::visit_rows(view(), first, last, request, keep));
        return page;
    }

    Projected<Key, Row> projected_;
    std::shared_ptr<CurrentModel> current_;
    detail::ModelView view_;
};

} // namespace eventloom
