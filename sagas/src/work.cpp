#include "work.hpp"

#include <eventloom/framework/detail/user_code.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace eventloom {

namespace {

constexpr Duration longest_wait = std::chrono::hours{1};

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

Error no_begin_event(const InstanceKey& key)
{
    return {Failure::invalid, "no-begin-event",
            "retried the saga " + key.stream() + " and found that its begin event, or its " +
                "definition, is gone; it cannot begin"};
}

// An attempt further ahead than any wait was put there by a clock that was ahead itself, and has been set right since.
bool is_to_wait(const instance::Instance& instance, Time now)
{
    if (instance.next_attempt == Time{}) return false;
    return instance.next_attempt > now && instance.next_attempt <= now + longest_wait;
}

} // namespace

Uuid SagaEngine::Work::id_of(std::size_t action) const
{
    const std::string_view word = direction == Direction::act ? "act" : direction == Direction::undo ? "undo" : "fail";
    return derived_uuid({"saga", key.saga, key.key, std::to_string(index), step, word, std::to_string(action)});
}

SendOptions SagaEngine::Work::options_of(std::size_t action) const
{
    return {.command_id  = id_of(action),
            .correlation = parse_uuid(instance.correlation).value_or(Uuid{}),
            .causation   = parse_uuid(instance.begun_by).value_or(Uuid{}),
            .headers     = {{"saga", key.stream()}, {"saga-step", step}}};
}

void SagaEngine::drive(const InstanceKey& key)
{
    auto taken = take_next_step(key);
    if (taken) return;
    give_up(std::move(taken.error()));
    let_go();
}

result<void> SagaEngine::take_next_step(const InstanceKey& key)
{
    BOOST_OUTCOME_TRY(auto known, table_->find(key));
    // The stream may be further than the table: a crash came between the two.
    BOOST_OUTCOME_TRY(auto instance, refreshed(key, known ? std::move(*known) : instance::Instance{}));
    if (not is_open(instance)) {
        BOOST_OUTCOME_TRY(table_->keep(key, instance));
        let_go();
        return done();
    }
    if (is_to_wait(instance, runtime_.clock.now())) {
        wait_for_timer(key, instance.next_attempt);
        return done();
    }
    auto work      = std::make_shared<Work>();
    work->key      = key;
    work->instance = std::move(instance);
    if (has_no_state_yet(work->instance)) return begin_again(work);
    work->saga = definition_of(key.saga, work->instance.version);
    if (not work->saga) {
        conclude(work, instance::Stuck{.step   = {},
                                       .code   = "unknown-saga-version",
                                       .reason = fmt::format(
                                           "it began under version {} of the saga, which this program does not have",
                                           work->instance.version),
                                       .at = runtime_.clock.now()});
        return done();
    }
    auto state = instance::read_state(*work->saga, work->instance);
    if (state) {
        work->state = std::move(state.value());
        plan(work);
    } else {
        park(work, state.error());
    }
    return done();
}

// Of an instance that was stuck before it had a state: it begins with the event that it was to begin with.
result<void> SagaEngine::begin_again(const std::shared_ptr<Work>& work)
{
    work->step = instance::no_state_yet;
    work->saga = newest_definition_of(work->key.saga);
    BOOST_OUTCOME_TRY(const auto event, store_.find_event(parse_uuid(work->instance.begun_by).value_or(Uuid{})));
    if (not work->saga || not event) {
        park(work, no_begin_event(work->key));
        return done();
    }
    auto state = state_begun_by(*work->saga, *event);
    if (not state || not state.value()) {
        park(work, state ? no_begin_event(work->key) : std::move(state.error()));
        return done();
    }
    conclude(work, instance::Started{.version     = work->saga->version,
                                     .state       = std::move(*state.value()),
                                     .begun_by    = work->instance.begun_by,
                                     .correlation = work->instance.correlation,
                                     .at          = runtime_.clock.now(),
                                     .shape       = work->saga->shape});
    return done();
}

instance::Stuck SagaEngine::stuck_at(std::string step, const Error& error) const
{
    return {std::move(step), error.code, error.sentence, runtime_.clock.now()};
}

void SagaEngine::park(const std::shared_ptr<Work>& work, const Error& error)
{
    conclude(work, stuck_at(work->step, error));
}

// Finds out what is to be done next, and begins it.
void SagaEngine::plan(const std::shared_ptr<Work>& work)
{
    const auto& steps    = work->saga->steps;
    const auto& instance = work->instance;
    const Time now       = runtime_.clock.now();
    std::function<std::vector<SagaAction>()> describe;
    if (instance.status == SagaStatus::running) {
        if (instance.step >= steps.size()) return conclude(work, instance::Completed{now});
        const SagaStep& step = steps[instance.step];
        work->index          = instance.step;
        work->step           = step.name;
        work->retry          = step.retry;
        if (step.deadline) {
            // A step that begins in the time to come was begun by a clock that ran ahead.
            work->deadline = std::min(instance.step_began, now) + *step.deadline;
        }
        if (work->deadline && now >= *work->deadline) return give_up_by_deadline(work);
        describe = [&] { return step.act(work->state); };
    } else {
        work->index = std::min<std::uint32_t>(instance.step, static_cast<std::uint32_t>(steps.size()));
        while (work->index > 0 && not steps[work->index - 1].undo) --work->index;
        if (work->index > 0) {
            const SagaStep& step = steps[--work->index];
            work->direction      = Work::Direction::undo;
            work->step           = step.name;
            work->retry          = step.retry;
            describe             = [&] { return step.undo(work->state); };
        } else {
            work->direction = Work::Direction::fail;
            work->step      = "failed";
            if (work->saga->failed) describe = [&] { return work->saga->failed(work->state, instance.failed); };
        }
    }
    if (describe) {
        auto actions = call_user_code("what describes the work of the saga's step", work->step, describe);
        if (not actions) return park(work, actions.error());
        work->actions = std::move(actions.value());
    }
    run(work);
}

void SagaEngine::run(const std::shared_ptr<Work>& work)
{
    while (work->done < work->actions.size()) {
        const SagaAction& action = work->actions[work->done];
        if (const auto* call = std::get_if<CallAction>(&action)) {
            return call_activity(work, *call, work->id_of(work->done));
        }
        const auto sent = std::get<SendAction>(action).send(commands_, work->options_of(work->done));
        if (not sent) return fail_attempt(work, sent.error());
        ++work->done;
    }
    succeed(work, nullptr);
}

void SagaEngine::call_activity(const std::shared_ptr<Work>& work, const CallAction& call, const Uuid& id)
{
    const auto activity = activities_.find(call.request_type);
    if (activity == activities_.end()) {
        return fail_attempt(work,
                            {Failure::unavailable, "no-such-activity",
                             "asked for an activity that answers " + std::string{call.name} +
                                 " and found none; add it with sagas.perform<" + std::string{call.name} + ">(...)"});
    }
    const auto weak = weak_from_this();
    if (work->deadline) {
        runtime_.executor.post_at(*work->deadline, [weak, work] {
            if (const auto engine = weak.lock(); engine && not work->answered.exchange(true)) {
                engine->post([work](SagaEngine& self) { self.give_up_by_deadline(work); });
            }
        });
    }
    const auto answer = [weak, work](result<std::shared_ptr<const void>> given) {
        const auto engine = weak.lock();
        if (not engine || work->answered.exchange(true)) return;
        engine->post([work, given = std::move(given)](SagaEngine& self) { self.answered(work, given); });
    };
    auto called = call_user_code("the activity that answers", call.name,
                                 [&] { activity->second(call.request.get(), id, answer); });
    if (not called) answer(std::move(called.error())); // unless it had answered already
}

void SagaEngine::answered(const std::shared_ptr<Work>& work, const result<std::shared_ptr<const void>>& answer)
{
    if (not answer) return fail_attempt(work, answer.error());
    ++work->done;
    succeed(work, answer.value());
}

void SagaEngine::succeed(const std::shared_ptr<Work>& work, const std::shared_ptr<const void>& answer)
{
    const Time now = runtime_.clock.now();
    if (work->direction == Work::Direction::fail) return conclude(work, instance::Compensated{now});
    if (work->direction == Work::Direction::undo)
        return conclude(work, instance::StepUndone{work->index, work->step, now});

    const SagaStep& step = work->saga->steps[work->index];
    instance::StepDone done{.step = work->step, .state = {}, .at = now, .shape = work->saga->shape};
    const auto kept = call_user_code("el::keep of the saga's step", work->step, [&] {
        if (step.keep && answer) step.keep(work->state, answer);
        work->saga->encode(work->state, done.state);
    });
    // The step's work is done; taken up again it is asked for again, by the same ids.
    kept ? conclude(work, done) : park(work, kept.error());
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

void SagaEngine::conclude(const std::shared_ptr<Work>& work, const Fact& fact)
{
    auto next = record(work->key, work->instance, {fact});
    if (next) return rest(work->key, next.value());
    // Another process has changed this instance: look at it again.
    if (next.error().code == "wrong-expected-version") return rest(work->key, work->instance);
    give_up(std::move(next.error()));
    let_go();
}

} // namespace eventloom
