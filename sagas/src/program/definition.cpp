#include "program/definition.hpp"

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/value_codec.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <map>

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
    step->group = static_cast<std::uint32_t>(saga.steps.size());
    saga.steps.push_back(std::move(*step));
}

void join_steps(SagaDefinition& saga, std::size_t first)
{
    for (std::size_t place = first; place < saga.steps.size(); ++place) {
        saga.steps[place].group = static_cast<std::uint32_t>(first);
    }
}

void hold(std::shared_ptr<const void>& place, void* lambda, Destroy* destroy)
{
    place = own(lambda, destroy);
}

namespace {

// What an instance that has begun relies on: which steps there are, of which kind, and in which order.
std::uint64_t form_of(const SagaDefinition& saga)
{
    std::string text;
    for (std::uint32_t place = 0; place < saga.steps.size(); ++place) {
        const SagaStep& step = saga.steps[place];
        text += step.act ? "act " : step.until ? "until " : "await ";
        text += fmt::format("{} {}{}\n", step.group, step.name, place == saga.no_return ? " no return" : "");
    }
    return text.empty() ? 0
                        : fingerprint_of(text); // handlers may change: what an instance has sent and set says its type
}

} // namespace

Saga finished(NewSaga saga)
{
    ensure(static_cast<bool>(saga->begin) || saga->begins_when_run || not saga->handlers.empty(),
           "a saga has no el::begins");
    ensure(not saga->steps.empty() || not saga->handlers.empty(), "a saga has no step");
    ensure(is_category(saga->name), "a saga's name is a category: a word without a hyphen");
    saga->form = form_of(*saga);
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

void add_run(SagaWork& work, std::string saga, std::string key, const SagaData& type, void* data, Destroy* destroy)
{
    work.actions.push_back(RunAction{std::move(saga), std::move(key), &type, own(data, destroy)});
}

namespace {

// Made before main begins, and constant after that.
std::map<std::string_view, const SentType*>& sent_types()
{
    static std::map<std::string_view, const SentType*> types;
    return types;
}

} // namespace

bool add_sent_type(const SentType& type)
{
    return sent_types().emplace(type.name, &type).second;
}

const SentType* find_sent_type(std::string_view name)
{
    const auto found = sent_types().find(name);
    return found == sent_types().end() ? nullptr : found->second;
}

void add_command(SagaWork& work, const SentType& type, std::string stream, void* command, Destroy* destroy)
{
    work.actions.push_back(SendAction{type.command, std::move(stream), own(command, destroy), &type});
}

void add_request(SagaWork& work, const SentType& type, void* request, Destroy* destroy)
{
    work.actions.push_back(CallAction{type.request, type.short_name, own(request, destroy), &type});
}

void add_wake(SagaWork& work, const InnerType& type, Time at, Duration after, const void* timer)
{
    std::string bytes;
    encode_value(*type.description, timer, bytes, nullptr);
    work.timers.push_back({&type, std::move(bytes), at, after});
}

void take_back(SagaWork& work, const InnerType& type)
{
    work.timers.push_back({&type, std::nullopt, {}, {}});
}

void end(SagaWork& work)
{
    work.ends = true;
}

void end(SagaWork& work, std::string_view code, std::string_view reason)
{
    work.ends  = true;
    work.fails = failure{{}, std::string{code}, std::string{reason}};
}

} // namespace detail

result<SagaAction> kept_action(const KeptBytes& kept)
{
    const auto* type = detail::find_sent_type(kept.type);
    const bool fits  = type != nullptr && may_be_same_shape(kept.shape, shape_of(*type->description).fingerprint);
    if (not fits) {
        return fail(
            Failure::invalid, "unknown-command",
            fmt::format("took up what a saga had decided to send, a {}, and found that this program {}; restore the "
                        "struct, then retry the saga, or skip it",
                        kept.type, type == nullptr ? "sends none" : "has one with other members"));
    }
    auto value = type->make();
    BOOST_OUTCOME_TRY(detail::decode_value(*type->description, value.get(), kept.bytes, type->short_name));
    if (type->request != nullptr)
        return SagaAction{CallAction{type->request, type->short_name, std::move(value), type}};
    return SagaAction{SendAction{type->command, std::string{kept.stream}, std::move(value), type}};
}

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

Error begin_event_without_id(const SagaDefinition& saga, const detail::HeardEvent& heard, const RecordedEvent& event)
{
    const bool is_in_stream = heard.key == nullptr;
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

} // namespace

result<void> with_heard_fact(const detail::HeardEvent& heard, const RecordedEvent& event, const TakeHeard& take)
{
    const EventType* const type = detail::find_event_type(heard.types(), event.type);
    if (type == nullptr) {
        const auto& ignored = heard.ignored;
        if (std::find(ignored.begin(), ignored.end(), event.type) != ignored.end()) return done();
        return unknown_event_type(event, heard.source);
    }
    bool is_taken       = false;
    const auto take_one = [&](std::size_t place, const void* fact) -> result<void> {
        if (place != heard.place || is_taken) return done();
        is_taken = true;
        take(fact);
        return done();
    };
    auto read = type->decode(event.schema_version, event.data, take_one);
    if (not read) return at_event(std::move(read.error()), event);
    return done();
}

result<std::optional<std::string>> key_of_heard(const detail::HeardEvent& heard, const RecordedEvent& event)
{
    if (heard.key == nullptr) return std::optional{id_in(event.stream)};
    std::optional<std::string> key;
    BOOST_OUTCOME_TRY(call_user_code("the key of the event", event.type, [&] {
        return with_heard_fact(heard, event, [&](const void* fact) { key = heard.key(fact); });
    }));
    return key;
}

bool is_heard(const detail::HeardEvent& heard, const RecordedEvent& event)
{
    if (not heard.category.empty() && heard.category != category_of(event.stream)) return false;
    return std::find(heard.names.begin(), heard.names.end(), event.type) != heard.names.end();
}

std::vector<const detail::HeardEvent*> begin_events(const SagaDefinition& saga)
{
    std::vector<const detail::HeardEvent*> events;
    if (saga.begin_event != nullptr) events.push_back(saga.begin_event);
    for (const SagaHandler& handler : saga.handlers) {
        if (handler.begins) events.push_back(handler.event);
    }
    return events;
}

std::vector<const detail::HeardEvent*> heard_events(const SagaDefinition& saga)
{
    std::vector<const detail::HeardEvent*> events = saga.cancelled_by;
    for (const SagaStep& step : saga.steps) {
        if (step.awaits != nullptr) events.push_back(step.awaits);
    }
    for (const SagaHandler& handler : saga.handlers) {
        if (handler.event != nullptr) events.push_back(handler.event);
    }
    return events;
}

namespace {

// The handlers make the state.
Begun begin_with_handlers(const SagaDefinition& saga, const RecordedEvent& event)
{
    Begun begun{{}, std::nullopt};
    for (const auto* heard : begin_events(saga)) {
        if (not is_heard(*heard, event)) continue;
        auto key = key_of_heard(*heard, event);
        if (not key) {
            begun.state = std::move(key.error());
        } else if (key.value() && key.value()->empty() && heard->may_be_of_none) {
            continue;
        } else if (key.value() && key.value()->empty()) {
            begun.state = begin_event_without_id(saga, *heard, event);
        } else if (key.value()) {
            begun.key   = *key.value();
            begun.state = std::optional{std::string{}};
        }
        break;
    }
    if (begun.key.empty()) begun.key = to_string(event.id);
    return begun;
}

} // namespace

Begun begin_by(const SagaDefinition& saga, const RecordedEvent& event)
{
    if (not saga.handlers.empty()) return begin_with_handlers(saga, event);
    Begun begun{saga.begin_event->key == nullptr ? id_in(event.stream) : std::string{}, std::nullopt};
    SagaState state;
    bool has_no_id  = false;
    const auto take = [&](const void* fact) {
        if (saga.begin_event->key != nullptr) begun.key = saga.begin_event->key(fact);
        has_no_id = begun.key.empty();
        if (not has_no_id) state = saga.begin.call(saga.begin.held.get(), begun.key, fact);
    };
    const auto begin = [&]() -> result<std::optional<std::string>> {
        BOOST_OUTCOME_TRY(with_heard_fact(*saga.begin_event, event, take));
        if (has_no_id) return begin_event_without_id(saga, *saga.begin_event, event);
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
