// Encrypts every key again with another master key.
#include "personal_keys_core.hpp"

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::size_t keys_in_a_batch_max = 256;    // encrypted again with one sync
constexpr std::uint64_t keys_to_tidy_up   = 16'384; // about a table of them

} // namespace

// How far it has come.
struct PersonalKeys::Core::RekeyPlace {
    std::string next{key_records::keys}; // the first key to look at; empty: no more keys
    std::uint64_t seen    = 0;
    std::uint64_t wrapped = 0;
    std::string tidied; // no file holds replaced values of keys before this one
    std::uint64_t seen_when_tidied = 0;
};

// The same call after the end of a rekey may still find the old master key in the configured place.
result<bool> PersonalKeys::Core::are_under(const std::string& file)
{
    if (masters) return false;
    auto loaded = MasterKeys::load(*database, secrets, file, false);
    if (not loaded || loaded.value().next()) return false;
    masters = std::move(loaded.value());
    return true;
}

// Says whether there is anything to do.
result<bool> PersonalKeys::Core::begin_rekey(const std::string& file)
{
    const std::lock_guard lock{working};
    BOOST_OUTCOME_TRY(const bool is_there, open(false));
    if (not is_there) {
        return fail(Failure::invalid, "no-personal-keys",
                    "asked for another master key and found no keys in " + directory() + "; nothing to do");
    }
    BOOST_OUTCOME_TRY(const bool was_done, are_under(file));
    if (was_done) return false;
    BOOST_OUTCOME_TRY(const auto* const loaded, load_masters(false));
    BOOST_OUTCOME_TRY(const auto next, MasterKeys::read_or_make(secrets, file));
    // So that the values that are replaced from here on are in older tables than the new ones.
    BOOST_OUTCOME_TRY(database->write_out());
    if (loaded->next()) {
        if (next.fingerprint() == loaded->next()->fingerprint()) return true;
        return fail(Failure::conflict, "rekey-under-way",
                    "asked to encrypt the keys again with the master key in " + file +
                        " and found that this was begun with another master key, with the fingerprint " +
                        text_of(loaded->next()->fingerprint()) + "; finish with that one first");
    }
    if (next.fingerprint() == loaded->now().fingerprint()) return false;
    Batch batch;
    batch.put(key_records::about_rekey, MasterKeys::note_of(loaded->now(), next, secrets).bytes());
    BOOST_OUTCOME_TRY(database->write(batch, Durability::synced));
    masters = MasterKeys{loaded->now(), next};
    return true;
}

// Says whether there are more.
result<bool> PersonalKeys::Core::rekey_some(RekeyPlace& at)
{
    const std::lock_guard lock{working};
    BOOST_OUTCOME_TRY(wrap_some(at));
    const bool more = not at.next.empty();
    if (not more || at.seen - at.seen_when_tidied >= keys_to_tidy_up) {
        BOOST_OUTCOME_TRY(database->compact(at.tidied, more ? std::string_view{at.next} : key_records::after_all));
        at.tidied           = at.next;
        at.seen_when_tidied = at.seen;
    }
    if (not more) {
        BOOST_OUTCOME_TRY(end_rekey());
    }
    return more;
}

result<void> PersonalKeys::Core::wrap_some(RekeyPlace& at)
{
    Batch batch;
    std::size_t wrapped_anew = 0;
    auto cursor              = database->scan_cursor();
    cursor.seek(at.next);
    for (std::size_t looked_at = 0; wrapped_anew < keys_in_a_batch_max && looked_at < keys_in_a_page_max; ++looked_at) {
        BOOST_OUTCOME_TRY(cursor.status());
        if (not cursor.valid() || not cursor.key().starts_with(key_records::keys)) {
            at.next.clear();
            break;
        }
        at.next.assign(cursor.key()).append(1, '\0'); // the key right after it
        ++at.seen;
        const std::string subject{cursor.key().substr(key_records::keys.size())};
        const auto wrapped = key_records::WrappedKey::read(cursor.value());
        if (not wrapped || masters->of(wrapped->master) == nullptr) {
            return damaged_key(subject, "something that is not what was written");
        }
        if (wrapped->master != masters->next()->fingerprint()) {
            const auto key = key_records::unwrap(*wrapped, subject, masters->now());
            if (not key) return damaged_key(subject, "that it does not open");
            batch.put(cursor.key(), key_records::wrap(*key, subject, wrapped->version, wrapped->made_at,
                                                      *masters->next(), drawn_nonce(secrets))
                                        .bytes());
            ++wrapped_anew;
        }
        cursor.next();
    }
    if (wrapped_anew == 0) return done();
    at.wrapped += wrapped_anew;
    return database->write(batch, Durability::synced);
}

result<void> PersonalKeys::Core::end_rekey()
{
    const SecretKey next = *masters->next();
    Batch batch;
    batch.put(key_records::about_master, key_records::MasterNote{next.fingerprint()}.bytes());
    batch.remove(key_records::about_rekey);
    BOOST_OUTCOME_TRY(database->write(batch, Durability::synced));
    masters = MasterKeys{next, std::nullopt};
    return done();
}

result<RekeyReport> PersonalKeys::rekey(const std::string& file, const KeysProgress& progress)
{
    Core& core = *core_;
    if (core.is_rekeying.exchange(true)) {
        return fail(Failure::conflict, "rekey-is-running",
                    "asked to encrypt the keys again with the master key in " + file +
                        " and found that this is already running; wait until it has ended");
    }
    struct Ending {
        std::atomic<bool>& is_rekeying;
        ~Ending() { is_rekeying = false; }
    } const ending{core.is_rekeying};

    BOOST_OUTCOME_TRY(const bool has_work, core.begin_rekey(file));
    Core::RekeyPlace at;
    if (has_work) {
        BOOST_OUTCOME_TRY(const auto all, core.count(key_records::keys));
        for (bool more = true; more;) {
            BOOST_OUTCOME_TRY(more, core.rekey_some(at));
            if (more && progress) {
                BOOST_OUTCOME_TRY(progress(at.seen, std::max(at.seen, all)));
            }
        }
    }
    {
        // Also when it has ended: the process that ended it may have crashed before compacting.
        const std::lock_guard lock{core.working};
        BOOST_OUTCOME_TRY(core.database->compact("", key_records::keys));
    }
    // Nothing is left that could be ended.
    if (has_work && progress) static_cast<void>(progress(at.seen, at.seen));
    return RekeyReport{.keys = at.wrapped, .was_done = not has_work};
}

} // namespace eventloom
