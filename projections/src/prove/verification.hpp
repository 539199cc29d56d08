// Verifies a read model: folds the log again into a scratch model, and compares every byte.
#pragma once

#include <eventloom/projections/detail/projections.hpp>

namespace eventloom {

// `again` is an empty read model, for what the log gives.
result<ProjectionVerification> verify_model(const Runtime& runtime, const EventStore& store,
                                            const UntypedProjection& definition, const ReadModel& model,
                                            ReadModel& again, const ProjectionOptions& options,
                                            const LogProgress& progress);

} // namespace eventloom
