// An event store on top of another one: it seals personal data when they are written, and opens them when they are read.
//
//     const auto store = seal_personal_data(*log, keys);
//     CommandBus bus{runtime, *store};
//
// After a subject's key was destroyed its personal data read as erased. Everything else passes unchanged; an event without
// personal data costs a look at the names of its headers. Data that are sealed already stay as they are, so events of
// another store can be imported. A repeated append is recognised as usual, also after its subject was forgotten and after a
// scavenge has removed the event.
//
// An append has these errors beside those of the store:
// Failure::refused  "subject-forgotten": the event has personal data of a forgotten subject; see PersonalKeys::readmit.
// Failure::invalid  "invalid-personal-data", "invalid-subject": the event's header does not say correctly where its personal
//                   data are, or whose.
// Appends and reads also return the errors of PersonalKeys. If one event cannot be decrypted, observers get no event of its
// commit; reading the log reports which event, and why.
// Folds of inline projections get the sealed events.
// Threads: as the store. The store and the keys must outlive it.
#pragma once

#include <eventloom/framework/event_store.hpp>
#include <eventloom/privacy/personal_keys.hpp>

#include <memory>

namespace eventloom {

std::unique_ptr<EventStore> seal_personal_data(EventStore& store, PersonalKeys& keys);

} // namespace eventloom
