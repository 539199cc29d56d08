// What the handlers of a saga make of what they hear (program.hpp).
#include "program/program.hpp"

#include <eventloom/framework/detail/codec.hpp>
#include <eventloom/framework/detail/description.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/detail/value_codec.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

using namespace instance;

namespace {

Outgoing kept(const SagaAction& action, std::uint32_t number)
{
    const auto* send = std::get_if<SendAction>(&action);
    const auto* call = std::get_if<CallAction>(&action);
    const auto& type = send != nullptr ? *send->kept : *call->kept;
    Outgoing outgoing{number,
                      std::string{type.name},
                      std::string{type.short_name},
                      shape_of(*type.description).fingerprint,
                      send != nullptr ? send->stream : std::string{},
                      {}};
    const void* value = send != nullptr ? send->command.get() : call->request.get();
    detail::encode_value(*type.description, value, outgoing.bytes, nullptr);
    return outgoing;
}

SetTimer kept(const TimerAction& timer, Time now)
{
    const bool is_span = timer.at == Time{};
    return {std::string{timer.type->name}, std::string{timer.type->short_name},
            shape_of(*timer.type->description).fingerprint, *timer.bytes, is_span ? now + timer.after : timer.at};
}

// Calls the handler, and notes what it changes and asks for.
Handled heard_by(const SagaDefinition& saga, const Instance& instance, SagaState& state, const SagaHandler& handler,
                 const std::string& key, const void* fact, Time now)
{
    auto next = saga.data->copy(state.get());
    detail::SagaWork work;
    handler.handle.call(handler.handle.held.get(), next.get(), key, fact, work);
    Handled handled;
    handled.at    = now;
    handled.shape = saga.shape;
    std::string bytes;
    encode_state(saga, next, bytes);
    if (bytes != instance.state) handled.state = std::move(bytes);
    state       = std::move(next);
    auto number = std::max<std::uint32_t>(instance.outbox.next_number, 1);
    for (const SagaAction& action : work.actions) handled.sent.push_back(kept(action, number++));
    for (const TimerAction& timer : work.timers) {
        if (timer.bytes) {
            handled.set.push_back(kept(timer, now));
        } else {
            handled.taken_back.emplace_back(timer.type->name);
        }
    }
    handled.ends = work.ends;
    if (work.fails) {
        handled.code   = work.fails->code;
        handled.reason = work.fails->reason;
    }
    return handled;
}

const SagaHandler* handler_of(const SagaDefinition& saga, const std::type_info& inner)
{
    for (const SagaHandler& handler : saga.handlers) {
        if (handler.inner != nullptr && *handler.inner->type == inner) return &handler;
    }
    return nullptr;
}

} // namespace

result<std::optional<Fact>> fact_of_handler(const SagaDefinition& saga, const Instance& instance, SagaState& state,
                                            const std::string& key, const RecordedEvent& event, Time now)
{
    std::optional<Fact> made;
    for (const SagaHandler& handler : saga.handlers) {
        if (made || handler.event == nullptr || not is_heard(*handler.event, event)) continue;
        const auto take = [&](const void* fact) {
            auto handled     = heard_by(saga, instance, state, handler, key, fact, now);
            handled.event    = event.type;
            handled.position = event.position;
            made             = std::move(handled);
        };
        BOOST_OUTCOME_TRY(call_user_code("a handler of the saga", saga.name,
                                         [&] { return with_heard_fact(*handler.event, event, take); }));
    }
    return made;
}

result<Fact> fact_of_timer(const SagaDefinition& saga, const Instance& instance, SagaState& state,
                           const std::string& key, const detail::InnerType& timer, Time now)
{
    const auto& timers = instance.outbox.timers;
    const auto set =
        std::find_if(timers.begin(), timers.end(), [&](const auto& one) { return one.type == timer.name; });
    if (not may_be_same_shape(set->shape, shape_of(*timer.description).fingerprint)) {
        return fail(
            Failure::invalid, "other-timer",
            fmt::format("took up the timer {} of the saga {} and found that it was set with other members; restore "
                        "the struct, then retry the saga",
                        set->name, saga.name));
    }
    return call_user_code("a handler of the saga", saga.name, [&]() -> result<Fact> {
        const auto value = timer.make();
        BOOST_OUTCOME_TRY(detail::decode_value(*timer.description, value.get(), set->bytes, timer.short_name));
        auto handled  = heard_by(saga, instance, state, *handler_of(saga, *timer.type), key, value.get(), now);
        handled.event = set->name;
        const bool is_set_again = std::any_of(handled.set.begin(), handled.set.end(),
                                              [&](const auto& one) { return one.type == timer.name; });
        if (not is_set_again) handled.taken_back.emplace_back(timer.name);
        return Fact{std::move(handled)};
    });
}

result<Fact> fact_of_answer(const SagaDefinition& saga, const Instance& instance, SagaState& state,
                            const std::string& key, std::uint32_t number, const detail::SentType& request,
                            const void* answer, Time now)
{
    const SagaHandler* handler = handler_of(saga, *request.answer);
    if (handler == nullptr) {
        return Fact{StepDone{std::string{request.short_name}, number, {}, now, saga.shape, false}};
    }
    return call_user_code("a handler of the saga", saga.name, [&] {
        auto handled     = heard_by(saga, instance, state, *handler, key, answer, now);
        handled.event    = std::string{handler->inner->short_name};
        handled.answered = number;
        return Fact{std::move(handled)};
    });
}

} // namespace eventloom
