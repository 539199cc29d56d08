// Every key is wrapped anew under another master key.
#include "personal_keys_core.hpp"

namespace eventloom {

namespace {

constexpr std::size_t keys_in_a_batch_max = 256;

} // namespace

// Says whether there is anything to do.
result<bool> PersonalKeys::Core::begin_rekey(const std::string& file)
{
    BOOST_OUTCOME_TRY(const bool is_there, open(false));
    if (not is_there) {
        return fail(Failure::invalid, "no-personal-keys",
                    "asked for another master key and found no keys in " + directory() + "; nothing is to be done");
    }
    BOOST_OUTCOME_TRY(const auto* const loaded, load_masters(false));
    BOOST_OUTCOME_TRY(const auto next, MasterKeys::read_or_make(secrets, file));
    if (loaded->next()) {
        if (next.fingerprint() == loaded->next()->fingerprint()) return true;
        return fail(Failure::conflict, "rekey-under-way",
                    "asked to wrap the keys anew under the master key in " + file +
                        " and found that it was begun with another one, with the fingerprint " +
                        text_of(loaded->next()->fingerprint()) + "; finish with that one first");
    }
    if (next.fingerprint() == loaded->now().fingerprint()) return false;
    Batch batch;
    batch.put(key_space::about_rekey, MasterKeys::note_of(loaded->now(), next, secrets).bytes());
    BOOST_OUTCOME_TRY(database->write(batch, Durability::synced));
    masters = MasterKeys{loaded->now(), next};
    return true;
}

// Some keys from `place` on; says whether there are more.
result<bool> PersonalKeys::Core::rekey_some(std::string& place, RekeyReport& report, std::uint64_t& seen)
{
    Batch batch;
    std::size_t wrapped_anew = 0;
    auto cursor              = database->scan_cursor();
    cursor.seek(place);
    for (; wrapped_anew < keys_in_a_batch_max; cursor.next()) {
        BOOST_OUTCOME_TRY(cursor.status());
        if (not cursor.valid() || not cursor.key().starts_with(key_space::keys)) {
            place.clear();
            break;
        }
        place.assign(cursor.key()).append(1, '\0'); // the key right behind it
        ++seen;
        const std::string subject{cursor.key().substr(key_space::keys.size())};
        auto wrapped = key_space::WrappedKey::read(cursor.value());
        if (wrapped && wrapped->master == masters->next()->fingerprint()) continue;
        if (not wrapped || wrapped->master != masters->now().fingerprint()) {
            return damaged_key(subject, "something that is not what was written");
        }
        const auto key = key_space::unwrap(*wrapped, subject, masters->now());
        if (not key) return damaged_key(subject, "that it does not open");
        batch.put(cursor.key(), key_space::wrap(*key, subject, wrapped->version, wrapped->made_at, *masters->next(),
                                                drawn_nonce(secrets))
                                    .bytes());
        ++wrapped_anew;
    }
    if (wrapped_anew > 0) {
        BOOST_OUTCOME_TRY(database->write(batch, Durability::synced));
        report.keys += wrapped_anew;
    }
    return not place.empty();
}

result<void> PersonalKeys::Core::end_rekey()
{
    const SecretKey next = *masters->next();
    Batch batch;
    batch.put(key_space::about_master, key_space::MasterNote{next.fingerprint()}.bytes());
    batch.remove(key_space::about_rekey);
    BOOST_OUTCOME_TRY(database->write(batch, Durability::synced));
    masters = MasterKeys{next, std::nullopt};
    return done();
}

result<RekeyReport> PersonalKeys::rekey(const std::string& file, const KeysProgress& progress)
{
    RekeyReport report;
    std::uint64_t all = 0;
    {
        const std::lock_guard lock{core_->working};
        BOOST_OUTCOME_TRY(const bool has_work, core_->begin_rekey(file));
        report.was_done = not has_work;
        BOOST_OUTCOME_TRY(all, core_->count(key_space::keys));
        // So that what is replaced from here on lies in tables, beneath what replaces it.
        BOOST_OUTCOME_TRY(core_->database->write_out());
    }
    std::uint64_t seen = 0;
    std::string place{key_space::keys};
    for (bool more = not report.was_done; more;) {
        {
            const std::lock_guard lock{core_->working};
            BOOST_OUTCOME_TRY(more, core_->rekey_some(place, report, seen));
            if (not more) {
                BOOST_OUTCOME_TRY(core_->end_rekey());
            }
        }
        if (progress) {
            BOOST_OUTCOME_TRY(progress(seen, all));
        }
    }
    const std::lock_guard lock{core_->working};
    BOOST_OUTCOME_TRY(core_->database->compact("", key_space::behind_all));
    return report;
}

} // namespace eventloom
