#include <eventloom/sagas/detail/saga_case.hpp>

#include "program/program.hpp"
#include "table/instance_table.hpp"

#include <eventloom/framework/event_codec.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom::testing {

using instance::Fact;

struct SagaCase::State {
    State(Saga of, std::string id) : saga{std::move(of)}, key{saga->name, std::move(id)} {}

    Saga saga;
    InstanceKey key;
    instance::Instance instance;
    SagaState data;
    Asked asked;
    Time now{std::chrono::days{20'000}};
    Time happened_at  = now;
    Position position = 0;
    Next next;
    std::vector<AskedFor> asked_for;
    std::string trouble;

    bool is_begun() const { return instance.recorded > 0; }
    void make_no_sense(std::string why);
    void happen();
    void add(const Fact& fact);
    void note(const instance::Handled& handled);
    void note(const SagaAction& action);
    void look();
    void look_at_work(bool& again);
    void begin(const RecordedEvent& event);
    void take(const RecordedEvent& event);
    std::optional<RecordedEvent> recorded(const eventloom::detail::Description& type, const void* fact);
    std::optional<Task> first_task() const;
    void fail_first(const Error& error);
};

void SagaCase::State::make_no_sense(std::string why)
{
    if (trouble.empty()) trouble = std::move(why);
}

void SagaCase::State::happen()
{
    asked_for.clear();
    happened_at = now;
}

void SagaCase::State::add(const Fact& fact)
{
    instance = evolved(std::move(instance), fact);
    if (const auto* handled = std::get_if<instance::Handled>(&fact)) note(*handled);
}

void SagaCase::State::note(const SagaAction& action)
{
    AskedFor one;
    if (const auto* send = std::get_if<SendAction>(&action)) {
        one.kind    = AskedFor::Kind::send;
        one.command = send->type;
        one.stream  = send->stream;
        one.value   = send->command;
        one.name    = std::string{send->type->name} + " to " + send->stream;
    } else if (const auto* run = std::get_if<RunAction>(&action)) {
        one.kind    = AskedFor::Kind::run;
        one.stream  = run->stream();
        one.command = run->type;
        one.value   = run->data;
        one.name    = "run " + run->stream();
    } else {
        const auto& call = std::get<CallAction>(action);
        one.kind         = AskedFor::Kind::call;
        one.request      = call.type;
        one.value        = call.request;
        one.name         = "call " + std::string{call.name};
    }
    asked_for.push_back(std::move(one));
}

// What a handler has asked for, in the order in which it is written down.
void SagaCase::State::note(const instance::Handled& handled)
{
    for (const auto& sent : handled.sent) {
        const auto action = kept_action({sent.type, sent.shape, sent.stream, sent.bytes});
        if (action) note(action.value());
    }
    for (const auto& timer : handled.set) {
        AskedFor one;
        one.kind  = AskedFor::Kind::wake;
        one.timer = timer.type;
        one.bytes = timer.bytes;
        one.at    = timer.due;
        one.name  = "wake by " + timer.name + " at " + to_string(timer.due);
        asked_for.push_back(std::move(one));
    }
    for (const auto& type : handled.taken_back) {
        const bool is_heard_one = type.ends_with(handled.event); // its own mark
        if (is_heard_one) continue;
        AskedFor one;
        one.kind  = AskedFor::Kind::wake_off;
        one.timer = type;
        one.name  = "wake_off " + type;
        asked_for.push_back(std::move(one));
    }
    if (not handled.ends) return;
    AskedFor one;
    one.kind = AskedFor::Kind::end;
    one.code = handled.code;
    one.name = handled.code.empty() ? "end" : "end with " + handled.code;
    asked_for.push_back(std::move(one));
}

// What follows by itself, and what is to be done then.
void SagaCase::State::look()
{
    for (bool again = true; again && is_open(instance) && trouble.empty();) {
        again     = false;
        auto seen = next_of(*saga, instance, data, asked, now);
        if (not seen) return make_no_sense(seen.error().sentence);
        next = std::move(seen.value());
        if (next.timer != nullptr) {
            auto heard = fact_of_timer(*saga, instance, data, key.key, *next.timer, now);
            if (not heard) return make_no_sense(heard.error().sentence);
            happened_at = now;
            add(heard.value());
            again = true;
        } else if (saga->handlers.empty()) {
            look_at_work(again);
        }
    }
    if (not is_open(instance)) next = {};
}

void SagaCase::State::look_at_work(bool& again)
{
    asked_for.clear();
    for (const Task& task : next.tasks) {
        auto work = work_of_task(*saga, instance, data, task);
        if (not work) return make_no_sense(work.error().sentence);
        if (work.value().empty()) {
            auto done_at_once = fact_of_success(*saga, instance, data, task, nullptr, now);
            if (not done_at_once) return make_no_sense(done_at_once.error().sentence);
            add(done_at_once.value());
            again = true;
            return;
        }
        if (task.kind == TaskKind::act) asked.since.try_emplace(task.place, now);
        for (const SagaAction& action : work.value()) note(action);
    }
}

std::optional<RecordedEvent> SagaCase::State::recorded(const eventloom::detail::Description& type, const void* fact)
{
    auto heard = begin_events(*saga);
    for (const auto* later : heard_events(*saga)) heard.push_back(later);
    for (const auto* one : heard) {
        const EventType& known = one->types()[one->place];
        if (known.forms[known.schema_version - 1].type != &type) continue;
        RecordedEvent event;
        event.type           = known.name;
        event.schema_version = known.schema_version;
        event.position       = ++position;
        event.recorded_at    = now;
        event.id.bytes[0]    = 1;
        event.stream         = one->category.empty() ? "log" : eventloom::detail::stream_of(one->category, key.key);
        known.encode(fact, event.data);
        return event;
    }
    return std::nullopt;
}

void SagaCase::State::begin(const RecordedEvent& event)
{
    auto begun = begin_by(*saga, event);
    if (not begun.state) return make_no_sense(begun.state.error().sentence);
    if (not begun.state.value()) return make_no_sense("what an upcast makes of the first event begins no instance");
    if (begun.key != key.key) return make_no_sense("the first event begins the instance " + begun.key);
    instance::Started started;
    started.version  = saga->version;
    started.state    = *begun.state.value();
    started.at       = now;
    started.shape    = saga->shape;
    started.form     = saga->form;
    started.position = event.position;
    if (not saga->handlers.empty()) {
        data      = saga->data->make();
        auto made = fact_of_handler(*saga, {}, data, key.key, event, now);
        if (not made) return make_no_sense(made.error().sentence);
        encode_state(*saga, data, started.state);
        add(started);
        if (made.value()) add(*made.value());
        return;
    }
    add(started);
    auto read = instance::read_state(*saga, instance);
    if (not read) return make_no_sense(read.error().sentence);
    data = std::move(read.value());
}

void SagaCase::State::take(const RecordedEvent& event)
{
    const auto cancels = [&](const auto* heard) { return is_heard(*heard, event); };
    if (std::any_of(saga->cancelled_by.begin(), saga->cancelled_by.end(), cancels)) {
        return add(fact_of_cancelling(*saga, instance, asked, "the event " + event.type, event.position, now));
    }
    if (not saga->handlers.empty()) {
        if (instance.outbox.ends) return;
        const auto made = fact_of_handler(*saga, instance, data, key.key, event, now);
        if (not made) return make_no_sense(made.error().sentence);
        if (made.value()) add(*made.value());
        return;
    }
    const auto place = step_that_awaits(*saga, instance, event);
    if (not place) return;
    const auto made = fact_of_event(*saga, instance, data, *place, event, now);
    if (not made) return make_no_sense(made.error().sentence);
    if (made.value()) add(*made.value());
}

std::optional<Task> SagaCase::State::first_task() const
{
    if (not next.tasks.empty()) return next.tasks.front();
    return std::nullopt;
}

void SagaCase::State::fail_first(const Error& error)
{
    const auto task = first_task();
    if (not task) return make_no_sense("nothing is asked for that could fail");
    add(fact_of_failure(*saga, instance, asked, *task, error, false, now));
}

SagaCase::SagaCase(Saga saga, std::string key) : state_{std::make_unique<State>(std::move(saga), std::move(key))} {}
SagaCase::SagaCase(SagaCase&& other) noexcept = default;
SagaCase::~SagaCase()                         = default;

void SagaCase::hear(const eventloom::detail::Description& type, std::string_view name, const void* fact)
{
    State& of        = *state_;
    const auto event = of.recorded(type, fact);
    if (not event) return of.make_no_sense("the saga " + of.saga->name + " does not hear " + std::string{name});
    if (of.is_begun() && not of.saga->handlers.empty()) all_done();
    of.happen();
    if (not of.is_begun()) {
        const auto begins     = begin_events(*of.saga);
        const auto is_its     = [&](const auto* heard) { return is_heard(*heard, *event); };
        const bool does_begin = std::any_of(begins.begin(), begins.end(), is_its);
        if (not does_begin) return of.make_no_sense(std::string{name} + " begins no instance");
        of.begin(*event);
    } else if (of.instance.status == SagaStatus::running) {
        of.take(*event);
    }
    of.look();
}

void SagaCase::all_done()
{
    State& of = *state_;
    of.happen();
    if (of.saga->handlers.empty()) {
        for (const Task& task : std::vector{of.next.tasks}) {
            const auto fact = fact_of_success(*of.saga, of.instance, of.data, task, nullptr, of.now);
            if (not fact) return of.make_no_sense(fact.error().sentence);
            of.add(fact.value());
        }
    } else {
        for (const auto& entry : std::vector{of.instance.outbox.entries}) {
            if (entry.outgoing.stream.empty()) continue; // its answer is heard
            of.add(instance::StepDone{entry.outgoing.name, entry.outgoing.number, {}, of.now, of.saga->shape, false});
        }
    }
    of.look();
}

void SagaCase::answered(const std::type_info& request, const void* answer)
{
    State& of = *state_;
    of.happen();
    for (const auto& entry : std::vector{of.instance.outbox.entries}) {
        const auto* type = eventloom::detail::find_sent_type(entry.outgoing.type);
        if (type == nullptr || type->request == nullptr || *type->request != request) continue;
        const auto fact =
            fact_of_answer(*of.saga, of.instance, of.data, of.key.key, entry.outgoing.number, *type, answer, of.now);
        if (not fact) return of.make_no_sense(fact.error().sentence);
        of.add(fact.value());
        return of.look();
    }
    for (const Task& task : std::vector{of.next.tasks}) {
        if (not of.saga->handlers.empty()) break;
        const auto work  = work_of_task(*of.saga, of.instance, of.data, task);
        const auto* call = work && work.value().size() == 1 ? std::get_if<CallAction>(&work.value().front()) : nullptr;
        if (call == nullptr || *call->type != request) continue;
        const auto fact = fact_of_success(*of.saga, of.instance, of.data, task, answer, of.now);
        if (not fact) return of.make_no_sense(fact.error().sentence);
        of.add(fact.value());
        return of.look();
    }
    of.make_no_sense("no such call is asked for that could be answered");
}

void SagaCase::refused(const std::string& code)
{
    state_->happen();
    state_->fail_first({Failure::refused, code, "refused in a test: " + code});
    state_->look();
}

void SagaCase::unavailable(const std::string& code)
{
    State& of = *state_;
    of.happen();
    const auto task = of.first_task();
    for (unsigned tried = 0; task && of.first_task() == task && tried < 10'000; ++tried) {
        of.fail_first({Failure::unavailable, code, "failed in a test: " + code});
        const auto due = of.instance.progress_of(task->place).next_attempt;
        if (due > of.now) of.now = due;
        of.next = {};
        of.look();
    }
    if (not task) of.make_no_sense("nothing is asked for that could fail");
}

void SagaCase::later(Duration span)
{
    State& of = *state_;
    of.happen();
    if (not of.saga->handlers.empty()) all_done();
    const Time end = of.now + span;
    while (of.next.wake && *of.next.wake <= end) {
        of.now = std::max(of.now, *of.next.wake);
        of.look();
        if (not of.saga->handlers.empty() && of.next.wake && *of.next.wake <= end) all_done();
    }
    of.now = end;
    of.look();
}

const std::vector<AskedFor>& SagaCase::asked_for() const
{
    return state_->asked_for;
}

Time SagaCase::now() const
{
    return state_->happened_at;
}

SagaStatus SagaCase::status() const
{
    return state_->instance.status;
}

std::string SagaCase::why() const
{
    const auto& instance = state_->instance;
    return instance.status == SagaStatus::stuck ? instance.stuck.code : instance.failed.code;
}

std::string SagaCase::state_json() const
{
    return state_->data ? state_as_json(*state_->saga, state_->data) : "null";
}

const std::string& SagaCase::trouble() const
{
    return state_->trouble;
}

std::string SagaCase::text() const
{
    if (not state_->trouble.empty()) return "the case makes no sense: " + state_->trouble;
    std::string text = fmt::format("{}, {}; asks for", to_string(status()), state_json());
    for (const AskedFor& one : state_->asked_for) text += "\n  " + one.name;
    return state_->asked_for.empty() ? text + " nothing" : text;
}

} // namespace eventloom::testing
