// How what happens to an instance comes into its stream, and what is known of it then.
#include "engine/engine.hpp"

#include <fmt/core.h>

namespace eventloom {

std::vector<NewEvent> SagaEngine::events_of(const Active& active) const
{
    const auto correlation = parse_uuid(active.instance.began.correlation).value_or(Uuid{});
    const auto causation   = parse_uuid(active.instance.began.event).value_or(Uuid{});
    std::vector<NewEvent> events;
    for (const auto& fact : active.unrecorded) {
        NewEvent event             = encoded<instance::Instance>(fact);
        event.id                   = runtime_.ids.next();
        event.metadata.correlation = correlation;
        event.metadata.causation   = causation;
        events.push_back(std::move(event));
    }
    return events;
}

StreamAppend SagaEngine::append_of(const Active& active) const
{
    return {active.key.stream(), ExpectedVersion::after(active.recorded()), events_of(active)};
}

// A state that is too large for an event stops this instance alone: then false, and what is to be recorded is that.
bool SagaEngine::make_writable(Active& active) const
{
    AppendRequest request;
    request.streams.push_back(append_of(active));
    const auto checked = check_append(request);
    if (checked) return true;
    const bool begins = active.recorded() == 0;
    const instance::Stuck stuck{begins ? instance::no_state_yet : "", checked.error().code, checked.error().sentence,
                                runtime_.clock.now()};
    auto first = active.unrecorded.front();
    auto when  = std::move(active.when_recorded);
    active.forget();
    active.when_recorded = std::move(when);
    active.is_loaded     = true;
    if (begins) {
        auto& started = std::get<instance::Started>(first);
        started.state.clear();
        active.add(std::move(started));
    } else if (const auto loaded = load(active); not loaded) {
        return true; // the append will say so
    }
    if (is_open(active.instance)) active.add(stuck);
    return false;
}

void SagaEngine::record(const std::shared_ptr<Active>& active, Then then)
{
    AppendRequest request;
    request.streams.push_back(append_of(*active));
    const auto head = table_->begin_write(store_.head());
    store_.append(std::move(request),
                  [weak = weak_from_this(), active, then = std::move(then), head](result<Appended> appended) mutable {
                      const auto engine = weak.lock();
                      if (not engine) return;
                      engine->post_for(active, [active, then = std::move(then), head,
                                                appended = std::move(appended)](SagaEngine& self) mutable {
                          if (appended) {
                              self.recorded(*active, appended.value().last_position);
                              self.table_->end_write(head);
                              return then(active);
                          }
                          self.table_->end_write(head);
                          const auto& error = appended.error();
                          if (error.kind == Failure::conflict || error.code == "stream-tombstoned")
                              return self.look_again(active);
                          self.give_up(error);
                      });
                  });
}

void SagaEngine::recorded(Active& active, Position position)
{
    report(active.key, active.unrecorded);
    active.unrecorded.clear();
    if (const auto kept = keep_recorded(active, position); not kept) give_up(kept.error());
    tell_parent(active);
    for (const auto& tell : std::exchange(active.when_recorded, {})) tell(true);
}

// Until it is known what it waits for.
result<void> SagaEngine::keep_recorded(Active& active, Position position)
{
    return table_->keep(active.key, active.place,
                        {.instance          = active.instance,
                         .due               = {},
                         .waits_for_attempt = false,
                         .is_at_work        = is_open(active.instance),
                         .steps             = {}},
                        position);
}

// Somebody else has written to its stream.
void SagaEngine::look_again(const std::shared_ptr<Active>& active)
{
    const auto told   = std::exchange(active->when_recorded, {});
    const auto before = active->recorded();
    active->forget();
    if (auto loaded = load(*active); not loaded) return give_up(std::move(loaded.error()));
    if (active->instance.recorded == before && active->unrecorded.empty()) return lose(active);
    for (const auto& tell : told) tell(false);
    go_on(active);
}

// Nothing can be recorded of it any more: its stream was deleted, or has ended. The table says so.
void SagaEngine::lose(const std::shared_ptr<Active>& active)
{
    const instance::Stuck stuck{{},
                                "saga-history-lost",
                                "recorded what the saga " + active->key.stream() +
                                    " did and found that its stream was deleted, or ended; nothing more is done for it",
                                runtime_.clock.now()};
    if (is_open(active->instance)) {
        active->instance = evolve(std::move(active->instance), stuck);
        report(active->key, {stuck});
    }
    active->drop_all();
    keep(*active, {});
    take_next(active);
}

Error history_lost(const InstanceKey& key)
{
    return {Failure::corrupt, "saga-history-lost",
            fmt::format(
                "read the history of the saga {} and found that a part of it is gone (limits, or a deletion); what it "
                "has done is not known any more, so nothing more is done for it: look at what it was about, and "
                "finish that by hand",
                key.stream())};
}

result<instance::Instance> SagaEngine::refreshed(const InstanceKey& key, instance::Instance instance) const
{
    BOOST_OUTCOME_TRY(const auto length, store_.stream_length(key.stream()));
    if (length <= instance.recorded) return instance;
    const auto cursor = store_.read({.scope = Scope::stream(key.stream()), .from = instance.recorded});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr && instance.recorded == length) return instance;
        if (event == nullptr || event->version != instance.recorded) {
            return history_lost(key);
        }
        BOOST_OUTCOME_TRY(instance, evolved(std::move(instance), *event));
    }
}

} // namespace eventloom
