// The keys of personal data, in a store of their own: one for each person, none of which is ever in the log or in a backup of it.
//
//     PersonalKeys keys{runtime, {.directory = "var/shop/keys"}};
//     const auto store = seal_personal_data(*log, keys);           // sealed_store.hpp
//     BOOST_OUTCOME_TRY(const auto erased, keys.forget("customer-17850"));
//
// Each key is wrapped by a master key, which lies in a file of its own that only its owner may read, wherever the options say;
// one is made with the first key. A key that is destroyed leaves a mark with the time, so that what is erased can be told from what
// is lost: a key that is missing without a mark, or that does not open, is an error and never taken for erasure. All of it is
// written with sync. Nothing is opened, or made, before the first key is asked for. docs/personal-data.md has the whole story,
// docs/format.md the bytes.
// Threads: any. Who asks for a key waits for some of the keys that info(), erasures() and rekey() go through, never for all.
#pragma once

#include <eventloom/framework/runtime.hpp>
#include <eventloom/privacy/secrets.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

struct SubjectKey;

// At most 512 bytes of UTF-8 without control characters, and not nothing.
bool is_subject_name(std::string_view name);

struct PersonalKeysOptions {
    std::string directory;                 // of a LevelDB for the keys alone
    std::string master_key_file = {};      // empty: `master.key` in that directory
    Secrets* secrets            = nullptr; // nullptr: system_secrets()
};

// What is known of a person's key.
struct SubjectStatus {
    std::optional<std::uint32_t> key_version; // of the key there is
    std::optional<Time> key_made_at;
    std::optional<Time> erased_at;         // the last time that a key of this subject was destroyed
    std::uint32_t erased_versions = 0;     // all versions up to this one are destroyed
    bool erasure_is_complete      = false; // and finish_forgetting() was told so
};

struct Erasure {
    std::string subject;
    Time erased_at;
    bool is_complete = false;
};

struct KeysInfo {
    std::string directory;
    std::string master_key_file;
    std::string master_key; // its fingerprint: 32 hexadecimal digits that tell nothing of it
    std::uint64_t keys               = 0;
    std::uint64_t erasures           = 0;
    bool is_rekeying                 = false; // a rekey was begun and is not finished
    std::vector<std::string> damaged = {};    // subjects whose keys do not open; only after a look at all of them
};

struct RekeyReport {
    std::uint64_t keys = 0;     // that were wrapped anew, in this run
    bool was_done      = false; // they were all under this master key already
};

// Told how far all of the work has come, with nobody waiting for it; an error ends the work, which can be taken up again.
using KeysProgress = std::function<result<void>(std::uint64_t done, std::uint64_t all)>;

// Failure::corrupt     "personal-key-missing": there is no key, and no mark that it was destroyed. Restore a backup of the keys.
//                      "personal-key-damaged": what is there does not open.
// Failure::invalid     "master-key-missing", "master-key-wrong", "secret-file-exposed", "damaged-master-key".
// and what Database::open says. Every function may answer these.
class PersonalKeys {
public:
    PersonalKeys(const Runtime& runtime, PersonalKeysOptions options);
    ~PersonalKeys();

    // The keys with which personal data of these subjects are sealed now, in their order; those that there are not are made,
    // all in one write. nullptr: the subject was forgotten, and has no key.
    result<std::vector<std::shared_ptr<const SubjectKey>>> keys_to_seal(const std::vector<std::string>& subjects);
    // The key that opens what was sealed with this version of it. nullptr: it was destroyed.
    result<std::shared_ptr<const SubjectKey>> key_to_open(const std::string& subject, std::uint32_t version);

    result<SubjectStatus> status(const std::string& subject);

    // Destroys a subject's key and leaves the mark; when it returns, no file here holds a byte of the key. Again, it changes
    // nothing. `key_is_lost`: there is no key any more, and what was sealed with it is to count as erased.
    // Failure::invalid  "no-such-subject": nothing was ever sealed for it, or its key is lost. "invalid-subject": no subject has
    // such a name.
    result<SubjectStatus> forget(const std::string& subject, bool key_is_lost = false);
    // Says in the mark that the copies elsewhere are gone too.
    result<void> finish_forgetting(const std::string& subject);

    // Gives a subject that was forgotten a new key, of a higher version: what was erased stays so.
    // Failure::invalid  "subject-not-forgotten".  Failure::conflict "erasure-not-complete": see finish_forgetting.
    result<SubjectStatus> readmit(const std::string& subject);

    // Wraps every key anew under the master key in `file`, which is made when it is not there. Killed anywhere, either master
    // key opens everything, and the same call goes on; when it returns, only the new one does.
    // Failure::conflict  "rekey-under-way": towards another master key; finish that first. "rekey-is-running": just now.
    result<RekeyReport> rekey(const std::string& file, const KeysProgress& progress = {});

    // `look_at_all`: opens every key.
    result<KeysInfo> info(bool look_at_all = false, const KeysProgress& progress = {});
    // All of them, by subject.
    result<std::vector<Erasure>> erasures();

private:
    struct Core;
    const std::unique_ptr<Core> core_;
};

} // namespace eventloom
