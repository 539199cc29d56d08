// Writes a store's whole history into a file of CloudEvents, one a line.
//
//     BOOST_OUTCOME_TRY(const auto report, export_history(runtime, *engine.history, "orders.jsonl", progress));
//
// The file has its name when it is whole and durable. Until then it is FILE.part, and an export that was interrupted goes on
// after its present content. Threads: as the store.
#pragma once

#include <eventloom/framework/detail/engine.hpp>
#include <eventloom/framework/event_store.hpp>

#include <string>

namespace eventloom {

// Told the position that was reached; an error that it answers ends the work.
using ExchangeProgress = std::function<result<void>(Position reached)>;

struct ExportReport {
    Position events     = 0; // in the file
    Position resumed_at = 0; // up to which an earlier export had come
};

// Failure::invalid  "file-exists", "no-such-directory": nothing was changed.
// Failure::corrupt  "export-differs": FILE.part is not the beginning of this store's export; nothing was changed.
result<ExportReport> export_history(const Runtime& runtime, const EventHistory& history, const std::string& file,
                                    const ExchangeProgress& progress);

// Whether it can begin: "file-exists", or "no-such-directory".
result<void> check_export(const Runtime& runtime, const std::string& file);

// The same, with the text passed to `take` piece by piece.
using TakeText = std::function<result<void>(std::string_view)>;
result<ExportReport> export_history(const EventHistory& history, const TakeText& take,
                                    const ExchangeProgress& progress);

} // namespace eventloom
