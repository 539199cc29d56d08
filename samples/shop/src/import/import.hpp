// Brings the invoices of a file into the shop, each exactly once, however often the file is read.
#pragma once

#include "../money.hpp"

#include <eventloom/framework/command_bus.hpp>

#include <functional>
#include <string>
#include <vector>

namespace shop {

namespace el = eventloom;

struct ImportOptions {
    // Each article that the file names is received once, so that there is something to sell. The largest order of the
    // sample takes 80,995 pieces of one article.
    std::int64_t opening_stock = 100'000;
    std::size_t refused_listed = 100'000; // beyond, rows are counted only
};

struct RefusedRow {
    std::uint64_t line = 0;
    std::string reason;
};

// rows_read = rows_taken + rows_refused, always.
struct ImportReport {
    std::uint64_t rows_read    = 0;
    std::uint64_t rows_taken   = 0;
    std::uint64_t rows_refused = 0;
    std::uint64_t orders       = 0;
    std::uint64_t returns      = 0;
    std::uint64_t write_offs   = 0;   // rows
    Money turnover;                   // of the orders
    Money returned;                   // of the returns
    std::uint64_t known          = 0; // orders, returns and write-offs that were there already
    std::uint64_t mixed_invoices = 0; // whose rows disagree about customer, country or time: the first row is believed
    std::vector<RefusedRow> refused;
};

// Whether there is such a file, before anything is made for it.
el::result<void> check_readable(const std::string& path);

// Told of every row. An error that it answers ends the import.
using ImportProgress = std::function<el::result<void>(std::uint64_t bytes, std::uint64_t total)>;

// One invoice is one order, wherever its rows stand; one that begins with C is a return; a row below zero elsewhere is a
// write-off. A row that cannot be taken is refused with its reason, and stops no other. Memory: the number of every invoice,
// and the rows of those whose last row has not come yet.
// Failure::storage "cannot-read-file", "file-changed"; Failure::invalid "not-online-retail"; what the store says. An import that was cut
// short goes on when the file is imported again.
el::result<ImportReport> import_file(const std::string& path, const ImportOptions& options, el::CommandBus& commands,
                                     const ImportProgress& progress = {});

} // namespace shop
