#include "host/missing_keys.hpp"

#include <eventloom/framework/detail/personal_parts.hpp>

#include <algorithm>
#include <functional>
#include <unordered_map>

namespace eventloom {

namespace {

constexpr std::uint64_t events_between_progress = 4'096;

// The newest version of a subject's key that is there, or was destroyed on purpose. 0: none ever was.
result<std::uint32_t> newest_version(PersonalKeys& keys, const std::string& subject)
{
    BOOST_OUTCOME_TRY(const auto status, keys.status(subject));
    return std::max(status.key_version.value_or(0), status.erased_versions);
}

} // namespace

result<MissingKeys> find_missing_keys(const EventStore& log, PersonalKeys& keys,
                                      const std::function<result<void>(Position)>& progress)
{
    MissingKeys missing;
    std::unordered_map<std::size_t, std::uint32_t> newest_of; // by the hash of the subject
    const auto cursor = log.read({});
    for (std::uint64_t seen = 1;; ++seen) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) return missing;
        if (seen % events_between_progress == 0) {
            BOOST_OUTCOME_TRY(progress(event->position));
        }
        const auto* const text = find_personal_note(event->metadata);
        const auto note        = text == nullptr ? std::nullopt : PersonalNote::parse(*text);
        if (not note || note->form != PersonalForm::sealed) continue;
        const auto hash = std::hash<std::string>{}(note->subject);
        auto known      = newest_of.find(hash);
        if (known == newest_of.end()) {
            BOOST_OUTCOME_TRY(const auto newest, newest_version(keys, note->subject));
            known = newest_of.emplace(hash, newest).first;
        }
        if (note->key_version <= known->second) continue;
        known->second = note->key_version; // it is told once
        if (missing.subjects++ == 0) missing.first = note->subject;
    }
}

} // namespace eventloom
