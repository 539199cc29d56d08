// The forms of the events that a store holds: the names and types of the members of each stored name and schema version. The store
// keeps them beside its events, so that a program whose structs have changed under one schema version is told, and reads nothing.
//
//     BOOST_OUTCOME_TRY(keep_event_forms(*store));         // what Service::open does
//
// A form is kept by the same atomic write as the first event that has it, together with the earlier forms of that event. Forms
// that a store does not know yet (one that an earlier program has written) are learned that way. Of a type whose shape is not
// known (description.hpp) nothing is kept, and it is never refused. docs/changing-events.md. Threads: any.
#pragma once

#include <eventloom/framework/detail/event.hpp>
#include <eventloom/framework/event_store.hpp>

#include <string>
#include <vector>

namespace eventloom {

struct EventForm {
    std::string category; // of the streams that hold it
    std::string type;     // stored name
    std::uint32_t schema_version = 1;
    std::string members; // the text of its shape

    friend bool operator==(const EventForm&, const EventForm&) = default;
};

// Those that a store keeps, by category, type and version. None where the engine keeps no rows beside its events.
result<std::vector<EventForm>> event_forms_in(const EventStore& store);

// Compares what the store holds with what a program reads, and keeps the forms of what is appended from here on. Once for each store
// that is open. Where no append can be held (a damaged log) nothing is kept, and it is no error.
// Failure::invalid  "other-event-form": this program would misread events that the store holds; the sentence names them all.
result<void> keep_event_forms(EventStore& store, const std::vector<EventList>& known = event_lists());

} // namespace eventloom
