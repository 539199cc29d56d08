#include "workers/workers_at_door.hpp"

#include "workers/group_protocol.hpp"
#include "workers/job_protocol.hpp"

#include <eventloom/messaging/groups.hpp>
#include <eventloom/messaging/queues.hpp>
#include <eventloom/service/service.hpp>

#include <algorithm>

namespace eventloom::work {

namespace {

constexpr std::int64_t longest_wait_ms = 60'000;

Time waits_until(const Clock& clock, std::int64_t wait_ms)
{
    return clock.now() + std::chrono::milliseconds{std::clamp<std::int64_t>(wait_ms, 0, longest_wait_ms)};
}

// What is more than a year is refused as such, and not counted round.
Duration lease_of(std::int64_t lease_ms)
{
    return std::chrono::milliseconds{std::clamp<std::int64_t>(lease_ms, 0, 366LL * 86'400'000)};
}

std::function<void(result<void>)> telling(WorkerRequest request)
{
    return [tell = std::move(request.answer)](result<void> ended) {
        tell(ended ? result<std::string>{std::string{}} : result<std::string>{std::move(ended.error())});
    };
}

// Of queues and of groups.
template <class Held>
result<std::string> answer_to_extend(Held& of, std::string_view body)
{
    BOOST_OUTCOME_TRY(const auto wanted, message_in<ExtendRequest>(body));
    BOOST_OUTCOME_TRY(auto lost, of.extend(wanted.held));
    return to_bytes(LostLeases{std::move(lost)});
}

void answer_pull(Queues& queues, const Clock& clock, WorkerRequest request)
{
    auto wanted = message_in<PullRequest>(request.body);
    if (not wanted) return request.answer(std::move(wanted.error()));
    auto& pull = wanted.value();
    queues.pull({.queue       = std::move(pull.queue),
                 .worker      = std::move(pull.worker),
                 .most        = pull.most,
                 .lease       = lease_of(pull.lease_ms),
                 .until       = waits_until(clock, pull.wait_ms),
                 .still_there = std::move(request.still_there)},
                [answer = std::move(request.answer)](result<std::vector<LeasedJob>> jobs) {
                    if (not jobs) return answer(std::move(jobs.error()));
                    answer(to_bytes(LeasedJobs{std::move(jobs.value())}));
                });
}

void answer_finish(Queues& queues, WorkerRequest request)
{
    auto said = message_in<FinishRequest>(request.body);
    if (not said) return request.answer(std::move(said.error()));
    auto answered = answer_in(std::move(said.value()));
    if (not answered) return request.answer(std::move(answered.error()));
    queues.finish(answered.value().lease, std::move(answered.value().answer), telling(std::move(request)));
}

void answer_pull(Groups& groups, const Clock& clock, WorkerRequest request)
{
    auto wanted = message_in<PullEventsRequest>(request.body);
    if (not wanted) return request.answer(std::move(wanted.error()));
    auto& pull = wanted.value();
    groups.pull({.group       = std::move(pull.group),
                 .member      = std::move(pull.member),
                 .id          = pull.id,
                 .lease       = lease_of(pull.lease_ms),
                 .until       = waits_until(clock, pull.wait_ms),
                 .still_there = std::move(request.still_there)},
                [answer = std::move(request.answer)](result<LeasedEvents> events) {
                    if (not events) return answer(std::move(events.error()));
                    answer(to_bytes(events.value()));
                });
}

void answer_finish(Groups& groups, WorkerRequest request)
{
    auto said = message_in<FinishEventsRequest>(request.body);
    if (not said) return request.answer(std::move(said.error()));
    const auto group = said.value().group;
    const auto lease = said.value().lease;
    auto ended       = ended_in(std::move(said.value()));
    if (not ended) return request.answer(std::move(ended.error()));
    groups.finish(group, lease, std::move(ended.value()), telling(std::move(request)));
}

} // namespace

void answer_worker(Service& service, WorkerRequest request)
{
    const Clock& clock = service.runtime().clock;
    Queues& queues     = service.queues();
    Groups& groups     = service.groups();
    if (request.path == paths_of_jobs.pull) return answer_pull(queues, clock, std::move(request));
    if (request.path == paths_of_jobs.extend) return request.answer(answer_to_extend(queues, request.body));
    if (request.path == paths_of_jobs.finish) return answer_finish(queues, std::move(request));
    if (request.path == paths_of_groups.pull) return answer_pull(groups, clock, std::move(request));
    if (request.path == paths_of_groups.extend) return request.answer(answer_to_extend(groups, request.body));
    if (request.path == paths_of_groups.finish) return answer_finish(groups, std::move(request));
    request.answer(Error{Failure::invalid, "no-such-page",
                         "asked for a page that does not exist; a worker uses POST /jobs/pull, /jobs/extend and "
                         "/jobs/finish, and a member of a consumer group the same below /groups/"});
}

} // namespace eventloom::work
