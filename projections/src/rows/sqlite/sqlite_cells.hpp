// Puts the cells of a row into the parameters of a statement.
//
//     CellsToStatement cells{statement, 3, texts};
//     BOOST_OUTCOME_TRY(table.read_cells(stored, cells));
//     cells.bind_texts();
//
// Threads: one.
#pragma once

#include "rows/sqlite/sqlite.hpp"

#include <eventloom/projections/detail/sql_columns.hpp>

namespace eventloom {

class CellsToStatement final : public CellVisitor {
public:
    // `texts` must live until the statement has run.
    CellsToStatement(sqlite::Statement& statement, int first, std::string& texts)
        : statement_{statement}, next_{first}, texts_{texts}
    {
        texts_.clear();
    }

    void integer(std::int64_t number) override { statement_.bind_integer(next_++, number); }
    void real(double number) override { statement_.bind_real(next_++, number); }
    void nothing() override { statement_.bind_nothing(next_++); }
    void text(std::string_view text) override
    {
        seen_.push_back({next_++, texts_.size(), text.size()});
        texts_.append(text);
    }

    // When all cells were visited: from now on the texts stay where they are.
    void bind_texts();

private:
    struct Text {
        int parameter;
        std::size_t begin;
        std::size_t size;
    };
    sqlite::Statement& statement_;
    int next_;
    std::string& texts_;
    std::vector<Text> seen_;
};

} // namespace eventloom
