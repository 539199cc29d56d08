#include "opened_event.hpp"

#include "sealing_format.hpp"

#include <fmt/core.h>

namespace eventloom {

namespace {

Error does_not_open(const RecordedEvent& event, const std::string& found)
{
    return {Failure::corrupt, "personal-data-damaged",
            fmt::format("read the event {} at {} version {} (position {}) and found {}; it is not erased: verify the "
                        "store and its keys, and restore a backup of what is damaged",
                        event.type, event.stream, event.version, event.position, found)};
}

Error at_its_place(Error error, const RecordedEvent& event)
{
    error.sentence += fmt::format(" ({} version {}, position {})", event.stream, event.version, event.position);
    return error;
}

} // namespace

result<void> open_parts(RecordedEvent& event, PersonalKeys& keys)
{
    auto* const text = find_personal_note(event.metadata);
    if (text == nullptr) return done();
    auto note = PersonalNote::parse(*text);
    if (not note) return does_not_open(event, "that it does not say where its personal data are");
    if (note->form != PersonalForm::sealed) return done();
    auto found = keys.key_to_open(note->subject, note->key_version);
    if (not found) return at_its_place(std::move(found.error()), event);
    const SubjectKey* const key = found.value().get();

    const auto opened =
        remake_parts(event.data, note->places, [&](std::string& data, const PersonalPart& part, std::size_t i) {
            if (key == nullptr || part.form == PersonalForm::erased) {
                append_personal_part(data, PersonalForm::erased, {});
                return true;
            }
            if (part.form != PersonalForm::sealed || part.bytes.empty() || part.bytes[0] != sealing_version)
                return false;
            const auto context = part_context(event.id, event.stream, event.type, event.schema_version, *note, i);
            const auto bytes   = key->key.open(context, part.bytes.substr(1));
            if (not bytes) return false;
            append_personal_part(data, PersonalForm::open, *bytes);
            return true;
        });
    if (not opened) return does_not_open(event, "that its personal data cannot be decrypted with the present key");
    note->form = key == nullptr ? PersonalForm::erased : PersonalForm::open;
    *text      = note->text();
    return done();
}

} // namespace eventloom
