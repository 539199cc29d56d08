// Makes a store of a file that export_history() has written: the same events, at the same positions, with the same times.
//
//     BOOST_OUTCOME_TRY(const auto report, import_history(runtime, engine, "orders.jsonl", "var/shop", progress));
//
// The log takes its place in the data directory when all of the file is in it and it is verified.
// An interrupted import continues: what is there already is compared with the file, line by line, as is a store that was
// imported before. Threads: none may have the store open.
#pragma once

#include <eventloom/framework/detail/engine.hpp>
#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <functional>
#include <optional>
#include <string>

namespace eventloom {

struct ImportReport {
    Position events        = 0;
    std::uint64_t commands = 0;
    Position found         = 0;     // of the events, how many were there already
    bool is_new            = false; // the store was not there
};

// Told how much of the file was read, in bytes; an error that it answers ends the work.
using ImportProgress = std::function<result<void>(std::uint64_t bytes)>;

// With `latest` no event is later than that: what a clock that ran ahead has recorded counts as recorded then.
//
// Errors begin with the file and the line. Of a file that is not taken nothing is in the log.
//
// Failure::invalid  what cloud_events::read_line says; "line-out-of-order", "import-refused": the store would not take it.
// Failure::corrupt  "damaged-line", "export-cut-short", "import-differs": other events stand in the store.
result<ImportReport> import_history(const Runtime& runtime, EngineKind& engine, const std::string& file,
                                    const std::string& data_directory, const ImportProgress& progress,
                                    std::optional<Time> latest = {});

// Only reads the file: whether every line is whole and in its place.
result<ImportReport> check_import(const Runtime& runtime, const std::string& file, const ImportProgress& progress);

} // namespace eventloom
