// The rows of a projection one by one, ordered by table name and key: those of this service, or those that another program
// sends. Also the lines in which it sends them: docs/format.md, "Rows between programs".
//
//     while (true) {
//         BOOST_OUTCOME_TRY(const auto row, rows.next());
//         if (row == nullptr) break;
//     }
//
// Threads: one.
#pragma once

#include "compare/child_program.hpp"

#include <eventloom/projections/detail/projections.hpp>
#include <eventloom/service/output.hpp>

#include <set>

namespace eventloom {

struct RowInOrder {
    std::string table;
    std::string ordered_key; // its bytes
    std::string json;        // {"key": ..., "row": {...}}
};

class RowsInOrder {
public:
    virtual ~RowsInOrder() = default;
    // Valid until the next call; nullptr after the last row.
    virtual result<const RowInOrder*> next() = 0;
};

class KeptRows final : public RowsInOrder {
public:
    explicit KeptRows(const RowsAsJson& rows);
    result<const RowInOrder*> next() override;

private:
    const RowsAsJson& rows_;
    std::set<std::string> tables_; // still to come
    std::optional<RowJsonCursor> at_;
    bool on_a_row_ = false;
    RowInOrder row_;
};

// What the other program sends before its rows.
struct FoldHead {
    std::uint32_t version = 0;
    std::set<std::string> types;
};

// Writes the head; then, after the events were folded, the rows and their end.
void say_fold_head(Console& console, const UntypedProjection& definition);
result<void> say_rows(Console& console, const RowsAsJson& rows);

// The rows of a program whose head was read.
class ToldRows final : public RowsInOrder {
public:
    ToldRows(ChildProgram& program, const Console& console) : program_{program}, console_{console} {}

    // Its errors say what was found; the caller adds where.
    // Failure::corrupt  "not-a-service".
    static result<FoldHead> head(std::string_view line);
    // Failure::corrupt  "not-rows", "rows-cut-short".
    result<const RowInOrder*> next() override;

private:
    result<const RowInOrder*> end(const std::string& line);

    ChildProgram& program_;
    const Console& console_;
    RowInOrder row_;
    std::uint64_t rows_ = 0;
};

} // namespace eventloom
