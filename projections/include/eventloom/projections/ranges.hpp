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

#include <eventloom/projections/table.hpp>

#include <range/v3/view/facade.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace eventloom {

template <class Key, class Row>
class RowRange : public ranges::view_facade<RowRange<Key, Row>> {
public:
    using FetchPage = std::function<result<Page<Key, Row>>(const PageRequest&)>;

    RowRange() = default;
    RowRange(FetchPage fetch, PageRequest request)
        : state_{std::make_shared<State>(State{std::move(fetch), std::move(request), {}, 0, false, std::nullopt})}
    {
    }

    // The error that ended the range early, if there was one.
    result<void> status() const
    {
        if (state_ && state_->error) return *state_->error;
        return done();
    }

private:
    friend ranges::range_access;

    // Views copy the range; the copies share this.
    struct State {
        FetchPage fetch;
        PageRequest request; // of the next page
        Page<Key, Row> page;
        std::size_t at;
        bool last_page;
        std::optional<Error> error;

        bool ended() const { return at == page.rows.size(); }

        void advance()
        {
            if (not ended() && ++at < page.rows.size()) return;
            if (last_page || error) return;
            auto next = fetch(request);
            page      = next ? std::move(next.value()) : Page<Key, Row>{};
            at        = 0;
            if (not next) error = std::move(next.error());
            last_page     = page.next.empty();
            request.after = page.next;
        }
    };

    class Place {
    public:
        Place() = default;
        explicit Place(std::shared_ptr<State> state) : state_{std::move(state)} { state_->advance(); }

        const StoredRow<Key, Row>& read() const { return state_->page.rows[state_->at]; }
        bool equal(ranges::default_sentinel_t) const { return state_->ended(); }
        void next() { state_->advance(); }

    private:
        std::shared_ptr<State> state_;
    };

    Place begin_cursor() const { return Place{state_}; }

    std::shared_ptr<State> state_;
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
