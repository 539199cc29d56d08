#include "request_sealing.hpp"

#include <eventloom/framework/utf8.hpp>

#include <algorithm>

namespace eventloom {

namespace {

Error invalid_personal_data(const NewEvent& event)
{
    return {Failure::invalid, "invalid-personal-data",
            "append the event " + printable(event.type) + " whose header \"" + std::string{personal_header} +
                "\" does not say where its personal data are; leave that header to the codec"};
}

Error subject_forgotten(const NewEvent& event, const std::string& subject)
{
    return {Failure::refused, "subject-forgotten",
            "append the event " + printable(event.type) + " with personal data of " + printable(subject) +
                " and found that this subject was forgotten; leave the data out, or give the subject a new key "
                "(`store keys readmit`)"};
}

result<void> check_subject(const NewEvent& event, const std::string& subject)
{
    if (is_subject_name(subject)) return done();
    return fail(Failure::invalid, "invalid-subject",
                "append the event " + printable(event.type) + " whose personal data are of \"" +
                    printable(subject.substr(0, 80)) +
                    "\", which cannot be the name of a subject; give a name of at most 512 bytes of UTF-8 without "
                    "control characters");
}

bool is_open(const NewEvent& event)
{
    const auto* const note = find_personal_note(event.metadata);
    return note != nullptr && note->starts_with("open ");
}

bool same_around(const NewEvent& event, const PersonalNote& ours, const RecordedEvent& standing,
                 const PersonalNote& theirs)
{
    if (ours.places.size() != theirs.places.size()) return false;
    std::size_t our_end   = 0;
    std::size_t their_end = 0;
    const auto same_till  = [&](std::size_t our_place, std::size_t their_place) {
        return std::string_view{event.data}.substr(our_end, our_place - our_end) ==
               std::string_view{standing.data}.substr(their_end, their_place - their_end);
    };
    for (std::size_t i = 0; i < ours.places.size(); ++i) {
        const auto our_part   = personal_part_at(event.data, ours.places[i]);
        const auto their_part = personal_part_at(standing.data, theirs.places[i]);
        if (not our_part || not their_part || not same_till(ours.places[i], theirs.places[i])) return false;
        const bool both_erased = our_part->form == PersonalForm::erased && their_part->form == PersonalForm::erased;
        if (not both_erased && (our_part->form != PersonalForm::open || their_part->form != PersonalForm::sealed ||
                                their_part->bytes.size() != our_part->bytes.size() + sealed_by + 1)) {
            return false;
        }
        our_end   = ours.places[i] + our_part->size;
        their_end = theirs.places[i] + their_part->size;
    }
    return same_till(event.data.size(), standing.data.size());
}

} // namespace

bool has_open_parts(const AppendRequest& request)
{
    return std::any_of(request.streams.begin(), request.streams.end(), [](const StreamAppend& append) {
        return std::any_of(append.events.begin(), append.events.end(), is_open);
    });
}

result<void> RequestSealing::seal()
{
    BOOST_OUTCOME_TRY(find_open_events());
    std::vector<std::string> subjects;
    for (const auto& open : open_events_) {
        if (open.note.form == PersonalForm::open) subjects.push_back(open.note.subject);
    }
    std::sort(subjects.begin(), subjects.end());
    subjects.erase(std::unique(subjects.begin(), subjects.end()), subjects.end());
    std::vector<std::shared_ptr<const SubjectKey>> found;
    if (not subjects.empty()) {
        BOOST_OUTCOME_TRY(found, keys_.keys_to_seal(subjects));
    }
    for (auto& open : open_events_) {
        if (open.note.form != PersonalForm::open) {
            write(open, PersonalForm::erased);
            continue;
        }
        const auto at = std::lower_bound(subjects.begin(), subjects.end(), open.note.subject) - subjects.begin();
        BOOST_OUTCOME_TRY(seal(open, found[static_cast<std::size_t>(at)].get()));
    }
    // An event that was sent before is answered as ever, whether its subject was forgotten meanwhile or not.
    if (refused_) request_.only_if_recorded = true;
    return done();
}

result<void> RequestSealing::find_open_events()
{
    for (StreamAppend& append : request_.streams) {
        for (NewEvent& event : append.events) {
            if (not is_open(event)) continue;
            auto note = PersonalNote::parse(*find_personal_note(event.metadata));
            if (not note) return invalid_personal_data(event);
            BOOST_OUTCOME_TRY(check_subject(event, note->subject));
            note->form = PersonalForm::erased;
            for (const std::size_t place : note->places) {
                const auto part = personal_part_at(event.data, place);
                if (not part || part->form == PersonalForm::sealed) return invalid_personal_data(event);
                if (part->form == PersonalForm::open) note->form = PersonalForm::open;
            }
            open_events_.push_back({&append.stream, &event, std::move(*note)});
        }
    }
    return done();
}

result<void> RequestSealing::seal(OpenEvent& open, const SubjectKey* key)
{
    // With an older key it may have been sealed before, when it is sent again.
    if (key == nullptr || key->version > 1) {
        BOOST_OUTCOME_TRY(const bool stands, take_what_stands(open, key == nullptr ? 0 : key->version));
        if (stands) return done();
    }
    if (key == nullptr) {
        if (not refused_) refused_ = subject_forgotten(*open.event, open.note.subject);
        return erase(open);
    }
    open.note.form        = PersonalForm::sealed;
    open.note.key_version = key->version;
    const auto sealed     = remake_parts(
        open.event->data, open.note.places, [&](std::string& data, const PersonalPart& part, std::size_t i) {
            if (part.form == PersonalForm::erased) {
                append_personal_part(data, part.form, {});
                return true;
            }
            const auto context =
                part_context(open.event->id, *open.stream, open.event->type, open.event->schema_version, open.note, i);
            std::string bytes(1, static_cast<char>(sealing_version));
            // The same event gives the same bytes, so that the store knows it when it is sent again.
            bytes += key->key.seal(key->key.nonce_for(context, part.bytes), context, part.bytes);
            append_personal_part(data, PersonalForm::sealed, bytes);
            return true;
        });
    if (not sealed) return invalid_personal_data(*open.event);
    write(open, PersonalForm::sealed);
    return done();
}

result<void> RequestSealing::erase(OpenEvent& open)
{
    const auto erased =
        remake_parts(open.event->data, open.note.places, [](std::string& data, const PersonalPart&, std::size_t) {
            append_personal_part(data, PersonalForm::erased, {});
            return true;
        });
    if (not erased) return invalid_personal_data(*open.event);
    write(open, PersonalForm::erased);
    return done();
}

void RequestSealing::write(OpenEvent& open, PersonalForm form)
{
    open.note.form                            = form;
    *find_personal_note(open.event->metadata) = open.note.text();
}

result<bool> RequestSealing::take_what_stands(OpenEvent& open, std::uint32_t version_now)
{
    BOOST_OUTCOME_TRY(const auto standing, store_.find_event(open.event->id));
    if (not standing) return false;
    const auto* const text = find_personal_note(standing->metadata);
    const auto note        = text == nullptr ? std::nullopt : PersonalNote::parse(*text);
    if (not note || note->form != PersonalForm::sealed || note->subject != open.note.subject) return false;
    if (note->key_version == version_now || not same_around(*open.event, open.note, *standing, *note)) return false;
    open.event->data                          = standing->data;
    *find_personal_note(open.event->metadata) = *text;
    return true;
}

} // namespace eventloom
