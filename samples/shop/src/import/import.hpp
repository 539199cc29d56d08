// Brings the invoices of a file into the shop, each exactly once, however often the file is read.
#pragma once

#include "../money.hpp"
#include "dialect.hpp"

#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/runtime.hpp>

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace shop {

namespace el = eventloom;

struct ImportOptions {
    // Each article that the file names is received once, so that there is something to sell. The largest order of the
    // sample takes 80,995 pieces of one article.
    std::int64_t opening_stock = 100'000;
    std::size_t refused_listed = 100'000; // beyond, rows are counted only
    DialectAsked dialect       = {};      // what of the file's way of writing is known beforehand
    bool skip_unreadable       = false;   // take the rest, however many rows cannot be read
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
    std::vector<std::pair<std::string, std::string>> dialect; // how the file was read
};

// Told of every row. An error that it answers ends the import.
using ImportProgress = std::function<el::result<void>(std::uint64_t bytes, std::uint64_t total)>;

// The rows of one invoice that are taken.
struct InvoiceExtent {
    std::size_t rows        = 0;
    std::uint64_t last_line = 0;
};

// What is known of a file when it was read and nothing was done yet.
struct ImportPlan {
    std::string path;
    ImportOptions options;
    Dialect dialect;
    std::unordered_map<std::string, InvoiceExtent> invoices;
};

// Reads the file twice: how it is written (dialect.hpp), and where each invoice ends. Memory: the number of every invoice.
// Failure::storage "cannot-read-file"; Failure::invalid what find_dialect() says; "no-row-taken"; "too-many-rows-refused": more
// than a tenth, which means an unknown form and not damage, and `skip_unreadable` is not set.
el::result<ImportPlan> plan_import(const std::string& path, const ImportOptions& options,
                                   const ImportProgress& progress = {});

// One invoice is one order, wherever its rows are in the file. An invoice that begins with C is a return; another row below
// zero is a write-off. A row that cannot be read is refused with a reason, and the others go on. Memory: the plan, and the
// rows of those invoices whose last row has not come yet. Hundreds of commands are on their way at a time, so that they share the
// writes of the disk; not to be called from a task of `executor`, which is the one of the bus.
// Failure::storage "cannot-read-file", "file-changed"; errors of the store. After an interruption import the file again to
// continue.
el::result<ImportReport> import_file(ImportPlan plan, el::CommandBus& commands, el::Executor& executor,
                                     const ImportProgress& progress = {});

// Both.
el::result<ImportReport> import_file(const std::string& path, const ImportOptions& options, el::CommandBus& commands,
                                     el::Executor& executor, const ImportProgress& progress = {});

} // namespace shop
