// What becomes of a step that is not done: it is tried again, or has failed; then what was done is undone.
#include "work.hpp"

#include <algorithm>
#include <cmath>

namespace eventloom {

namespace {

// A "no" is an answer; everything else may be different next time.
bool is_answer(const Error& error)
{
    return error.kind == Failure::refused || error.kind == Failure::invalid;
}

Duration wait_after(const retry& policy, std::uint32_t attempts)
{
    const double first = static_cast<double>(std::chrono::duration_cast<Duration>(policy.first_wait).count());
    const double wait  = first * std::pow(policy.factor, attempts);
    return wait < static_cast<double>(longest_wait.count()) ? Duration{static_cast<std::int64_t>(wait)} : longest_wait;
}

} // namespace

// The earlier steps are undone, the last first; then `failed` says so.
void SagaEngine::plan_compensation(const std::shared_ptr<Work>& work)
{
    const auto& steps    = work->saga->steps;
    const auto& instance = work->instance;
    work->index          = std::min<std::uint32_t>(instance.step, static_cast<std::uint32_t>(steps.size()));
    while (work->index > 0 && not steps[work->index - 1].undo) --work->index;
    if (work->index > 0) {
        const SagaStep& step = steps[--work->index];
        work->direction      = Work::Direction::undo;
        work->step           = step.name;
        work->retry          = step.retry;
        return run(work, [&] { return work_of(step.undo, work->state); });
    }
    work->direction = Work::Direction::fail;
    work->step      = "failed";
    run(work, [&] {
        const auto& failed = work->saga->failed;
        return failed ? work_of(failed, work->state, instance.failed) : std::vector<SagaAction>{};
    });
}

void SagaEngine::fail_attempt(const std::shared_ptr<Work>& work, const Error& error)
{
    const Time now       = runtime_.clock.now();
    const bool exhausted = work->instance.attempts + 1 >= work->retry.times;
    if (not is_answer(error) && not exhausted) {
        Time next = now + wait_after(work->retry, work->instance.attempts);
        if (work->deadline) next = std::min(next, *work->deadline);
        return conclude(work, instance::AttemptFailed{work->step, error.code, error.sentence, next, now});
    }
    if (work->direction != Work::Direction::act) {
        return conclude(work, instance::Stuck{work->step, error.code, error.sentence, now});
    }
    // A refusal of the first action means that nothing happened; otherwise something did, or may have.
    const bool undo_own = work->done > 0 || not is_answer(error);
    conclude(work, instance::StepFailed{work->step, error.code, error.sentence, undo_own, now});
}

void SagaEngine::give_up_by_deadline(const std::shared_ptr<Work>& work)
{
    conclude(work, instance::StepFailed{.step     = work->step,
                                        .code     = "deadline-passed",
                                        .reason   = "the step \"" + work->step + "\" was not done by its deadline",
                                        .undo_own = true,
                                        .at       = runtime_.clock.now()});
}

} // namespace eventloom
