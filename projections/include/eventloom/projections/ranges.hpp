// The result of a query as a range-v3 view, of any size.
//
//     auto orders_of_ada = rows_of(orders).by("customer", CustomerId{"ada"});
//     for (const auto& [key, row] : orders_of_ada | ranges::views::filter(is_open) | ranges::views::take(10)) ...
//     BOOST_OUTCOME_TRY(orders_of_ada.status());                                // the end, or an error?
//     rows_of(orders, {.limit = 1'000, .backwards = true}).all()                // a thousand rows a page, the last row first
//
// Single pass, in bounded memory: pages are fetched when needed, and a row lives until the next one is read. All pages are of
// the snapshot that rows_of takes; release it soon. After an error the range ends, and status() says why. This header
// includes range-v3; the others do not. Threads: one.
#pragma once

#include <eventloom/framework/detail/event_range.hpp>
#include <eventloom/projections/table.hpp>

#include <functional>

namespace eventloom {

namespace detail {

template <class Key, class Row>
struct RowSource {
    std::function<result<Page<Key, Row>>(const PageRequest&)> fetch;
    PageRequest request; // of the next page
    Page<Key, Row> page = {};
    std::size_t at      = 0; // the next row
    bool is_last_page   = false;

    result<const StoredRow<Key, Row>*> next()
    {
        if (at == page.rows.size()) {
            if (is_last_page) return nullptr;
            is_last_page = true; // no page follows an error
            at           = 0;
            page.rows.clear();
            BOOST_OUTCOME_TRY(page, fetch(request));
            is_last_page  = page.next.empty();
            request.after = page.next;
            if (page.rows.empty()) return nullptr;
        }
        return &page.rows[at++];
    }
};

} // namespace detail

template <class Key, class Row>
class RowRange : public detail::SourceRange<RowRange<Key, Row>, detail::RowSource<Key, Row>> {
public:
    using FetchPage = std::function<result<Page<Key, Row>>(const PageRequest&)>;

    RowRange() = default;
    RowRange(FetchPage fetch, PageRequest request)
        : RowRange::SourceRange{detail::RowSource<Key, Row>{std::move(fetch), std::move(request)}}
    {
    }
};

// The queries of a table, as ranges.
template <class Key, class Row>
class RowsOf {
public:
    using Range = RowRange<Key, Row>;

    RowsOf(Table<Key, Row> table, PageRequest page) : table_{std::move(table)}, page_{std::move(page)}
    {
        ensure(page_.limit > 0, "a range of rows is fetched in pages of no row");
    }

    Range all() const
    {
        return of([](const auto& table, const auto& page) { return table.all(page); });
    }
    Range between(Key first, Key last) const
    {
        return of([first = std::move(first), last = std::move(last)](const auto& table, const auto& page) {
            return table.between(first, last, page);
        });
    }
    template <class Value>
    Range under(Value value) const
    {
        return of([value = std::move(value)](const auto& table, const auto& page) { return table.under(value, page); });
    }
    Range in_order_of(std::string index) const
    {
        return of(
            [index = std::move(index)](const auto& table, const auto& page) { return table.in_order_of(index, page); });
    }
    template <class Value>
    Range by(std::string index, Value value) const
    {
        return of([index = std::move(index), value = std::move(value)](const auto& table, const auto& page) {
            return table.by(index, value, page);
        });
    }
    template <class Value>
    Range by_range(std::string index, Value first, Value last) const
    {
        return of([index = std::move(index), first = std::move(first), last = std::move(last)](
                      const auto& table, const auto& page) { return table.by_range(index, first, last, page); });
    }

private:
    template <class Ask>
    Range of(Ask ask) const
    {
        return {[table = table_, ask = std::move(ask)](const PageRequest& page) { return ask(table, page); }, page_};
    }

    Table<Key, Row> table_;
    PageRequest page_;
};

// The rows of a table as ranges. The request says how many rows a page has, in which direction, and after which token.
template <class Key, class Row>
RowsOf<Key, Row> rows_of(const Table<Key, Row>& table, PageRequest page = {.limit = 256})
{
    return {table.at_one_moment(), std::move(page)};
}

} // namespace eventloom
