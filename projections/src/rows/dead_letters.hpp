// The events that a projection skipped, as its read model stores them. Nothing is retried here: `dead-letters retry` rebuilds
// the projection (run/rebuild.cpp), and so does a discard that other dead letters wait for.
#pragma once

#include <eventloom/projections/detail/projections.hpp>

#include <set>
#include <vector>

namespace eventloom {

// Whether the handler is the cause of the error, and not the machine: then the event would fail every time.
bool is_of_the_event(const Error& error);

void put_dead_letter(ModelBatch& batch, const RecordedEvent& event, const Error& error);
result<std::vector<DeadLetter>> dead_letters_in(const ReadModelView& view);
result<std::uint64_t> number_of_dead_letters(const ReadModelView& view);

// Removes the dead letter, and leaves its event out from here on.
void leave_out(ModelBatch& batch, Position position);
result<std::set<Position>> left_out_in(const ReadModelView& view);
// Leaves the same events out of another read model, which is empty.
result<void> leave_out_the_same(const ReadModelView& from, ReadModel& into);

// Dead letters and events that are left out: a fold of the log must not have them in its rows.
result<std::set<Position>> not_handled_in(const ReadModelView& view);

} // namespace eventloom
