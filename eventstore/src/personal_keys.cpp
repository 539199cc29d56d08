#include <eventloom/eventstore/personal_keys.hpp>

#include "master_keys.hpp"
#include "out_of_memory.hpp"
#include "subject_key.hpp"

#include <eventloom/framework/utf8.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <mutex>
#include <unordered_map>

namespace eventloom {

namespace {

constexpr std::uint64_t format_version    = 1;
constexpr std::size_t keys_in_memory_max  = 10'000;
constexpr std::size_t keys_in_a_batch_max = 256;

using KeyPointer = std::shared_ptr<const SubjectKey>;

// What stands in the store for one subject.
struct Known {
    std::optional<key_space::WrappedKey> wrapped;
    bool is_damaged = false; // there is a key, but not as it was written
    std::optional<key_space::ErasureMark> mark;

    // A new key has the version behind those that are erased.
    std::uint32_t next_version() const { return (mark ? mark->versions : 0) + 1; }
};

Error damaged_key(const std::string& subject, const std::string& directory, const std::string& found)
{
    return {Failure::corrupt, "personal-key-damaged",
            "asked for the key of " + printable(subject) + " in " + directory + " and found " + found +
                "; it is not erased: restore a backup of the keys, or forget the subject"};
}

Error missing_key(const std::string& subject, std::uint32_t version, const std::string& directory)
{
    return {
        Failure::corrupt, "personal-key-missing",
        "asked for version " + std::to_string(version) + " of the key of " + printable(subject) + " in " + directory +
            " and found neither it nor a mark that it was destroyed; it is lost, not erased: restore a backup of the "
            "keys, or say `store forget --key-is-lost`"};
}

} // namespace

struct PersonalKeys::Core {
    Core(const Runtime& runtime_used, PersonalKeysOptions options_used)
        : runtime{runtime_used}, options{std::move(options_used)}, secrets{options.secrets == nullptr
                                                                               ? system_secrets()
                                                                               : *options.secrets}
    {
        if (options.master_key_file.empty()) options.master_key_file = options.directory + "/master.key";
    }

    const std::string& directory() const { return options.directory; }

    // ---- all below: called with `working` held

    // False: there is none, and none is to be made.
    result<bool> open(bool make)
    {
        if (database) return true;
        auto opened = Database::open(runtime, {.directory          = options.directory,
                                               .create_if_missing  = make,
                                               .write_buffer_bytes = 1u << 20,
                                               .block_cache_bytes  = 2u << 20,
                                               .max_open_files     = 100});
        if (not opened && opened.error().code == "no-such-database") return false;
        if (not opened) return std::move(opened.error());
        BOOST_OUTCOME_TRY(check_format(*opened.value()));
        database = std::move(opened.value());
        return true;
    }

    result<void> check_format(Database& opened) const
    {
        BOOST_OUTCOME_TRY(const auto stored, opened.get(key_space::about_format));
        if (not stored) {
            Batch batch;
            std::string version;
            append_big_endian(version, format_version);
            batch.put(key_space::about_format, version);
            return opened.write(batch, Durability::synced);
        }
        const auto version = stored->size() == 8 ? read_big_endian(*stored) : 0;
        if (version == format_version) return done();
        return fail(Failure::corrupt, "newer-keys-format",
                    "opened the keys in " + directory() + " of format " + std::to_string(version) +
                        ", but this program knows format " + std::to_string(format_version) +
                        "; use the program that wrote them, or a newer one");
    }

    result<const MasterKeys*> load_masters(bool make)
    {
        if (not masters) {
            BOOST_OUTCOME_TRY(masters, MasterKeys::load(*database, secrets, options.master_key_file, make));
        }
        return &*masters;
    }

    result<Known> look_up(const std::string& subject) const
    {
        Known known;
        BOOST_OUTCOME_TRY(const auto key, get(key_space::of_key(subject), subject));
        if (key) {
            known.wrapped    = key_space::WrappedKey::read(*key);
            known.is_damaged = not known.wrapped.has_value();
        }
        BOOST_OUTCOME_TRY(const auto mark, get(key_space::of_erasure(subject), subject));
        if (not mark) return known;
        known.mark = key_space::ErasureMark::read(*mark);
        if (known.mark) return known;
        return damaged_key(subject, directory(), "a damaged mark of its erasure");
    }

    // A table that cannot be read is a key that is damaged.
    result<std::optional<std::string>> get(const std::string& key, const std::string& subject) const
    {
        auto found = database->get(key);
        if (found || found.error().kind != Failure::corrupt) return found;
        return damaged_key(subject, directory(), "damage (" + found.error().sentence + ")");
    }

    result<KeyPointer> unwrap(const Known& known, const std::string& subject)
    {
        if (known.is_damaged) return damaged_key(subject, directory(), "something that is not what was written");
        BOOST_OUTCOME_TRY(const auto* const loaded, load_masters(false));
        const auto* const master = loaded->of(known.wrapped->master);
        if (master == nullptr) {
            return damaged_key(subject, directory(),
                               "it wrapped by another master key, with the fingerprint " +
                                   text_of(known.wrapped->master));
        }
        const auto key = key_space::unwrap(*known.wrapped, subject, *master);
        if (not key) return damaged_key(subject, directory(), "that it does not open");
        auto opened = std::make_shared<const SubjectKey>(SubjectKey{known.wrapped->version, *key});
        keep(subject, opened);
        return KeyPointer{std::move(opened)};
    }

    result<key_space::WrappedKey> make_key(const std::string& subject, std::uint32_t version, KeyPointer& made)
    {
        BOOST_OUTCOME_TRY(const auto* const loaded, load_masters(true));
        auto key     = std::make_shared<SubjectKey>();
        key->version = version;
        secrets.draw(key->key.bytes());
        made = key;
        return key_space::wrap(key->key, subject, version, runtime.clock.now(), loaded->for_wrapping(),
                               drawn_nonce(secrets));
    }

    // A key, when there is one or one may be made; it is added to `batch` then. nullptr: the subject was forgotten.
    result<KeyPointer> key_to_seal(const std::string& subject, Batch& batch)
    {
        if (auto kept = find_kept(subject)) return kept;
        BOOST_OUTCOME_TRY(const auto known, look_up(subject));
        if (known.wrapped || known.is_damaged) return unwrap(known, subject);
        if (known.mark) return KeyPointer{};
        KeyPointer made;
        BOOST_OUTCOME_TRY(const auto wrapped, make_key(subject, known.next_version(), made));
        batch.put(key_space::of_key(subject), wrapped.bytes());
        return made;
    }

    SubjectStatus status_of(const Known& known) const
    {
        SubjectStatus status;
        if (known.wrapped) {
            status.key_version = known.wrapped->version;
            status.key_made_at = known.wrapped->made_at;
        } else if (known.is_damaged) {
            status.key_version = known.next_version();
        }
        if (known.mark) {
            status.erased_at           = known.mark->erased_at;
            status.erased_versions     = known.mark->versions;
            status.erasure_is_complete = known.mark->is_complete;
        }
        return status;
    }

    result<SubjectStatus> status(const std::string& subject)
    {
        BOOST_OUTCOME_TRY(const bool is_there, open(false));
        if (not is_there) return SubjectStatus{};
        BOOST_OUTCOME_TRY(const auto known, look_up(subject));
        return status_of(known);
    }

    result<SubjectStatus> forget(const std::string& subject, bool key_is_lost)
    {
        BOOST_OUTCOME_TRY(const bool is_there, open(key_is_lost));
        const Known nothing;
        BOOST_OUTCOME_TRY(auto known, is_there ? look_up(subject) : result<Known>{nothing});
        const bool has_key = known.wrapped || known.is_damaged;
        if (not has_key && not known.mark && not key_is_lost) {
            return fail(
                Failure::invalid, "no-such-subject",
                "asked to forget " + printable(subject) + " and found that " + directory() +
                    " has no key of it; check the name, or say --key-is-lost when the key is gone and events are "
                    "not");
        }
        const auto key = key_space::of_key(subject);
        if (has_key || not known.mark) {
            known.mark = key_space::ErasureMark{known.next_version(), runtime.clock.now(), false};
            // So that the table with the key lies beneath the removal.
            BOOST_OUTCOME_TRY(database->write_out());
            Batch batch;
            batch.remove(key);
            batch.put(key_space::of_erasure(subject), known.mark->bytes());
            BOOST_OUTCOME_TRY(database->write(batch, Durability::synced));
            known.wrapped.reset();
            known.is_damaged = false;
        }
        drop_kept(subject);
        // Also when the mark stands already: who set it may have died before this.
        if (not known.mark->is_complete) {
            BOOST_OUTCOME_TRY(database->compact(key, key));
        }
        return status_of(known);
    }

    result<void> finish_forgetting(const std::string& subject)
    {
        BOOST_OUTCOME_TRY(const bool is_there, open(false));
        if (not is_there) return done();
        BOOST_OUTCOME_TRY(auto known, look_up(subject));
        if (not known.mark || known.mark->is_complete) return done();
        known.mark->is_complete = true;
        Batch batch;
        batch.put(key_space::of_erasure(subject), known.mark->bytes());
        return database->write(batch, Durability::synced);
    }

    result<SubjectStatus> readmit(const std::string& subject)
    {
        BOOST_OUTCOME_TRY(const bool is_there, open(false));
        const Known nothing;
        BOOST_OUTCOME_TRY(auto known, is_there ? look_up(subject) : result<Known>{nothing});
        if (not known.mark || known.wrapped || known.is_damaged) {
            return fail(Failure::invalid, "subject-not-forgotten",
                        "asked to give " + printable(subject) + " a new key and found that it " +
                            (known.mark ? "has one" : "was never forgotten") + "; nothing is to be done");
        }
        KeyPointer made;
        BOOST_OUTCOME_TRY(known.wrapped, make_key(subject, known.next_version(), made));
        Batch batch;
        batch.put(key_space::of_key(subject), known.wrapped->bytes());
        BOOST_OUTCOME_TRY(database->write(batch, Durability::synced));
        keep(subject, made);
        return status_of(known);
    }

    // ---- another master key

    // Says whether there is anything to do.
    result<bool> begin_rekey(const std::string& file)
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
    result<bool> rekey_some(std::string& place, RekeyReport& report, std::uint64_t& seen)
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
                return damaged_key(subject, directory(), "something that is not what was written");
            }
            const auto key = key_space::unwrap(*wrapped, subject, masters->now());
            if (not key) return damaged_key(subject, directory(), "that it does not open");
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

    result<void> end_rekey()
    {
        const SecretKey next = *masters->next();
        Batch batch;
        batch.put(key_space::about_master, key_space::MasterNote{next.fingerprint()}.bytes());
        batch.remove(key_space::about_rekey);
        BOOST_OUTCOME_TRY(database->write(batch, Durability::synced));
        masters = MasterKeys{next, std::nullopt};
        return done();
    }

    template <class Visit>
    result<void> visit(std::string_view prefix, const Visit& look) const
    {
        auto cursor = database->scan_cursor();
        for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
            BOOST_OUTCOME_TRY(look(std::string{cursor.key().substr(prefix.size())}, cursor.value()));
        }
        return cursor.status();
    }

    result<std::uint64_t> count(std::string_view prefix) const
    {
        std::uint64_t found = 0;
        BOOST_OUTCOME_TRY(visit(prefix, [&](const std::string&, std::string_view) -> result<void> {
            ++found;
            return done();
        }));
        return found;
    }

    // ---- keys in memory

    KeyPointer find_kept(const std::string& subject)
    {
        const std::lock_guard lock{keeping};
        const auto found = kept.find(subject);
        return found == kept.end() ? nullptr : found->second;
    }

    void keep(const std::string& subject, KeyPointer key)
    {
        const std::lock_guard lock{keeping};
        if (kept.size() >= keys_in_memory_max) kept.clear();
        kept.insert_or_assign(subject, std::move(key));
    }

    void drop_kept(const std::string& subject)
    {
        const std::lock_guard lock{keeping};
        kept.erase(subject);
    }

    const Runtime runtime;
    PersonalKeysOptions options;
    Secrets& secrets;
    std::mutex working;
    std::unique_ptr<Database> database;
    std::optional<MasterKeys> masters;
    std::mutex keeping; // over `kept`; taken behind `working`
    std::unordered_map<std::string, KeyPointer> kept;
};

PersonalKeys::PersonalKeys(const Runtime& runtime, PersonalKeysOptions options)
    : core_{std::make_unique<Core>(runtime, std::move(options))}
{
}

PersonalKeys::~PersonalKeys() = default;

result<std::vector<KeyPointer>> PersonalKeys::keys_to_seal(const std::vector<std::string>& subjects)
{
    return within_memory("find the keys of personal data", [&]() -> result<std::vector<KeyPointer>> {
        std::vector<KeyPointer> keys;
        for (const auto& subject : subjects) keys.push_back(core_->find_kept(subject));
        if (std::find(keys.begin(), keys.end(), nullptr) == keys.end()) return keys;
        const std::lock_guard lock{core_->working};
        BOOST_OUTCOME_TRY(core_->open(true));
        Batch made;
        for (std::size_t i = 0; i < subjects.size(); ++i) {
            BOOST_OUTCOME_TRY(keys[i], core_->key_to_seal(subjects[i], made));
        }
        if (made.empty()) return keys;
        BOOST_OUTCOME_TRY(core_->database->write(made, Durability::synced));
        for (std::size_t i = 0; i < subjects.size(); ++i) {
            if (keys[i]) core_->keep(subjects[i], keys[i]);
        }
        return keys;
    });
}

result<KeyPointer> PersonalKeys::key_to_open(const std::string& subject, std::uint32_t version)
{
    return within_memory("find the key of personal data", [&]() -> result<KeyPointer> {
        if (auto kept = core_->find_kept(subject); kept && kept->version == version) return kept;
        const std::lock_guard lock{core_->working};
        BOOST_OUTCOME_TRY(const bool is_there, core_->open(false));
        if (not is_there) return missing_key(subject, version, core_->directory());
        BOOST_OUTCOME_TRY(const auto known, core_->look_up(subject));
        if (known.mark && version <= known.mark->versions) return KeyPointer{};
        if (not known.wrapped && not known.is_damaged) return missing_key(subject, version, core_->directory());
        BOOST_OUTCOME_TRY(auto key, core_->unwrap(known, subject));
        if (key->version != version) return missing_key(subject, version, core_->directory());
        return key;
    });
}

result<SubjectStatus> PersonalKeys::status(const std::string& subject)
{
    const std::lock_guard lock{core_->working};
    return core_->status(subject);
}

result<SubjectStatus> PersonalKeys::forget(const std::string& subject, bool key_is_lost)
{
    const std::lock_guard lock{core_->working};
    return core_->forget(subject, key_is_lost);
}

result<void> PersonalKeys::finish_forgetting(const std::string& subject)
{
    const std::lock_guard lock{core_->working};
    return core_->finish_forgetting(subject);
}

result<SubjectStatus> PersonalKeys::readmit(const std::string& subject)
{
    const std::lock_guard lock{core_->working};
    return core_->readmit(subject);
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

result<KeysInfo> PersonalKeys::info(bool look_at_all, const KeysProgress& progress)
{
    const std::lock_guard lock{core_->working};
    KeysInfo info{.directory = core_->directory(), .master_key_file = core_->options.master_key_file, .master_key = {}};
    BOOST_OUTCOME_TRY(const bool is_there, core_->open(false));
    if (not is_there) return info;
    BOOST_OUTCOME_TRY(info.keys, core_->count(key_space::keys));
    BOOST_OUTCOME_TRY(info.erasures, core_->count(key_space::erasures));
    if (info.keys == 0) return info;
    BOOST_OUTCOME_TRY(const auto* const masters, core_->load_masters(false));
    info.master_key  = text_of(masters->now().fingerprint());
    info.is_rekeying = masters->next().has_value();
    if (not look_at_all) return info;
    std::uint64_t seen = 0;
    BOOST_OUTCOME_TRY(
        core_->visit(key_space::keys, [&](const std::string& subject, std::string_view bytes) -> result<void> {
            const auto wrapped       = key_space::WrappedKey::read(bytes);
            const auto* const master = wrapped ? masters->of(wrapped->master) : nullptr;
            if (master == nullptr || not key_space::unwrap(*wrapped, subject, *master)) info.damaged.push_back(subject);
            return progress ? progress(++seen, info.keys) : done();
        }));
    return info;
}

result<std::vector<Erasure>> PersonalKeys::erasures()
{
    const std::lock_guard lock{core_->working};
    std::vector<Erasure> all;
    BOOST_OUTCOME_TRY(const bool is_there, core_->open(false));
    if (not is_there) return all;
    BOOST_OUTCOME_TRY(
        core_->visit(key_space::erasures, [&](const std::string& subject, std::string_view bytes) -> result<void> {
            const auto mark = key_space::ErasureMark::read(bytes);
            if (not mark) return damaged_key(subject, core_->directory(), "a damaged mark of its erasure");
            all.push_back({subject, mark->erased_at, mark->is_complete});
            return done();
        }));
    return all;
}

} // namespace eventloom
