#include "master_keys.hpp"

namespace eventloom {

namespace {

constexpr std::string_view beside_rekey = "rekey";
constexpr std::string_view digits       = "0123456789abcdef";

std::string hexadecimal(std::string_view bytes)
{
    std::string text;
    for (const char byte : bytes) {
        const auto value = static_cast<unsigned char>(byte);
        text += digits[value >> 4];
        text += digits[value & 15];
    }
    return text;
}

// A file of 64 hexadecimal digits and a line end.
std::optional<SecretKey> key_of_text(std::string_view text)
{
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.size() != 2 * SecretKey::size) return std::nullopt;
    SecretKey key;
    for (std::size_t i = 0; i < SecretKey::size; ++i) {
        const auto high = digits.find(text[2 * i]);
        const auto low  = digits.find(text[2 * i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
        key.bytes()[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return key;
}

result<std::optional<SecretKey>> read_master(Secrets& secrets, const std::string& file)
{
    BOOST_OUTCOME_TRY(auto text, secrets.read(file));
    if (not text) return std::optional<SecretKey>{};
    auto key = key_of_text(*text);
    wipe(*text);
    if (key) return key;
    return fail(Failure::invalid, "damaged-master-key",
                "read the master key in " + file +
                    " and found something other than 64 hexadecimal digits and a line end; put the right file there");
}

result<SecretKey> make_master(Secrets& secrets, const std::string& file)
{
    SecretKey key;
    secrets.draw(key.bytes());
    auto text = hexadecimal(key.text()) + "\n";
    BOOST_OUTCOME_TRY(secrets.create(file, text));
    wipe(text);
    return key;
}

Error wrong_master(const std::string& file, const SecretKey& found, const Fingerprint& wanted)
{
    return {Failure::invalid, "master-key-wrong",
            "read the master key in " + file + " and found the one with the fingerprint " +
                text_of(found.fingerprint()) + ", but the keys are encrypted with the one with " + text_of(wanted) +
                "; name the right file with EVENTLOOM_MASTER_KEY, or put it in this place"};
}

Error damaged_notes(const Database& database)
{
    return {Failure::corrupt, "personal-key-damaged",
            "read the key that encrypts the keys in " + database.directory() +
                " and found it damaged; restore a backup of the keys"};
}

result<bool> holds_keys(const Database& database)
{
    auto cursor = database.cursor();
    cursor.seek(key_records::keys);
    BOOST_OUTCOME_TRY(cursor.status());
    return cursor.valid() && cursor.key().starts_with(key_records::keys);
}

// The first time.
result<MasterKeys> begin(Database& database, Secrets& secrets, const std::string& file, bool make)
{
    BOOST_OUTCOME_TRY(const bool has_keys, holds_keys(database));
    if (has_keys || not make) return damaged_notes(database);
    BOOST_OUTCOME_TRY(const auto key, MasterKeys::read_or_make(secrets, file));
    Batch batch;
    batch.put(key_records::about_master, key_records::MasterNote{key.fingerprint()}.bytes());
    BOOST_OUTCOME_TRY(database.write(batch, Durability::synced));
    return MasterKeys{key, std::nullopt};
}

} // namespace

MasterKeys::MasterKeys(SecretKey now, std::optional<SecretKey> next)
    : now_{now}, next_{next}, now_print_{now.fingerprint()}
{
    if (next_) next_print_ = next_->fingerprint();
}

const SecretKey* MasterKeys::of(const Fingerprint& print) const
{
    if (print == now_print_) return &now_;
    return next_ && print == next_print_ ? &*next_ : nullptr;
}

result<SecretKey> MasterKeys::read_or_make(Secrets& secrets, const std::string& file)
{
    BOOST_OUTCOME_TRY(const auto found, read_master(secrets, file));
    if (found) return *found;
    return make_master(secrets, file);
}

key_records::RekeyNote MasterKeys::note_of(const SecretKey& old, const SecretKey& next, Secrets& secrets)
{
    return {next.fingerprint(), next.seal(drawn_nonce(secrets), beside_rekey, old.text()),
            old.seal(drawn_nonce(secrets), beside_rekey, next.text())};
}

result<MasterKeys> MasterKeys::load(Database& database, Secrets& secrets, const std::string& file, bool make)
{
    BOOST_OUTCOME_TRY(const auto about, database.get(key_records::about_master));
    if (not about) return begin(database, secrets, file, make);
    const auto now = key_records::MasterNote::read(*about);
    BOOST_OUTCOME_TRY(const auto rekey, database.get(key_records::about_rekey));
    const auto next = rekey ? key_records::RekeyNote::read(*rekey) : std::nullopt;
    if (not now || rekey.has_value() != next.has_value()) return damaged_notes(database);

    BOOST_OUTCOME_TRY(const auto key, read_master(secrets, file));
    if (not key) {
        return fail(Failure::invalid, "master-key-missing",
                    "looked for the master key with the fingerprint " + text_of(now->master) + " in " + file +
                        " and found no file; put it there, or name it with EVENTLOOM_MASTER_KEY");
    }
    const auto print = key->fingerprint();
    if (print == now->master && not next) return MasterKeys{*key, std::nullopt};
    if (print != now->master && not(next && print == next->next)) return wrong_master(file, *key, now->master);

    const bool is_old = print == now->master;
    auto opened       = key->open(beside_rekey, is_old ? next->next_under_old : next->old_under_next);
    const auto other  = opened ? SecretKey::of(*opened) : std::nullopt;
    if (opened) wipe(*opened);
    if (not other || other->fingerprint() != (is_old ? next->next : now->master)) return damaged_notes(database);
    return is_old ? MasterKeys{*key, *other} : MasterKeys{*other, *key};
}

std::string text_of(const Fingerprint& print)
{
    return hexadecimal({reinterpret_cast<const char*>(print.data()), print.size()});
}

Nonce drawn_nonce(Secrets& secrets)
{
    Nonce nonce;
    secrets.draw(nonce);
    return nonce;
}

} // namespace eventloom
