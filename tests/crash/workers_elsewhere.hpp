// Workers in other processes, as a plain model: they hold leases, answer, ask again where they were told nothing, and go on
// when the power of the queues goes.
//
//     WorkersElsewhere workers{simulated};
//     workers.begun = ...;
//     workers.pull(queues, 3, 1s);
//     simulated.advance(1s);
//     workers.extend(queues);
//     workers.answer(queues);
//     workers.ask_again(queues);               // after a restart
//
// Threads: one.
#pragma once

#include "limits_ledger.hpp"
#include "support/counter.hpp"
#include "support/mailing.hpp"

#include <set>

namespace eventloom::testing {

class WorkersElsewhere {
public:
    static constexpr std::chrono::seconds lease{4};
    // What one answers.
    enum class Answer : std::uint8_t { done, fault, refused, again };

    explicit WorkersElsewhere(SimulatedExecutor& simulated) : simulated_{simulated} {}

    // Each job that is given is told to `begun`.
    std::function<void(const LeasedJob&)> begun;
    // The queues say that it is over.
    std::function<void(const Lease&)> lost;
    // The worker has the job no more, or longer.
    std::function<void(const Uuid&, std::optional<Time> until)> keeps;

    void pull(Queues& queues, std::size_t most, Duration wait)
    {
        queues.pull(
            {.queue = "mail", .worker = "host/1", .most = most, .lease = lease, .until = simulated_.now() + wait},
            [this](const result<std::vector<LeasedJob>>& jobs) {
                if (not jobs) return;
                for (const auto& job : jobs.value()) {
                    begun(job);
                    held_.push_back({job.lease, std::nullopt});
                    keeps(job.lease.of, simulated_.now() + lease);
                }
            });
    }

    void extend(Queues& queues)
    {
        std::vector<HeldLease> held;
        for (const auto& one : held_) {
            if (not one.answered) held.push_back({one.lease, ReportedProgress{1, 3, "thirds"}});
        }
        const auto ended = queues.extend(held);
        if (not ended) return;
        for (const auto& one : held) {
            const auto& gone = ended.value();
            if (std::find(gone.begin(), gone.end(), one.lease) == gone.end()) {
                keeps(one.lease.of, simulated_.now() + lease);
            } else {
                ++lost_leases_;
                lost(one.lease);
                keeps(one.lease.of, std::nullopt);
                drop(one.lease);
            }
        }
    }

    // One of the jobs that have no answer yet.
    void answer(Queues& queues, std::optional<Answer> wanted = {})
    {
        std::vector<std::size_t> open;
        for (std::size_t i = 0; i < held_.size(); ++i) {
            if (not held_[i].answered) open.push_back(i);
        }
        if (open.empty()) return;
        auto& one    = held_[open[simulated_.draw(open.size())]];
        one.answered = wanted.value_or(static_cast<Answer>(simulated_.draw(4)));
        keeps(one.lease.of, std::nullopt);
        tell(queues, one.lease, *one.answered);
    }

    // What was answered, and was not told to be recorded, nor to be refused.
    void ask_again(Queues& queues)
    {
        for (const auto& one : std::vector{held_}) {
            if (one.answered) tell(queues, one.lease, *one.answered);
        }
    }

    // Jobs of which a worker was told that they are completed.
    const std::set<Uuid>& completed() const { return completed_; }
    std::size_t lost_leases() const { return lost_leases_; }

private:
    struct Held {
        Lease lease;
        std::optional<Answer> answered;
    };

    void tell(Queues& queues, const Lease& lease, Answer answer)
    {
        queues.finish(lease, answer_of(lease, answer), [this, lease, answer](const result<void>& ended) {
            if (not ended && ended.error().kind != Failure::refused) return; // it is asked again
            if (ended && answer == Answer::done) completed_.insert(lease.of);
            drop(lease);
        });
    }
    result<JobDone> answer_of(const Lease& lease, Answer answer) const
    {
        switch (answer) {
        case Answer::fault:
            return provider_is_down();
        case Answer::refused:
            return refuse("not-wanted", "No.");
        case Answer::again:
            return job_again_at(simulated_.now() + std::chrono::seconds{2});
        default:
            return job_done("elsewhere").append(id<Counter>{to_string(lease.of)}, ExpectedVersion::any(), Added{1});
        }
    }
    void drop(const Lease& lease)
    {
        std::erase_if(held_, [&](const Held& one) { return one.lease == lease; });
    }

    SimulatedExecutor& simulated_;
    std::vector<Held> held_;
    std::set<Uuid> completed_;
    std::size_t lost_leases_ = 0;
};

} // namespace eventloom::testing
