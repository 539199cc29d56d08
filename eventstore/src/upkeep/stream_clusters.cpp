#include "upkeep/stream_clusters.hpp"

#include "read/log_reader.hpp"

#include <leveldb/env.h>

#include <algorithm>

namespace eventloom {

namespace {

// Between two tasks while appends are going on: so clusters take a tenth of one core from them.
constexpr Duration pause{50'000};

constexpr Position nowhere = std::numeric_limits<Position>::max(); // after every log

} // namespace

struct StreamClusters::Tasks {
    std::mutex mutex;
    StreamClusters* clusters = nullptr;
};

StreamClusters::StreamClusters(const Runtime& runtime, const Database& log, LogReader& reader, Options options)
    : runtime_{runtime}, log_{log}, reader_{reader}, options_{std::move(options)}, tasks_{std::make_shared<Tasks>()}
{
    tasks_->clusters = this;
}

StreamClusters::~StreamClusters()
{
    const std::lock_guard no_task_runs{tasks_->mutex};
    tasks_->clusters = nullptr;
}

result<std::unique_ptr<StreamClusters>> StreamClusters::open(const Runtime& runtime, const Database& log,
                                                             LogReader& reader, Options options)
{
    options.events       = std::clamp<Position>(options.events, 1, cluster_events_max);
    options.small_events = std::clamp<Position>(options.small_events, 1, options.events);
    options.memory_bytes = std::max<std::size_t>(options.memory_bytes, 1);
    std::unique_ptr<StreamClusters> clusters{new StreamClusters{runtime, log, reader, std::move(options)}};
    BOOST_OUTCOME_TRY(clusters->load());
    return clusters;
}

result<void> StreamClusters::load()
{
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime_, options_.directory));
    ClusterSet set;
    for (const std::string& name : names) {
        const auto range = cluster_range(name);
        if (range && range->last <= reader_.head()) {
            const auto chain = reader_.chain_at(range->last);
            // A log that cannot be read is no reason to lose its copy; and the copy is not used either.
            if (not chain) continue;
            auto file = ClusterFile::open(runtime_, options_.directory, *range, chain.value().own);
            if (file) set.push_back(std::move(file.value()));
            if (file || file.error().kind != Failure::corrupt) continue;
        }
        // A file that cannot be removed is not used either; the one that is made anew takes its place.
        static_cast<void>(runtime_.files.RemoveFile(options_.directory + "/" + name));
    }
    // Small ones may not have been removed when a whole one took their place.
    std::sort(set.begin(), set.end(), [](const auto& one, const auto& other) {
        return std::pair{one->range().first, other->range().last} < std::pair{other->range().first, one->range().last};
    });
    ClusterSet kept;
    for (auto& file : set) {
        if (kept.empty() || file->range().first > kept.back()->range().last)
            kept.push_back(std::move(file));
        else
            remove(*file);
    }
    reader_.clusters().put(std::move(kept));
    return done();
}

// Whoever reads it still has it open. One that cannot be removed is no fault: it is tried again at the next opening.
void StreamClusters::remove(const ClusterFile& file) const
{
    static_cast<void>(runtime_.files.RemoveFile(cluster_path(options_.directory, file.range())));
}

Position StreamClusters::end_of_clusters() const
{
    const auto clusters = reader_.clusters().all();
    return clusters->empty() ? 0 : clusters->back()->range().last;
}

// The first range that is complete, but has no cluster, or only small ones.
std::optional<ClusterRange> StreamClusters::next_range() const
{
    const auto clusters = reader_.clusters().all();
    Position first      = 1;
    const auto is_whole = [&](const auto& file) {
        return file->range().first >= first && file->range().events() >= options_.events;
    };
    for (;;) {
        const auto whole = std::find_if(clusters->begin(), clusters->end(), is_whole);
        const auto after = whole == clusters->end() ? nowhere : (*whole)->range().first;
        if (first == after) {
            first = (*whole)->range().last + 1;
            continue;
        }
        // Before a whole one that was made by other options there may be less room.
        const ClusterRange range{first, std::min(first + options_.events, after) - 1};
        if (range.last > reader_.head()) return next_small_range(*clusters, first);
        const auto is_it = [&](const auto& file) { return file->range() == range; };
        if (std::none_of(clusters->begin(), clusters->end(), is_it)) return range;
        first = range.last + 1;
    }
}

// The same after all whole ones.
std::optional<ClusterRange> StreamClusters::next_small_range(const ClusterSet& clusters, Position first) const
{
    Position after = nowhere;
    for (const auto& file : clusters) {
        if (file->range().last < first) continue;
        if (file->range().first > first) {
            after = file->range().first;
            break;
        }
        first = file->range().last + 1;
    }
    const ClusterRange range{first, std::min(first + options_.small_events, after) - 1};
    return range.last <= reader_.head() ? std::optional{range} : std::nullopt;
}

// A piece of the work; says whether there is more.
result<bool> StreamClusters::step()
{
    const std::lock_guard lock{building_};
    if (is_paused_) return false;
    if (not builder_) {
        const auto range = next_range();
        if (not range) return false;
        BOOST_OUTCOME_TRY(make_directory(runtime_, options_.directory));
        builder_ = std::make_unique<ClusterBuilder>(runtime_, log_, options_.directory, *range, options_.memory_bytes);
    }
    const auto finished = builder_->step();
    if (finished && not finished.value()) return true;
    const auto builder = std::exchange(builder_, nullptr);
    if (not finished) return finished.error();
    BOOST_OUTCOME_TRY(auto file,
                      ClusterFile::open(runtime_, options_.directory, builder->range(), builder->checksum()));
    for (const auto& replaced : reader_.clusters().add(std::move(file))) remove(*replaced);
    return true;
}

void StreamClusters::hold_off()
{
    const std::lock_guard lock{building_};
    is_paused_ = true;
    builder_.reset();
}

void StreamClusters::go_on()
{
    {
        const std::lock_guard lock{building_};
        is_paused_ = false;
    }
    complete_at_ = 0;
    log_has_grown();
}

result<void> StreamClusters::remove_over(const ClusterRange& range)
{
    // One that cannot be removed stays on the shelf: whoever tries again meets it again.
    for (const auto& file : reader_.clusters().over(range)) {
        const auto path   = cluster_path(options_.directory, file->range());
        const auto status = runtime_.files.RemoveFile(path);
        if (status.ok() || status.IsNotFound()) {
            reader_.clusters().take_off(*file);
            continue;
        }
        return fail(Failure::storage, "storage-fault",
                    "remove the cluster " + path + " and found: " + status.ToString() + "; check the disk");
    }
    return done();
}

result<void> StreamClusters::make_all()
{
    for (;;) {
        BOOST_OUTCOME_TRY(const bool more, step());
        if (not more) return done();
    }
}

void StreamClusters::log_has_grown()
{
    if (reader_.head() < complete_at_ || task_is_sent_.exchange(true)) return;
    send_task(true);
}

void StreamClusters::send_task(bool at_once)
{
    const auto task = [tasks = tasks_] {
        const std::lock_guard lock{tasks->mutex};
        if (tasks->clusters != nullptr) tasks->clusters->run_task();
    };
    if (at_once)
        runtime_.executor.post(task);
    else
        runtime_.executor.post_at(runtime_.clock.now() + pause, task);
}

void StreamClusters::run_task()
{
    const auto head = reader_.head();
    const auto more = step();
    if (more && more.value()) {
        const bool is_quiet = head == std::exchange(head_before_, head);
        return send_task(is_quiet);
    }
    {
        const std::lock_guard lock{building_};
        if (is_paused_) { // go_on() sends the next; asked again and again, the answer would be the same
            complete_at_  = nowhere;
            task_is_sent_ = false;
            return;
        }
    }
    // After a fault, a damaged log or a full disk, it is tried again when there is another cluster to make. Nothing is
    // lost meanwhile, and whoever reads or writes the log is told of the fault.
    complete_at_  = more ? end_of_clusters() + options_.small_events : head + options_.events;
    task_is_sent_ = false;
    log_has_grown();
}

} // namespace eventloom
