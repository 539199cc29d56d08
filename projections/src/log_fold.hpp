// Folds the log into a read model: in batches of many events, with the rows they touch in memory.
#pragma once

#include <eventloom/framework/event_store.hpp>
#include <eventloom/projections/projections.hpp>

#include <span>

namespace eventloom {

// With more rows than this in memory a fold puts them away and begins again.
inline constexpr std::size_t rows_cached_max = 50'000;

class LogFold {
public:
    LogFold(const Projection& definition, ReadModel& model);

    // Handles the events and puts what they change, with the checkpoint `reached`, into the read model. After an error of
    // a handler the read model has everything before that event, and the fold may go on from there.
    result<void> handle(std::span<const RecordedEvent> events, Position reached);

    // Reads the log from the checkpoint up to `head`.
    result<void> catch_up(const EventStore& store, Position head, const LogProgress& progress);

    // Puts the checkpoint into the read model, if it went on without changing a row.
    result<void> keep_checkpoint();

    // Everything up to here has been handled; the checkpoint on disk may be behind it.
    Position reached() const { return reached_; }

private:
    void begin();
    result<void> flush(Position checkpoint);

    const Projection& definition_;
    ReadModel& model_;
    std::unique_ptr<Fold> fold_;
    Position reached_;
};

// What the log must be read for: one category, or everything.
Scope scope_of(const Projection& definition);

} // namespace eventloom
