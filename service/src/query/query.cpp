#include "query/query.hpp"

#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace eventloom {

namespace {

constexpr std::size_t rows_a_page = 256;

result<std::size_t> parse_limit(const std::string& text)
{
    std::size_t limit       = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (error == std::errc{} && end == text.data() + text.size()) return limit;
    return fail(Failure::invalid, "wrong-limit",
                "asked for at most \"" + printable(text) +
                    "\" rows and found that this is not a whole number from 0 on");
}

// A row that waits for its place in the order.
struct Waiting {
    Comparable value;
    std::uint64_t number = 0; // in the order of the keys, which decides between equals
    std::vector<Json> cells;
};

} // namespace

result<Query> Query::parse(const TableDescription& table, const QueryText& text, std::size_t most_ordered)
{
    Query query;
    query.table_        = &table;
    query.most_ordered_ = most_ordered;
    for (const auto& where : text.where) {
        BOOST_OUTCOME_TRY(auto condition, Condition::parse(where, table));
        query.conditions_.push_back(std::move(condition));
    }
    const auto on_index = [](const Condition& condition) { return condition.index() != nullptr; };
    if (std::count_if(query.conditions_.begin(), query.conditions_.end(), on_index) > 1) {
        return fail(Failure::invalid, "several-indexes",
                    "asked for values of several indexes that are not columns; a query can use only one such "
                    "index; give only one of these conditions");
    }
    if (not text.order.empty()) {
        query.backwards_ = text.order.front() == '-';
        const auto name  = std::string_view{text.order}.substr(query.backwards_ ? 1 : 0);
        BOOST_OUTCOME_TRY(query.order_, find_column_or_index(table, name));
        BOOST_OUTCOME_TRY(check_has_order(*query.order_));
    }
    if (not text.limit.empty()) {
        BOOST_OUTCOME_TRY(query.limit_, parse_limit(text.limit));
    }
    for (std::string_view left = text.columns; not left.empty();) {
        const auto comma = std::min(left.find(','), left.size());
        BOOST_OUTCOME_TRY(const auto* const column, find_column(table.columns, left.substr(0, comma)));
        query.columns_.push_back(column);
        left.remove_prefix(std::min(comma + 1, left.size()));
    }
    if (query.columns_.empty()) {
        for (const auto& column : table.columns) query.columns_.push_back(&column);
    }
    return query;
}

result<void> Query::run(const RowsAsJson& rows, const VisitPage& visit) const
{
    if (limit_ && *limit_ == 0) return done();
    return order_ == nullptr ? run_in_key_order(rows, visit) : run_in_order(rows, visit);
}

result<void> Query::run_in_key_order(const RowsAsJson& rows, const VisitPage& visit) const
{
    TableRows page;
    std::size_t found = 0;
    BOOST_OUTCOME_TRY(visit_matching(rows, [&](const Json& row) {
        page.push_back(cells_of(row));
        if (page.size() == rows_a_page) {
            visit(page);
            page.clear();
        }
        return not limit_ || ++found < *limit_;
    }));
    if (not page.empty()) visit(page);
    return done();
}

// Keeps the first ones of the order in a heap whose top is the last of them.
result<void> Query::run_in_order(const RowsAsJson& rows, const VisitPage& visit) const
{
    const auto before = [&](const Waiting& left, const Waiting& right) {
        const auto order = order_of(left.value, right.value);
        if (order != 0) return backwards_ ? order > 0 : order < 0;
        return left.number < right.number;
    };
    const std::size_t wanted = std::min(limit_.value_or(most_ordered_ + 1), most_ordered_ + 1);
    std::vector<Waiting> waiting;
    std::uint64_t number = 0;
    BOOST_OUTCOME_TRY(visit_matching(rows, [&](const Json& row) {
        Waiting next{comparable(*order_, cell_of(*order_, row)), number++, {}};
        if (waiting.size() == wanted) {
            if (not before(next, waiting.front())) return true;
            std::pop_heap(waiting.begin(), waiting.end(), before);
            waiting.pop_back();
        }
        next.cells = cells_of(row);
        waiting.push_back(std::move(next));
        std::push_heap(waiting.begin(), waiting.end(), before);
        return waiting.size() <= most_ordered_;
    }));
    if (waiting.size() > most_ordered_) {
        return fail(Failure::invalid, "too-many-rows-to-order",
                    fmt::format("asked for rows in the order of {} and found more than {} of them; give --limit or a "
                                "narrower --where, or leave --order out",
                                order_->name, most_ordered_));
    }
    std::sort_heap(waiting.begin(), waiting.end(), before);
    TableRows page;
    for (auto& row : waiting) page.push_back(std::move(row.cells));
    visit(page);
    return done();
}

result<void> Query::visit_matching(const RowsAsJson& rows, const VisitRow& visit) const
{
    const auto path = best_path(*table_, conditions_);
    if (path.in_order_of_keys) return visit_within(rows, path.span, visit);
    BOOST_OUTCOME_TRY(const auto keys, keys_in_order(rows, path.span));
    if (not keys) return visit_within(rows, every_row(*table_), visit);
    bool more = true;
    for (auto key = keys->begin(); key != keys->end() && more; ++key) {
        BOOST_OUTCOME_TRY(const auto stored, rows.view().get(table_->keys.row(*key)));
        if (not stored) {
            return fail(Failure::corrupt, "damaged-read-model",
                        "followed an index of the read model in " + rows.view().directory() +
                            " and found no row; rebuild the projection");
        }
        BOOST_OUTCOME_TRY(visit_if_matching(table_->row_to_json(*stored), visit, more));
    }
    return done();
}

result<void> Query::visit_within(const RowsAsJson& rows, const KeySpan& span, const VisitRow& visit) const
{
    bool more = true;
    std::string after;
    do {
        BOOST_OUTCOME_TRY(const auto page, rows.within(*table_, span, {.limit = rows_a_page, .after = after}));
        for (const auto& json : page.rows) {
            BOOST_OUTCOME_TRY(visit_if_matching(json, visit, more));
            if (not more) return done();
        }
        after = page.next;
    } while (not after.empty());
    return done();
}

result<void> Query::visit_if_matching(const std::string& json, const VisitRow& visit, bool& more) const
{
    const auto row = Json::parse(json);
    if (not row || not row->is_object()) {
        return fail(Failure::corrupt, "unreadable-row",
                    "read the rows of a table and found one that cannot be read: " + printable(json.substr(0, 100)) +
                        "; `projections verify` names it, `projections rebuild` builds it again");
    }
    const auto holds = [&](const Condition& condition) { return condition.holds(*row); };
    if (std::all_of(conditions_.begin(), conditions_.end(), holds)) more = visit(*row);
    return done();
}

std::vector<Json> Query::cells_of(const Json& row) const
{
    std::vector<Json> cells;
    cells.reserve(columns_.size());
    for (const auto* const column : columns_) cells.push_back(cell_of(*column, row));
    return cells;
}

} // namespace eventloom
