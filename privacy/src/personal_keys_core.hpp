// What the parts of PersonalKeys share: its store of keys.
//
//     const std::lock_guard lock{core_->working};
//     BOOST_OUTCOME_TRY(const bool is_there, core_->open(false));
//     BOOST_OUTCOME_TRY(const auto known, core_->look_up(subject));
//
// Threads: under `working`, where nothing else is said.
#pragma once

#include "master_keys.hpp"
#include "subject_key.hpp"

#include <eventloom/privacy/detail/personal_keys.hpp>
#include <eventloom/storage/database.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace eventloom {

inline constexpr std::size_t keys_in_a_page_max = 1'024; // that are looked at while commits wait

// A mutex that a waiting thread gets before its last owner gets it again: a commit waits for one page of a look at every
// key, and not for all of them.
class TurnMutex {
public:
    void lock()
    {
        const std::lock_guard next{next_};
        mutex_.lock();
    }
    void unlock() { mutex_.unlock(); }

private:
    std::mutex next_; // of the waiting thread
    std::mutex mutex_;
};

using KeyPointer = std::shared_ptr<const SubjectKey>;

// What the store has for one subject.
struct KnownSubject {
    std::optional<key_records::WrappedKey> wrapped;
    bool is_damaged = false; // there is a key, but not as it was written
    std::optional<key_records::ErasureMark> mark;

    bool has_key() const { return wrapped || is_damaged; }
    // A new key has the version after those that are erased.
    std::uint32_t next_version() const { return (mark ? mark->versions : 0) + 1; }
    SubjectStatus status() const;
};

struct PersonalKeys::Core {
    Core(const Runtime& runtime_used, PersonalKeysOptions options_used);

    const std::string& directory() const { return options.directory; }
    Error damaged_key(const std::string& subject, const std::string& found) const;

    // False: there is no database, and none is to be made.
    result<bool> open(bool make);
    result<void> check_format(Database& opened) const;
    result<const MasterKeys*> load_masters(bool make);

    // Without a database no subject is known.
    result<KnownSubject> look_up(const std::string& subject) const;
    // A damaged table counts as a damaged key.
    result<std::optional<std::string>> get(const std::string& key, const std::string& subject) const;

    result<KeyPointer> unwrap(const KnownSubject& known, const std::string& subject);
    result<key_records::WrappedKey> make_key(const std::string& subject, std::uint32_t version, KeyPointer& made);
    // A key, when there is one or one may be made; it is added to `batch` then. nullptr: the subject was forgotten.
    result<KeyPointer> key_to_seal(const std::string& subject, Batch& batch);

    // To another master key: rekey.cpp.
    result<bool> are_under(const std::string& file);
    result<bool> begin_rekey(const std::string& file);
    struct RekeyPlace;
    result<bool> rekey_some(RekeyPlace& at);
    result<void> wrap_some(RekeyPlace& at);
    result<void> end_rekey();

    // A page of what stands after this prefix, from `place` on; says whether there is more. No cursor outlives a page: with
    // one, a key that is destroyed would stay in a file.
    template <class Visit>
    result<bool> visit_some(std::string_view prefix, std::string& place, const Visit& look)
    {
        auto cursor = database->scan_cursor();
        cursor.seek(place);
        for (std::size_t seen = 0; cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
            if (seen++ == keys_in_a_page_max) {
                place = cursor.key();
                return true;
            }
            BOOST_OUTCOME_TRY(look(std::string{cursor.key().substr(prefix.size())}, cursor.value()));
        }
        BOOST_OUTCOME_TRY(cursor.status());
        return false;
    }

    // All of it, without `working`, which others have between two pages; `told` says after each page whether there is more.
    template <class Visit, class Told>
    result<void> visit(std::string_view prefix, const Visit& look, const Told& told)
    {
        std::string place{prefix};
        for (bool more = true; more;) {
            {
                const std::lock_guard lock{working};
                BOOST_OUTCOME_TRY(more, visit_some(prefix, place, look));
            }
            BOOST_OUTCOME_TRY(told(more));
        }
        return done();
    }
    result<std::uint64_t> count(std::string_view prefix);

    // Keys in memory, without `working`.
    KeyPointer find_kept(const std::string& subject);
    void keep(const std::string& subject, KeyPointer key);
    void drop_kept(const std::string& subject);

    const Runtime runtime;
    PersonalKeysOptions options;
    Secrets& secrets;
    TurnMutex working;
    std::atomic<bool> is_rekeying{false}; // without `working`
    std::unique_ptr<Database> database;
    std::optional<MasterKeys> masters;
    std::mutex keeping; // over `kept`; taken after `working`
    std::unordered_map<std::string, KeyPointer> kept;
};

} // namespace eventloom
