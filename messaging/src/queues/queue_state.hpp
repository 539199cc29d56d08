// What a queue has in memory: the jobs that are next, and what holds them up. It decides which job may begin; it has no thread,
// no lock and no disk (queue_engine.hpp has them).
//
//     const auto choice = queue.choose(now);
//     if (choice.job) begin(*choice.job);
//
// Threads: one at a time.
#pragma once

#include "job_table.hpp"
#include "limits.hpp"
#include "window.hpp"

#include <eventloom/messaging/detail/job_context.hpp>
#include <eventloom/messaging/detail/queue_options.hpp>

#include <algorithm>
#include <array>

namespace eventloom::queues {

constexpr std::uint32_t priorities = 10;

// A queue as the program has declared it.
struct QueueDefinition {
    std::string name;
    detail::FactList jobs;
    QueueOptions options;
    AnyJobHandler handler;
};

class QueueState {
public:
    explicit QueueState(QueueDefinition of);

    // Why nothing begins, or what does.
    enum class Why : std::uint8_t { begins, empty, paused, workers, at_once, rate, being_read, being_recorded };
    struct Choice {
        Why why = Why::empty;
        std::optional<ReadyJob> job;
        Time again = Time::max(); // when to choose again, if only a time holds it up
    };
    // Who is to work on it: one of the workers here, or somebody in another process, who needs none of them.
    enum class Where : std::uint8_t { here, elsewhere };
    // Takes the next job out. Those that it passes over are in `aside`.
    // `type`: none, if the next one is of another.
    Choice choose(Time now, Where where = Where::here, const std::string* type = nullptr);
    // A job that was leased before this process began is in work.
    void begin_elsewhere(const std::string& key, Time now) { begin(key, now, Where::elsewhere); }

    // What was passed over since it was asked last, and is to leave the index of those that are ready.
    struct Aside {
        std::vector<Uuid> held;                     // their key has as many in work as it may
        std::vector<std::pair<Uuid, Time>> delayed; // until their key may begin one more; or nobody knows their type
        bool empty() const { return held.empty() && delayed.empty(); }
    };
    Aside take_aside();

    // A job that was chosen has left the hands of the queue. True: others may be held for its key.
    bool let_go(const std::string& key, Time now);
    void worker_is_free() { ++free_workers; }
    void limit(const QueueLimits& to);

    Window<Position, ReadyJob>& window(std::uint32_t priority) { return windows_.at(priority); }
    bool wants_more() const;
    // Nothing is ready, here or on disk.
    bool is_empty() const;
    void forget();
    // Nothing may begin at this moment.
    Why state(Time now, Where where = Where::here);
    // The same in words, for people; empty: something may.
    std::string why_nothing_begins(Time now, Where where);
    bool knows(std::string_view type) const;
    bool takes_batches(std::string_view type) const;
    std::size_t in_work() const { return in_work_; }
    std::size_t in_work(const std::string& key) const;
    bool has_room_for(const std::string& key) const;
    bool lets_only_so_many_run() const
    {
        return definition.options.at_once_per_key > 0 && not definition.options.in_order_per_key;
    }

    const QueueDefinition definition;
    Time paused_until{};
    unsigned free_workers;
    bool is_read = false;            // more of the index is being read
    std::optional<Time> looks_again; // a timer was set
    static constexpr std::size_t most_being_recorded = 1'024;

private:
    struct KeyState {
        std::size_t in_work = 0;
        RateLimit rate;
    };

    bool has_key_limits() const;
    unsigned workers() const
    {
        return std::min(definition.options.workers, limits_.workers.value_or(definition.options.workers));
    }
    std::optional<std::uint32_t> next_priority();
    bool passes(const ReadyJob& job, Time now);
    void begin(const std::string& job_key, Time now, Where where);

    std::array<Window<Position, ReadyJob>, priorities> windows_;
    QueueLimits limits_;
    RateLimit rate_;
    std::map<std::string, KeyState> keys_;
    std::size_t in_work_ = 0;
    std::uint64_t begun_ = 0;
    Aside aside_;
};

} // namespace eventloom::queues
