// The keys of personal data, one for each person, in a store of their own. They are never in the log or in a backup of it.
//
//     PersonalKeys keys{runtime, {.directory = "var/shop/keys"}};
//     const auto store = seal_personal_data(*log, keys);
//     BOOST_OUTCOME_TRY(const auto erased, keys.forget("customer-17850"));
//
// A master key encrypts each key. It is in a file that only its owner may read; the options say where. It is made together
// with the first key. Destroying a key leaves a mark with the time. A key that is missing without a mark, or that cannot be
// decrypted, is an error: it never counts as erased. Every write is synced. Nothing is opened or made before a key is asked
// for. See docs/personal-data.md, and docs/format.md for the bytes.
// Threads: any. info(), erasures() and rekey() go through all keys; other calls wait for a part of that work, never for all.
// For service/service.hpp: include that.
#pragma once

#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/runtime.hpp>
#include <eventloom/privacy/detail/secrets.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

struct SubjectKey;

// From 1 to 512 bytes of UTF-8 without control characters.
bool is_subject_name(std::string_view name);

struct PersonalKeysOptions {
    std::string directory;                 // of a LevelDB that holds only the keys
    std::string master_key_file = {};      // empty: `master.key` in that directory
    Secrets* secrets            = nullptr; // nullptr: system_secrets()
};

// What is known of a person's key.
struct SubjectStatus {
    std::optional<std::uint32_t> key_version; // of the present key
    std::optional<Time> key_made_at;
    std::optional<Time> erased_at;         // when a key of this subject was last destroyed
    std::uint32_t erased_versions = 0;     // all versions up to this one are destroyed
    bool erasure_is_complete      = false; // finish_forgetting() was called
};

struct Erasure {
    std::string subject;
    Time erased_at;
    bool is_complete = false;
};

struct KeysInfo {
    std::string directory;
    std::string master_key_file;
    std::string master_key; // its fingerprint: 32 hexadecimal digits; the key cannot be computed from it
    std::uint64_t keys               = 0;
    std::uint64_t erasures           = 0;
    bool is_rekeying                 = false; // a rekey has begun and is not finished
    std::vector<std::string> damaged = {};    // subjects whose keys cannot be decrypted; filled by info(true)
};

struct RekeyReport {
    std::uint64_t keys = 0;     // that this run encrypted again
    bool was_done      = false; // all were encrypted with this master key already
};

// Reports how much of the work is done; called without a lock. An error ends the work; call again to continue it.
using KeysProgress = std::function<result<void>(std::uint64_t done, std::uint64_t all)>;

// Every function may return these errors, and those of Database::open:
// Failure::corrupt     "personal-key-missing": there is no key, and no mark that it was destroyed. Restore a backup of the keys.
//                      "personal-key-damaged": the key cannot be decrypted.
// Failure::invalid     "master-key-missing", "master-key-wrong", "secret-file-exposed", "damaged-master-key".
class PersonalKeys {
public:
    PersonalKeys(const Runtime& runtime, PersonalKeysOptions options);
    ~PersonalKeys();

    // The keys that seal personal data of these subjects now, in the order of `subjects`. Missing keys are made, all in one
    // write. nullptr: the subject was forgotten, and has no key.
    result<std::vector<std::shared_ptr<const SubjectKey>>> keys_to_seal(const std::vector<std::string>& subjects);
    // The key that opens what this version of it has sealed. nullptr: it was destroyed.
    result<std::shared_ptr<const SubjectKey>> key_to_open(const std::string& subject, std::uint32_t version);

    result<SubjectStatus> status(const std::string& subject);

    // Destroys a subject's key and leaves the mark. When it returns, no file here holds a byte of the key. Calling it again
    // changes nothing. `key_is_lost`: treat the data as erased because the key is lost.
    // Failure::invalid  "no-such-subject": nothing was ever sealed for it, or its key is lost. "invalid-subject": a subject
    // cannot have this name.
    result<SubjectStatus> forget(const std::string& subject, bool key_is_lost = false);
    // Records in the mark that copies in other places are gone too.
    result<void> finish_forgetting(const std::string& subject);

    // Gives a forgotten subject a new key with a higher version. Erased data stay erased.
    // Failure::invalid  "subject-not-forgotten".  Failure::conflict "erasure-not-complete": see finish_forgetting.
    result<SubjectStatus> readmit(const std::string& subject);

    // Encrypts every key again with the master key in `file`, which is made if it does not exist. If this is interrupted,
    // either of the two master keys still opens every key, and the same call continues. When it returns, only the new one
    // opens them.
    // Failure::conflict  "rekey-under-way": to another master key; finish that first. "rekey-is-running": in this process.
    result<RekeyReport> rekey(const std::string& file, const KeysProgress& progress = {});

    // `look_at_all`: decrypts every key.
    result<KeysInfo> info(bool look_at_all = false, const KeysProgress& progress = {});
    // All of them, by subject.
    result<std::vector<Erasure>> erasures();

private:
    struct Core;
    const std::unique_ptr<Core> core_;
};

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
std::unique_ptr<EventStore> seal_personal_data(EventStore& store, PersonalKeys& keys);

} // namespace eventloom
