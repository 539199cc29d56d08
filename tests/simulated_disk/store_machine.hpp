// A machine with one event store on a simulated disk: all of it but the disk goes with a power cut.
//
//     StoreMachine machine{seed, DirectoryModel::strict};
//     {
//         auto store = machine.open();
//         ...
//     }
//     machine.process_ends();
//
// Threads: one.
#pragma once

#include "simulated_disk/simulated_disk.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/syncing_env.hpp>

namespace eventloom::testing {

class StoreMachine {
public:
    explicit StoreMachine(std::uint64_t seed, DirectoryModel model = DirectoryModel::ordered);
    StoreMachine(std::uint64_t seed, const DiskImage& image);

    SimulatedDisk& disk() { return disk_; }
    const SimulatedDisk& disk() const { return disk_; }
    SimulatedExecutor& executor() { return executor_; }
    const Runtime& runtime() const { return runtime_; }

    // So small that a short run fills several files of LevelDB, and flushes the index many times.
    static LevelDbStoreOptions small_store();
    result<std::unique_ptr<LevelDbStore>> open(const LevelDbStoreOptions& options = small_store())
    {
        return LevelDbStore::open(runtime_, options);
    }
    // Whatever the process still had to do is forgotten; LevelDB's threads come to their end.
    void process_ends();

private:
    SimulatedExecutor executor_;
    SimulatedDisk disk_;
    SyncingEnv files_;
    Runtime runtime_;
};

} // namespace eventloom::testing
