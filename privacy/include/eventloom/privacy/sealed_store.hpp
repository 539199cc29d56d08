// Stands in front of an event store: personal data are sealed on their way in, and open on their way out.
//
//     const auto store = seal_personal_data(*log, keys);
//     CommandBus bus{runtime, *store};
//
// Where a subject's key was destroyed its personal data read as erased. Everything else goes through as it is; an event without
// personal data costs a look at the names of its headers. What is sealed already is taken as it is, so that events of another
// store can be brought in. An event that is sent again is recognised as ever, also when its subject was forgotten meanwhile,
// and when a scavenge has taken it out.
//
// Beside what the store says, an append answers
// Failure::refused  "subject-forgotten": the event has personal data of a subject that was forgotten; see PersonalKeys::readmit.
// Failure::invalid  "invalid-personal-data", "invalid-subject": the event does not say well where its personal data are, or whose.
// and append and reads answer what PersonalKeys says. Of a commit with an event that does not open an observer is told no event: who
// looks for it in the log is told why.
// Folds of inline projections are given events as they lie in the log.
// Threads: as the store. Store and keys outlive it.
#pragma once

#include <eventloom/framework/event_store.hpp>
#include <eventloom/privacy/personal_keys.hpp>

#include <memory>

namespace eventloom {

std::unique_ptr<EventStore> seal_personal_data(EventStore& store, PersonalKeys& keys);

} // namespace eventloom
