// Copies of events, clustered by stream, so that reading a stream costs one read for many of its events.
//
// Loading a stream whose events lie among those of many others costs a seek of the log for each. So whenever a range of
// the log is complete, the events of one stream in it are copied together into a file of their own (cluster_file.hpp).
// The index stays the truth about which events a stream has and where they stand; a cluster only spares the seeks. What
// is not in a cluster, or is not there as it was written, is read from the log, so clusters can be lost at any time and
// are built again. Tasks build them, with a few milliseconds of work each, and give way to appends.
// The newest events come into small clusters first, so that they need not wait; when the range of a whole one is
// complete, that one is made of it and takes the place of the small ones.
// Threads: every member from any thread.
#pragma once

#include "clusters/cluster_shelf.hpp"
#include "upkeep/cluster_builder.hpp"

#include <atomic>
#include <mutex>

namespace eventloom {

class LogReader;

class StreamClusters {
public:
    struct Options {
        std::string directory;
        Position events          = 0; // of a cluster
        Position small_events    = 0; // of one that is made while the range of a whole one is not complete
        std::size_t memory_bytes = 0; // while one is made
    };

    // Puts the clusters that are whole and of this log onto the log reader's shelf, and removes all others.
    static result<std::unique_ptr<StreamClusters>> open(const Runtime& runtime, const Database& log, LogReader& reader,
                                                        Options options);
    // Waits for the task that runs, if one does; what it has begun is left.
    ~StreamClusters();

    // Call it when the log has grown; it is quick.
    void log_has_grown();

    // None is made until go_on(): what has been begun is left, and may be of events that go.
    void hold_off();
    void go_on();
    // Removes those that hold an event of the range; durable.
    result<void> remove_over(const ClusterRange& range);

    // Makes every cluster whose range is complete; returns when all are there.
    result<void> make_all();

private:
    struct Tasks;
    StreamClusters(const Runtime& runtime, const Database& log, LogReader& reader, Options options);
    result<void> load();
    void remove(const ClusterFile& file) const;
    Position end_of_clusters() const;
    std::optional<ClusterRange> next_range() const;
    std::optional<ClusterRange> next_small_range(const ClusterSet& clusters, Position first) const;
    result<bool> step();
    void send_task(bool at_once);
    void run_task();

    const Runtime runtime_;
    const Database& log_;
    LogReader& reader_;
    const Options options_;

    std::mutex building_;
    std::unique_ptr<ClusterBuilder> builder_;
    bool is_paused_ = false;
    std::atomic<bool> task_is_sent_{false};
    std::atomic<Position> complete_at_{0}; // where the head must be for the next cluster
    Position head_before_ = 0;             // at the last task
    std::shared_ptr<Tasks> tasks_;         // lets tasks that run too late find that there is nothing left to do
};

// While it lives none is made: one that is made from what was read before could have what is gone.
class NoNewClusters {
public:
    explicit NoNewClusters(StreamClusters* clusters) : clusters_{clusters}
    {
        if (clusters_ != nullptr) clusters_->hold_off();
    }
    ~NoNewClusters()
    {
        if (clusters_ != nullptr) clusters_->go_on();
    }
    NoNewClusters(const NoNewClusters&)            = delete;
    NoNewClusters& operator=(const NoNewClusters&) = delete;

private:
    StreamClusters* const clusters_;
};

} // namespace eventloom
