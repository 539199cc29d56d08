// A run of a store that remembers the disk before each change: a power cut at any of them can be tried without running up
// to it again.
//
//     const auto run = record_run({.seed = 1, .model = DirectoryModel::strict, .appends = 60});
//     for (const auto& point : run.points) {
//         StoreMachine machine{seed, point.image};
//         machine.disk().power_cut(Tail::torn);
//         CHECK(recover(machine, run.acknowledged_at(point), run.in_doubt_at(point)) == "");
//     }
//
// Threads: one.
#pragma once

#include "simulated_disk/store_run.hpp"

namespace eventloom::testing {

struct CrashPoint {
    DiskImage image;
    std::size_t answered  = 0; // of the requests, in their order
    std::size_t submitted = 0;
};

struct RecordedRun {
    std::vector<AppendRequest> requests;
    std::vector<CrashPoint> points; // the last one after the clean end
    std::string wrong;              // an answer that was not the expected one

    StoreModel acknowledged_at(const CrashPoint& point) const;
    std::vector<AppendRequest> in_doubt_at(const CrashPoint& point) const;
};

RecordedRun record_run(const RunOptions& options);

} // namespace eventloom::testing
