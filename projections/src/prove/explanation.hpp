// The events that changed a row: folds the part of the log again that can change it.
#pragma once

#include <eventloom/projections/detail/projections.hpp>

namespace eventloom {

// Tells each event that changed it, up to the checkpoint of `model`. `scratch` takes the rows that have no place in memory.
result<Explanation> explain_row(const EventStore& store, const UntypedProjection& definition, const RowName& name,
                                const ReadModel& model, ReadModel& scratch, const VisitRowChange& visit,
                                const LogProgress& progress);

// The row as JSON, after the event at `position`; of a projection that has a stream for each row.
result<std::optional<std::string>> row_of_stream_as_of(const EventStore& store, const UntypedProjection& definition,
                                                       const std::string& key, const ReadModelView& now,
                                                       Position position);

} // namespace eventloom
