#include "definition.hpp"

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/value_codec.hpp>

#include <algorithm>

namespace eventloom {

namespace detail {

std::shared_ptr<void> own(void* value, Destroy* destroy)
{
    return {value, destroy};
}

void DropStep::operator()(SagaStep* step) const
{
    delete step;
}

void DropDefinition::operator()(SagaDefinition* definition) const
{
    delete definition;
}

NewStep new_step(std::string_view name)
{
    NewStep step{new SagaStep{}};
    step->name = name;
    return step;
}

NewSaga new_saga(std::string_view name, std::uint32_t version, const SagaData& data)
{
    NewSaga saga{new SagaDefinition{}};
    saga->name    = name;
    saga->version = version;
    saga->data    = &data;
    saga->shape   = shape_of(*data.description).fingerprint;
    return saga;
}

void add_step(SagaDefinition& saga, NewStep step)
{
    saga.steps.push_back(std::move(*step));
}

void hold(std::shared_ptr<const void>& place, void* lambda, Destroy* destroy)
{
    place = own(lambda, destroy);
}

Saga finished(NewSaga saga)
{
    ensure(static_cast<bool>(saga->begin), "a saga has no el::begins");
    ensure(not saga->steps.empty(), "a saga has no step");
    ensure(is_category(saga->name), "a saga's name is a category: a word without a hyphen");
    return Saga{std::move(saga)};
}

void add_command(SagaWork& work, const CommandType& type, std::string_view stream, void* command, Destroy* destroy)
{
    auto owned = own(command, destroy);
    work.actions.push_back(SendAction{&type, std::string{stream}, std::move(owned)});
}

void add_command(SagaWork& work, const CommandType& type, std::string_view category, std::string_view id, void* command,
                 Destroy* destroy)
{
    auto owned = own(command, destroy);
    work.actions.push_back(SendAction{&type, stream_of(category, id), std::move(owned)});
}

void add_request(SagaWork& work, const std::type_info& type, std::string_view name, void* request, Destroy* destroy)
{
    work.actions.push_back(CallAction{&type, name, own(request, destroy)});
}

} // namespace detail

std::vector<SagaAction> work_of(const detail::SagaLambda<detail::DescribeWork>& describe, const SagaState& state)
{
    detail::SagaWork work;
    describe.call(describe.held.get(), state.get(), work);
    return std::move(work.actions);
}

std::vector<SagaAction> work_of(const detail::SagaLambda<detail::DescribeEnd>& describe, const SagaState& state,
                                const failure& why)
{
    detail::SagaWork work;
    describe.call(describe.held.get(), state.get(), why, work);
    return std::move(work.actions);
}

SagaState state_with_answer(const SagaDefinition& saga, const SagaStep& step, const SagaState& state,
                            const void* answer)
{
    auto next = saga.data->copy(state.get());
    step.keep.call(step.keep.held.get(), next.get(), answer);
    return next;
}

namespace {

Error begin_event_without_id(const SagaDefinition& saga, const RecordedEvent& event)
{
    const bool is_in_stream = saga.begin_event->key == nullptr;
    return {
        Failure::invalid, "begin-event-without-id",
        "began the saga " + saga.name + " with \"" + event.type + "\" and found no id in the " +
            (is_in_stream ? "name of its stream" : "event") +
            "; without one, all such events would begin one instance: " +
            (is_in_stream ? "record them in streams that are named CATEGORY-ID" : "give each the id of its instance")};
}

std::string id_in(std::string_view stream)
{
    const auto hyphen = stream.find('-');
    return hyphen == std::string_view::npos ? std::string{} : std::string{stream.substr(hyphen + 1)};
}

// The state that begins, and the key; nullptr when none begins.
result<SagaState> state_begun_by(const SagaDefinition& saga, const RecordedEvent& event, std::string& key)
{
    const detail::HeardEvent& heard = *saga.begin_event;
    const EventType* const type     = detail::find_event_type(heard.types(), event.type);
    if (type == nullptr) {
        const auto& ignored = heard.ignored;
        if (std::find(ignored.begin(), ignored.end(), event.type) != ignored.end()) return SagaState{};
        return unknown_event_type(event, heard.source);
    }
    SagaState state;
    const auto take = [&](std::size_t place, const void* fact) -> result<void> {
        if (place != heard.place || state) return done();
        if (heard.key != nullptr) key = heard.key(fact);
        if (key.empty()) return begin_event_without_id(saga, event);
        state = saga.begin.call(saga.begin.held.get(), key, fact);
        return done();
    };
    auto read = type->decode(event.schema_version, event.data, take);
    if (not read) return at_event(std::move(read.error()), event);
    return state;
}

} // namespace

Begun begin_by(const SagaDefinition& saga, const RecordedEvent& event)
{
    Begun begun{saga.begin_event->key == nullptr ? id_in(event.stream) : std::string{}, std::nullopt};
    const auto begin = [&]() -> result<std::optional<std::string>> {
        BOOST_OUTCOME_TRY(const auto state, state_begun_by(saga, event, begun.key));
        if (not state) return std::optional<std::string>{};
        std::string stored;
        encode_state(saga, state, stored);
        return std::optional{std::move(stored)};
    };
    begun.state = call_user_code("el::begins of the saga", saga.name, begin);
    if (begun.key.empty()) begun.key = to_string(event.id);
    return begun;
}

void encode_state(const SagaDefinition& saga, const SagaState& state, std::string& out)
{
    detail::encode_value(*saga.data->description, state.get(), out, nullptr);
}

result<SagaState> decode_state(const SagaDefinition& saga, std::string_view bytes)
{
    try {
        const auto state = saga.data->make();
        BOOST_OUTCOME_TRY(detail::decode_value(*saga.data->description, state.get(), bytes, saga.data->name));
        return SagaState{state};
    } catch (...) { // its constructor
        return detail::error_of_reading(saga.data->name, bytes.size());
    }
}

std::string state_as_json(const SagaDefinition& saga, const SagaState& state)
{
    return detail::object_as_json(*saga.data->description, state.get(), saga.data->name);
}

} // namespace eventloom
