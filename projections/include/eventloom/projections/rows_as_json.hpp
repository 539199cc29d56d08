// The rows of a projection at one moment, whatever their types: for tools that show them.
//
//     BOOST_OUTCOME_TRY(const auto rows, projections.as_of("orders", 4'000));
//     BOOST_OUTCOME_TRY(const auto row, rows.row({.table = {}, .key = "536365"}));   // std::optional<std::string>
//     BOOST_OUTCOME_TRY(const auto page, rows.all({}, {.limit = 20}));
//
// A row is {"key": ..., "row": {...}}. Do not keep one for long: it pins files. Threads: any.
#pragma once

#include <eventloom/projections/table.hpp>

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

    // Failure::invalid  "no-such-table", "not-a-key".
    result<std::optional<std::string>> row(const RowName& name) const;

    // All rows of a table in the order of their keys. Failure::invalid "no-such-table".
    result<RowPage> all(std::string_view table, const PageRequest& request = {}) const;

private:
    std::shared_ptr<const Projection> definition_;
    std::shared_ptr<const ReadModelView> view_;
};

} // namespace eventloom
