#include "personal_keys_core.hpp"

#include <eventloom/framework/utf8.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::uint64_t format_version   = 1;
constexpr std::size_t keys_in_memory_max = 10'000;

Error missing_key(const std::string& subject, std::uint32_t version, const std::string& directory)
{
    return {Failure::corrupt, "personal-key-missing",
            fmt::format(
                "asked for version {} of the key of {} in {} and found neither the key nor a mark that it was "
                "destroyed; it is lost, not erased: restore a backup of the keys, or run `store forget --key-is-lost`",
                version, printable(subject), directory)};
}

} // namespace

SubjectStatus KnownSubject::status() const
{
    SubjectStatus status;
    if (wrapped) {
        status.key_version = wrapped->version;
        status.key_made_at = wrapped->made_at;
    } else if (is_damaged) {
        status.key_version = next_version();
    }
    if (mark) {
        status.erased_at           = mark->erased_at;
        status.erased_versions     = mark->versions;
        status.erasure_is_complete = mark->is_complete;
    }
    return status;
}

PersonalKeys::Core::Core(const Runtime& runtime_used, PersonalKeysOptions options_used)
    : runtime{runtime_used}, options{std::move(options_used)},
      secrets{options.secrets == nullptr ? system_secrets() : *options.secrets}
{
    if (options.master_key_file.empty()) options.master_key_file = options.directory + "/master.key";
}

Error PersonalKeys::Core::damaged_key(const std::string& subject, const std::string& found) const
{
    return {Failure::corrupt, "personal-key-damaged",
            "asked for the key of " + printable(subject) + " in " + directory() + " and found " + found +
                "; it is not erased: restore a backup of the keys, or forget the subject"};
}

result<bool> PersonalKeys::Core::open(bool make)
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

result<void> PersonalKeys::Core::check_format(Database& opened) const
{
    BOOST_OUTCOME_TRY(const auto stored, opened.get(key_records::about_format));
    if (not stored) {
        Batch batch;
        std::string version;
        append_big_endian(version, format_version);
        batch.put(key_records::about_format, version);
        return opened.write(batch, Durability::synced);
    }
    const auto version = stored->size() == 8 ? read_big_endian(*stored) : 0;
    if (version == format_version) return done();
    return fail(Failure::corrupt, "newer-keys-format",
                fmt::format("opened the keys in {} of format {}, but this program knows format {}; use the program "
                            "that wrote them, or a newer one",
                            directory(), version, format_version));
}

bool is_subject_name(std::string_view name)
{
    constexpr std::size_t bytes_max = 512;
    return not name.empty() && name.size() <= bytes_max && is_clean_name(name);
}

result<const MasterKeys*> PersonalKeys::Core::load_masters(bool make)
{
    if (not masters) {
        BOOST_OUTCOME_TRY(masters, MasterKeys::load(*database, secrets, options.master_key_file, make));
    }
    return &*masters;
}

result<KnownSubject> PersonalKeys::Core::look_up(const std::string& subject) const
{
    KnownSubject known;
    if (not database) return known;
    BOOST_OUTCOME_TRY(const auto key, get(key_records::of_key(subject), subject));
    if (key) {
        known.wrapped    = key_records::WrappedKey::read(*key);
        known.is_damaged = not known.wrapped.has_value();
    }
    BOOST_OUTCOME_TRY(const auto mark, get(key_records::of_erasure(subject), subject));
    if (not mark) return known;
    known.mark = key_records::ErasureMark::read(*mark);
    if (known.mark) return known;
    return damaged_key(subject, "a damaged mark of its erasure");
}

result<std::optional<std::string>> PersonalKeys::Core::get(const std::string& key, const std::string& subject) const
{
    auto found = database->get(key);
    if (found || found.error().kind != Failure::corrupt) return found;
    return damaged_key(subject, "damage (" + found.error().sentence + ")");
}

result<KeyPointer> PersonalKeys::Core::unwrap(const KnownSubject& known, const std::string& subject)
{
    if (known.is_damaged) return damaged_key(subject, "something that is not what was written");
    BOOST_OUTCOME_TRY(const auto* const loaded, load_masters(false));
    const auto* const master = loaded->of(known.wrapped->master);
    if (master == nullptr) {
        return damaged_key(subject,
                           "it wrapped by another master key, with the fingerprint " + text_of(known.wrapped->master));
    }
    const auto key = key_records::unwrap(*known.wrapped, subject, *master);
    if (not key) return damaged_key(subject, "that it does not open");
    auto opened = std::make_shared<const SubjectKey>(SubjectKey{known.wrapped->version, *key});
    keep(subject, opened);
    return KeyPointer{std::move(opened)};
}

result<key_records::WrappedKey> PersonalKeys::Core::make_key(const std::string& subject, std::uint32_t version,
                                                             KeyPointer& made)
{
    BOOST_OUTCOME_TRY(const auto* const loaded, load_masters(true));
    auto key     = std::make_shared<SubjectKey>();
    key->version = version;
    secrets.draw(key->key.bytes());
    made = key;
    return key_records::wrap(key->key, subject, version, runtime.clock.now(), loaded->for_wrapping(),
                             drawn_nonce(secrets));
}

result<KeyPointer> PersonalKeys::Core::key_to_seal(const std::string& subject, Batch& batch)
{
    if (auto kept = find_kept(subject)) return kept;
    BOOST_OUTCOME_TRY(const auto known, look_up(subject));
    if (known.has_key()) return unwrap(known, subject);
    if (known.mark) return KeyPointer{};
    KeyPointer made;
    BOOST_OUTCOME_TRY(const auto wrapped, make_key(subject, known.next_version(), made));
    batch.put(key_records::of_key(subject), wrapped.bytes());
    return made;
}

result<std::uint64_t> PersonalKeys::Core::count(std::string_view prefix)
{
    std::uint64_t found = 0;
    const auto look     = [&](const std::string&, std::string_view) -> result<void> {
        ++found;
        return done();
    };
    BOOST_OUTCOME_TRY(visit(prefix, look, [](bool) -> result<void> { return done(); }));
    return found;
}

KeyPointer PersonalKeys::Core::find_kept(const std::string& subject)
{
    const std::lock_guard lock{keeping};
    const auto found = kept.find(subject);
    return found == kept.end() ? nullptr : found->second;
}

void PersonalKeys::Core::keep(const std::string& subject, KeyPointer key)
{
    const std::lock_guard lock{keeping};
    if (kept.size() >= keys_in_memory_max) kept.clear();
    kept.insert_or_assign(subject, std::move(key));
}

void PersonalKeys::Core::drop_kept(const std::string& subject)
{
    const std::lock_guard lock{keeping};
    kept.erase(subject);
}

PersonalKeys::PersonalKeys(const Runtime& runtime, PersonalKeysOptions options)
    : core_{std::make_unique<Core>(runtime, std::move(options))}
{
}

PersonalKeys::~PersonalKeys() = default;

result<std::vector<KeyPointer>> PersonalKeys::keys_to_seal(const std::vector<std::string>& subjects)
{
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
}

result<KeyPointer> PersonalKeys::key_to_open(const std::string& subject, std::uint32_t version)
{
    if (auto kept = core_->find_kept(subject); kept && kept->version == version) return kept;
    const std::lock_guard lock{core_->working};
    BOOST_OUTCOME_TRY(core_->open(false));
    BOOST_OUTCOME_TRY(const auto known, core_->look_up(subject));
    if (known.mark && version <= known.mark->versions) return KeyPointer{};
    if (not known.has_key()) return missing_key(subject, version, core_->directory());
    BOOST_OUTCOME_TRY(auto key, core_->unwrap(known, subject));
    if (key->version != version) return missing_key(subject, version, core_->directory());
    return key;
}

result<SubjectStatus> PersonalKeys::status(const std::string& subject)
{
    const std::lock_guard lock{core_->working};
    BOOST_OUTCOME_TRY(core_->open(false));
    BOOST_OUTCOME_TRY(const auto known, core_->look_up(subject));
    return known.status();
}

result<KeysInfo> PersonalKeys::info(bool look_at_all, const KeysProgress& progress)
{
    Core& core = *core_;
    KeysInfo info{.directory = core.directory(), .master_key_file = core.options.master_key_file, .master_key = {}};
    {
        const std::lock_guard lock{core.working};
        BOOST_OUTCOME_TRY(const bool is_there, core.open(false));
        if (not is_there) return info;
    }
    BOOST_OUTCOME_TRY(info.keys, core.count(key_records::keys));
    BOOST_OUTCOME_TRY(info.erasures, core.count(key_records::erasures));
    if (info.keys == 0) return info;
    {
        const std::lock_guard lock{core.working};
        BOOST_OUTCOME_TRY(const auto* const masters, core.load_masters(false));
        info.master_key  = text_of(masters->now().fingerprint());
        info.is_rekeying = masters->next().has_value();
    }
    if (not look_at_all) return info;
    std::uint64_t seen = 0;
    const auto look    = [&](const std::string& subject, std::string_view bytes) -> result<void> {
        ++seen;
        const auto wrapped       = key_records::WrappedKey::read(bytes);
        const auto* const master = wrapped ? core.masters->of(wrapped->master) : nullptr; // of now: a rekey may go on
        if (master == nullptr || not key_records::unwrap(*wrapped, subject, *master)) info.damaged.push_back(subject);
        return done();
    };
    BOOST_OUTCOME_TRY(core.visit(key_records::keys, look, [&](bool more) {
        return progress ? progress(seen, more ? std::max(seen, info.keys) : seen) : done();
    }));
    return info;
}

} // namespace eventloom
