#include "segment.hpp"

#include <eventloom/framework/event_forms.hpp>
#include <eventloom/storage/database.hpp>

#include <fmt/core.h>

#include <mutex>
#include <utility>

namespace eventloom::topics {

result<bool> Segment::exists() const
{
    return place_.engine.has_log(place_.runtime, directory());
}

result<void> Segment::make()
{
    BOOST_OUTCOME_TRY(const bool is_there, exists());
    if (is_there) {
        BOOST_OUTCOME_TRY(remove());
    }
    const std::unique_lock lock{mutex_};
    return open(true);
}

// With mutex_. A segment that the log names and that is not there is not made anew: its messages would be gone in silence.
result<void> Segment::open(bool make) const
{
    BOOST_OUTCOME_TRY(auto engine, place_.engine.open(place_.runtime, {.directory         = directory(),
                                                                       .durability        = place_.durability,
                                                                       .create_if_missing = make}));
    BOOST_OUTCOME_TRY(keep_event_forms(*engine.store));
    engine_ = std::move(engine);
    return done();
}

result<void> Segment::is_kept() const
{
    if (not is_gone_) return done();
    return fail(Failure::unavailable, "segment-is-gone",
                fmt::format("asked the segment {} and found that its messages have reached the limits of the topic; go "
                            "on with those that are kept",
                            directory()));
}

template <class Use>
auto Segment::with_engine(const Use& use) const -> decltype(use(std::declval<const Engine&>()))
{
    for (;;) {
        {
            const std::shared_lock lock{mutex_};
            BOOST_OUTCOME_TRY(is_kept());
            if (engine_) return use(*engine_);
        }
        const std::unique_lock lock{mutex_};
        if (engine_ || is_gone_) continue;
        BOOST_OUTCOME_TRY(open(false));
    }
}

RecordedEvent Segment::numbered(const RecordedEvent& event) const
{
    RecordedEvent message = event;
    message.position += first_ - 1;
    message.version = message.position - 1;
    return message;
}

result<Position> Segment::last() const
{
    return with_engine([this](const Engine& engine) -> result<Position> { return first_ - 1 + engine.store->head(); });
}

result<Appended> Segment::append(std::vector<NewEvent> events)
{
    AppendRequest request;
    request.streams.push_back({place_.stream, ExpectedVersion::any(), std::move(events)});
    return with_engine([&](const Engine& engine) -> result<Appended> {
        BOOST_OUTCOME_TRY(auto appended, engine.store->append(request));
        appended.first_position += first_ - 1;
        appended.last_position += first_ - 1;
        return appended;
    });
}

result<std::optional<RecordedEvent>> Segment::find(const Uuid& id) const
{
    return with_engine([&](const Engine& engine) -> result<std::optional<RecordedEvent>> {
        BOOST_OUTCOME_TRY(const auto found, engine.store->find_event(id));
        if (not found) return std::optional<RecordedEvent>{};
        return std::optional{numbered(*found)};
    });
}

result<std::vector<RecordedEvent>> Segment::read(Position from, std::size_t count_max, std::size_t bytes_max) const
{
    return with_engine([&](const Engine& engine) -> result<std::vector<RecordedEvent>> {
        std::vector<RecordedEvent> messages;
        std::size_t bytes = 0;
        const auto cursor = engine.store->read({.from = from - (first_ - 1), .limit = count_max});
        while (bytes < bytes_max) {
            BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
            if (event == nullptr) break;
            bytes += event->data.size();
            messages.push_back(numbered(*event));
        }
        return messages;
    });
}

result<std::optional<Position>> Segment::first_at(Time time) const
{
    return with_engine([&](const Engine& engine) -> result<std::optional<Position>> {
        const auto cursor = engine.store->read({.at = time, .limit = 1});
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) return std::optional<Position>{};
        return std::optional{event->position + first_ - 1};
    });
}

result<void> Segment::observe(const CommitObserver& observer)
{
    const std::unique_lock lock{mutex_};
    BOOST_OUTCOME_TRY(is_kept());
    if (not engine_) {
        BOOST_OUTCOME_TRY(open(false));
    }
    observation_ = engine_->store->observe([this, observer](const auto& commit) {
        auto messages = std::make_shared<std::vector<RecordedEvent>>();
        messages->reserve(commit->size());
        for (const RecordedEvent& event : *commit) messages->push_back(numbered(event));
        observer(std::move(messages));
    });
    return done();
}

std::optional<Error> Segment::fault() const
{
    const std::shared_lock lock{mutex_};
    return engine_ ? engine_->upkeep->fault() : std::nullopt;
}

void Segment::close()
{
    const std::unique_lock lock{mutex_};
    observation_.reset();
    engine_.reset();
}

void Segment::leave()
{
    is_gone_ = true; // before the lock: those who wait for it do not open it again
    close();
}

result<void> Segment::remove()
{
    return place_.engine.remove_log(place_.runtime, directory(),
                                    [this] { return remove_with_content(place_.runtime, directory()); });
}

} // namespace eventloom::topics
