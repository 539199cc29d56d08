// Which clusters there are, and how a reader of one stream takes events out of them.
// Threads: a ClusterShelf may be used from any thread; a ClusterWalk belongs to one.
#pragma once

#include "clusters/cluster_file.hpp"

#include <shared_mutex>

namespace eventloom {

// In the order of positions; ranges may be missing between them.
using ClusterSet = std::vector<std::shared_ptr<const ClusterFile>>;

// Which clusters there are at this moment.
class ClusterShelf {
public:
    std::shared_ptr<const ClusterSet> all() const;
    void put(ClusterSet set);
    // In the place of those whose ranges lie in that of `file`, which it gives.
    ClusterSet add(std::shared_ptr<const ClusterFile> file);
    // Those that hold a position of the range.
    ClusterSet over(const ClusterRange& range) const;
    void take_off(const ClusterFile& file);

private:
    mutable std::shared_mutex mutex_;
    std::shared_ptr<const ClusterSet> all_ = std::make_shared<const ClusterSet>();
};

// Takes events of one stream out of clusters, one after the other.
class ClusterWalk {
public:
    ClusterWalk(std::shared_ptr<const ClusterSet> clusters, std::string_view stream)
        : clusters_{std::move(clusters)}, stream_{stream}
    {
    }

    // False when no cluster has the event: the log has it.
    bool take(Version version, Position position, RecordedEvent& event);

private:
    const ClusterFile* find_cluster(Position position);

    const std::shared_ptr<const ClusterSet> clusters_;
    const std::string_view stream_;
    const ClusterFile* cluster_ = nullptr;
    std::uint64_t page_         = 0;
    bool has_page_              = false; // `view_` is that page of that cluster
    std::string bytes_;
    PageView view_;
};

} // namespace eventloom
