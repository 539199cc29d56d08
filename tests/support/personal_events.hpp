// Events with personal data, made of bytes: they have no C++ type.
#pragma once

#include "support/every_store.hpp"

#include <eventloom/framework/detail/personal_parts.hpp>

namespace eventloom::testing {

// Open text and parts in turn: "before", part, "between", part, "after".
inline NewEvent personal_event(const Runtime& runtime, const std::string& subject,
                               const std::vector<std::string>& parts)
{
    auto event = note_of(runtime, "before", "registered");
    PersonalPlaces places;
    for (const auto& part : parts) {
        places.push_back(event.data.size());
        append_personal_part(event.data, PersonalForm::open, part);
        event.data += "between";
    }
    note_personal_parts(event, std::move(places), subject);
    return event;
}

// The same as it reads when its subject is forgotten.
inline NewEvent erased(const NewEvent& event)
{
    auto gone  = event;
    auto& text = *find_personal_note(gone.metadata);
    auto note  = PersonalNote::parse(text).value();
    gone.data  = "before";
    for (auto& place : note.places) {
        place = gone.data.size();
        append_personal_part(gone.data, PersonalForm::erased, {});
        gone.data += "between";
    }
    note.form = PersonalForm::erased;
    text      = note.text();
    return gone;
}

// What a reader gives of an event that was appended so.
inline bool reads_as(const RecordedEvent& event, const NewEvent& appended)
{
    return event.id == appended.id && event.type == appended.type && event.data == appended.data &&
           event.metadata == appended.metadata;
}

} // namespace eventloom::testing
