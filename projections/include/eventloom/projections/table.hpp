// Queries of a read model: by key, by index, by range, by the beginning of a text, in either direction, page by page.
//
//     const auto orders = projections.add(order_summaries());                    // Table<OrderId, OrderSummary>
//     BOOST_OUTCOME_TRY(const auto order, orders.get(OrderId{"1042"}));          // std::optional<OrderSummary>
//     BOOST_OUTCOME_TRY(const auto page, orders.by("customer", CustomerId{"ada"}, {.limit = 20}));
//     for (const auto& [key, row] : page.rows) ...                               // page.next goes into the next call
//     orders.by("customer", el::starting_with{"ad"});                            // customers whose names begin with "ad"
//
// Keys and index values are in their natural order: numbers and money by size, times from early to late, texts by their bytes
// (for UTF-8 the order of code points), structs and tuples part by part. A query may give only the first parts.
// Each call sees a snapshot of the read model. The calls of Table::at_one_moment() all see the same snapshot;
// at_one_moment(tables) does this for all tables of a projection. For rows as a range-v3 view see ranges.hpp; to be called
// when rows change, see watch.hpp.
// Threads: any.
#pragma once

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/projections/detail/key_text.hpp>
#include <eventloom/projections/detail/query_key.hpp>
#include <eventloom/projections/detail/read_model.hpp>

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <tuple>

namespace eventloom {

struct PageRequest {
    std::size_t limit = std::numeric_limits<std::size_t>::max();
    bool backwards    = false;
    std::string after = {}; // Page::next of the previous page; empty: from the beginning
};

template <class Key, class Row>
struct Page {
    std::vector<StoredRow<Key, Row>> rows;
    std::string next; // empty after the last page. Opaque; valid only for the same query.
};

namespace detail {

inline KeySpan keys_beginning_with(std::string prefix)
{
    auto last = after_prefix(prefix);
    return {std::move(prefix), std::move(last)};
}

// Makes a new row at the end of a page, and gives its place in memory.
using AddRow = void* (*)(void* rows);
// Reads the rows of a page into `rows`, and returns the token of the next page.
result<std::string> read_page(const ReadModelView& view, const TableDescription& table, const KeySpan& span,
                              const PageRequest& request, AddRow add, void* rows);

// Visits at most `limit` stored rows whose keys (or index entries) are in the span, as the request says; returns the token
// of the next page.
using VisitRow = std::function<result<void>(std::string_view stored)>;
result<std::string> visit_rows(const ReadModelView& view, const row_keys::OfTable& keys, const KeySpan& span,
                               const PageRequest& request, const VisitRow& visit);
result<std::uint64_t> count_keys(const ReadModelView& view, const KeySpan& span);

struct Watch; // watch.hpp

// The index of a query. It must exist, and its values must begin with the types of the query's values.
const IndexDescription& known_index(const TableDescription& table, std::string_view index, std::string_view shape,
                                    const IdTypes& ids);
// The same for the key.
void check_key(const TableDescription& table, std::string_view shape, const IdTypes& ids);

} // namespace detail

template <class Key, class Row>
class Table {
public:
    using Stored  = StoredRow<Key, Row>;
    using RowPage = Page<Key, Row>;

    // Table number `place` of a projection.
    Table(std::shared_ptr<const UntypedProjection> definition, std::size_t place, std::shared_ptr<CurrentModel> current)
        : definition_{std::move(definition)}, about_{&definition_->tables().at(place)}, current_{std::move(current)}
    {
    }

    // The same table with a snapshot: all calls see the rows of this moment. Release it soon: it pins old files.
    Table at_one_moment() const { return at(view()); }

    result<std::optional<Row>> get(const Key& key) const
    {
        auto at = about_->keys.row();
        append_ordered(at, key);
        // A single read needs no snapshot.
        BOOST_OUTCOME_TRY(const auto stored, view_ ? view_->get(at) : current_->get()->find(at));
        if (not stored) return std::optional<Row>{};
        Stored row;
        BOOST_OUTCOME_TRY(about_->decode(*stored, &row));
        return std::optional{std::move(row.row)};
    }

    // All rows in the order of their keys.
    result<RowPage> all(const PageRequest& request = {}) const { return page(all_keys(), request); }

    // The rows whose keys are at least `first` and less than `last`.
    result<RowPage> between(const Key& first, const Key& last, const PageRequest& request = {}) const
    {
        return page(keys_between(first, last), request);
    }

    // The rows whose keys begin with `value`, which has the first parts of the key.
    template <class Value>
    result<RowPage> under(const Value& value, const PageRequest& request = {}) const
    {
        return page(keys_under(value), request);
    }

    // All rows in the order of an index.
    result<RowPage> in_order_of(std::string_view index, const PageRequest& request = {}) const
    {
        detail::known_index(*about_, index, {}, {});
        return page(detail::keys_beginning_with(about_->keys.index(index)), request);
    }

    // The rows whose index values begin with `value`: a whole value, or the first parts of a tuple.
    template <class Value>
    result<RowPage> by(std::string_view index, const Value& value, const PageRequest& request = {}) const
    {
        return page(entries_of(index, value), request);
    }

    // The rows whose value in the index is at least `first` and less than `last`.
    template <class Value>
    result<RowPage> by_range(std::string_view index, const Value& first, const Value& last,
                             const PageRequest& request = {}) const
    {
        return page(entries_between(index, first, last), request);
    }

    // The one row that has this value in a unique index.
    template <class Value>
    result<std::optional<Stored>> one(std::string_view index, const Value& value) const
    {
        const auto& known = detail::known_index(*about_, index, detail::shape_of<Value>(), detail::ids_in<Value>);
        ensure(known.unique && known.shape == detail::shape_of<Value>(),
               "a query for one row names an index that is not unique, or gives a part of its value");
        BOOST_OUTCOME_TRY(auto found, page(entries_of(index, value), {.limit = 1, .backwards = false, .after = {}}));
        if (found.rows.empty()) return std::optional<Stored>{};
        return std::optional{std::move(found.rows.front())};
    }

    // How many rows the query of the same name gives. It counts keys or index entries and reads no rows.
    result<std::uint64_t> count_between(const Key& first, const Key& last) const
    {
        return detail::count_keys(*view(), keys_between(first, last));
    }
    template <class Value>
    result<std::uint64_t> count_under(const Value& value) const
    {
        return detail::count_keys(*view(), keys_under(value));
    }
    template <class Value>
    result<std::uint64_t> count_by(std::string_view index, const Value& value) const
    {
        return detail::count_keys(*view(), entries_of(index, value));
    }
    template <class Value>
    result<std::uint64_t> count_by_range(std::string_view index, const Value& first, const Value& last) const
    {
        return detail::count_keys(*view(), entries_between(index, first, last));
    }

    // How many rows there are: a stored number, so this is fast.
    result<std::uint64_t> size() const { return view()->number(about_->keys.row_count()); }

    // The last event whose changes the calls see.
    result<Position> position() const { return view()->number(row_keys::of_checkpoint()); }

private:
    template <class... Of>
    friend std::tuple<Of...> at_one_moment(const std::tuple<Of...>& tables);
    friend struct detail::Watch;

    using View = std::shared_ptr<const ReadModelView>;

    View view() const { return view_ ? view_ : current_->get()->view(); }

    Table at(View view) const
    {
        Table frozen = *this;
        frozen.view_ = std::move(view);
        return frozen;
    }

    KeySpan all_keys() const { return detail::keys_beginning_with(about_->keys.row()); }

    KeySpan keys_between(const Key& first, const Key& last) const
    {
        return {about_->keys.row(ordered_key(first)), about_->keys.row(ordered_key(last))};
    }

    template <class Value>
    KeySpan keys_under(const Value& value) const
    {
        detail::check_key(*about_, detail::shape_of<Value>(), detail::ids_in<Value>);
        return detail::keys_beginning_with(about_->keys.row(detail::ordered_beginning(value)));
    }

    template <class Value>
    KeySpan entries_of(std::string_view index, const Value& value) const
    {
        detail::known_index(*about_, index, detail::shape_of<Value>(), detail::ids_in<Value>);
        return detail::keys_beginning_with(about_->keys.index(index, detail::ordered_beginning(value)));
    }

    template <class Value>
    KeySpan entries_between(std::string_view index, const Value& first, const Value& last) const
    {
        detail::known_index(*about_, index, detail::shape_of<Value>(), detail::ids_in<Value>);
        return {about_->keys.index(index, ordered_key(first)), about_->keys.index(index, ordered_key(last))};
    }

    result<RowPage> page(const KeySpan& span, const PageRequest& request) const
    {
        RowPage page;
        const auto add = [](void* rows) -> void* { return &static_cast<std::vector<Stored>*>(rows)->emplace_back(); };
        BOOST_OUTCOME_TRY(page.next, detail::read_page(*view(), *about_, span, request, add, &page.rows));
        return page;
    }

    std::shared_ptr<const UntypedProjection> definition_;
    const TableDescription* about_; // in the definition
    std::shared_ptr<CurrentModel> current_;
    View view_; // empty: each call takes its own snapshot
};

// All tables of one projection with one snapshot: all calls see the rows of this moment.
template <class... Of>
std::tuple<Of...> at_one_moment(const std::tuple<Of...>& tables)
{
    return std::apply(
        [](const auto& first, const auto&... rest) {
            const auto view = first.view();
            ensure(((first.current_ == rest.current_) && ...), "tables of several projections share no moment");
            return std::tuple{first.at(view), rest.at(view)...};
        },
        tables);
}

} // namespace eventloom
