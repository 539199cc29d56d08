// What Activities holds: threads, timers and the lock around its queues.
//
// Threads: any, but where it says that the lock is held.
#pragma once

#include "activities/activities.hpp"
#include "activities/activity_queue.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <typeindex>

namespace eventloom {

// What users gave us is called, and destroyed, without the lock.
struct Activities::State : std::enable_shared_from_this<State> {
    using Calls = std::multimap<std::string, std::weak_ptr<PendingCall>>;

    State(const Runtime& used, unsigned count) : runtime{used}, threads{std::max(count, 1U)}, free_threads{threads} {}

    ActivityQueue& queue_of(std::type_index type);
    void take(const std::shared_ptr<PendingCall>& call);
    // False: the call runs, or is over. What an earlier attempt answers may still be heard, as a late answer.
    bool take_back(const std::shared_ptr<PendingCall>& call, bool hear_late);
    void give_up(const std::shared_ptr<PendingCall>& call);

    // With the lock held:
    result<void> start_threads();
    void begin_what_may();
    void begin_next(ActivityQueue& queue);
    void plan_try(ActivityQueue& queue);
    bool note_asked(const std::shared_ptr<ActivityAttempt>& attempt);
    void end_after(Duration time, const std::weak_ptr<ActivityAttempt>& attempt);
    // After a span of time, unless there is nothing left of this by then.
    void later(Duration span, std::function<void(State&)> task);

    void perform(const std::shared_ptr<ActivityAttempt>& attempt);
    void end(const std::shared_ptr<ActivityAttempt>& attempt, result<AnyAnswer> answer, AttemptEnd how);
    ActivityRun run_of(const std::shared_ptr<ActivityAttempt>& attempt);
    void note_progress(const ActivityAttempt& attempt, std::string_view text);
    ActivityCallState state_of(const PendingCall& call);

    const Runtime runtime;
    const unsigned threads;

    mutable std::mutex mutex; // over what follows
    std::map<std::type_index, ActivityQueue> queues;
    Calls calls;                    // by owner, as long as somebody holds them
    std::unique_ptr<Executor> pool; // from the first call on
    unsigned free_threads;
    bool stopped        = false;
    std::uint64_t life  = 0; // ended by stop(): what was begun in an earlier one does not count
    std::uint64_t turns = 0;
    std::uint64_t plans = 0;
};

} // namespace eventloom
