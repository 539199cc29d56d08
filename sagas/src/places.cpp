// How an instance moves from place to place (engine.hpp), and how its results come into its stream.
#include "work.hpp"

#include <eventloom/framework/log.hpp>

namespace eventloom {

void SagaEngine::post(std::function<void(SagaEngine&)> task)
{
    runtime_.executor.post([weak = weak_from_this(), task = std::move(task)] {
        const auto engine = weak.lock();
        if (not engine) return;
        ++engine->running_;
        if (not engine->stopped()) task(*engine);
        --engine->running_;
    });
}

void SagaEngine::enqueue(InstanceKey key)
{
    {
        const std::lock_guard lock{mutex_};
        queue_.push_back(std::move(key));
        ++moves_;
    }
    dispatch();
}

void SagaEngine::dispatch()
{
    for (;;) {
        InstanceKey key;
        {
            const std::lock_guard lock{mutex_};
            if (queue_.empty() || in_hand_ >= options_.driven_at_once) return;
            key = std::move(queue_.front());
            queue_.pop_front();
            ++in_hand_;
            ++moves_;
        }
        post([key](SagaEngine& engine) { engine.drive(key); });
    }
}

void SagaEngine::let_go()
{
    {
        const std::lock_guard lock{mutex_};
        if (in_hand_ > 0) --in_hand_;
        ++moves_;
    }
    dispatch();
    runtime_.executor.wake();
}

void SagaEngine::wait_for_timer(const InstanceKey& key, Time due)
{
    {
        const std::lock_guard lock{mutex_};
        ++timers_;
    }
    runtime_.executor.post_at(due, [weak = weak_from_this(), key] {
        const auto engine = weak.lock();
        if (not engine || engine->stopped()) return;
        {
            const std::lock_guard lock{engine->mutex_};
            if (engine->timers_ > 0) --engine->timers_;
        }
        engine->enqueue(key);
    });
    let_go();
}

void SagaEngine::give_up(Error error)
{
    bool is_first = false;
    {
        const std::lock_guard lock{mutex_};
        is_first = not error_;
        if (is_first) error_ = error;
    }
    if (is_first) write_to(runtime_.log, LogLevel::error, "sagas-stopped", {}, error);
    runtime_.executor.wake();
}

void SagaEngine::rest(const InstanceKey& key, const instance::Instance& instance)
{
    if (is_open(instance)) {
        const std::lock_guard lock{mutex_};
        queue_.push_back(key);
    }
    let_go();
}

result<instance::Instance> SagaEngine::record(const InstanceKey& key, const instance::Instance& instance,
                                              const std::vector<Fact>& facts)
{
    auto next = instance;
    std::vector<NewEvent> events;
    for (const Fact& fact : facts) {
        next                       = evolved(std::move(next), fact);
        NewEvent event             = encoded<instance::Instance>(fact);
        event.id                   = runtime_.ids.next();
        event.metadata.correlation = parse_uuid(next.correlation).value_or(Uuid{});
        event.metadata.causation   = parse_uuid(next.begun_by).value_or(Uuid{});
        events.push_back(std::move(event));
    }
    AppendRequest request;
    request.streams.push_back({key.stream(), ExpectedVersion::after(instance.recorded), std::move(events)});
    BOOST_OUTCOME_TRY(const auto appended, store_.append(request));
    report(key, facts); // it is in the log
    BOOST_OUTCOME_TRY(table_->keep(key, next, appended.last_position));
    return next;
}

result<instance::Instance> SagaEngine::refreshed(const InstanceKey& key, instance::Instance instance) const
{
    const auto cursor = store_.read({.scope = Scope::stream(key.stream()), .from = instance.recorded});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) return instance;
        BOOST_OUTCOME_TRY(instance, evolved(std::move(instance), *event));
    }
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
