// How an event of the log begins an instance, or is heard by one that waits for it.
#include "engine/engine.hpp"

#include <eventloom/framework/log.hpp>
#include <eventloom/framework/stream_limits.hpp>

#include <algorithm>

namespace eventloom {

namespace {

Error no_begin_event(const InstanceKey& key)
{
    return {Failure::invalid, "no-begin-event",
            "retried the saga " + key.stream() + " and found that its begin event, or its " +
                "definition, is gone; it cannot begin"};
}

instance::Started started_by(const SagaDefinition& saga, const RecordedEvent& event, const Begun& begun, Time now)
{
    return {.version     = saga.version,
            .state       = begun.state ? *begun.state.value() : std::string{},
            .begun_by    = to_string(event.id),
            .correlation = to_string(event.metadata.correlation),
            .at          = now,
            .shape       = saga.shape,
            .form        = saga.form,
            .position    = event.position};
}

// Failure::invalid "invalid-stream-name"
result<void> check_name(const InstanceKey& key)
{
    NewEvent event;
    event.type        = "saga-started";
    event.id.bytes[0] = 1; // any
    AppendRequest request;
    request.streams.push_back({key.stream(), ExpectedVersion::any(), {std::move(event)}});
    return check_append(request);
}

} // namespace

void SagaEngine::begin(const std::shared_ptr<Active>& active, const Saga& saga, const Event& event, const Begun& begun,
                       const Taken& taken)
{
    if (not active->is_known() && not check_name(active->key)) {
        begin_by_another_name(saga, event, taken);
        return take_next(active);
    }
    if (active->is_known() && not saga->handlers.empty()) return hear(active, event, taken);
    if (active->is_known()) {
        // Heard before, or a further begin event of the same key.
        if (active->instance.began.event != to_string(event->id)) {
            write_to(runtime_.log, LogLevel::warning, "saga-begin-ignored",
                     {{"saga", active->key.saga},
                      {"key", active->key.key},
                      {"position", event->position},
                      {"status", std::string{to_string(active->instance.status)}}});
        }
        taken();
        return go_on(active);
    }
    // An instance whose history was deleted has ended: expecting "no stream" would succeed, and begin it again.
    const auto status = stream_status(store_, active->key.stream());
    if (not status) return give_up(status.error());
    const auto length = store_.stream_length(active->key.stream());
    if (not length) return give_up(length.error());
    if (length.value() > 0 && (status.value().tombstoned || status.value().is_deleted(length.value()))) {
        write_to(runtime_.log, LogLevel::warning, "saga-history-deleted",
                 {{"saga", active->key.saga}, {"key", active->key.key}});
        taken();
        return take_next(active);
    }
    active->when_recorded.push_back([this, key = active->key, saga, event, begun, taken](bool is_recorded) {
        if (is_recorded) return taken();
        tell(key, [=, this](const auto& again) { begin(again, saga, event, begun, taken); });
    });
    add_beginning(*active, saga, *event, begun);
    go_on(active);
}

// The first facts. An instance whose first state cannot be made is stuck without one.
void SagaEngine::add_beginning(Active& active, const Saga& saga, const RecordedEvent& event, const Begun& begun) const
{
    const Time now     = runtime_.clock.now();
    auto started       = started_by(*saga, event, begun, now);
    result<void> began = begun.state ? result<void>{done()} : result<void>{begun.state.error()};
    std::optional<instance::Fact> heard;
    if (began && not saga->handlers.empty()) {
        SagaState state = saga->data->make();
        auto made       = fact_of_handler(*saga, {}, state, active.key.key, event, now);
        if (made) {
            heard = std::move(made.value());
        } else {
            began = std::move(made.error());
        }
    }
    if (not began) started.state.clear();
    active.add(std::move(started));
    if (heard) active.add(std::move(*heard));
    if (not began) {
        active.add(instance::Stuck{instance::no_state_yet, began.error().code, began.error().sentence, now});
    } else if (const auto found = find_definition(active); not found) {
        active.add(instance::Stuck{{}, found.error().code, found.error().sentence, now});
    }
}

// No stream can have the name of that instance: it is stuck, by a name that one can have.
void SagaEngine::begin_by_another_name(const Saga& saga, const Event& event, const Taken& taken)
{
    const auto named = check_name({saga->name, begin_by(*saga, *event).key});
    const Begun begun{to_string(event->id), named.error()};
    tell({saga->name, begun.key},
         [this, saga, event, begun, taken](const auto& active) { begin(active, saga, event, begun, taken); });
}

void SagaEngine::hear(const std::shared_ptr<Active>& active, const Event& event, const Taken& taken)
{
    const bool is_new     = active->is_known() && event->position > active->instance.heard_to;
    const bool can_hear   = is_new && active->saga && active->state && active->instance.status == SagaStatus::running;
    auto fact             = can_hear ? fact_heard(*active, *event) : std::nullopt;
    const bool is_ending  = active->instance.outbox.ends && is_open(active->instance);
    const bool is_of_none = not active->is_known() || (is_new && (is_ending || has_ended(active->instance.status)));
    if (not fact && is_of_none) return pass_over(active, event, taken);
    if (not fact) {
        taken();
        return go_on(active);
    }
    active->when_recorded.push_back([this, key = active->key, event, taken](bool is_recorded) {
        if (is_recorded) return taken();
        tell(key, [=, this](const auto& again) { hear(again, event, taken); });
    });
    active->add(std::move(*fact));
    go_on(active);
}

// An event of an instance that is not there, or has ended.
void SagaEngine::pass_over(const std::shared_ptr<Active>& active, const Event& event, const Taken& taken)
{
    const std::string why = active->is_known() ? "it has ended" : "there is none";
    const auto saga       = newest_definition_of(active->key.saga);
    bool is_parked        = false;
    {
        const std::lock_guard lock{mutex_};
        ++unheard_[{active->key.saga, event->type, why}];
        is_parked = parked_.contains({active->key.saga, event->position}); // before a crash
    }
    const bool parks = saga && saga->unheard == Unheard::parked && not is_parked;
    if (not parks) {
        taken();
        return go_on(active);
    }
    // It stays in hand until then.
    park_event(active->key, *event, why, [this, active, taken] {
        taken();
        if (active->run == run_.load()) go_on(active);
    });
}

void SagaEngine::park_event(const InstanceKey& key, const RecordedEvent& event, const std::string& why,
                            const Taken& taken)
{
    const instance::EventParked parked{key.key, event.type, event.position, why, runtime_.clock.now()};
    NewEvent recorded           = encoded<instance::Instance>(parked);
    recorded.id                 = runtime_.ids.next();
    recorded.metadata.causation = event.id;
    AppendRequest request;
    request.streams.push_back({key.saga, ExpectedVersion::any(), {std::move(recorded)}});
    store_.append(std::move(request), [weak = weak_from_this(), key, parked, taken](result<Appended> appended) {
        const auto engine = weak.lock();
        if (not engine) return;
        engine->post([=, appended = std::move(appended)](SagaEngine& self) {
            if (not appended) return self.give_up(appended.error());
            self.report({key.saga, key.key}, {parked});
            {
                const std::lock_guard lock{self.mutex_};
                self.parked_.emplace(key.saga, parked.position);
            }
            taken();
        });
    });
}

std::vector<UnheardEvents> SagaEngine::unheard() const
{
    const std::lock_guard lock{mutex_};
    std::vector<UnheardEvents> events;
    for (const auto& [what, number] : unheard_) events.push_back({what[0], what[1], what[2], number});
    return events;
}

result<std::vector<ParkedEvent>> SagaEngine::parked(const std::string& saga) const
{
    BOOST_OUTCOME_TRY(check_saga(saga, "show what was parked of"));
    BOOST_OUTCOME_TRY(auto own, read_own_stream(saga));
    return std::move(own.parked);
}

// What an instance that is running makes of an event; nothing when it does not wait for it.
std::optional<instance::Fact> SagaEngine::fact_heard(Active& active, const RecordedEvent& event) const
{
    const SagaDefinition& saga = *active.saga;
    const Time now             = runtime_.clock.now();
    const auto cancels         = [&](const auto* heard) { return is_heard(*heard, event); };
    if (std::any_of(saga.cancelled_by.begin(), saga.cancelled_by.end(), cancels)) {
        return fact_of_cancelling(saga, active.instance, active.asked, "the event " + event.type, event.position, now);
    }
    if (not saga.handlers.empty()) {
        if (active.instance.outbox.ends) return std::nullopt;
        auto handled = fact_of_handler(saga, active.instance, active.state, active.key.key, event, now);
        if (handled) return std::move(handled.value());
        return instance::Stuck{event.type, handled.error().code, handled.error().sentence, now};
    }
    const auto place = step_that_awaits(saga, active.instance, event);
    if (not place) return std::nullopt;
    auto fact = fact_of_event(saga, active.instance, active.state, *place, event, now);
    if (fact) return std::move(fact.value());
    return instance::Stuck{saga.steps[*place].name, fact.error().code, fact.error().sentence, now};
}

// An event that came while the instance was stuck; nothing is left when there is none.
bool SagaEngine::hear_missed(Active& active)
{
    const auto missed = missed_event(active);
    if (not missed) { // the log cannot be read
        park(active, {}, missed.error());
        return true;
    }
    if (not missed.value()) {
        active.may_have_missed = false;
        return false;
    }
    auto fact = fact_heard(active, *missed.value());
    if (fact) active.add(std::move(*fact));
    active.heard_anew = missed.value()->position;
    return true;
}

result<std::optional<RecordedEvent>> SagaEngine::missed_event(const Active& active) const
{
    const auto heard = heard_events(*active.saga);
    EventQuery query;
    for (const auto* one : heard) query.items.push_back({{one->names.begin(), one->names.end()}, {}});
    if (query.items.empty()) return std::optional<RecordedEvent>{};
    const Position after = std::max(active.instance.heard_to, active.heard_anew);
    const auto cursor    = store_.read({.scope = Scope::matching(std::move(query)), .from = after + 1});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) return std::optional<RecordedEvent>{};
        for (const auto* one : heard) {
            if (not is_heard(*one, *event)) continue;
            const auto key = key_of_heard(*one, *event);
            if (key && key.value() == active.key.key) return std::optional{*event};
        }
    }
}

// Of an instance that was stuck before it had a state: it begins with the event that it was to begin with.
void SagaEngine::begin_again(Active& active)
{
    const auto stuck = [&](const Error& error) {
        active.add(instance::Stuck{instance::no_state_yet, error.code, error.sentence, runtime_.clock.now()});
    };
    active.saga      = newest_definition_of(active.key.saga);
    const auto event = store_.find_event(parse_uuid(active.instance.began.event).value_or(Uuid{}));
    if (not event) return stuck(event.error());
    if (not active.saga || not event.value()) return stuck(no_begin_event(active.key));
    const auto begun = begin_by(*active.saga, *event.value());
    if (not begun.state) return stuck(begun.state.error());
    if (not begun.state.value()) return stuck(no_begin_event(active.key));
    if (begun.key != active.key.key) { // it was begun by another name
        return stuck({Failure::invalid, active.instance.stuck.code, active.instance.stuck.reason});
    }
    add_beginning(active, Saga{active.saga}, *event.value(), begun);
}

// Once: what is recorded then holds for every later start, and for every table that is built again.
result<Position> SagaEngine::where_to_begin(const Saga& saga)
{
    BOOST_OUTCOME_TRY(const auto checkpoint, table_->checkpoint(saga->name));
    if (checkpoint > 0 || saga->begins_with != SagaBegin::from_now) return checkpoint;
    BOOST_OUTCOME_TRY(const auto own, read_own_stream(saga->name));
    if (own.begins_after) return *own.begins_after;
    const Position head = store_.head();
    BOOST_OUTCOME_TRY(add_to_own_stream(saga->name, own, instance::BeginsAfter{head, runtime_.clock.now()}));
    return head;
}

result<std::map<std::string, Position>> SagaEngine::not_begun() const
{
    BOOST_OUTCOME_TRY(auto* const table, this->table());
    std::map<std::string, Position> firsts;
    for (const auto& [name_and_version, saga] : definitions_) {
        if (saga != newest_definition_of(saga->name)) continue;
        BOOST_OUTCOME_TRY(const auto checkpoint, table->checkpoint(saga->name));
        if (checkpoint == 0 && saga->begins_with == SagaBegin::from_now)
            continue; // it begins with what is still to come
        for (const auto* begins : begin_events(*saga)) {
            BOOST_OUTCOME_TRY(const auto first, first_after(*begins, checkpoint));
            if (not first) continue;
            const auto [known, is_new] = firsts.emplace(saga->name, *first);
            if (not is_new) known->second = std::min(known->second, *first);
        }
    }
    return firsts;
}

// The first event of this kind after a position.
result<std::optional<Position>> SagaEngine::first_after(const detail::HeardEvent& heard, Position after) const
{
    std::optional<Position> first;
    for (const auto& type : heard.names) {
        const auto cursor = store_.read({.scope = Scope::type(std::string{type}), .from = after + 1});
        for (;;) {
            BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
            if (event == nullptr) break;
            if (not is_heard(heard, *event)) continue;
            first = first ? std::min(*first, event->position) : event->position;
            break;
        }
    }
    return first;
}

} // namespace eventloom
