// Explains a row: folds the log again, and tells each event that changed it.
#pragma once

#include <eventloom/projections/projections.hpp>

namespace eventloom {

// Up to the checkpoint of `model`. `scratch` takes the rows that have no place in memory.
result<Explanation> explain_row(const EventStore& store, const Projection& definition, const RowName& name,
                                const ReadModel& model, ReadModel& scratch, const VisitRowChange& visit,
                                const LogProgress& progress);

} // namespace eventloom
