// Sagas that a step of another one runs. The step waits as for an answer from elsewhere, and its call names the instance that it waits
// for. Whenever the parent is in hand it sees to that instance: that it has begun, or is being undone, or that its end is heard. So a
// crash at any moment loses nothing: what was not told is told at the next start, where a parent that waits counts as at work.
#include "engine/engine.hpp"

#include <eventloom/framework/detail/user_code.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

using instance::Fact;

constexpr std::string_view begun_by_saga = "saga ";

// As the begin event of the child.
std::string begun_by(const InstanceKey& parent)
{
    return std::string{begun_by_saga} + parent.stream();
}

std::optional<InstanceKey> parent_of(const instance::Instance& child)
{
    if (not child.began.event.starts_with(begun_by_saga)) return std::nullopt;
    return instance_of_stream(std::string_view{child.began.event}.substr(begun_by_saga.size()));
}

// Failure::invalid "no-key", and what a stream of that name is refused for.
result<void> check_key(const RunAction& run)
{
    if (run.key.empty()) {
        return fail(Failure::invalid, "no-key",
                    fmt::format("ran the saga {} and found no key for its instance; give it an id", run.saga));
    }
    NewEvent event;
    event.type        = "saga-started";
    event.id.bytes[0] = 1; // any
    AppendRequest request;
    request.streams.push_back({run.stream(), ExpectedVersion::any(), {std::move(event)}});
    return check_append(request);
}

const RunAction* only_run(const std::vector<SagaAction>& actions)
{
    return actions.size() == 1 ? std::get_if<RunAction>(&actions.front()) : nullptr;
}

} // namespace

bool SagaEngine::begin_run(Active& active, const Work& work)
{
    const auto* run = only_run(work.actions);
    if (run == nullptr) return false;
    active.seen_to.erase(call_of_run(*run, work.task.kind));
    active.add(
        instance::WorkAsked{work.name, work.task.place, call_of_run(*run, work.task.kind), true, runtime_.clock.now()});
    return true;
}

bool SagaEngine::runs_others(const Active& active)
{
    const auto calls = calls_answered_later(active.instance);
    return is_open(active.instance) && std::any_of(calls.begin(), calls.end(), [](const auto& call) {
               return not stream_of_run(call.second).empty();
           });
}

// Tells each of them once as long as the parent is in hand.
void SagaEngine::see_to_runs(Active& active)
{
    if (not is_open(active.instance) || not active.saga || not active.state) return;
    for (const auto& [task, call] : calls_answered_later(active.instance)) {
        if (stream_of_run(call).empty() || not active.seen_to.insert(call).second) continue;
        const auto work = work_of_task(*active.saga, active.instance, active.state, task);
        const auto* run = work ? only_run(work.value()) : nullptr;
        if (run == nullptr || call_of_run(*run, task.kind) != call) {
            const Error other{Failure::invalid, "other-saga-run",
                              "waits for \"" + call +
                                  "\" and found that its step runs another saga now; restore the step, "
                                  "then retry it"};
            tell(active.key, [this, error = work ? other : work.error()](const auto& again) {
                park(*again, {}, error);
                go_on(again);
            });
            return;
        }
        const Parent parent{active.key, active.instance.began.correlation};
        tell({run->saga, run->key},
             [this, parent, task = task, run = *run](const auto& child) { see_to_run(child, parent, task, run); });
    }
}

// At the child, which may not be there yet.
void SagaEngine::see_to_run(const std::shared_ptr<Active>& child, const Parent& parent, const Task& task,
                            const RunAction& run)
{
    const auto call   = call_of_run(run, task.kind);
    const auto answer = [&](result<AnyAnswer> given) { answer_parent(parent.key, call, std::move(given)); };
    if (child->is_known() && parent_of(child->instance) != parent.key) {
        // What is of somebody else was never begun by this one.
        if (task.kind == TaskKind::undo) {
            answer(AnyAnswer{});
        } else {
            answer(Error{Failure::refused, "saga-exists",
                         fmt::format("ran the saga {} and found that this instance is there already; give each run the "
                                     "key of an instance of its own",
                                     run.stream())});
        }
    } else if (child->is_known() && has_ended(child->instance.status) && task.kind == TaskKind::act) {
        tell_parent(*child);
    } else if (task.kind == TaskKind::act && not child->is_known()) {
        if (auto begun = begin_child(*child, parent, task, run); not begun) answer(std::move(begun.error()));
    } else if (task.kind == TaskKind::undo && not child->is_known()) {
        answer(AnyAnswer{});
    } else if (task.kind == TaskKind::undo) {
        if (child->instance.status == SagaStatus::compensated) answer(AnyAnswer{});
        if (auto undone = undo_child(*child, parent.key); not undone) answer(std::move(undone.error()));
    }
    go_on(child);
}

result<void> SagaEngine::begin_child(Active& child, const Parent& parent, const Task& task, const RunAction& run)
{
    const auto saga = newest_definition_of(run.saga);
    if (not saga) {
        return fail(Failure::invalid, "no-such-saga",
                    fmt::format("ran the saga {} and found no saga of that name in this program; add it to the engine",
                                run.stream()));
    }
    if (saga->data->description != run.type->description) {
        return fail(
            Failure::invalid, "other-saga-data",
            fmt::format("ran the saga {} with data of the type {} and found that its version {} has data of the "
                        "type {}",
                        run.stream(), run.type->name, saga->version, saga->data->name));
    }
    BOOST_OUTCOME_TRY(check_key(run));
    const Time now = runtime_.clock.now();
    instance::Started started;
    started.version     = saga->version;
    started.begun_by    = begun_by(parent.key);
    started.correlation = parent.correlation;
    started.at          = now;
    started.shape       = saga->shape;
    started.form        = saga->form;
    started.position    = store_.head(); // it hears what happens from now on
    BOOST_OUTCOME_TRY(
        call_user_code("the serializer of", run.type->name, [&] { encode_state(*saga, run.data, started.state); }));
    child.when_recorded.push_back([this, key = child.key, parent, task, run](bool is_recorded) {
        if (is_recorded) return;
        tell(key, [=, this](const auto& again) { see_to_run(again, parent, task, run); });
    });
    child.add(std::move(started));
    if (const auto found = find_definition(child); not found) {
        child.add(instance::Stuck{{}, found.error().code, found.error().sentence, now});
    }
    return done();
}

// One that is being undone already tells its parent when it is over; so does one that is stuck on that way, after a retry.
result<void> SagaEngine::undo_child(Active& child, const InstanceKey& parent)
{
    const auto& instance = child.instance;
    const bool is_stuck  = instance.status == SagaStatus::stuck;
    const bool is_undone = instance.status == SagaStatus::compensating || instance.status == SagaStatus::compensated ||
                           (is_stuck && not instance.stuck_running);
    if (is_undone) return done();
    if (not child.saga || not child.state) {
        return fail(Failure::invalid, "unknown-saga-version",
                    fmt::format("undid the saga {} and found that this program does not have its version {}, or cannot "
                                "read its data; add the version to the program, then retry",
                                child.key.stream(), instance.began.version));
    }
    const Time now     = runtime_.clock.now();
    const auto reason  = "the saga " + parent.stream() + " is being undone";
    const auto forward = is_stuck ? evolved(instance, Fact{instance::Resumed{reason, now}}) : instance;
    const bool is_past = instance.status == SagaStatus::completed ? child.saga->no_return <= child.saga->steps.size()
                                                                  : has_no_return(*child.saga, forward);
    if (is_past) {
        return fail(Failure::refused, "saga-past-no-return",
                    fmt::format("undid the saga {} and found it past its point of no return; do by hand what is to be "
                                "done, then skip the step",
                                child.key.stream()));
    }
    if (is_stuck) child.add(instance::Resumed{reason, now});
    child.add(fact_of_cancelling(*child.saga, child.instance, child.asked, reason, 0, now));
    return done();
}

void SagaEngine::answer_parent(const InstanceKey& parent, const std::string& call, result<AnyAnswer> given)
{
    tell(parent, [this, call, given = std::move(given)](const auto& active) { run_ended(active, call, given); });
}

// After each append of an instance; most have none.
void SagaEngine::tell_parent(const Active& child)
{
    const auto parent = has_ended(child.instance.status) ? parent_of(child.instance) : std::nullopt;
    if (not parent) return;
    const RunAction run{child.key.saga, child.key.key, nullptr, nullptr};
    const auto forth = call_of_run(run, TaskKind::act);
    if (child.instance.status == SagaStatus::completed && not child.state) {
        return answer_parent(
            *parent, forth,
            Error{Failure::unavailable, "unknown-saga-version",
                  fmt::format("the saga {} is completed, and this program cannot read its data; add its "
                              "version {} to the program",
                              child.key.stream(), child.instance.began.version)});
    }
    if (child.instance.status == SagaStatus::completed) return answer_parent(*parent, forth, child.state);
    const auto& why = child.instance.failed;
    answer_parent(*parent, forth,
                  Error{Failure::refused, why.code,
                        fmt::format("the saga {} was undone: {}{}{}", child.key.stream(), why.step,
                                    why.step.empty() ? "" : ": ", why.reason)});
    answer_parent(*parent, call_of_run(run, TaskKind::undo), AnyAnswer{});
}

// At the parent, if it still waits for that.
void SagaEngine::run_ended(const std::shared_ptr<Active>& active, const std::string& call,
                           const result<AnyAnswer>& given)
{
    const bool can_hear = is_open(active->instance) && active->saga && active->state;
    for (const auto& [task, waits] : calls_answered_later(active->instance)) {
        if (waits != call || not can_hear) continue;
        Work work;
        work.task = task;
        work.name = name_of(*active->saga, active->instance, task);
        active->seen_to.erase(call);
        given ? succeed(*active, work, given.value().get()) : fail_work(*active, work, given.error());
        break;
    }
    go_on(active);
}

} // namespace eventloom
