// A snapshot of the rows of a projection, without their types: for tools that show them.
//
//     BOOST_OUTCOME_TRY(const auto rows, projections.as_of("orders", 4'000));
//     BOOST_OUTCOME_TRY(const auto row, rows.row({.table = {}, .key = "536365"}));   // std::optional<std::string>
//     BOOST_OUTCOME_TRY(const auto page, rows.all({}, {.limit = 20}));
//
// A row is {"key": ..., "row": {...}}. Release a RowsAsJson soon: it pins files. Threads: any.
#pragma once

#include <eventloom/projections/table.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eventloom {

// A row, named as people type it.
struct RowName {
    std::string table; // empty when the projection has only one
    std::string key;   // as parse_key reads it
};

// The place of a table in its projection. Failure::invalid "no-such-table".
result<std::size_t> find_table(const UntypedProjection& definition, std::string_view table);

// The rows of a table one by one, in the order of their keys. The RowsAsJson must outlive it. Threads: one.
class RowJsonCursor {
public:
    RowJsonCursor(const ReadModelView& view, const TableDescription& table);

    bool valid() const { return at_->valid(); } // false after the last row, and after an error
    void next() { at_->next(); }
    std::string_view ordered_key() const { return row_keys::parts_of(at_->key()).rest; }
    std::string json() const { return table_.row_to_json(at_->value()); }
    // Call it when valid() has become false: the error, if it was not the end.
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

    RowsAsJson(std::shared_ptr<const UntypedProjection> definition, const ReadModel& model);

    const UntypedProjection& definition() const { return *definition_; }
    const ReadModelView& view() const { return *view_; }

    // The last event whose changes are in the rows.
    result<Position> position() const;

    // The version of the projection that has written the rows.
    result<std::uint32_t> version() const;

    // The positions of events that are left out of the rows for good, in ascending order.
    result<std::vector<Position>> left_out() const;

    // All rows of a table, of any number. Failure::invalid "no-such-table".
    result<RowJsonCursor> walk(std::string_view table) const;

    // Failure::invalid  "no-such-table", "not-a-key".
    result<std::optional<std::string>> row(const RowName& name) const;

    // All rows of a table in the order of their keys. Failure::invalid "no-such-table".
    result<RowPage> all(std::string_view table, const PageRequest& request = {}) const;

    // The rows whose keys, or whose index entries, are in the span, in the order of these.
    result<RowPage> within(const TableDescription& table, const KeySpan& span, const PageRequest& request = {}) const;

private:
    std::shared_ptr<const UntypedProjection> definition_;
    std::shared_ptr<const ReadModelView> view_;
};

} // namespace eventloom
