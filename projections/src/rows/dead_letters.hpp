// The events that a projection went on without, as they stand in its read model.
#pragma once

#include <eventloom/projections/projections.hpp>

#include <set>
#include <vector>

namespace eventloom {

// Whether a handler, and not the machine, is why an event failed: it would fail so every time.
bool is_of_the_event(const Error& error);

void put_dead_letter(ModelBatch& batch, const RecordedEvent& event, const Error& error);
result<std::vector<DeadLetter>> dead_letters_in(const ReadModelView& view);
result<std::uint64_t> number_of_dead_letters(const ReadModelView& view);

// The dead letter goes, and its event is left out from here on.
void leave_out(ModelBatch& batch, Position position);
result<std::set<Position>> left_out_in(const ReadModelView& view);
// What was left out of one read model is left out of the other, which is empty.
result<void> leave_out_the_same(const ReadModelView& from, ReadModel& into);

// Of both kinds: what a fold of the log does not have in its rows.
result<std::set<Position>> not_handled_in(const ReadModelView& view);

} // namespace eventloom
