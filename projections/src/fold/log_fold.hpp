// Folds events into a read model. The rows that they change are in memory.
//
// While it catches up, rows are written only now and then, so that a row that many events change is written few times. When
// it is up to date, rows are written after each batch.
#pragma once

#include "fold/history_copies.hpp"
#include "fold/key_filter.hpp"
#include "fold/row_memory.hpp"
#include "fold/write_behind.hpp"
#include "rows/held_keys.hpp"

#include <eventloom/framework/event_store.hpp>
#include <eventloom/projections/detail/projections.hpp>

#include <atomic>
#include <set>
#include <span>

namespace eventloom {

// Whether queries should see the changes at once.
enum class Visibility : std::uint8_t { at_once, when_memory_is_full };

class LogFold {
public:
    LogFold(const EventStore& store, const UntypedProjection& definition, ReadModel& model,
            const ProjectionOptions& options);

    // From here on rows are written while the next events are handled. There must be no queries of the read model then.
    void write_behind(Executor& executor) { behind_ = std::make_unique<WriteBehind>(executor, model_); }

    // From here on copies of the written rows are made when they are due.
    void keep_copies(std::shared_ptr<HistoryCopies> copies) { copies_ = std::move(copies); }

    // From here on its rows take their part of this memory, beside the bound of its own.
    void share(std::shared_ptr<RowMemory> memory) { share_.emplace(std::move(memory)); }

    // Handles the next events of the log that the projection may hear, up to `reached`. After a handler's error that is not
    // parked the read model has everything before that event, and the fold may continue from there.
    result<void> handle(std::span<const RecordedEvent> events, Position reached, Visibility visibility);

    // Writes everything that was handled into the read model.
    result<void> flush();

    // Parked events are reported there.
    void report_to(Log* log) { log_ = log; }

    const UntypedProjection& definition() const { return definition_; }
    // Everything up to here has been handled.
    Position reached() const { return reached_.load(); }
    // Queries of the read model see everything up to here.
    Position visible() const { return visible_.load(); }

private:
    void begin();
    result<void> apply(const RecordedEvent& event);
    result<void> read_what_is_parked();
    void keep_waiting(const RecordedEvent& event, const Hold& hold);
    result<std::optional<std::string>> find(const std::string& key);
    result<void> go_carefully_to(const RecordedEvent& failed);
    result<void> go_one_by_one_to(Position reached);
    result<void> go_past(const RecordedEvent& failed, Error error);
    result<void> park(const RecordedEvent& failed, const Error& error);
    result<void> put_away();
    result<void> put_rows_away();
    result<void> write(ModelBatch batch);
    result<void> finish_writing();
    std::size_t bytes_in_memory() const;
    bool is_full();
    void let_go_of_rows();
    void go_on(Position reached);

    Log* log_ = nullptr;
    const EventStore& store_;
    const UntypedProjection& definition_;
    ReadModel& model_;
    const ProjectionOptions options_;
    std::optional<std::set<Position>> left_out_; // read before the first event
    std::optional<HeldKeys> held_;               // the same; none: no event waits for a dead letter
    ModelBatch waiting_;                         // dead letters that are not written yet
    std::unique_ptr<Fold> fold_;
    std::uint64_t applied_ = 0; // events, since the last flush
    // The keys that were written into a read model that was empty. Looking up keys that it never had would cost more than
    // everything else. Not used any more when events come one by one.
    std::optional<KeyFilter> keys_put_away_;
    std::shared_ptr<HistoryCopies> copies_; // none: none are made
    std::unique_ptr<WriteBehind> behind_;   // none: each write is finished at once
    std::optional<RowShare> share_;         // none: its own bound alone counts
    Position put_away_up_to_;               // changes of later events are in memory
    std::atomic<Position> reached_;
    std::atomic<Position> visible_;
};

// The part of the log that must be read: one category, or everything.
Scope scope_of(const UntypedProjection& definition);
// The same for one row, with its key as people type it: one stream, when no other event can change the row.
Scope scope_of_row(const EventStore& store, const UntypedProjection& definition, const std::string& key);
// When that is one stream: a fold of its events, up to `position`, without those that are left out.
result<std::unique_ptr<Fold>> fold_stream_of_row(const EventStore& store, const UntypedProjection& definition,
                                                 const std::string& key, Position position,
                                                 const std::set<Position>& left_out);

} // namespace eventloom
