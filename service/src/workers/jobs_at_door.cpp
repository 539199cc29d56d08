#include "workers/jobs_at_door.hpp"

#include "workers/job_protocol.hpp"

#include <algorithm>

namespace eventloom::work {

namespace {

constexpr std::int64_t longest_wait_ms = 60'000;

void answer_pull(Queues& queues, const Clock& clock, WorkerRequest request)
{
    auto wanted = message_in<PullRequest>(request.body);
    if (not wanted) return request.answer(std::move(wanted.error()));
    auto& pull      = wanted.value();
    const auto wait = std::chrono::milliseconds{std::clamp<std::int64_t>(pull.wait_ms, 0, longest_wait_ms)};
    // What is more than a year is refused as such, and not counted round.
    const auto lease = std::chrono::milliseconds{std::clamp<std::int64_t>(pull.lease_ms, 0, 366LL * 86'400'000)};
    queues.pull({.queue       = std::move(pull.queue),
                 .worker      = std::move(pull.worker),
                 .most        = pull.most,
                 .lease       = lease,
                 .until       = clock.now() + wait,
                 .still_there = std::move(request.still_there)},
                [answer = std::move(request.answer)](result<std::vector<LeasedJob>> jobs) {
                    if (not jobs) return answer(std::move(jobs.error()));
                    answer(to_bytes(LeasedJobs{std::move(jobs.value())}));
                });
}

result<std::string> answer_to_extend(Queues& queues, std::string_view body)
{
    BOOST_OUTCOME_TRY(const auto wanted, message_in<ExtendRequest>(body));
    BOOST_OUTCOME_TRY(auto lost, queues.extend(wanted.held));
    return to_bytes(LostLeases{std::move(lost)});
}

void answer_finish(Queues& queues, WorkerRequest request)
{
    auto said = message_in<FinishRequest>(request.body);
    if (not said) return request.answer(std::move(said.error()));
    auto answered = answer_in(std::move(said.value()));
    if (not answered) return request.answer(std::move(answered.error()));
    queues.finish(answered.value().lease, std::move(answered.value().answer),
                  [tell = std::move(request.answer)](result<void> ended) {
                      tell(ended ? result<std::string>{std::string{}} : result<std::string>{std::move(ended.error())});
                  });
}

} // namespace

void answer_worker(Queues& queues, const Clock& clock, WorkerRequest request)
{
    if (request.path == pull_path) return answer_pull(queues, clock, std::move(request));
    if (request.path == extend_path) return request.answer(answer_to_extend(queues, request.body));
    if (request.path == finish_path) return answer_finish(queues, std::move(request));
    request.answer(Error{Failure::invalid, "no-such-page",
                         "asked for a page that does not exist; a worker uses POST /jobs/pull, /jobs/extend and "
                         "/jobs/finish"});
}

} // namespace eventloom::work
