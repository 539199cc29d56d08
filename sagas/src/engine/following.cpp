#include "engine/following.hpp"

#include "engine/engine.hpp"

#include <eventloom/framework/log.hpp>
#include <eventloom/framework/stream_limits.hpp>

#include <algorithm>

namespace eventloom {

namespace {

// Those that are heard later than the begin event.
std::vector<const detail::HeardEvent*> heard_later(const std::vector<Saga>& versions)
{
    std::vector<const detail::HeardEvent*> heard;
    for (const Saga& saga : versions) {
        const auto events = heard_events(*saga);
        heard.insert(heard.end(), events.begin(), events.end());
    }
    std::sort(heard.begin(), heard.end());
    heard.erase(std::unique(heard.begin(), heard.end()), heard.end());
    return heard;
}

// One category, if all that is heard is of it.
Scope scope_of(const std::vector<Saga>& versions)
{
    std::set<std::string_view> categories;
    for (const auto* begins : begin_events(*versions.back())) categories.insert(begins->category);
    for (const auto* heard : heard_later(versions)) categories.insert(heard->category);
    if (categories.size() != 1 || categories.begin()->empty()) return Scope::everything();
    return Scope::category(std::string{*categories.begin()});
}

} // namespace

Following::Following(std::shared_ptr<SagaEngine> engine, std::vector<Saga> versions, std::size_t at_once)
    : engine_{std::move(engine)}, versions_{std::move(versions)}, begins_{begin_events(*versions_.back())},
      heard_{heard_later(versions_)}, at_once_{at_once}
{
}

std::vector<std::string> Following::names_of(const std::vector<Saga>& versions)
{
    std::set<std::string> names;
    for (const auto* begins : begin_events(*versions.back())) names.insert(begins->names.begin(), begins->names.end());
    for (const auto* heard : heard_later(versions)) names.insert(heard->names.begin(), heard->names.end());
    return {names.begin(), names.end()};
}

void Following::begin(EventBus& bus, Position checkpoint, bool is_paused)
{
    const std::lock_guard lock{mutex_};
    delivered_ = checkpoint;
    is_paused_ = is_paused;
    if (not is_paused) subscribe(bus);
}

// With the lock.
void Following::subscribe(EventBus& bus)
{
    if (names_of(versions_).empty()) return; // others run it, and it waits for no event
    subscription_ = bus.subscribe({.name  = versions_.back()->name,
                                   .scope = scope_of(versions_),
                                   .types = names_of(versions_),
                                   .after = delivered_},
                                  [weak = weak_from_this()](const Delivery& delivery) -> result<void> {
                                      const auto self = weak.lock();
                                      return self ? self->hear(delivery) : done();
                                  });
}

std::shared_ptr<EventSubscription> Following::subscription() const
{
    const std::lock_guard lock{mutex_};
    return subscription_;
}

void Following::stop()
{
    if (const auto reading = subscription()) reading->stop();
}

std::optional<Error> Following::error() const
{
    const auto reading = subscription();
    return reading ? reading->error() : std::nullopt;
}

bool Following::has_read_to(Position head) const
{
    {
        const std::lock_guard lock{mutex_};
        if (is_paused_) return true;
    }
    const auto reading = subscription();
    return not reading || reading->position() >= head;
}

void Following::pause()
{
    const std::lock_guard lock{mutex_};
    is_paused_ = true;
    if (subscription_) subscription_->hold();
}

void Following::go_on(EventBus& bus)
{
    const std::lock_guard lock{mutex_};
    if (not std::exchange(is_paused_, false)) return;
    if (not subscription_) {
        subscribe(bus);
    } else if (not is_held_) {
        subscription_->go_on();
    }
}

result<void> Following::hear(const Delivery& delivery)
{
    // The delivery itself is on its way, too: the checkpoint waits until all of it was told.
    const Position first = delivery.events.empty() ? delivery.position : delivery.events.front().position;
    const auto told      = on_its_way(first);
    for (const RecordedEvent& event : delivery.events) hear(event);
    {
        const std::lock_guard lock{mutex_};
        delivered_ = delivery.position;
        is_held_   = on_their_way_.size() > at_once_;
        if (is_held_) subscription_->hold();
    }
    told();
    return done();
}

void Following::hear(const RecordedEvent& event)
{
    const auto shared = std::make_shared<const RecordedEvent>(event);
    const bool begun =
        std::any_of(begins_.begin(), begins_.end(), [&](const auto* one) { return is_heard(*one, event); });
    if (begun) tell_begin(shared);
    // With handlers, an instance that is there already hears it instead.
    if (begun && not versions_.back()->handlers.empty()) return;
    std::set<std::string> keys;
    for (const auto* heard : heard_) {
        if (not is_heard(*heard, event)) continue;
        const auto key = key_of_heard(*heard, event);
        if (key && key.value() && not key.value()->empty()) keys.insert(*key.value());
        const auto engine = engine_.lock();
        if (not key && engine) {
            write_to(engine->runtime_.log, LogLevel::error, "saga-event-unreadable",
                     {{"saga", versions_.back()->name}, {"position", event.position}}, key.error());
        }
    }
    for (const auto& key : keys) tell_heard(key, shared);
}

// What is to be called when the event was taken in.
std::function<void()> Following::on_its_way(Position position)
{
    const std::lock_guard lock{mutex_};
    on_their_way_.insert(position);
    return [weak = weak_from_this(), position] {
        if (const auto self = weak.lock()) self->taken_in(position);
    };
}

void Following::taken_in(Position position)
{
    const auto engine = engine_.lock();
    if (not engine || engine->stopped()) return; // it is heard again
    const std::lock_guard lock{mutex_};
    on_their_way_.erase(on_their_way_.find(position));
    const Position reached = on_their_way_.empty() ? delivered_ : *on_their_way_.begin() - 1;
    engine->table_->keep_checkpoint(versions_.back()->name, reached);
    if (not is_held_ || on_their_way_.size() > at_once_ / 2) return;
    is_held_ = false;
    if (not is_paused_) subscription_->go_on();
}

void Following::tell_begin(const std::shared_ptr<const RecordedEvent>& event)
{
    const auto engine = engine_.lock();
    if (not engine) return;
    auto begun = begin_by(*versions_.back(), *event);
    if (begun.state && not begun.state.value()) return;
    const InstanceKey key{versions_.back()->name, begun.key};
    const auto taken = on_its_way(event->position);
    engine->tell(key, [engine = engine.get(), saga = versions_.back(), event, begun = std::move(begun), taken](
                          const std::shared_ptr<Active>& active) { engine->begin(active, saga, event, begun, taken); });
}

void Following::tell_heard(const std::string& key, const std::shared_ptr<const RecordedEvent>& event)
{
    const auto engine = engine_.lock();
    if (not engine) return;
    const auto taken = on_its_way(event->position);
    engine->tell({versions_.back()->name, key},
                 [engine = engine.get(), event, taken](const auto& active) { engine->hear(active, event, taken); });
}

} // namespace eventloom
