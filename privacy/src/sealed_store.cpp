#include <eventloom/privacy/personal_keys.hpp>

#include "subject_key.hpp"

#include <eventloom/framework/binary_archive.hpp>
#include <eventloom/framework/detail/inline_rows.hpp>
#include <eventloom/framework/detail/personal_parts.hpp>
#include <eventloom/framework/observers.hpp>
#include <eventloom/framework/utf8.hpp>

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::uint8_t sealing_version = 1; // the first byte of what is sealed

// What a part belongs to: sealed bytes that are found in another place do not open.
std::string beside_of(const Uuid& id, std::string_view stream, std::string_view type, std::uint32_t schema_version,
                      const PersonalNote& note, std::size_t part)
{
    std::string beside;
    BinaryWriter writer{beside};
    writer.text("part");
    writer.raw({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
    writer.text(stream);
    writer.text(type);
    writer.unsigned_number(schema_version);
    writer.text(note.subject);
    writer.unsigned_number(note.key_version);
    writer.unsigned_number(part);
    return beside;
}

// Writes each part of `data` again, and sets `places` to the new places. False: a part is not where it should be.
template <class Remake>
bool remake_parts(std::string& data, PersonalPlaces& places, const Remake& remake)
{
    std::string made;
    made.reserve(data.size() + places.size() * (sealed_by + 8));
    std::size_t taken = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
        const auto part = personal_part_at(data, places[i]);
        if (not part || places[i] < taken) return false;
        made.append(data, taken, places[i] - taken);
        taken     = places[i] + part->size;
        places[i] = made.size();
        if (not remake(made, *part, i)) return false;
    }
    made.append(data, taken);
    data = std::move(made);
    return true;
}

// ---- on the way in

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

// An event with open parts in a request.
struct OpenEvent {
    const std::string* stream;
    NewEvent* event;
    PersonalNote note;
};

bool is_open(const NewEvent& event)
{
    const auto* const note = find_personal_note(event.metadata);
    return note != nullptr && note->starts_with("open ");
}

bool has_open_parts(const AppendRequest& request)
{
    return std::any_of(request.streams.begin(), request.streams.end(), [](const StreamAppend& append) {
        return std::any_of(append.events.begin(), append.events.end(), is_open);
    });
}

class Sealing {
public:
    Sealing(const EventStore& store, PersonalKeys& keys, AppendRequest& request)
        : store_{store}, keys_{keys}, request_{request}
    {
    }

    result<void> seal()
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

    // With what the request is refused when the log knows nothing of it: it has data of a subject that was forgotten.
    std::optional<Error> take_refused() { return std::move(refused_); }

private:
    // Those of them whose parts are all erased get the form that says so.
    result<void> find_open_events()
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

    result<void> seal(OpenEvent& open, const SubjectKey* key)
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
                const auto beside =
                    beside_of(open.event->id, *open.stream, open.event->type, open.event->schema_version, open.note, i);
                std::string bytes(1, static_cast<char>(sealing_version));
                // The same event gives the same bytes, so that the store knows it when it is sent again.
                bytes += key->key.seal(key->key.nonce_for(beside, part.bytes), beside, part.bytes);
                append_personal_part(data, PersonalForm::sealed, bytes);
                return true;
            });
        if (not sealed) return invalid_personal_data(*open.event);
        write(open, PersonalForm::sealed);
        return done();
    }

    result<void> erase(OpenEvent& open)
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

    static void write(OpenEvent& open, PersonalForm form)
    {
        open.note.form                            = form;
        *find_personal_note(open.event->metadata) = open.note.text();
    }

    // An event that stands in the log with a key that was destroyed cannot be compared to the last byte: it counts as the
    // same when everything that is not sealed is, and what is sealed is as long as it would be.
    result<bool> take_what_stands(OpenEvent& open, std::uint32_t version_now)
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

    static bool same_around(const NewEvent& event, const PersonalNote& ours, const RecordedEvent& standing,
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

    const EventStore& store_;
    PersonalKeys& keys_;
    AppendRequest& request_;
    std::vector<OpenEvent> open_events_;
    std::optional<Error> refused_;
};

result<Appended> answer_of(result<Appended> appended, const std::optional<Error>& refused)
{
    return refused && not appended && appended.error().code == "not-recorded" ? *refused : std::move(appended);
}

// ---- on the way out

Error does_not_open(const RecordedEvent& event, const std::string& found)
{
    return {Failure::corrupt, "personal-data-damaged",
            "read the event " + event.type + " at " + event.stream + " version " + std::to_string(event.version) +
                " (position " + std::to_string(event.position) + ") and found " + found +
                "; it is not erased: verify the store and its keys, and restore a backup of what is damaged"};
}

Error at_its_place(Error error, const RecordedEvent& event)
{
    error.sentence += " (" + event.stream + " version " + std::to_string(event.version) + ", position " +
                      std::to_string(event.position) + ")";
    return error;
}

// The event with its personal data open, or erased where the key was destroyed.
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
            const auto beside = beside_of(event.id, event.stream, event.type, event.schema_version, *note, i);
            const auto bytes  = key->key.open(beside, part.bytes.substr(1));
            if (not bytes) return false;
            append_personal_part(data, PersonalForm::open, *bytes);
            return true;
        });
    if (not opened) return does_not_open(event, "that its personal data cannot be decrypted with the present key");
    note->form = key == nullptr ? PersonalForm::erased : PersonalForm::open;
    *text      = note->text();
    return done();
}

class SealedCursor final : public EventCursor {
public:
    SealedCursor(std::unique_ptr<EventCursor> cursor, PersonalKeys& keys) : cursor_{std::move(cursor)}, keys_{keys} {}

    result<const RecordedEvent*> next() override
    {
        if (error_) return *error_;
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor_->next());
        if (event == nullptr || find_personal_note(event->metadata) == nullptr) return event;
        opened_           = *event;
        const auto opened = open_parts(opened_, keys_);
        if (opened) return &opened_;
        error_ = opened.error();
        return *error_;
    }

private:
    const std::unique_ptr<EventCursor> cursor_;
    PersonalKeys& keys_;
    RecordedEvent opened_;
    std::optional<Error> error_;
};

// If one event cannot be decrypted, observers get none of its group; reading the log reports which event, and why.
std::shared_ptr<const std::vector<RecordedEvent>> opened(std::shared_ptr<const std::vector<RecordedEvent>> events,
                                                         PersonalKeys& keys)
{
    const bool has_any = std::any_of(events->begin(), events->end(), [](const RecordedEvent& event) {
        return find_personal_note(event.metadata) != nullptr;
    });
    if (not has_any) return events;
    auto copy = std::make_shared<std::vector<RecordedEvent>>(*events);
    for (auto& event : *copy) {
        if (open_parts(event, keys)) continue;
        copy->clear();
        break;
    }
    return copy;
}

class SealedStore final : public EventStore {
public:
    SealedStore(EventStore& store, PersonalKeys& keys) : store_{store}, keys_{keys} {}

    result<Appended> append(const AppendRequest& request) override
    {
        if (not has_open_parts(request)) return store_.append(request);
        auto sealed = request;
        Sealing sealing{store_, keys_, sealed};
        BOOST_OUTCOME_TRY(sealing.seal());
        return answer_of(store_.append(sealed), sealing.take_refused());
    }

    void append(AppendRequest request, AppendCompletion completion) override
    {
        if (has_open_parts(request)) {
            Sealing sealing{store_, keys_, request};
            auto sealed = sealing.seal();
            if (not sealed) return tell_completion(completion, std::move(sealed.error()));
            if (auto refused = sealing.take_refused()) {
                completion = [refused = std::move(refused), told = std::move(completion)](auto appended) {
                    told(answer_of(std::move(appended), refused));
                };
            }
        }
        store_.append(std::move(request), std::move(completion));
    }

    std::unique_ptr<EventCursor> read(const ReadRequest& request) const override
    {
        return std::make_unique<SealedCursor>(store_.read(request), keys_);
    }

    result<std::optional<RecordedEvent>> find_event(const Uuid& id) const override
    {
        BOOST_OUTCOME_TRY(auto found, store_.find_event(id));
        if (found) {
            BOOST_OUTCOME_TRY(open_parts(*found, keys_));
        }
        return found;
    }

    result<std::uint64_t> stream_length(std::string_view stream) const override { return store_.stream_length(stream); }
    result<std::vector<std::string>> stored_types() const override { return store_.stored_types(); }
    result<std::optional<CommandRecord>> find_command(const Uuid& id) const override { return store_.find_command(id); }
    Position head() const override { return store_.head(); }

    Observation observe(CommitObserver observer) override
    {
        return store_.observe([&keys = keys_, observer = std::move(observer)](auto events) {
            observer(opened(std::move(events), keys));
        });
    }

    std::shared_ptr<const InlineRows> inline_rows() const override { return store_.inline_rows(); }
    result<std::unique_ptr<HeldAppends>> hold_appends() override { return store_.hold_appends(); }

private:
    EventStore& store_;
    PersonalKeys& keys_;
};

} // namespace

std::unique_ptr<EventStore> seal_personal_data(EventStore& store, PersonalKeys& keys)
{
    return std::make_unique<SealedStore>(store, keys);
}

} // namespace eventloom
