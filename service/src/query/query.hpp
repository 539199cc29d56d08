// A question to any table: which rows, in which order, how many of them, and which columns.
//
//     BOOST_OUTCOME_TRY(const auto query, Query::parse(table, {.where = {"total > 100"}, .order = "-total", .limit = "10"}));
//     BOOST_OUTCOME_TRY(query.run(rows, [&](const TableRows& page) { writer->page(page); }));
//
// Rows are read page by page. Without an order only one page is in memory; with one, as many rows as are wanted. With a
// condition on the key or on an index, only the rows that it selects are read.
// Threads: values.
#pragma once

#include "query/query_conditions.hpp"
#include "query/query_path.hpp"

#include <eventloom/projections/detail/rows_as_json.hpp>

#include <functional>

namespace eventloom {

// As it is typed.
struct QueryText {
    std::vector<std::string> where = {};
    std::string order              = {}; // a column, or an index over members; a hyphen before it turns the order round
    std::string limit              = {}; // empty: all
    std::string columns            = {}; // with commas between; empty: all
};

class Query {
public:
    // The description must outlive the query. The errors of Condition::parse; Failure::invalid "no-such-column",
    // "column-without-order", "wrong-limit".
    // `most_ordered`: how many rows an order may need to hold.
    static result<Query> parse(const TableDescription& table, const QueryText& text,
                               std::size_t most_ordered = 100'000);

    const std::vector<const ColumnDescription*>& columns() const { return columns_; }

    // Failure::invalid "too-many-rows-to-order"; Failure::corrupt "unreadable-row".
    using VisitPage = std::function<void(const TableRows& page)>;
    result<void> run(const RowsAsJson& rows, const VisitPage& visit) const;

private:
    using VisitRow = std::function<bool(const Json& row)>; // whether it wants more
    result<void> visit_matching(const RowsAsJson& rows, const VisitRow& visit) const;
    result<void> visit_within(const RowsAsJson& rows, const KeySpan& span, const VisitRow& visit) const;
    result<void> visit_if_matching(const std::string& json, const VisitRow& visit, bool& more) const;
    result<void> run_in_key_order(const RowsAsJson& rows, const VisitPage& visit) const;
    result<void> run_in_order(const RowsAsJson& rows, const VisitPage& visit) const;
    std::vector<Json> cells_of(const Json& row) const;

    const TableDescription* table_ = nullptr;
    std::vector<Condition> conditions_;
    std::vector<const ColumnDescription*> columns_;
    const ColumnDescription* order_ = nullptr;
    bool backwards_                 = false;
    std::optional<std::size_t> limit_;
    std::size_t most_ordered_ = 0;
};

} // namespace eventloom
