// The keys of a database, or of a part of it, as rows.
//
//     const auto cursor = scan_rows(database, {"r1", "r9"}, {.backwards = true, .at = snapshot});
//
// Threads: a cursor belongs to one at a time.
#pragma once

#include <eventloom/framework/detail/inline_rows.hpp>
#include <eventloom/storage/database.hpp>

#include <memory>

namespace eventloom {

struct RowScan {
    bool backwards       = false;
    bool is_of_all       = false; // each block is read once: none is kept in memory
    DatabaseSnapshot at  = nullptr;
    std::size_t left_out = 0; // bytes at the beginning of every key of the span, which key() does not give
};

// At the first key of the span, or at the last one when it goes backwards.
std::unique_ptr<RowCursor> scan_rows(const Database& database, const KeySpan& span, const RowScan& how);

} // namespace eventloom
