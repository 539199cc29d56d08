// Tells whoever watches a table of the rows that a write has changed.
//
//     const auto changed = feed.collect(batch, find);       // before the write: what its rows were
//     ... the write ...
//     feed.tell(changed, position);                         // after the write: readers see the rows
//
// Each watcher has a queue with a bound, and is called by a task of its own: the writer waits for none of them. One whose
// queue is full loses what is in it, and is told to read the table anew. Threads: one writer; watchers come from any thread.
#pragma once

#include <eventloom/projections/read_model.hpp>
#include <eventloom/projections/watch.hpp>

#include <map>
#include <mutex>
#include <vector>

namespace eventloom {

class RowWatcher;

class RowFeed {
public:
    // What a write changes, for those who watched when it began.
    struct Collected {
        // The rows of a table; nothing when they are too many to be told.
        using Rows = std::shared_ptr<const std::vector<detail::StoredChange>>;
        std::map<std::string, Rows> by_table;
        std::vector<std::shared_ptr<RowWatcher>> watchers;
    };

    std::shared_ptr<Subscription> add(Executor& executor, const std::string& table, const WatchOptions& options,
                                      detail::TellChanges tell);

    Collected collect(const ModelBatch& batch, const FindStored& find);
    void tell(const Collected& changed, Position position);
    // Another read model answers.
    void tell_to_read_anew(Position position);

private:
    std::vector<std::shared_ptr<RowWatcher>> watchers();

    std::mutex mutex_;
    std::vector<std::weak_ptr<RowWatcher>> watchers_;
};

} // namespace eventloom
