// Answers to calls that come from elsewhere: a webhook, or a person next week.
#include "engine/engine.hpp"

#include <eventloom/framework/event_codec.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <limits>

namespace eventloom {

namespace {

using instance::Fact;
using Facts = std::vector<Fact>;

Error other_answer(const InstanceKey& key, const std::string& step)
{
    return {
        Failure::invalid, "other-answer",
        fmt::format("answered a call of the saga {} and found that \"{}\" asked for something else; answer with the "
                    "answer of its own request",
                    key.stream(), step)};
}

// What is being done forwards is not wanted any more when the saga is undone.
bool is_wanted(const Active& active, const Work& work, const CallKey& call)
{
    const bool is_over = work.task.kind == TaskKind::act && active.instance.status != SagaStatus::running;
    return work.is_called() && not is_over && id_of_action(active.key, work.task, work.name, work.done) == call;
}

// The same call may be made again, when a person has said so.
bool waits_for_answer(const Active& active, const CallKey& call)
{
    const auto later = calls_answered_later(active.instance);
    return std::any_of(later.begin(), later.end(), [&](const auto& one) { return one.second == to_string(call); }) ||
           std::any_of(active.works.begin(), active.works.end(),
                       [&](const auto& work) { return is_wanted(active, *work, call); });
}

} // namespace

// Only the answer that its request asks for.
result<instance::Fact> SagaEngine::fact_of_late_answer(Active& active, const Task& task, const std::type_info& request,
                                                       const AnyAnswer& answer) const
{
    const Time now   = runtime_.clock.now();
    const auto wrong = [&] { return other_answer(active.key, name_of(*active.saga, active.instance, task)); };
    if (const auto* kept = sent_type_of(active.instance, task)) {
        if (kept->request == nullptr || *kept->request != request) return wrong();
        return fact_of_answer(*active.saga, active.instance, active.state, active.key.key, task.place, *kept,
                              answer.get(), now);
    }
    if (task.kind == TaskKind::act && active.saga->steps[task.place].keep) {
        const auto* asked = active.saga->steps[task.place].request;
        if (asked == nullptr || *asked != request) return wrong();
    }
    return fact_of_success(*active.saga, active.instance, active.state, task, answer.get(), now);
}

// One that comes before its activity has said that it answers later, or while the call waits to be made once more.
result<instance::Fact> SagaEngine::fact_of_early_answer(Active& active, const std::shared_ptr<Work>& work,
                                                        const std::type_info& request, const AnyAnswer& answer) const
{
    const auto& asked = std::get<CallAction>(work->actions[work->done]);
    if (*asked.type != request) return other_answer(active.key, work->name);
    if (work->done + 1 < work->actions.size()) return answered_later_not_last(work->name);
    auto state = active.state;
    BOOST_OUTCOME_TRY(auto fact, fact_of_work(active, state, *work, answer.get()));
    active.state = std::move(state);
    static_cast<void>(work->call->withdraw());
    active.drop(*work);
    return fact;
}

// Whose call it is, or was. The table does not know what was asked for by an instance in hand, nor, after a crash, what was asked for last.
result<std::optional<InstanceKey>> SagaEngine::instance_of_call(const CallKey& call)
{
    BOOST_OUTCOME_TRY(auto* const rows, table());
    if (stopped()) {
        BOOST_OUTCOME_TRY(rows->take_over());
        BOOST_OUTCOME_TRY(const auto moved, not_in_table());
        for (const InstanceKey& key : moved) {
            Active active{key};
            BOOST_OUTCOME_TRY(load(active));
            if (not active.is_known() || not active.unrecorded.empty()) continue;
            BOOST_OUTCOME_TRY(keep_recorded(active, 0));
        }
        return rows->instance_of_call(to_string(call));
    }
    runtime_.executor.wait_until([&] { return to_take_up_ == 0 || stopped() || error(); }, Time::max());
    {
        const std::lock_guard lock{mutex_};
        if (const auto found = calls_.find(call); found != calls_.end()) return found->second;
    }
    return rows->instance_of_call(to_string(call));
}

// The first answer counts. What it was is in the instance's history.
Error SagaEngine::answered_otherwise(const InstanceKey& key, const instance::AnsweredCall& call,
                                     const GivenAnswer& given) const
{
    std::string before = "with something else";
    const auto events  = history(key, std::numeric_limits<std::uint64_t>::max()); // the last one first
    for (auto event = events->next(); event && event.value() != nullptr; event = events->next()) {
        const auto look = [&](const auto& fact) {
            if constexpr (std::is_same_v<std::remove_cvref_t<decltype(fact)>, instance::AnswerTaken>) {
                if (fact.key == call.key) before = "at " + to_string(fact.at) + " with " + fact.answer;
            }
        };
        static_cast<void>(detail::with_facts<instance::Instance>(*event.value(), "saga", look));
        if (before.starts_with("at ")) break;
    }
    return {Failure::refused, "answered-otherwise",
            fmt::format("answered the call {} of the saga {} with {} and found that it was answered {}; the first "
                        "answer counts: take the other one back",
                        call.key, key.stream(), given.shown, before)};
}

result<TakenAnswer> SagaEngine::answer(const CallKey& call, GivenAnswer given)
{
    const auto text = to_string(call);
    BOOST_OUTCOME_TRY(const auto key, instance_of_call(call));
    const Error no_such_call{Failure::refused, "no-such-call",
                             "answered the call " + text +
                                 " and found no step that waits for it: it has its answer, its saga has ended or is "
                                 "being undone, or nobody has made it"};
    if (not key) return no_such_call;
    const auto is_again = std::make_shared<std::atomic<bool>>(false);
    const auto taken    = [=, this](const Active& active, const Task& task, result<Fact> fact) -> result<Facts> {
        if (not fact) return std::move(fact.error());
        const auto name = name_of(*active.saga, active.instance, task);
        Facts facts;
        if (not given.digest.empty()) {
            facts.push_back(
                instance::AnswerTaken{name, task.place, text, given.digest, given.shown, runtime_.clock.now()});
        }
        facts.push_back(std::move(fact.value()));
        return facts;
    };
    BOOST_OUTCOME_TRY(ask(*key, [=, this](Active& active) -> result<Facts> {
        *is_again = false;
        for (const auto& one : active.instance.answered) {
            if (one.key != text || waits_for_answer(active, call)) continue;
            if (one.digest != given.digest) return answered_otherwise(active.key, one, given);
            *is_again = true;
            return Facts{};
        }
        BOOST_OUTCOME_TRY(check_definition(active));
        for (const auto& [task, waits] : calls_answered_later(active.instance)) {
            if (waits == text)
                return taken(active, task, fact_of_late_answer(active, task, *given.request, given.value));
        }
        for (const auto& work : std::vector{active.works}) {
            if (not is_wanted(active, *work, call)) continue;
            const Task task = work->task;
            return taken(active, task, fact_of_early_answer(active, work, *given.request, given.value));
        }
        return no_such_call;
    }));
    return TakenAnswer{key->saga, key->key, is_again->load()};
}

} // namespace eventloom
