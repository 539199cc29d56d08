#include "clusters/cluster_shelf.hpp"

#include <algorithm>
#include <mutex>

namespace eventloom {

namespace {

bool begins_before(Position position, const std::shared_ptr<const ClusterFile>& file)
{
    return position < file->range().first;
}

} // namespace

std::shared_ptr<const ClusterSet> ClusterShelf::all() const
{
    const std::shared_lock lock{mutex_};
    return all_;
}

void ClusterShelf::put(ClusterSet set)
{
    auto all = std::make_shared<const ClusterSet>(std::move(set));
    const std::unique_lock lock{mutex_};
    all_ = std::move(all);
}

ClusterSet ClusterShelf::add(std::shared_ptr<const ClusterFile> file)
{
    const auto& range = file->range();
    ClusterSet set;
    ClusterSet replaced;
    for (const auto& other : *all()) (range.holds(other->range().first) ? replaced : set).push_back(other);
    set.insert(std::upper_bound(set.begin(), set.end(), range.first, begins_before), std::move(file));
    put(std::move(set));
    return replaced;
}

ClusterSet ClusterShelf::over(const ClusterRange& range) const
{
    ClusterSet found;
    for (const auto& file : *all()) {
        if (file->range().first <= range.last && range.first <= file->range().last) found.push_back(file);
    }
    return found;
}

void ClusterShelf::take_off(const ClusterFile& file)
{
    ClusterSet kept = *all();
    std::erase_if(kept, [&](const auto& other) { return other.get() == &file; });
    put(std::move(kept));
}

const ClusterFile* ClusterWalk::find_cluster(Position position)
{
    if (cluster_ != nullptr && cluster_->range().holds(position)) return cluster_;
    const auto after = std::upper_bound(clusters_->begin(), clusters_->end(), position, begins_before);
    has_page_        = false;
    const bool found = after != clusters_->begin() && (*std::prev(after))->range().holds(position);
    return cluster_  = found ? std::prev(after)->get() : nullptr;
}

bool ClusterWalk::take(Version version, Position position, RecordedEvent& event)
{
    if (find_cluster(position) == nullptr) return false;
    if (not has_page_ || page_ != version / versions_in_page) {
        page_     = version / versions_in_page;
        has_page_ = true;
        if (not cluster_->find(stream_, page_, bytes_, view_)) view_.clear();
    }
    const PagedEvent* found = view_.find(version, position);
    if (found == nullptr || checksum_of(found->body) != found->checksum) return false;
    event.stream      = stream_;
    event.version     = version;
    event.position    = position;
    event.recorded_at = found->recorded_at;
    return decode_body(found->body, position, event).has_value();
}

} // namespace eventloom
