// Proves a read model: folds the log again, beside it, and compares every byte.
#pragma once

#include <eventloom/projections/projections.hpp>

namespace eventloom {

// `scratch` is a directory that is not there; it is removed again.
result<ProjectionVerification> verify_model(const Runtime& runtime, const EventStore& store,
                                            const Projection& definition, const ReadModel& model,
                                            const std::string& scratch, const LogProgress& progress);

} // namespace eventloom
