// How a step is taken: what it asks for is described, sent or called, and its result recorded.
#include "work.hpp"

#include <eventloom/framework/detail/user_code.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

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
    if (work->instance.status == SagaStatus::running) {
        plan_step(work);
    } else {
        plan_compensation(work);
    }
}

void SagaEngine::plan_step(const std::shared_ptr<Work>& work)
{
    const auto& steps    = work->saga->steps;
    const auto& instance = work->instance;
    const Time now       = runtime_.clock.now();
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
    run(work, [&] { return work_of(step.act, work->state); });
}

void SagaEngine::run(const std::shared_ptr<Work>& work, const std::function<std::vector<SagaAction>()>& describe)
{
    auto actions = call_user_code("what describes the work of the saga's step", work->step, describe);
    if (not actions) return park(work, actions.error());
    work->actions = std::move(actions.value());
    go_on(work);
}

// With what is left of its actions.
void SagaEngine::go_on(const std::shared_ptr<Work>& work)
{
    while (work->done < work->actions.size()) {
        const SagaAction& action = work->actions[work->done];
        if (const auto* call = std::get_if<CallAction>(&action)) {
            return call_activity(work, *call, work->id_of(work->done));
        }
        const auto& send = std::get<SendAction>(action);
        const auto sent  = commands_.send(*send.type, send.stream, send.command.get(), work->options_of(work->done));
        if (not sent) return fail_attempt(work, sent.error());
        ++work->done;
    }
    succeed(work, nullptr);
}

void SagaEngine::call_activity(const std::shared_ptr<Work>& work, const CallAction& call, const Uuid& id)
{
    const auto activity = activities_.find(*call.type);
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
        if (step.keep && answer) work->state = state_with_answer(*work->saga, step, work->state, answer.get());
        encode_state(*work->saga, work->state, done.state);
    });
    // The step's work is done; taken up again it is asked for again, by the same ids.
    kept ? conclude(work, done) : park(work, kept.error());
}

} // namespace eventloom
