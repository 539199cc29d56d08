#include "stream_clusters.hpp"

#include "log_reader.hpp"
#include "out_of_memory.hpp"

#include <leveldb/env.h>

#include <algorithm>

namespace eventloom {

namespace {

// Between two tasks while appends are going on: so clusters take a tenth of one core from them.
constexpr Duration pause{50'000};

constexpr std::string_view asked = "make a cluster of streams";

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
    std::sort(set.begin(), set.end(),
              [](const auto& one, const auto& other) { return one->range().first < other->range().first; });
    const auto overlap = [](const auto& one, const auto& other) { return other->range().first <= one->range().last; };
    set.erase(std::unique(set.begin(), set.end(), overlap), set.end());
    reader_.clusters().put(std::move(set));
    return done();
}

Position StreamClusters::end_of_clusters() const
{
    const auto clusters = reader_.clusters().all();
    return clusters->empty() ? 0 : clusters->back()->range().last;
}

// The first range that no cluster has and that is complete.
std::optional<ClusterRange> StreamClusters::next_range() const
{
    const auto clusters = reader_.clusters().all();
    Position first      = 1;
    for (const auto& file : *clusters) {
        if (file->range().first > first) {
            return ClusterRange{first, std::min(first + options_.events - 1, file->range().first - 1)};
        }
        first = file->range().last + 1;
    }
    const ClusterRange next{first, first + options_.events - 1};
    return next.last <= reader_.head() ? std::optional{next} : std::nullopt;
}

// A piece of the work; says whether there is more.
result<bool> StreamClusters::step()
{
    const std::lock_guard lock{building_};
    if (not builder_) {
        const auto range = next_range();
        if (not range) return false;
        BOOST_OUTCOME_TRY(make_directory(runtime_, options_.directory));
        builder_ = std::make_unique<ClusterBuilder>(runtime_, log_, options_.directory, *range, options_.memory_bytes);
    }
    const auto finished = within_memory(asked, [&] { return builder_->step(); }); // else it stays half-way
    if (finished && not finished.value()) return true;
    const auto builder = std::exchange(builder_, nullptr);
    if (not finished) return finished.error();
    BOOST_OUTCOME_TRY(auto file,
                      ClusterFile::open(runtime_, options_.directory, builder->range(), builder->checksum()));
    reader_.clusters().add(std::move(file));
    return true;
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
    const auto sent = within_memory(asked, [&]() -> result<void> {
        if (at_once)
            runtime_.executor.post(task);
        else
            runtime_.executor.post_at(runtime_.clock.now() + pause, task);
        return done();
    });
    if (not sent) task_is_sent_ = false;
}

void StreamClusters::run_task()
{
    const auto head = reader_.head();
    const auto more = within_memory(asked, [&] { return step(); });
    if (more && more.value()) {
        const bool is_quiet = head == std::exchange(head_before_, head);
        return send_task(is_quiet);
    }
    // After a fault, a damaged log or a full disk, it is tried again when there is another cluster to make. Nothing is
    // lost meanwhile, and whoever reads or writes the log is told of the fault.
    complete_at_  = more ? end_of_clusters() + options_.events : head + options_.events;
    task_is_sent_ = false;
    log_has_grown();
}

} // namespace eventloom
