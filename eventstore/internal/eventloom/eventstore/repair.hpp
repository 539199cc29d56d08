// Repairs a store without inventing anything: what can be built from the log is built again. The log itself is never changed;
// the events before damage in it can be saved in a new store.
//
//     auto repaired = repair_store(runtime, "var/shop/log");
//     if (not repaired && repaired.error().code == "log-damaged") {
//         BOOST_OUTCOME_TRY(const auto saved, salvage_store(runtime, "var/shop/log", "var/saved/log"));
//     }
//
// Threads: neither may run while the store is open.
#pragma once

#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <functional>
#include <string>
#include <vector>

namespace eventloom {

using RepairProgress = std::function<void(Position reached)>;

struct RepairReport {
    Position events = 0;             // in the log, all of them whole
    std::vector<std::string> mended; // what was built again: "index", "clusters", "witness"
};

// Reads the whole log. When it is undamaged, builds the other damaged files again, and verifies all of it.
//
// Failure::corrupt  "log-damaged": with the positions; nothing was changed. See salvage_store().
result<RepairReport> repair_store(const Runtime& runtime, const std::string& directory,
                                  const RepairProgress& progress = {});

struct SalvageReport {
    Position events     = 0;        // saved: all from position 1 to this
    Position last_known = 0;        // the last position that anything in the damaged store speaks of
    std::string damage;             // what ended it; empty when the log is whole
    std::vector<std::string> notes; // about files that could not be read

    // Positions events + 1 to last_known are not in the copy.
    bool left_out() const { return last_known > events; }
};

// Makes a new store in `into` with the events before the first damage of the log, and verifies it. It also works when the
// damaged store does not open. The records are chained by their checksums, so the copied events are as they were written. An
// append in several records whose end is lost is left out, if the records show it.
//
// Failure::invalid  "directory-not-empty": `into` holds something; nothing was changed.
// Failure::corrupt  "nothing-saved": not even the first event can be read.
result<SalvageReport> salvage_store(const Runtime& runtime, const std::string& directory, const std::string& into,
                                    const RepairProgress& progress = {});

} // namespace eventloom
