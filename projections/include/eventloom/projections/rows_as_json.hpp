// The rows of a projection at one moment, whatever their types: for tools that show them.
//
//     BOOST_OUTCOME_TRY(const auto rows, projections.as_of("orders", 4'000));
//     BOOST_OUTCOME_TRY(const auto row, rows.row({.table = {}, .key = "536365"}));   // std::optional<std::string>
//     BOOST_OUTCOME_TRY(const auto page, rows.all({}, {.limit = 20}));
//
// A row is {"key": ..., "row": {...}}. Do not keep one for long: it pins files. Threads: any.
#pragma once

#include <eventloom/projections/table.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eventloom {

// A row as a person names it.
struct RowName {
    std::string table; // empty when the projection has but one
    std::string key;   // as parse_key reads it
};

// The place of a table in its projection. Failure::invalid "no-such-table".
result<std::size_t> find_table(const Projection& definition, std::string_view table);

// The rows of a table one by one, in the order of their keys. It must not outlive its RowsAsJson. Threads: one.
class RowJsonCursor {
public:
    RowJsonCursor(const ReadModelView& view, const TableDescription& table);

    bool valid() const { return at_->valid(); } // false after the last row, and after an error
    void next() { at_->next(); }
    std::string_view ordered_key() const { return row_keys::parts_of(at_->key()).rest; }
    std::string json() const { return table_.row_to_json(at_->value()); }
    // Ask when valid() turns false: the end, or a fault?
    result<void> status() const { return at_->status(); }

private:
    const TableDescription& table_;
    std::unique_ptr<RowCursor> at_;
};

class RowsAsJson {
public:
    struct RowPage {
        std::vector<std::string> rows;
        std::string next; // as Page::next
    };

    RowsAsJson(std::shared_ptr<const Projection> definition, const ReadModel& model);

    const Projection& definition() const { return *definition_; }
    const ReadModelView& view() const { return *view_; }

    // Up to which event the log is in the rows.
    result<Position> position() const;

    // The version of the projection that has written the rows.
    result<std::uint32_t> version() const;

    // The positions of events that are left out of the rows for good, ascending.
    result<std::vector<Position>> left_out() const;

    // All rows of a table, however many. Failure::invalid "no-such-table".
    result<RowJsonCursor> walk(std::string_view table) const;

    // Failure::invalid  "no-such-table", "not-a-key".
    result<std::optional<std::string>> row(const RowName& name) const;

    // All rows of a table in the order of their keys. Failure::invalid "no-such-table".
    result<RowPage> all(std::string_view table, const PageRequest& request = {}) const;

    // Those whose keys, or whose entries in an index, are in the span, in the order of these.
    result<RowPage> within(const TableDescription& table, const KeySpan& span, const PageRequest& request = {}) const;

private:
    std::shared_ptr<const Projection> definition_;
    std::shared_ptr<const ReadModelView> view_;
};

} // namespace eventloom
