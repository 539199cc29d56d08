// Reports the rows that a write has changed to the watchers of a table.
//
//     const auto changed = feed.collect(batch, find);       // before the write: what its rows were
//     ... the write ...
//     feed.tell(changed, position);                         // after the write: readers see the rows
//
// Each watcher has a bounded queue and a task of its own, so the writer never waits for it. When a queue is full its content
// is dropped, and the watcher is told to read the table again. Threads: one writer; watchers come from any thread.
#pragma once

#include <eventloom/projections/detail/read_model.hpp>
#include <eventloom/projections/watch.hpp>

#include <map>
#include <mutex>
#include <vector>

namespace eventloom {

class RowWatcher;

class RowFeed {
public:
    // The changes of a write, for the watchers at its beginning.
    struct Collected {
        // The rows of a table; nothing when there are too many to report.
        using Rows = std::shared_ptr<const std::vector<detail::StoredChange>>;
        std::map<std::string, Rows> by_table;
        std::vector<std::shared_ptr<RowWatcher>> watchers;
    };

    std::shared_ptr<Subscription> add(Executor& executor, const std::string& table, const WatchOptions& options,
                                      detail::TellChanges tell);

    Collected collect(const ModelBatch& batch, const FindStored& find);
    void tell(const Collected& changed, Position position);
    // Queries see another read model now.
    void tell_to_read_anew(Position position);

private:
    std::vector<std::shared_ptr<RowWatcher>> watchers();

    std::mutex mutex_;
    std::vector<std::weak_ptr<RowWatcher>> watchers_;
};

} // namespace eventloom
