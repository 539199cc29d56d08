// Whole sagas that begin no work. That is an event in the stream that has the saga's name and no key, so it holds over restarts.
// Events that such a saga would hear stay in the log, where it has stopped reading; what an instance would do by itself waits as
// "at work" in the table.
#include "engine/engine.hpp"

#include <eventloom/framework/event_codec.hpp>
#include <eventloom/framework/pauses.hpp>

#include <fmt/core.h>

namespace eventloom {

result<SagaEngine::OwnStream> SagaEngine::read_own_stream(const std::string& saga) const
{
    OwnStream own;
    BOOST_OUTCOME_TRY(own.length, store_.stream_length(saga));
    const auto cursor = store_.read({.scope = Scope::stream(saga)});
    const auto take   = [&](const auto& fact) {
        using Fact = std::remove_cvref_t<decltype(fact)>;
        if constexpr (std::is_same_v<Fact, instance::BeginsAfter>) own.begins_after = fact.position;
        if constexpr (std::is_same_v<Fact, instance::Paused>) own.pause = SagaPause{fact.because, fact.at, fact.until};
        if constexpr (std::is_same_v<Fact, instance::Unpaused>) own.pause.reset();
        if constexpr (std::is_same_v<Fact, instance::EventParked>) {
            own.parked.push_back({saga, fact.key, fact.event, fact.position, fact.reason, fact.at});
        }
    };
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) return own;
        BOOST_OUTCOME_TRY(detail::with_facts<instance::Instance>(*event, saga, take));
    }
}

result<void> SagaEngine::add_to_own_stream(const std::string& saga, const OwnStream& known, const instance::Fact& fact)
{
    NewEvent event = encoded<instance::Instance>(fact);
    event.id       = runtime_.ids.next();
    AppendRequest request;
    request.streams.push_back({saga, ExpectedVersion::after(known.length), {std::move(event)}});
    BOOST_OUTCOME_TRY(store_.append(request));
    report({saga, {}}, {fact});
    return done();
}

result<void> SagaEngine::check_saga(const std::string& saga, const std::string& asked) const
{
    if (newest_definition_of(saga)) return done();
    std::string names;
    for (const auto& [name_and_version, _] : definitions_) {
        if (names.ends_with(name_and_version.first)) continue; // another version
        names += (names.empty() ? "" : ", ") + name_and_version.first;
    }
    return fail(Failure::invalid, "no-such-saga",
                fmt::format("asked to {} the saga {} and found none of that name; this program has {}", asked, saga,
                            names.empty() ? "no saga" : names));
}

// One that this program has no more may have instances.
result<void> SagaEngine::check_has(const std::string& saga, const std::string& asked) const
{
    auto known = check_saga(saga, asked);
    if (known) return known;
    BOOST_OUTCOME_TRY(InstanceTable* const rows, table());
    for (const auto& [counted, number] : rows->count()) {
        if (counted.saga == saga && number > 0) return done();
    }
    return known;
}

// When it is opened, and again when it starts.
result<void> SagaEngine::read_pauses()
{
    for (const auto& [name_and_version, saga] : definitions_) {
        if (saga != newest_definition_of(saga->name)) continue;
        BOOST_OUTCOME_TRY(const auto own, read_own_stream(saga->name));
        {
            const std::lock_guard lock{mutex_};
            for (const ParkedEvent& event : own.parked) parked_.emplace(saga->name, event.position);
        }
        const bool is_paused = own.pause && own.pause->until > runtime_.clock.now();
        if (is_paused) set_pause(saga->name, *own.pause);
    }
    return done();
}

std::map<std::string, SagaPause> SagaEngine::paused() const
{
    const std::lock_guard lock{mutex_};
    return pauses_;
}

Time SagaEngine::paused_until(const std::string& saga) const
{
    const std::lock_guard lock{mutex_};
    const auto found = pauses_.find(saga);
    return found == pauses_.end() ? Time{} : found->second.until;
}

void SagaEngine::set_pause(const std::string& saga, const SagaPause& pause)
{
    std::vector<std::shared_ptr<Following>> followings;
    {
        const std::lock_guard lock{mutex_};
        pauses_[saga] = pause;
        followings    = followings_;
    }
    for (const auto& following : followings) {
        if (following->saga() == saga) following->pause();
    }
    if (pause.until == Time::max()) return;
    // Its time has come also when the clock has been set back meanwhile.
    runtime_.executor.post_at(pause.until, [weak = weak_from_this(), saga, until = pause.until] {
        const auto engine = weak.lock();
        if (engine && engine->paused_until(saga) == until) engine->end_pause(saga);
    });
}

// Everything that has waited goes on.
void SagaEngine::end_pause(const std::string& saga)
{
    std::vector<std::shared_ptr<Following>> followings;
    {
        const std::lock_guard lock{mutex_};
        pauses_.erase(saga);
        followings = followings_;
    }
    if (stopped()) return; // the start will see to it
    for (const auto& following : followings) {
        if (following->saga() == saga) following->go_on(bus_);
    }
    post([saga](SagaEngine& engine) {
        const auto flushed = engine.table_->flush();
        if (not flushed) return engine.give_up(flushed.error());
        const auto keys = engine.table_->at_work();
        if (not keys) return engine.give_up(keys.error());
        for (const InstanceKey& key : keys.value()) {
            if (key.saga == saga) engine.tell(key, [self = &engine](const auto& active) { self->go_on(active); });
        }
    });
}

result<void> SagaEngine::pause_all(const std::string& saga, Time until, const std::string& because, bool only_try)
{
    BOOST_OUTCOME_TRY(check_saga(saga, "pause"));
    const Time now = runtime_.clock.now();
    BOOST_OUTCOME_TRY(pauses::check_is_to_come("the saga " + saga, until, now));
    if (only_try) return done();
    const std::lock_guard one_at_a_time{pausing_};
    BOOST_OUTCOME_TRY(const auto own, read_own_stream(saga));
    BOOST_OUTCOME_TRY(add_to_own_stream(saga, own, instance::Paused{until, because, now}));
    set_pause(saga, {because, now, until});
    return done();
}

result<void> SagaEngine::resume_all(const std::string& saga, const std::string& because, bool only_try)
{
    BOOST_OUTCOME_TRY(check_saga(saga, "resume"));
    const Time now = runtime_.clock.now();
    const std::lock_guard one_at_a_time{pausing_};
    BOOST_OUTCOME_TRY(const auto own, read_own_stream(saga));
    if (not own.pause || own.pause->until <= now) {
        return fail(
            Failure::refused, "saga-not-paused",
            fmt::format("asked to resume the whole saga {} and found that it is not paused; one of its instances "
                        "is resumed by its key",
                        saga));
    }
    if (only_try) return done();
    BOOST_OUTCOME_TRY(add_to_own_stream(saga, own, instance::Unpaused{because, now}));
    end_pause(saga);
    return done();
}

} // namespace eventloom
